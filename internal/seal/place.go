package seal

import "encoding/binary"

// Place says where a table keeps sealed values, so that a rotation of keys can
// seal them anew. Whoever owns the table declares it.
type Place struct {
	Table string
	// Key are the columns of the primary key, whole numbers.
	Key []string
	// Sealed are the columns with sealed values; one may be empty or NULL.
	Sealed []string
	// Hashed are the columns with keyed hashes of sealed ones.
	Hashed []Hashed
}

// Hashed is a column with the keyed hash of a sealed column of the same row.
type Hashed struct {
	Column string
	Of     string // the sealed column
	Kind   string // as for Hash
}

// Stamp is how every value begins that is sealed under the current key: two
// bytes, the key's id.
func (k *Keys) Stamp() []byte {
	seals := k.now.Load().file.Seal
	return binary.BigEndian.AppendUint16(nil, seals[len(seals)-1].ID)
}
