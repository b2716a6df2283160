package merge

import "learnspace/internal/seal"

// Sealed are the columns of this package's tables that hold sealed values: a
// rotation of keys seals them anew.
func Sealed() []seal.Place {
	return []seal.Place{
		{Table: "mrg_merge", Key: []string{"id"}, Sealed: []string{"before"}},
		{Table: "mrg_correction", Key: []string{"id"}, Sealed: []string{"old_sealed"}},
	}
}
