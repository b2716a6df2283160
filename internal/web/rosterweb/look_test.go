package rosterweb_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"learnspace/internal/access"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/web/webtest"
	"learnspace/internal/web/webtest/chrome"
)

// TestLook opens the pages that no link leads to without a file: a report with
// every kind of row, a refused file and a list of transfers. They are examined
// as a reader with a screen reader or a narrow phone meets them;
// LEARNSPACE_PICTURES names a folder for pictures of them.
func TestLook(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	f := setup(t, dbtest.New(t, db.SQLite))
	mine, other := f.site.As(f.clerk(access.School, f.school)), f.site.As(f.clerk(access.School, f.other))
	home := "/nodes/" + f.school.ID.String()
	confirm := func(b *webtest.Browser, node string) {
		page := b.Upload(node+"/rosters", url.Values{"mode": {"add"}}, file()).Follow()
		b.Post(page.Attr("#confirm form", "action"), page.Form("#confirm form")).Want(http.StatusSeeOther)
		f.work()
	}
	confirm(other, "/nodes/"+f.other.ID.String())
	report := mine.Upload(home+"/rosters", url.Values{"mode": {"whole"}}, file("崔雨桐,22010220110309,三年级,实验班", "金美兰,"+number("22010220110310004")+",三年级,三（2）班")).Want(http.StatusSeeOther).Location()
	refused := mine.Upload(home+"/rosters", url.Values{"mode": {"add"}}, webtest.File{Field: "file", Name: "名册.xlsx", Content: []byte("%PDF-1.7")}).Want(http.StatusSeeOther).Location()
	confirm(mine, home)

	server := httptest.NewServer(f.site.Server)
	t.Cleanup(server.Close)
	pages := map[string]struct {
		token string
		path  string
	}{
		"rosters":   {mine.Cookie("ls"), home + "/rosters"},
		"report":    {mine.Cookie("ls"), report},
		"refused":   {mine.Cookie("ls"), refused},
		"transfers": {other.Cookie("ls"), "/nodes/" + f.other.ID.String() + "/transfers"},
	}
	for name, p := range pages {
		browser.Look(server.URL, p.token, p.path, "roster-"+name, chrome.Looks)
	}
}
