package account

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"learnspace/internal/access"
)

// Progress is what an activation has been told before its last step. It holds
// no password and is handed to the browser sealed.
type Progress struct {
	Code      string   `json:"c"`
	Confirmed bool     `json:"n,omitempty"`
	Guardian  Guardian `json:"g,omitzero"`
	// Alone says that the child goes on without an answer, since the roster
	// names no phone of a guardian.
	Alone bool `json:"a,omitempty"`
}

// Keep seals the progress for a cookie.
func (s *Service) Keep(ctx context.Context, by access.Actor, p Progress) (string, error) {
	if len(p.Code) > 64 {
		p.Code = p.Code[:64]
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("keep activation: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.keys.Seal(plain)), nil
}

// Kept opens what Keep sealed; false for anything else.
func (s *Service) Kept(ctx context.Context, by access.Actor, kept string) (p Progress, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil || kept == "" {
		return Progress{}, false
	}
	plain, err := s.keys.Open(sealed)
	if err != nil || json.Unmarshal(plain, &p) != nil || p.Code == "" {
		return Progress{}, false
	}
	return p, true
}
