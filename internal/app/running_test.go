package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/app"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/logs"
	"learnspace/internal/web"
)

// lines is a log that several goroutines may write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start opens the installation with a log and a clock of the test's.
func (p *place) start(log *slog.Logger, clk clock.Clock) {
	p.t.Helper()
	p.config.Limits.Lag, p.config.SecondFactor = time.Hour, "off"
	a, err := app.Open(p.t.Context(), p.config, app.Options{Hasher: account.NewPool(account.CheapCost, 0, 0), Migrate: true, Logger: log, Clock: clk})
	p.must(err)
	p.app = a
	p.t.Cleanup(p.close)
}

// visitor is a browser with cookies.
type visitor struct {
	p       *place
	cookies map[string]string
}

func (p *place) visitor() *visitor { return &visitor{p: p, cookies: map[string]string{}} }

func (v *visitor) do(method, path, kind string, body io.Reader) *httptest.ResponseRecorder {
	v.p.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, body)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Origin", "http://127.0.0.1:8080")
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	v.p.app.Handler().ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		v.cookies[c.Name] = c.Value
	}
	return w
}

func (v *visitor) get(path string) *httptest.ResponseRecorder {
	return v.do(http.MethodGet, path, "", nil)
}

func (v *visitor) post(path string, form url.Values) *httptest.ResponseRecorder {
	return v.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// upload sends a roster.
func (v *visitor) upload(path, name, content string) *httptest.ResponseRecorder {
	v.p.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	f, err := m.CreateFormFile("file", name)
	v.p.must(err)
	_, err = io.WriteString(f, content)
	v.p.must(err)
	v.p.must(m.WriteField("_key", "k-"+name))
	v.p.must(m.Close())
	return v.do(http.MethodPost, path, m.FormDataContentType(), &b)
}

// clerk signs the registrar in.
func (p *place) signedIn() *visitor {
	p.t.Helper()
	v := p.visitor()
	if w := v.post("/signin", url.Values{"login": {p.login}, "password": {password}}); w.Code != http.StatusSeeOther {
		p.t.Fatalf("sign-in: %d %s", w.Code, w.Body)
	}
	return v
}

func (p *place) ready() (bool, map[string]web.Check) {
	p.t.Helper()
	var got struct {
		Ready  bool
		Checks []web.Check
	}
	list := p.app.Ready(p.t.Context())
	got.Ready, got.Checks = true, list
	by := map[string]web.Check{}
	for _, c := range list {
		got.Ready = got.Ready && c.OK
		by[c.Name] = c
	}
	return got.Ready, by
}

// TestLogsHoldNobody sends names, numbers, telephones, codes and passwords
// through pages, forms, searches, uploads, errors and panics of the storage, and
// then looks for them in everything that was logged.
func TestLogsHoldNobody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		out := &lines{}
		p.start(logs.New(out, "debug"), nil)
		p.fill(3)
		planted := []string{"金雀0", "金父", number(1), "G" + number(2), plantedPhone, password, p.login, "王密探", "220102199001011237", "13800138000",
			"ABCD-EFGH-JKLM-NPQR", "secret-typed-9", "a@example.cn", "203.0.113.77"}
		secret := url.QueryEscape("王密探 220102199001011237 13800138000 a@example.cn")
		v := p.signedIn()
		node, class := p.school.ID.String(), p.class.ID.String()
		for _, path := range []string{"/home", "/me", "/help", "/nodes/" + node, "/nodes/" + node + "?q=" + secret, "/nodes/" + node + "/rosters",
			"/nodes/" + node + "/transfers", "/figures/" + node, "/classes/" + class + "/members?q=" + secret, "/classes/" + class, "/people?q=" + secret,
			"/nodes/" + secret, "/" + secret, "/signin?next=/" + secret, "/activate?code=ABCD-EFGH-JKLM-NPQR", "/static/" + secret, "/nodes/220102199001011237"} {
			v.get(path)
		}
		nobody := p.visitor()
		for path, form := range map[string]url.Values{
			"/signin":          {"login": {"王密探"}, "password": {"secret-typed-9"}},
			"/activate":        {"code": {"ABCD-EFGH-JKLM-NPQR"}},
			"/activate/login":  {"login": {"王密探"}, "password": {"secret-typed-9"}},
			"/recover":         {"login": {"13800138000"}, "phone": {"13800138000"}},
			"/signin/factor":   {"code": {"ABCD-EFGH-JKLM-NPQR"}},
			"/nodes/x/grants":  {"person": {"王密探"}},
			"/preferences":     {"lang": {"王密探"}},
			"/no/such/" + node: {"name": {"王密探"}},
		} {
			nobody.post(path, form)
			v.post(path, form)
		}
		v.upload("/nodes/"+node+"/rosters", "王密探.csv", "姓名,性别,身份证号,年级,班级,监护人姓名,监护人电话\n王密探,女,220102199001011237,四年级,9班,王密探,13800138000\n")
		p.must(p.app.WorkOff(t.Context()))
		// The storage breaks under the pages: every statement about persons and
		// accounts fails, with whatever the engine says about it.
		for _, table := range []string{"person_affiliation", "acc_account", "ros_batch"} {
			_, err := p.app.DB.Exec(t.Context(), "ALTER TABLE "+table+" RENAME TO gone_"+table)
			p.must(err)
		}
		failed := 0
		for _, path := range []string{"/home", "/nodes/" + node + "?q=" + secret, "/nodes/" + node + "/rosters", "/classes/" + class + "/members"} {
			if v.get(path).Code >= 500 {
				failed++
			}
		}
		nobody.post("/signin", url.Values{"login": {"王密探"}, "password": {"secret-typed-9"}})
		v.upload("/nodes/"+node+"/rosters", "王密探2.csv", "姓名\n王密探\n")
		_ = p.app.WorkOff(context.WithoutCancel(t.Context()))
		if failed == 0 {
			t.Error("no page failed: the test proves nothing about errors")
		}
		text := out.String()
		if !strings.Contains(text, `"route":"GET /nodes/{node}"`) || !strings.Contains(text, `"status":500`) {
			t.Error("the log does not tell what happened")
		}
		unescaped, _ := url.QueryUnescape(text)
		for _, s := range planted {
			if strings.Contains(text, s) || strings.Contains(unescaped, s) || strings.Contains(text, url.QueryEscape(s)) {
				t.Errorf("%q stands in a log", s)
			}
		}
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			if !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %s", line)
			}
		}
	})
}

