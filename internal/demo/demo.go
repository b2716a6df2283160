package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"learnspace/internal/account"
	"learnspace/internal/app"
	"learnspace/internal/clock"
	"learnspace/internal/config"
	"learnspace/internal/id"
)

// Options say which province to make.
type Options struct {
	// People is about how many persons it has.
	People int
	// Seed decides everything invented.
	Seed uint64
	// Wide prints one account a role in each of two prefectures, two counties
	// of each, two schools of each and two classes of each.
	Wide bool
}

// Account is one printed account.
type Account struct {
	Role       string `json:"role"`
	Name       string `json:"name"`
	Login      string `json:"login"`
	Password   string `json:"password"`
	TOTPSecret string `json:"totp_secret"`
	// Home is the path of the account's first page.
	Home string `json:"home"`
	// Node is the code of the node where the role is held, a class's number.
	Node string `json:"node"`
	// Wards are the children of a guardian.
	Wards []id.Person `json:"wards,omitempty"`
}

// accountsFile holds the printed accounts, for the user alone.
const accountsFile = "accounts.json"

// Made reports whether dir holds a whole demo.
func Made(dir string) bool {
	c, err := config.New(dir, "", "")
	return err == nil && c.Demo != nil
}

// Accounts reads the printed accounts of a demo folder.
func Accounts(dir string) ([]Account, error) {
	raw, err := os.ReadFile(filepath.Join(dir, accountsFile))
	if err != nil {
		return nil, fmt.Errorf("read the accounts of the demo: %w", err)
	}
	var list []Account
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("accounts of the demo: %w", err)
	}
	return list, nil
}

// ErrOccupied means that the folder holds something else than a demo.
var ErrOccupied = errors.New("the folder holds data that are no demo")

// Make makes a demo province in dir. It works in a folder of its own beside it
// and moves it into place when it is whole, so an interrupted run leaves no
// half province. now is the machine's time, which the demo's clock is shifted
// against.
func Make(ctx context.Context, dir string, o Options, now func() time.Time) error {
	if err := free(dir); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), ".demo-")
	if err != nil {
		return fmt.Errorf("make the demo's folder: %w", err)
	}
	defer os.RemoveAll(work)
	if err := fill(ctx, work, o); err != nil {
		return err
	}
	mark := config.Demo{Offset: present.Sub(now()), Seed: o.Seed, People: o.People, Wide: o.Wide}
	if err := config.WriteDemo(work, mark); err != nil {
		return fmt.Errorf("mark the demo: %w", err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the demo's folder: %w", err)
	}
	return os.Rename(work, dir)
}

// free refuses a folder that holds anything.
func free(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.MkdirAll(filepath.Dir(dir), 0o755)
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%w: %s", ErrOccupied, dir)
	}
	return nil
}

// fill plays the history in dir.
func fill(ctx context.Context, dir string, o Options) (err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // much garbage, little that stays
	clk := clock.NewManual(begin)
	c, err := config.New(dir, "", "")
	if err != nil {
		return err
	}
	// Nobody relies on a demo that is being made, so it need not be durable
	// step by step; what it is made of is written out when it is closed.
	a, err := app.Open(ctx, c, app.Options{Clock: clk, Relaxed: true, Hasher: account.NewPool(account.CheapCost, 0, 0),
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	s := &stage{ctx: ctx, app: a, clk: clk, r: rand.New(rand.NewPCG(o.Seed, 20190225)), world: build(o),
		nodes: map[string]id.Node{}, officers: map[string]id.Person{}, wide: o.Wide, printed: map[id.Person]printed{}, left: map[string]int{}, here: map[id.Person]bool{},
		ahead: newAhead(), extra: rand.New(rand.NewPCG(o.Seed, 20191113))}
	s.full = account.New(account.Deps{DB: a.DB, IDs: a.IDs, Clock: clk, Keys: a.Keys, Log: a.Log, Trail: a.Trail, Org: a.Org, People: a.People,
		Hasher: s.ahead})
	if _, _, err := a.Org.EnsureProvince(ctx, s.operator(), "吉林省", "normal"); err != nil {
		return err
	}
	s.write()
	if err := s.run(); err != nil {
		return err
	}
	clk.Set(present)
	if err := a.CatchUp(ctx); err != nil {
		return err
	}
	return s.writeAccounts(dir)
}

// writeAccounts keeps the printed accounts for the next start.
func (s *stage) writeAccounts(dir string) error {
	if err := s.presetFactors(); err != nil {
		return err
	}
	s.order()
	raw, err := json.MarshalIndent(s.accounts, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, accountsFile), append(raw, '\n'), 0o600)
}
