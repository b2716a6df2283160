package upstream

import "learnspace/internal/seal"

// Sealed are the columns of this package's tables that hold sealed values: a
// rotation of keys seals them anew.
func Sealed() []seal.Place {
	return []seal.Place{
		{Table: "ups_issuer", Key: []string{"id"}, Sealed: []string{"secret"}},
		{Table: "ups_visit", Key: []string{"id"}, Sealed: []string{"verifier"}},
	}
}