// full makes the disk full as far as the database can tell: the embedded engine
// is given no more pages, the server raises its own code.
func (p *place) full() (free func()) {
	p.t.Helper()
	must := func(query string) {
		p.t.Helper()
		p.must(p.app.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, query)
			return err
		}))
	}
	if p.app.DB.Serial() {
		must("PRAGMA max_page_count = 1")
		return func() { must("PRAGMA max_page_count = 1073741823") }
	}
	must(`CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`)
	must("CREATE TRIGGER full_disk BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION disk_is_full()")
	return func() { must("DROP TRIGGER full_disk ON audit") }
}

// TestStorageFails: a full disk, a broken store of files and a lost key file
// answer in clear words and are told by readiness; reading goes on; and once the
// cause is gone everything works without a restart.
func TestStorageFails(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		p.start(logs.New(io.Discard, "error"), nil)
		p.fill(3)
		v := p.signedIn()
		if ok, checks := p.ready(); !ok {
			t.Fatalf("before: %+v", checks)
		}
		sign := func() int {
			code := 0
			for range 60 { // the pages that are there have some room left
				w := p.visitor().post("/signin", url.Values{"login": {p.login}, "password": {password}})
				if code = w.Code; code != http.StatusSeeOther {
					if !strings.Contains(w.Body.String(), "存储空间已满") || w.Header().Get("Retry-After") == "" {
						t.Errorf("%d: %s", code, w.Body)
					}
					break
				}
			}
			return code
		}
		free := p.full()
		if code := sign(); code != http.StatusServiceUnavailable {
			t.Errorf("sign-in on a full disk: %d", code)
		}
		if w := v.get("/me"); w.Code != http.StatusOK {
			t.Errorf("reading on a full disk: %d", w.Code)
		}
		free()
		if code := sign(); code != http.StatusSeeOther {
			t.Errorf("sign-in with room again: %d", code)
		}

		blobs := strings.TrimPrefix(p.config.Blob, "file:")
		p.must(os.Rename(blobs, blobs+".away"))
		roster := func(n int) *httptest.ResponseRecorder {
			return v.upload("/nodes/"+p.school.ID.String()+"/rosters", fmt.Sprintf("a%d.csv", n), "姓名,性别,年级,班级\n周一,女,二年级,1班\n")
		}
		if w := roster(1); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "存储暂时不可用") {
			t.Errorf("an upload without a store: %d %s", w.Code, w.Body)
		}
		if ok, checks := p.ready(); ok || checks["blobs"].OK || checks["blobs"].Reason == "" || !checks["database"].OK {
			t.Errorf("readiness without a store: %+v", checks)
		}
		w := v.get("/readyz")
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), filepath.Dir(blobs)) {
			t.Errorf("/readyz: %d %s", w.Code, w.Body)
		}
		p.must(os.Rename(blobs+".away", blobs))
		if w := roster(2); w.Code != http.StatusSeeOther {
			t.Errorf("an upload with the store again: %d %s", w.Code, w.Body)
		}

		keys := p.config.Keys()
		p.must(os.Rename(keys, keys+".away"))
		if ok, checks := p.ready(); ok || checks["keys"].OK {
			t.Errorf("readiness without the key file: %+v", checks)
		}
		p.must(os.Rename(keys+".away", keys))
		if ok, checks := p.ready(); !ok {
			t.Errorf("afterwards: %+v", checks)
		}
	})
}

