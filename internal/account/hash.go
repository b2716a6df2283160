package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"

	"learnspace/internal/fault"
)

// Hasher turns passwords into what is stored and compares. Both methods fail
// with fault.ErrUnavailable when too many are waiting. It is replaced by a
// cheap one where accounts get passwords that nobody knows.
type Hasher interface {
	// Hash returns the PHC string of the password.
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether the password made the PHC string.
	Verify(ctx context.Context, phc, password string) (bool, error)
	// Turn waits for a turn and runs fn in it, which compares as often as it
	// likes: what must not change between looking and comparing is looked at
	// inside.
	Turn(ctx context.Context, fn func(match Match) error) error
}

// Match reports whether the password made the PHC string.
type Match func(phc, password string) (bool, error)

// Cost is what one argon2id hash takes.
type Cost struct {
	Passes  uint32
	Memory  uint32 // KiB
	Threads uint8
}

// FullCost is the cost of every real password: 2 passes over 19 MiB, one
// thread (OWASP's second profile; about 45 a second on a core).
var FullCost = Cost{Passes: 2, Memory: 19 * 1024, Threads: 1}

// CheapCost is for accounts made in bulk with a password nobody knows. It must
// not be used for a password that a person has chosen.
var CheapCost = Cost{Passes: 1, Memory: 8, Threads: 1}

// Pool hashes with argon2id, a bounded number at a time, and lets a bounded
// number wait. Beyond that it refuses at once, so that a rush costs neither
// memory nor anybody's patience without a word.
type Pool struct {
	cost  Cost
	slots chan struct{}
	queue int64
	busy  atomic.Int64 // running and waiting
}

// NewPool makes a pool of size workers with room for queue waiting callers.
// size 0 means the number of cores, queue 0 sixty-four for each worker (about
// one and a half seconds of work).
func NewPool(cost Cost, size, queue int) *Pool {
	if size <= 0 {
		size = runtime.GOMAXPROCS(0)
	}
	if queue <= 0 {
		queue = 64 * size
	}
	return &Pool{cost: cost, slots: make(chan struct{}, size), queue: int64(size + queue)}
}

// RetryAfter is how many seconds a refused caller is asked to wait.
const RetryAfter = 3

// ErrPoolFull is the refusal of a full pool; it is of kind fault.ErrUnavailable.
var ErrPoolFull = fault.New(fault.ErrUnavailable, "account.busy", RetryAfter)

// enter waits for a slot. The caller must call the returned function.
func (p *Pool) enter(ctx context.Context) (func(), error) {
	if p.busy.Add(1) > p.queue {
		p.busy.Add(-1)
		return nil, ErrPoolFull
	}
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots; p.busy.Add(-1) }, nil
	case <-ctx.Done():
		p.busy.Add(-1)
		return nil, fmt.Errorf("wait for a hashing slot: %w", ctx.Err())
	}
}

// Hash implements [Hasher].
func (p *Pool) Hash(ctx context.Context, password string) (string, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	var salt [16]byte
	rand.Read(salt[:])
	c := p.cost
	key := argon2.IDKey([]byte(password), salt[:], c.Passes, c.Memory, c.Threads, 32)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Threads,
		b64.EncodeToString(salt[:]), b64.EncodeToString(key)), nil
}

// Verify implements [Hasher]. A malformed PHC string is an error.
func (p *Pool) Verify(ctx context.Context, phc, password string) (right bool, err error) {
	err = p.Turn(ctx, func(match Match) error {
		right, err = match(phc, password)
		return err
	})
	return right, err
}

// Turn implements [Hasher].
func (p *Pool) Turn(ctx context.Context, fn func(match Match) error) error {
	leave, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return fn(match)
}

func match(phc, password string) (bool, error) {
	c, salt, want, err := parsePHC(phc)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// Waiting returns how many callers run or wait, for the metrics page.
func (p *Pool) Waiting() int { return int(p.busy.Load()) }

var errPHC = errors.New("read password hash: not an argon2id PHC string")

// parsePHC takes a PHC string apart.
func parsePHC(phc string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return c, nil, nil, errPHC
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return c, nil, nil, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Threads); err != nil {
		return c, nil, nil, errPHC
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return c, nil, nil, errPHC
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(key) < 16 || c.Passes == 0 || c.Threads == 0 {
		return c, nil, nil, errPHC
	}
	return c, salt, key, nil
}

// dummy is a hash at full cost that no password makes, for names that do not
// exist: the answer takes as long as for one that does.
const dummy = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmUuIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
