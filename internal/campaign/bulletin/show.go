package bulletin

import (
	"context"
	"fmt"
	"io"
	"slices"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/fault"
	"learnspace/internal/id"
)

// View is a bulletin as an actor may see it.
type View struct {
	Bulletin
	// Content is what the paper prints; of a paper that is not issued only
	// those who work on it see it, and a unit its own row.
	Content Content
	// Rows are the units with their reviews, Disputes and Receipts what they
	// said; only those the actor may see.
	Rows     []Row
	Disputes []Dispute
	Receipts []Receipt
	// Whole says that the actor sees the whole paper, Works that he may work
	// on it.
	Whole, Works bool
	// Changed says that something is not as it was when the paper was checked:
	// it has to be checked again.
	Changed bool
	// Own is the actor's own reporting unit, 0 for none.
	Own id.Node
	// Steps are what the actor may do now, of the Step words.
	Steps []string
	// Early says that the checking days still run: to issue needs a reason.
	Early bool
}

// The steps that a page may offer.
const (
	StepDraft    = "draft"
	StepWrite    = "write"
	StepTakeBack = "take_back"
	StepCheck    = "check"
	StepSign     = "sign"
	StepIssue    = "issue"
	StepReturn   = "return"
	StepAnswer   = "answer"
	StepReview   = "review"
	StepReceive  = "receive"
)

// May reports whether the actor may take the step now.
func (v View) May(step string) bool { return slices.Contains(v.Steps, step) }

// steps lists what the actor may do with the paper as it stands.
func (v View) steps(by access.Actor) (out []string) {
	add := func(step string, ok bool) {
		if ok {
			out = append(out, step)
		}
	}
	add(StepReview, v.Own != 0 && v.State != Issued && v.Early)
	add(StepReceive, v.Own != 0 && v.State == Issued && len(v.Receipts) == 0)
	if !v.Works || !by.IsPerson() {
		return out
	}
	drafter, checker := by.Person == v.Drafted.By, by.Person == v.Checked.By
	add(StepDraft, v.State == Frozen || v.State == Returned && !drafter)
	add(StepWrite, v.State == Drafted && drafter)
	add(StepTakeBack, v.State == Returned && drafter)
	add(StepCheck, v.State == Drafted && !drafter || v.State == Checked && !drafter && v.Changed)
	add(StepSign, v.State == Checked && !drafter && !checker && !v.Changed)
	add(StepIssue, v.State == Signed && !v.Changed)
	add(StepReturn, !drafter && (v.State == Drafted || v.State == Checked || v.State == Signed))
	add(StepAnswer, v.State != Issued && slices.ContainsFunc(v.Disputes, func(d Dispute) bool { return d.Outcome == Open }))
	return out
}

// Show returns the bulletin of a month: whole to those who work on it and, once
// it is issued, to everybody who may read bulletins; before, a reporting unit
// sees its own row. With a node, only that unit's row is in the content.
// ErrNotFound where there is nothing to see.
func (s *Service) Show(ctx context.Context, by access.Actor, month clock.Month, node id.Node) (View, error) {
	root, err := s.Org.Root(ctx, by)
	if err != nil {
		return View{}, err
	}
	works := by.Allows(access.BulletinDraft, root.Path)
	if !works && !by.Can(access.BulletinRead) {
		return View{}, fault.New(fault.ErrForbidden, "bulletin.forbidden")
	}
	b, err := find(ctx, s.DB, month)
	if err != nil {
		return View{}, err
	}
	v := View{Bulletin: b, Works: works, Whole: works || b.State == Issued}
	if err := s.fill(ctx, &v); err != nil {
		return View{}, err
	}
	v.Own = ownRow(by, v.Rows)
	if !v.Whole {
		if v.Own == 0 {
			return View{}, errMissing(month)
		}
		node = v.Own
		v.Problems, v.Next, v.Content.Problems, v.Content.Next = "", "", "", ""
	}
	if !works {
		v.keepOnly(v.Own)
	}
	v.Early = s.Clock.Now().Before(v.ReviewEnds())
	v.Steps = v.steps(by)
	if node != 0 && node != root.ID {
		if !v.Content.keepRow(node) {
			return View{}, fault.New(fault.ErrNotFound, "bulletin.no_row", month)
		}
	}
	return v, nil
}

