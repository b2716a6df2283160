package chrome

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

//go:embed axe.min.js
var axe string

// Required is the environment variable that turns a missing Chromium from one
// line in the log into a failure.
const Required = "LEARNSPACE_BROWSER_REQUIRED"

// wait is the longest that one step may take, in a machine under load.
const wait = 2 * time.Minute

// Browser is one headless Chromium with a fresh profile.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// Path finds a Chromium; "" without one. $LEARNSPACE_CHROMIUM names another.
func Path() string {
	if p := os.Getenv("LEARNSPACE_CHROMIUM"); p != "" {
		return p
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "headless_shell"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	return ""
}

// Start starts a browser that ends with the test. ok is false, after one line
// in the log, where there is no Chromium.
func Start(t testing.TB) (b *Browser, ok bool) {
	t.Helper()
	path := Path()
	if path == "" {
		if os.Getenv(Required) != "" {
			t.Fatal("no Chromium, and " + Required + " is set")
		}
		t.Log("no Chromium on this machine: what only a browser can show is not checked here")
		return nil, false
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.CombinedOutput(io.Discard),
		chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("lang", "zh-CN"), chromedp.Flag("accept-lang", "zh-CN"), chromedp.Flag("disable-dev-shm-usage", true)}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(options...))
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Browser{t: t, ctx: ctx}, true
}

// Screen says what a tab pretends to be.
type Screen struct {
	Width, Height int64
	// Dark asks for dark pages.
	Dark bool
	// NoScript runs no script of the page.
	NoScript bool
	// Print lays the page out as on paper.
	Print bool
}

// Tab is one tab with cookies of its own.
type Tab struct {
	t      testing.TB
	ctx    context.Context
	screen Screen
}

// Tab opens a tab.
func (b *Browser) Tab(s Screen) *Tab {
	b.t.Helper()
	if s.Width == 0 {
		s.Width, s.Height = 1440, 900
	}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(cancel)
	tab := &Tab{t: b.t, ctx: ctx, screen: s}
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("open a tab: %v", err)
	}
	tab.Screen(s)
	return tab
}

// Screen makes the tab pretend to be something else, with the same cookies.
func (tab *Tab) Screen(s Screen) {
	tab.t.Helper()
	tab.screen = s
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if s.Print {
		media.Media = "print"
	}
	tab.do("screen", chromedp.EmulateViewport(s.Width, s.Height),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			if _, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, media); err != nil {
				return err
			}
			_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.NoScript})
			return err
		}))
}

func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, wait)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tab.t.Fatalf("%s: %v\n%s", what, err, tab.describe())
	}
}

// describe says where the tab is, for a failure.
func (tab *Tab) describe() string {
	ctx, cancel := context.WithTimeout(tab.ctx, 5*time.Second)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + (document.querySelector("main")||document.body).innerText.slice(0, 800)`))
	if err != nil {
		return err.Error()
	}
	return s
}

// Open loads an address.
func (tab *Tab) Open(url string) {
	tab.t.Helper()
	tab.do("open "+url, chromedp.Navigate(url))
}

// Authenticator gives the tab an authenticator that checks who holds it and
// answers by itself, as a phone with a fingerprint does.
func (tab *Tab) Authenticator() {
	tab.t.Helper()
	tab.do("authenticator", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{Protocol: "ctap2", Transport: "internal", HasResidentKey: true,
				HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
		return err
	}))
}

// Reload loads the page again.
func (tab *Tab) Reload() {
	tab.t.Helper()
	tab.do("reload", chromedp.Reload())
}

// Address is where the tab is.
func (tab *Tab) Address() string {
	tab.t.Helper()
	return get(tab, "address", chromedp.Location())
}

// Fill puts a value into a field.
func (tab *Tab) Fill(selector, value string) {
	tab.t.Helper()
	tab.do("fill "+selector, chromedp.SetValue(chromedp.CSS(selector), value))
}

// Type presses the keys of a text in a field.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	tab.do("type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Press presses keys where the focus is, such as "\t" and "\u001b".
func (tab *Tab) Press(keys string) {
	tab.t.Helper()
	tab.do("press", chromedp.KeyEvent(keys))
}

// Choose puts files into a field for files.
func (tab *Tab) Choose(selector string, files ...string) {
	tab.t.Helper()
	tab.do("choose "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// Click clicks without waiting for another page.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Submit clicks and waits for the page that follows.
func (tab *Tab) Submit(selector string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, wait)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		tab.t.Fatalf("submit %s: %v\n%s", selector, err, tab.describe())
	}
}

// See waits until a node that the selector names is visible.
func (tab *Tab) See(selector string) {
	tab.t.Helper()
	tab.do("see "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Text is the visible text of the first node that the selector names; "" without one.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	return Eval[string](tab, `(document.querySelector(`+strconv.Quote(selector)+`)||{innerText:""}).innerText`)
}

// Count is how many nodes the selector names.
func (tab *Tab) Count(selector string) int {
	tab.t.Helper()
	return Eval[int](tab, `document.querySelectorAll(`+strconv.Quote(selector)+`).length`)
}

// Overflow is by how many pixels the page is wider than the screen; 0 is right.
func (tab *Tab) Overflow() int {
	tab.t.Helper()
	return Eval[int](tab, `Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)`)
}

// Eval runs an expression in the page.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	return get(tab, "evaluate", chromedp.Evaluate[T](expression))
}

func get[T any](tab *Tab, what string, a chromedp.Action[T]) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, wait)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		tab.t.Fatalf("%s: %v\n%s", what, err, tab.describe())
	}
	return v
}

// Picture is a PNG of the whole page.
func (tab *Tab) Picture() []byte {
	tab.t.Helper()
	tab.settle()
	return get(tab, "picture", chromedp.FullScreenshot(100))
}

// settle waits until what moves has come to rest: after a change of theme the
// colours of buttons pass through others.
func (tab *Tab) settle() {
	tab.t.Helper()
	const rest = `Promise.all(document.getAnimations().map(a => a.finished.catch(() => 0))).then(() => true)`
	get(tab, "settle", chromedp.Evaluate[bool](rest, chromedp.EvalAwaitPromise))
}

// Violation is one rule of accessibility that the page breaks.
type Violation struct {
	ID    string   `json:"id"`
	Help  string   `json:"help"`
	Nodes []string `json:"nodes"`
}

// String gives the rule and the nodes.
func (v Violation) String() string { return fmt.Sprintf("%s: %s %q", v.ID, v.Help, v.Nodes) }

// Axe runs axe-core on the page and returns what it finds. The page's script
// must be allowed.
func (tab *Tab) Axe() []Violation {
	tab.t.Helper()
	tab.settle()
	if !Eval[bool](tab, `typeof axe === "object"`) {
		Eval[bool](tab, axe+"\n;true")
	}
	const run = `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.target.join(" ") + " " + n.html.slice(0, 160))}))))`
	raw := get(tab, "axe", chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
	var out []Violation
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		tab.t.Fatalf("axe: %v", err)
	}
	return out
}
