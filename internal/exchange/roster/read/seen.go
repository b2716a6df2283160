package read

import "hash/maphash"

// seen remembers who stood in the file: 64-bit hashes with 32 bits of the name
// beside them, no text. A million persons take some 25 MB.
type seen struct {
	seed maphash.Seed
	keys []uint64
	tags []uint32
	n    int
}

func newSeen() *seen {
	return &seen{seed: maphash.MakeSeed(), keys: make([]uint64, 1024), tags: make([]uint32, 1024)}
}

// hash of the parts with a separator between them; never 0.
func (s *seen) hash(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, p := range parts {
		_, _ = h.WriteString(p)
		_ = h.WriteByte(0)
	}
	return max(h.Sum64(), 1)
}

// find returns the tag kept with the key.
func (s *seen) find(key uint64) (uint32, bool) {
	mask := uint64(len(s.keys) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		switch s.keys[i] {
		case key:
			return s.tags[i], true
		case 0:
			return 0, false
		}
	}
}

// put keeps a key that is not there yet.
func (s *seen) put(key uint64, tag uint32) {
	if s.n*4 >= len(s.keys)*3 {
		keys, tags := s.keys, s.tags
		s.keys, s.tags = make([]uint64, 2*len(keys)), make([]uint32, 2*len(keys))
		for i, k := range keys {
			if k != 0 {
				s.set(k, tags[i])
			}
		}
	}
	if s.set(key, tag) {
		s.n++
	}
}

func (s *seen) set(key uint64, tag uint32) bool {
	mask := uint64(len(s.keys) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		if s.keys[i] == 0 {
			s.keys[i], s.tags[i] = key, tag
			return true
		}
		if s.keys[i] == key {
			return false
		}
	}
}
