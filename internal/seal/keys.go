package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"github.com/emmansun/gmsm/sm4"
)

// Suite is a choice of algorithms.
type Suite string

// The suites: the international one and the one of GB/T 32905 and 32907.
const (
	AES Suite = "aes-256-gcm+hmac-sha256"
	SM  Suite = "sm4-gcm+hmac-sm3"
)

// ErrKey is returned when a sealed value names a key that is not in the file.
var ErrKey = errors.New("the key of a sealed value is missing")

// ErrSealed is returned when a sealed value was changed or cut.
var ErrSealed = errors.New("a sealed value is damaged")

// Keys seals, opens and hashes. It is safe for concurrent use, also while a
// rotation replaces what it works with.
type Keys struct{ now atomic.Pointer[ring] }

// ring is the keys of one file, prepared.
type ring struct {
	file keyFile
	aead map[uint16]cipher.AEAD
	hash []*hasher // the current one first
	live int       // of hash, from the front: those that may still be found in a table that is recomputed
	gen  uint64    // counts the keys that a Keys has worked with
}

// keyFile is keys.json. Within each list the last entry is the current one.
type keyFile struct {
	Seal []key `json:"seal"`
	Hash []key `json:"hash"`
}

// key is one secret.
type key struct {
	ID     uint16 `json:"id"`
	Suite  Suite  `json:"suite"`
	Secret []byte `json:"secret"` // base64 in the file
	// Settled says of a hash key that every hash that can be recomputed has been:
	// only what is printed on paper is still looked up by it.
	Settled bool `json:"settled,omitempty"`
}

// Random returns new keys of suite AES that are in no file.
func Random() (*Keys, error) { return RandomSuite(AES) }

// RandomSuite returns new keys of a suite that are in no file.
func RandomSuite(s Suite) (*Keys, error) {
	var f keyFile
	for _, list := range []*[]key{&f.Seal, &f.Hash} {
		k, err := newKey(s, 1)
		if err != nil {
			return nil, err
		}
		*list = []key{k}
	}
	return fromFile(f)
}

// newKey makes a secret of 32 bytes, of which SM4 uses the first 16.
func newKey(s Suite, id uint16) (key, error) {
	if s != AES && s != SM {
		return key{}, fmt.Errorf("no suite is called %q", s)
	}
	secret := make([]byte, 32)
	_, err := rand.Read(secret)
	return key{ID: id, Suite: s, Secret: secret}, err
}

// Create makes new keys of suite s and writes them to path, which must not
// exist.
func Create(path string, s Suite) (*Keys, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("create keys: %w: %s", os.ErrExist, path)
	}
	k, err := RandomSuite(s)
	if err != nil {
		return nil, fmt.Errorf("create keys: %w", err)
	}
	return k, k.Save(path)
}

// Load reads keys. A file that others may read is refused.
func Load(path string) (*Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("load keys: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("load keys: %s has mode %o, want 600", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load keys: %w", err)
	}
	var f keyFile
	if err := json.Unmarshal(text, &f); err != nil {
		// Not wrapped: the decoder's words may quote the file.
		return nil, fmt.Errorf("load keys: %s cannot be read", path)
	}
	return fromFile(f)
}

// Save writes the keys to path (mode 0600), whole or not at all.
func (k *Keys) Save(path string) error {
	text, err := json.MarshalIndent(k.now.Load().file, "", "  ")
	if err != nil {
		return fmt.Errorf("save keys: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("save keys: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("save keys: %w", err), os.Remove(f.Name()))
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // not every file system can
		_ = dir.Close()
	}
	return nil
}

