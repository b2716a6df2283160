package custodyweb_test

import (
	"net/http/httptest"
	"testing"

	"learnspace/internal/custody"
	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/web/webtest/chrome"
)

// TestLook opens the pages as a reader with a screen reader or a narrow phone
// meets them; LEARNSPACE_PICTURES names a folder for pictures of them.
func TestLook(t *testing.T) {
	t.Parallel()
	browser, ok := chrome.Start(t)
	if !ok {
		return
	}
	f := setup(t, dbtest.New(t, db.SQLite))
	ctx := t.Context()
	if err := f.custody.SetLimit(ctx, f.guard, custody.RowsDay, 1); err != nil {
		t.Fatal(err)
	}
	r, err := f.custody.Ask(ctx, f.clerk, custody.Asking{Node: f.a1.ID, Kind: custody.Roster, Purpose: "向区县上报2019级学籍核对名单"})
	if err == nil {
		err = f.custody.Approve(ctx, f.manager, r.ID, "")
	}
	if err == nil {
		_, err = f.jobs.RunDue(ctx)
	}
	if err == nil {
		_, err = f.custody.Take(ctx, f.clerk, r.ID, "192.0.2.0/24")
	}
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := f.custody.Ask(ctx, f.clerk, custody.Asking{Node: f.a1.ID, Kind: custody.ClassList, Purpose: "家长会签到用的名单"})
	if err != nil {
		t.Fatal(err)
	}
	clerk, manager, guard := f.site.As(f.clerk).Cookie("ls"), f.site.As(f.manager).Cookie("ls"), f.site.As(f.guard).Cookie("ls")
	home := "/people/" + f.pupil.String()
	server := httptest.NewServer(f.site.Server)
	t.Cleanup(server.Close)
	for name, p := range map[string]struct{ token, path string }{
		"find": {clerk, "/people"}, "person": {clerk, home}, "reveal": {clerk, home + "/reveal/id_no"}, "looks": {clerk, home + "/looks"},
		"exports": {clerk, "/exports"}, "ask": {clerk, "/exports/new?kind=roster"}, "made": {clerk, "/exports/" + r.ID.String()},
		"decide": {manager, "/exports/" + waiting.ID.String()}, "alarms": {guard, "/alarms"},
	} {
		browser.Look(server.URL, p.token, p.path, "custody-"+name, []chrome.Screen{{Width: 320, Height: 800}, {Width: 1440, Height: 900, Dark: true}})
	}
}
