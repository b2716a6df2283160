package account

import "learnspace/internal/seal"

// Sealed are the columns of this package's tables that hold sealed values: a
// rotation of keys seals them anew.
func Sealed() []seal.Place {
	return []seal.Place{
		{Table: "acc_code", Key: []string{"id"}, Sealed: []string{"code_sealed"}},
		{Table: "acc_pending", Key: []string{"id"}, Sealed: []string{"secret"}},
		{Table: "acc_phone", Key: []string{"account"}, Sealed: []string{"phone_sealed"},
			Hashed: []seal.Hashed{{Column: "phone_hash", Of: "phone_sealed", Kind: hashPhone}}},
		{Table: "acc_phone_code", Key: []string{"id"}, Sealed: []string{"phone_sealed"},
			Hashed: []seal.Hashed{{Column: "phone_hash", Of: "phone_sealed", Kind: hashPhone}}},
	}
}