// fromFile prepares the ciphers.
func fromFile(f keyFile) (*Keys, error) {
	if len(f.Seal) == 0 || len(f.Hash) == 0 {
		return nil, errors.New("load keys: a key is missing")
	}
	r := &ring{file: f, aead: map[uint16]cipher.AEAD{}}
	for _, s := range f.Seal {
		a, err := s.cipher()
		if err != nil {
			return nil, fmt.Errorf("load keys: key %d: %w", s.ID, err)
		}
		r.aead[s.ID] = a
	}
	for _, h := range f.Hash {
		if len(h.Secret) < 16 {
			return nil, fmt.Errorf("load keys: hash key %d is too short", h.ID)
		}
		r.hash = append([]*hasher{newHasher(h)}, r.hash...)
		if !h.Settled {
			r.live++
		}
	}
	if f.Hash[len(f.Hash)-1].Settled {
		return nil, errors.New("load keys: the current hash key is settled")
	}
	k := &Keys{}
	k.now.Store(r)
	return k, nil
}

// cipher returns the sealing algorithm of a key.
func (k key) cipher() (cipher.AEAD, error) {
	if len(k.Secret) != 32 {
		return nil, errors.New("the secret has not 32 bytes")
	}
	var block cipher.Block
	var err error
	switch k.Suite {
	case AES:
		block, err = aes.NewCipher(k.Secret)
	case SM:
		block, err = sm4.NewCipher(k.Secret[:16])
	default:
		err = fmt.Errorf("no suite is called %q", k.Suite)
	}
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Rotate returns keys with a new sealing key; what the old ones sealed still
// opens. Stale tells which values to seal again.
func (k *Keys) Rotate(s Suite) (*Keys, error) {
	f := k.now.Load().file
	next, err := newKey(s, f.Seal[len(f.Seal)-1].ID+1)
	if err != nil {
		return nil, fmt.Errorf("rotate keys: %w", err)
	}
	f.Seal = append(append([]key(nil), f.Seal...), next)
	return fromFile(f)
}

// Adopt makes k work with the keys of next from now on, for everybody who holds
// k: a rotation while the product runs.
func (k *Keys) Adopt(next *Keys) {
	r := *next.now.Load()
	r.gen = k.now.Load().gen + 1
	k.now.Store(&r)
}

// Generation counts the rotations that k has adopted: what was hashed in an
// older one must be hashed anew before it is stored.
func (k *Keys) Generation() uint64 { return k.now.Load().gen }

// Current are the ids of the sealing key and of the hash key that are used now.
func (k *Keys) Current() (seal, hash uint16) {
	f := k.now.Load().file
	return f.Seal[len(f.Seal)-1].ID, f.Hash[len(f.Hash)-1].ID
}

// Moving reports whether hashes under an older key may still be in a table that
// is recomputed.
func (k *Keys) Moving() bool { return k.now.Load().live > 1 }

// Suite is the suite of the current sealing key.
func (k *Keys) Suite() Suite {
	seals := k.now.Load().file.Seal
	return seals[len(seals)-1].Suite
}

// RotateHash returns keys with a new hash key beside the old ones. When every
// hash is recomputed, RetireHash drops those.
func (k *Keys) RotateHash(s Suite) (*Keys, error) {
	f := k.now.Load().file
	next, err := newKey(s, f.Hash[len(f.Hash)-1].ID+1)
	if err != nil {
		return nil, fmt.Errorf("rotate keys: %w", err)
	}
	f.Hash = append(append([]key(nil), f.Hash...), next)
	return fromFile(f)
}

// Settle returns keys whose older hash keys are asked only for what cannot be
// recomputed: codes on paper.
func (k *Keys) Settle() (*Keys, error) {
	f := k.now.Load().file
	f.Hash = append([]key(nil), f.Hash...)
	for i := range f.Hash[:len(f.Hash)-1] {
		f.Hash[i].Settled = true
	}
	return fromFile(f)
}

// RetireHash returns keys with the newest hash key only.
func (k *Keys) RetireHash() (*Keys, error) {
	f := k.now.Load().file
	f.Hash = f.Hash[len(f.Hash)-1:]
	return fromFile(f)
}
