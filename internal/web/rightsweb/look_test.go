package rightsweb_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/web/webtest/chrome"
)

// TestLook meets the pages with a screen reader's eyes and on a narrow phone.
func TestLook(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	f := setup(t, dbtest.New(t, db.SQLite))
	mother, head, admin := f.parent(), f.as(access.School, f.a, 5), f.as(access.SysAdmin, f.a, 6)
	page, node := "/rights/"+f.child.String(), "/nodes/"+f.a.ID.String()
	for _, kind := range []string{"correct", "erase"} {
		mother.Post(page+"/requests", url.Values{"kind": {kind}, "field": {"name"}, "value": {"李明远"}})
	}
	list := head.Get(node + "/requests")
	one := list.Attr("#requests tbody a", "href")
	head.Post(one+"/answer", url.Values{"outcome": {"done"}})
	server := httptest.NewServer(f.site.Server)
	t.Cleanup(server.Close)
	for n, p := range []struct{ token, path string }{
		{mother.Cookie("ls"), "/rights"}, {mother.Cookie("ls"), page}, {head.Cookie("ls"), node + "/requests"}, {head.Cookie("ls"), one},
		{head.Cookie("ls"), node + "/privacy-report"}, {admin.Cookie("ls"), "/retention"},
	} {
		browser.Look(server.URL, p.token, p.path, fmt.Sprint("rights-", n), chrome.Looks)
	}
}