// fill reads what belongs to the bulletin.
func (s *Service) fill(ctx context.Context, v *View) (err error) {
	if v.Rows, err = rowsOf(ctx, s.DB, v.ID); err != nil {
		return err
	}
	if v.Disputes, err = disputesOf(ctx, s.DB, v.ID, 0); err != nil {
		return err
	}
	if v.Receipts, err = s.receipts(ctx, v.ID); err != nil {
		return err
	}
	if v.State == Issued {
		v.Content, err = decode(v.Bulletin.content)
		if err == nil && v.Content.hash() != v.hash {
			return fmt.Errorf("bulletin %s: the content does not have its hash", v.Month)
		}
		return err
	}
	v.Content, err = s.content(ctx, s.DB, v.Bulletin)
	v.Changed = v.checkedHash != "" && v.Content.hash() != v.checkedHash
	return err
}

// ownRow is the unit among the rows for which the actor speaks.
func ownRow(by access.Actor, rows []Row) id.Node {
	if !by.Can(access.BulletinReview) {
		return 0
	}
	for _, r := range rows {
		if slices.ContainsFunc(by.Places, func(p access.Place) bool { return p.Role == by.Role && p.Node == r.Node }) {
			return r.Node
		}
	}
	return 0
}

// keepOnly leaves the reviews of one unit: what others said is not for it.
func (v *View) keepOnly(node id.Node) {
	v.Rows = slices.DeleteFunc(v.Rows, func(r Row) bool { return r.Node != node })
	v.Disputes = slices.DeleteFunc(v.Disputes, func(d Dispute) bool { return d.Node != node })
	v.Receipts = slices.DeleteFunc(v.Receipts, func(r Receipt) bool { return r.Node != node })
}

// keepRow leaves one unit's row in the content and reports whether it is there.
func (c *Content) keepRow(node id.Node) bool {
	i := slices.IndexFunc(c.Rows, func(r Row) bool { return r.Node == node })
	if i < 0 {
		return false
	}
	row := c.Rows[i]
	c.Rows, c.Total = []Row{row}, row
	c.Remarks = slices.DeleteFunc(slices.Clone(c.Remarks), func(r Remark) bool { return r.Unit != row.Name })
	return true
}

func (s *Service) receipts(ctx context.Context, b id.Bulletin) ([]Receipt, error) {
	rows, err := s.DB.Query(ctx, `SELECT node, received_at FROM bul_receipt WHERE bulletin = $1 ORDER BY received_at, node`, b)
	if err != nil {
		return nil, fmt.Errorf("receipts of bulletin %d: %w", b, err)
	}
	defer rows.Close()
	var out []Receipt
	for rows.Next() {
		var r Receipt
		var at int64
		if err := rows.Scan(&r.Node, &at); err != nil {
			return nil, err
		}
		r.At = clock.FromMillis(at)
		out = append(out, r)
	}
	return out, rows.Err()
}

// listed bounds the list of bulletins: ten years.
const listed = 120

// List returns the bulletins that the actor may see, the newest month first: of
// those that are not issued, what waits for him.
func (s *Service) List(ctx context.Context, by access.Actor) ([]Bulletin, error) {
	root, err := s.Org.Root(ctx, by)
	if err != nil {
		return nil, err
	}
	works := by.Allows(access.BulletinDraft, root.Path)
	if !works && !by.Can(access.BulletinRead) {
		return nil, fault.New(fault.ErrForbidden, "bulletin.forbidden")
	}
	all, err := newest(ctx, s.DB, false, listed)
	if err != nil || works {
		return all, err
	}
	var out []Bulletin
	for _, b := range all {
		own := id.Node(0)
		if b.State != Issued {
			rows, err := rowsOf(ctx, s.DB, b.ID)
			if err != nil {
				return nil, err
			}
			own = ownRow(by, rows)
		}
		if b.State == Issued || own != 0 {
			out = append(out, b)
		}
	}
	return out, nil
}

// Latest returns the newest issued bulletin's month and number for the pages
// that only point to it; ok is false before the first. Anybody may ask.
func (s *Service) Latest(ctx context.Context, by access.Actor) (b Bulletin, ok bool, err error) {
	all, err := newest(ctx, s.DB, true, 1)
	if err != nil || len(all) == 0 {
		return Bulletin{}, false, err
	}
	return all[0], true, nil
}

// Render writes the paper that Show gives in one of the formats html, docx,
// xlsx and json.
func (s *Service) Render(ctx context.Context, by access.Actor, month clock.Month, node id.Node, format string, w io.Writer) error {
	if !slices.Contains([]string{HTML, DOCX, XLSX, JSON}, format) {
		return fault.New(fault.ErrInvalid, "bulletin.format_unknown", format)
	}
	v, err := s.Show(ctx, by, month, node)
	if err != nil {
		return err
	}
	if !v.Whole {
		return errMissing(month)
	}
	return v.Content.Write(w, format)
}
