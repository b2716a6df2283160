package mergeweb_test

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
	keep, drop := f.pupil("2122000001", "李明", boy, 1), f.pupil("2122000001", "李明", "", 1)
	third := f.pupil("2122000001", "王强", "222401201209150029", 2)
	school := f.as(access.School, "2122000001", 5)
	node := "/nodes/" + f.node("2122000001").ID.String()
	school.Post("/people/"+third.String()+"/record/correct", url.Values{"field": {"name"}, "value": {"王强强"}, "reason": {"更名"}})
	school.Post("/people/"+third.String()+"/record/depart", url.Values{"kind": {"died"}, "why": {"家长告知"}})
	server := httptest.NewServer(f.site.Server)
	t.Cleanup(server.Close)
	for n, path := range []string{node + "/merges?q=李", "/merges/new?keep=" + keep.String() + "&drop=" + drop.String(),
		"/merges/new?keep=" + keep.String() + "&drop=" + third.String(), node + "/records?q=李", "/people/" + third.String() + "/record", "/people/" + keep.String() + "/record"} {
		browser.Look(server.URL, school.Cookie("ls"), path, fmt.Sprint("merge-", n), chrome.Looks)
	}
}
