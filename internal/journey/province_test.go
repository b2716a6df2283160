package journey

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"learnspace/internal/account/factor"
	"learnspace/internal/app"
	"learnspace/internal/clock"
	"learnspace/internal/config"
	"learnspace/internal/demo"
	"learnspace/internal/web/webtest/chrome"
)

// made is the demo province that is made once and copied for each journey.
var made = struct {
	once sync.Once
	dir  string
	err  error
}{}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "learnspace-journey-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	made.dir = filepath.Join(dir, "demo")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// province is one demo province with a server of its own.
type province struct {
	url      string
	app      *app.App
	accounts map[string]demo.Account
}

// start serves a copy of the demo province.
func start(t *testing.T) *province {
	t.Helper()
	made.once.Do(func() {
		made.err = demo.Make(t.Context(), made.dir, demo.Options{People: 3000, Seed: 7}, time.Now)
	})
	if made.err != nil {
		t.Fatal(made.err)
	}
	dir := filepath.Join(t.TempDir(), "demo")
	if err := os.CopyFS(dir, os.DirFS(made.dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "keys.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	return serve(t, dir)
}

// serve serves the demo province in dir.
func serve(t *testing.T, dir string) *province {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.New(dir, "", "")
	if err != nil {
		t.Fatal(err)
	}
	c.Addr = l.Addr().String()
	// The journeys begin at the demo's own moment, however long it took to
	// make: checking days and holidays depend on it.
	a, err := app.Open(t.Context(), c, app.Options{Clock: clock.Shifted(clock.System(), time.Until(demo.Present())),
		Logger: slog.New(slog.DiscardHandler), Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	srv := &http.Server{Handler: a.Handler()}
	go srv.Serve(l)
	t.Cleanup(func() {
		srv.Close()
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &province{url: "http://" + c.Addr, app: a, accounts: map[string]demo.Account{}}
	list, err := demo.Accounts(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, acc := range list {
		p.accounts[acc.Login] = acc
	}
	return p
}

// phone and desk are the screens of a pupil and of an office.
var (
	phone = chrome.Screen{Width: 390, Height: 844}
	desk  = chrome.Screen{Width: 1440, Height: 900}
)

// signIn signs an account in and lands on its home.
func (p *province) signIn(t *testing.T, b *chrome.Browser, login string, s chrome.Screen) *chrome.Tab {
	t.Helper()
	acc, ok := p.accounts[login]
	if !ok {
		t.Fatalf("the demo prints no account %q", login)
	}
	tab := b.Tab(s)
	tab.Open(p.url + "/signin?lang=zh")
	tab.Fill("[name=login]", acc.Login)
	tab.Fill("[name=password]", acc.Password)
	tab.Submit("main form button.btn-primary")
	if tab.Address() == p.url+"/signin/factor" {
		tab.Fill("[name=code]", factor.Code(acc.TOTPSecret, time.Now()))
		tab.Submit("main form button.btn-primary")
	}
	if got := tab.Address(); got != p.url+"/home" {
		t.Fatalf("%s landed on %s after sign-in", login, got)
	}
	return tab
}
