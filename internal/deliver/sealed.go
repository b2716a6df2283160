package deliver

import "learnspace/internal/seal"

// Sealed are the columns of this package's tables that hold sealed values: a
// rotation of keys seals them anew.
func Sealed() []seal.Place {
	return []seal.Place{
		{Table: "dlv_message", Key: []string{"id"}, Sealed: []string{"sealed"}},
	}
}
