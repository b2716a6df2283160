package accountweb

import (
	"context"
	"net/http"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/qr"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// slipsPage prints slips for whoever of a class, or of a school's staff, has
// not come in.
type slipsPage struct {
	List   account.ClassList
	Sheets []account.Sheet
	// Waiting counts who would get a slip; Out of them have one in hand.
	Waiting, Out int
	// Guardians counts the guardians of a class who would get one, and
	// GuardiansOut those of them who have one in hand.
	Guardians, GuardiansOut int
}

func (f *Face) showSlips(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	var page slipsPage
	if page.List, err = f.accounts.List(ctx, by, node); err != nil {
		return err
	}
	if page.Sheets, err = f.accounts.Sheets(ctx, by, node); err != nil {
		return err
	}
	members := page.List.Pupils
	if page.List.Node.IsSchool() {
		members = page.List.Staff
	}
	for _, m := range members {
		switch m.State {
		case account.StateSlip:
			page.Out++
			page.Waiting++
		case account.StateMade:
			page.Waiting++
		}
	}
	page.Guardians, page.GuardiansOut = guardiansWaiting(page.List.Guardians)
	return web.Render(w, r, http.StatusOK, slipsView(page))
}

// issueSlips issues and goes to the printed page; several sheets are listed
// first.
func (f *Face) issueSlips(w http.ResponseWriter, r *http.Request) error {
	node, err := web.PathID[id.Node](r, "node")
	if err != nil {
		return err
	}
	issue := f.accounts.IssueCodes
	switch r.FormValue("only") {
	case "staff":
		issue = f.accounts.IssueStaff
	case "guardians":
		issue = f.accounts.IssueGuardians
	}
	slips, err := issue(r.Context(), web.Actor(r.Context()), node)
	if err != nil {
		return err
	}
	sheets := map[id.Sheet]bool{}
	for _, s := range slips {
		sheets[s.Sheet] = true
	}
	switch len(sheets) {
	case 0:
		web.FlashKind(w, r, "info", "account.slips.nobody")
	case 1:
		return web.Redirect(w, r, "/slips/"+slips[0].Sheet.String())
	default:
		web.Flash(w, r, "account.slips.issued", len(slips), len(sheets))
	}
	return web.Redirect(w, r, "/classes/"+node.String()+"/slips")
}

// sheetPage is a sheet as it is printed.
type sheetPage struct {
	account.Printed
	Address string
}

func (f *Face) printSheet(w http.ResponseWriter, r *http.Request) error {
	sheet, err := web.PathID[id.Sheet](r, "sheet")
	if err != nil {
		return err
	}
	p, err := f.accounts.Slips(r.Context(), web.Actor(r.Context()), sheet)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.Render(w, r, http.StatusOK, sheetView(sheetPage{Printed: p, Address: web.BaseURL(r)}))
}

// codeLink is what the QR code of a slip says.
func codeLink(address, code string) string {
	return strings.TrimSuffix(address, "/") + "/activate?c=" + code
}

// drawing is the QR code of a slip; a code that cannot be drawn is typed.
func drawing(ctx context.Context, address, code string) string {
	svg, err := qr.SVG(codeLink(address, code), i18n.T(ctx, "account.slip.qr"))
	if err != nil {
		return ""
	}
	return svg
}

// askPage asks before a new slip is made for somebody.
type askPage struct {
	Person person.Person
	Node   org.Node
}

// back leads where the reader came from: the class list, or for an office that
// opens none the page on which it gives roles.
func (p askPage) back(ctx context.Context) string {
	if !web.Permitted(ctx, access.PersonRead) {
		return ui.Href("nodes", web.Actor(ctx).Home(), "grants")
	}
	return ui.Href("classes", p.Node.ID, "members")
}

func (f *Face) askCode(w http.ResponseWriter, r *http.Request) error {
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	var page askPage
	if page.Person, page.Node, err = f.accounts.Recipient(r.Context(), web.Actor(r.Context()), who); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, askView(page))
}

func (f *Face) issueCode(w http.ResponseWriter, r *http.Request) error {
	who, err := web.PathID[id.Person](r, "person")
	if err != nil {
		return err
	}
	slip, err := f.accounts.IssueCode(r.Context(), web.Actor(r.Context()), who)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/slips/"+slip.Sheet.String())
}

// day is the day of the request, by which classes are named.
func day(ctx context.Context) clock.Day { return clock.DayOf(ui.FrameOf(ctx).Now) }

// message is the text of a key, "" for none.
func message(ctx context.Context, key string) string {
	if key == "" {
		return ""
	}
	return i18n.T(ctx, key)
}
