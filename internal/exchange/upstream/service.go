package upstream

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/seal"
)

// Deps is what the service works with. HTTP goes out through the product's one
// dialer.
type Deps struct {
	DB       *db.DB
	IDs      *id.Source
	Clock    clock.Clock
	Keys     *seal.Keys
	Trail    *audit.Trail
	Org      *org.Service
	People   *person.Service
	Accounts *account.Service
	HTTP     *http.Client
}

// Service is the front door of the package.
type Service struct {
	Deps

	mu    sync.Mutex
	known map[id.Issuer]provider
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d, known: map[id.Issuer]provider{}} }

func errMissing() error { return fault.New(fault.ErrNotFound, "error.not_found") }

func errForbidden() error { return fault.New(fault.ErrForbidden, "error.forbidden") }

// newToken makes a secret of 32 random bytes.
func newToken() string {
	var raw [32]byte
	rand.Read(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// note appends an audit row.
func (s *Service) note(ctx context.Context, tx *db.Tx, by access.Actor, action, kind string, object int64, node id.Node) error {
	return s.Trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role), Action: action, Kind: kind,
		Object: object, Node: node, At: s.Clock.Now()})
}