// jumping is a clock that somebody sets.
type jumping struct {
	from time.Duration

	mu sync.Mutex
	by time.Duration
}

func (j *jumping) Now() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return time.Now().Add(j.from + j.by)
}

func (j *jumping) set(by time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.by = by
}

// TestClockJumps: an hour forth and back ends no session of an own device, lets
// nobody in and locks nobody out, and what is written still has its order.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		// It is noon: an hour back from shortly after midnight is a day on which
		// the roles of today are not held yet.
		now := time.Now().In(clock.Zone)
		noon := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, clock.Zone)
		clk := &jumping{from: noon.Sub(now)}
		p.start(logs.New(io.Discard, "error"), clk)
		p.fill(2)
		v := p.signedIn()
		for _, by := range []time.Duration{time.Hour, 0, -time.Hour, 0} {
			clk.set(by)
			if w := v.get("/me"); w.Code != http.StatusOK {
				t.Errorf("the session after a jump to %v: %d", by, w.Code)
			}
			if w := p.visitor().post("/signin", url.Values{"login": {p.login}, "password": {"wrong-password-1"}}); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("a wrong password at %v: %d", by, w.Code)
			}
			if w := p.visitor().post("/signin", url.Values{"login": {p.login}, "password": {password}}); w.Code != http.StatusSeeOther {
				t.Errorf("the right password at %v: %d", by, w.Code)
			}
		}
		if rows, broken, err := p.app.Trail.Verify(t.Context()); rows == 0 || broken != nil || err != nil {
			t.Errorf("the trail: %d, %v, %v", rows, broken, err)
		}
		list, err := p.app.Trail.List(t.Context(), 0, 50)
		p.must(err)
		for i := 1; i < len(list); i++ {
			if list[i].ID >= list[i-1].ID || list[i].Seq >= list[i-1].Seq {
				t.Errorf("row %d goes back: %v after %v", i, list[i], list[i-1])
			}
		}
	})
}

// TestMetrics: the numbers are there, by patterns of routes, and hold nobody.
func TestMetrics(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		p.start(logs.New(io.Discard, "error"), nil)
		p.fill(2)
		v := p.signedIn()
		v.get("/nodes/" + p.school.ID.String() + "?q=" + url.QueryEscape("金雀0"))
		v.get("/nowhere/" + url.PathEscape("金雀0"))
		if w := v.get("/metrics"); w.Code != http.StatusNotFound {
			t.Errorf("the metrics stand on the listener of the pages: %d", w.Code)
		}
		w := httptest.NewRecorder()
		p.app.MetricsServer().Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		text := w.Body.String()
		for _, want := range []string{`learnspace_requests_total{route="POST /signin",status="303"} 1`, `route="GET /nodes/{node}"`,
			"learnspace_sessions 2", "learnspace_jobs_waiting", "learnspace_event_lag_seconds", "learnspace_db_group_size", "learnspace_hashing_busy"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not told", want)
			}
		}
		for _, s := range []string{"金雀", p.login, p.school.ID.String(), "nowhere"} {
			if strings.Contains(text, s) {
				t.Errorf("%s stands in the metrics", s)
			}
		}
	})
}

// TestStatus: the system administrator sees the running and its settings, with
// secrets masked; nobody else does.
func TestStatus(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		p.start(logs.New(io.Discard, "error"), nil)
		by := access.Actor{Person: 5, Account: 6, Role: access.SysAdmin, Places: []access.Place{{Node: 1, Path: "1/", Role: access.SysAdmin}}}
		s, err := p.app.Status(t.Context(), by)
		if err != nil || len(s.Checks) != 7 || len(s.Settings) == 0 || s.Engine == "" {
			t.Errorf("%+v, %v", s, err)
		}
		by.Role, by.Places[0].Role = access.AuditAdmin, access.AuditAdmin
		if _, err := p.app.Status(t.Context(), by); err == nil {
			t.Error("the audit administrator sees the settings")
		}
	})
}
