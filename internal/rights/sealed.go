package rights

import "learnspace/internal/seal"

// Sealed are the columns of this package's tables that hold sealed values: a
// rotation of keys seals them anew.
func Sealed() []seal.Place {
	return []seal.Place{
		{Table: "rgt_request", Key: []string{"id"}, Sealed: []string{"value_sealed", "text_sealed"}},
	}
}
