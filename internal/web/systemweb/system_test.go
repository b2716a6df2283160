package systemweb_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/web"
	"learnspace/internal/web/systemweb"
	"learnspace/internal/web/webtest"
)

func actor(role access.Role) access.Actor {
	return access.Actor{Person: 5, Account: 6, Name: "管理", Role: role, Places: []access.Place{{Node: 10, Path: "1/", Role: role}}}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	status := systemweb.Status{Version: "v1", Engine: "x", Waiting: 3,
		Checks:   []web.Check{{Name: "database", OK: true, Value: 2, Unit: "ms"}, {Name: "disk", Reason: "less than 256MiB free"}},
		Jobs:     []systemweb.Job{{ID: "12", Kind: "roster.import", State: "failed", Attempts: 20, MadeAt: time.Unix(0, 0), Error: "no answer"}},
		Settings: []systemweb.Setting{{Key: "addr", Value: "127.0.0.1:8080", Source: "default", Zh: "监听地址。", En: "Address."}}}
	site := webtest.New(t, systemweb.New(func(context.Context, access.Actor) (systemweb.Status, error) { return status, nil }).Routes()...)
	p := site.As(actor(access.SysAdmin)).Get("/system").Want(http.StatusOK)
	for selector, want := range map[string]string{
		"#ready": "less than 256MiB free", "#facts": "等待3", "#jobs": "roster.import 12", "#settings": "监听地址。", ".alert": "503",
	} {
		if !strings.Contains(p.Text(selector), want) {
			t.Errorf("%s does not say %s: %s", selector, want, p.Text(selector))
		}
	}
	for _, role := range access.Roles() {
		want := http.StatusForbidden
		if role == access.SysAdmin {
			want = http.StatusOK
		}
		site.As(actor(role)).Get("/system").Want(want)
	}
}
