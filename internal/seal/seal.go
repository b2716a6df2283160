package seal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"

	"github.com/emmansun/gmsm/sm3"
)

// A sealed value is the key's id (2 bytes), the nonce (12), then the
// ciphertext with its tag (16). The id is authenticated with it.
const (
	idSize    = 2
	nonceSize = 12
	tagSize   = 16
)

// Seal returns plain sealed under the current key. Nothing stays nothing: the
// empty value gives the empty value, so that a column may say none.
func (k *Keys) Seal(plain []byte) []byte {
	if len(plain) == 0 {
		return []byte{}
	}
	r := k.now.Load()
	current := r.file.Seal[len(r.file.Seal)-1]
	out := make([]byte, idSize+nonceSize, idSize+nonceSize+len(plain)+tagSize)
	binary.BigEndian.PutUint16(out, current.ID)
	if _, err := rand.Read(out[idSize:]); err != nil {
		panic(err) // the standard library never returns one
	}
	return r.aead[current.ID].Seal(out, out[idSize:idSize+nonceSize], plain, out[:idSize])
}

// Open returns what was sealed. It returns ErrKey when the key is missing and
// ErrSealed when the value is damaged.
func (k *Keys) Open(sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return []byte{}, nil
	}
	if len(sealed) < idSize+nonceSize+tagSize {
		return nil, ErrSealed
	}
	a, ok := k.now.Load().aead[binary.BigEndian.Uint16(sealed)]
	if !ok {
		return nil, ErrKey
	}
	plain, err := a.Open(nil, sealed[idSize:idSize+nonceSize], sealed[idSize+nonceSize:], sealed[:idSize])
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Stale reports whether a sealed value was sealed under an older key.
func (k *Keys) Stale(sealed []byte) bool {
	seals := k.now.Load().file.Seal
	return len(sealed) > idSize && binary.BigEndian.Uint16(sealed) != seals[len(seals)-1].ID
}

// hasher makes keyed hashes with one key.
type hasher struct{ pool sync.Pool }

func newHasher(k key) *hasher {
	make := sha256.New
	if k.Suite == SM {
		make = sm3.New
	}
	secret := k.Secret
	h := &hasher{}
	h.pool.New = func() any { return hmac.New(make, secret) }
	return h
}

// sum appends the hash of (kind, value) to out.
func (h *hasher) sum(out []byte, kind, value string) []byte {
	mac := h.pool.Get().(hash.Hash)
	mac.Reset()
	buf := make([]byte, 0, 128)
	buf = append(buf, kind...)
	buf = append(buf, 0)
	buf = append(buf, value...)
	_, _ = mac.Write(buf) // a hash never fails
	out = mac.Sum(out)
	h.pool.Put(mac)
	return out
}

// Hash returns the keyed hash of a value, 32 bytes. kind keeps equal values of
// different columns apart.
func (k *Keys) Hash(kind, value string) []byte {
	return k.now.Load().hash[0].sum(make([]byte, 0, 32), kind, value)
}

// Hash64 returns the first 64 bits of Hash as an integer, for keys that are
// small: two values may share it, so a hit is compared.
func (k *Keys) Hash64(kind, value string) int64 {
	var out [32]byte
	return int64(binary.BigEndian.Uint64(k.now.Load().hash[0].sum(out[:0], kind, value)))
}

// Live returns the hash under every key that may be found in a table that is
// recomputed after a rotation, the current one's first: one hash, and two while
// a rotation is under way.
func (k *Keys) Live(kind, value string) [][]byte {
	r := k.now.Load()
	out := make([][]byte, r.live)
	for i, h := range r.hash[:r.live] {
		out[i] = h.sum(nil, kind, value)
	}
	return out
}

// Hashes returns the hash under every key, the current one's first: what to
// look up where hashes cannot be recomputed, since only paper holds the value.
func (k *Keys) Hashes(kind, value string) [][]byte {
	hashes := k.now.Load().hash
	out := make([][]byte, len(hashes))
	for i, h := range hashes {
		out[i] = h.sum(nil, kind, value)
	}
	return out
}
