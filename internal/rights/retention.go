package rights

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
)

// Retention is how long one kind of data is kept. The table of all is
// [Retentions]; docs/security.md prints it.
type Retention struct {
	Name string // word of the catalogue: retention.rule.…
	Days int    // 0: the name says when
}

// The kinds of data that are kept for a time.
const (
	KeepRosterRows  = "roster_rows" // rejected rows of a roster as they were handed in, and what it changed, sealed
	KeepCodes       = "codes"       // one-time codes that are spent, void or expired
	KeepSessions    = "sessions"    // sessions that have ended
	KeepLooks       = "looks"       // who looked at whose data
	KeepContacts    = "contacts"    // contact and optional data of whoever is no longer here
	KeepUndo        = "undo"        // what a merging needs to be taken back, sealed
	KeepCorrections = "corrections" // values before a correction, sealed
	KeepRequests    = "requests"    // requests of persons that are answered or closed
	KeepJobs        = "jobs"        // background work that has ended
)

// Retentions is the table of how long data are kept, in the order in which the
// rules run. The audit trail has a setting of its own (audit_keep, at least six
// months: 网络安全法 art. 21).
func Retentions() []Retention {
	return []Retention{
		{KeepRosterRows, 30},
		{KeepCodes, 90},
		{KeepSessions, 30},
		{KeepLooks, 2 * 365},
		{KeepContacts, 180},
		{KeepUndo, 30},
		{KeepCorrections, 3 * 365},
		{KeepRequests, 3 * 365},
		{KeepJobs, 90},
	}
}

// Rule is one rule of retention as the app binds it to whoever owns the rows.
type Rule struct {
	Retention
	// Count counts the rows that a run would remove or empty now.
	Count func(ctx context.Context, by access.Actor, before time.Time) (int64, error)
	// Run removes or empties them, in small transactions, and says how many.
	Run func(ctx context.Context, by access.Actor, before time.Time) (int64, error)
}

// Due is what the next run of a rule would do, and what the last one did.
type Due struct {
	Retention
	Rows   int64
	LastAt time.Time
	Last   int64
}

// before is the moment before which a rule's rows are no longer kept.
func (s *Service) before(r Retention) time.Time { return s.Clock.Now().AddDate(0, 0, -r.Days) }

// DryRun counts what each rule would remove now and changes nothing. The actor
// needs system.manage; he sees counts only.
func (s *Service) DryRun(ctx context.Context, by access.Actor) ([]Due, error) {
	if !by.Can(access.SystemManage) {
		return nil, errForbidden()
	}
	out := make([]Due, 0, len(s.Rules))
	for _, r := range s.Rules {
		d := Due{Retention: r.Retention}
		var err error
		if d.Rows, err = r.Count(ctx, by, s.before(r.Retention)); err != nil {
			return nil, fmt.Errorf("count what %s would remove: %w", r.Name, err)
		}
		var at int64
		if err := s.DB.QueryRow(ctx, "SELECT COALESCE(MAX(at), 0) FROM rgt_run WHERE rule = $1", r.Name).Scan(&at); err != nil {
			return nil, fmt.Errorf("read runs of %s: %w", r.Name, err)
		}
		if at != 0 {
			d.LastAt = clock.FromMillis(at)
			if err := s.DB.QueryRow(ctx, "SELECT COALESCE(SUM(n), 0) FROM rgt_run WHERE rule = $1 AND at = $2", r.Name, at).Scan(&d.Last); err != nil {
				return nil, fmt.Errorf("read runs of %s: %w", r.Name, err)
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// Retain runs every rule and leaves an audit row with the counts. A rule that
// fails stops none of the others; the first error is returned. A daily job calls
// it.
func (s *Service) Retain(ctx context.Context, by access.Actor) (map[string]int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return nil, errForbidden()
	}
	counts := map[string]int64{}
	var failed error
	for _, r := range s.Rules {
		n, err := r.Run(ctx, by, s.before(r.Retention))
		if err != nil && failed == nil {
			failed = fmt.Errorf("run rule %s: %w", r.Name, err)
		}
		counts[r.Name] = n
	}
	detail, err := json.Marshal(counts)
	if err != nil {
		return nil, fmt.Errorf("encode audit detail: %w", err)
	}
	now := s.Clock.Now()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, r := range s.Rules {
			if _, err := tx.Exec(ctx, "INSERT INTO rgt_run (id, at, rule, n) VALUES ($1, $2, $3, $4)", s.IDs.Next(), clock.Millis(now), r.Name, counts[r.Name]); err != nil {
				return err
			}
		}
		return s.Trail.Append(ctx, tx, audit.Entry{Role: string(by.Role), Action: "retention.run", Kind: "retention", Detail: string(detail), At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("record a run of the rules: %w", err)
	}
	return counts, failed
}

// forgettable is the condition of requests that ended before a moment: closed, or
// answered and never closed by whoever asked.
const forgettable = "(closed_at <> 0 AND closed_at < $1 OR closed_at = 0 AND answered_at <> 0 AND answered_at < $2)"

// Forget removes requests that ended before a moment.
func (s *Service) Forget(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
	if !by.IsSystem() && !by.IsOperator() {
		return 0, errForbidden()
	}
	at := clock.Millis(before)
	return InParts(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return tx.Exec(ctx, "DELETE FROM rgt_request WHERE id IN (SELECT id FROM rgt_request WHERE "+forgettable+" ORDER BY id LIMIT 500)", at, at)
	})
}

// Forgettable counts them.
func (s *Service) Forgettable(ctx context.Context, by access.Actor, before time.Time) (n int64, err error) {
	if !by.Can(access.SystemManage) {
		return 0, errForbidden()
	}
	at := clock.Millis(before)
	err = s.DB.QueryRow(ctx, "SELECT COUNT(*) FROM rgt_request WHERE "+forgettable, at, at).Scan(&n)
	return n, err
}

// InParts repeats a statement that touches at most 500 rows, each time in a
// transaction of its own, until it touches fewer; it returns how many in all.
func InParts(ctx context.Context, d *db.DB, part func(ctx context.Context, tx *db.Tx) (int64, error)) (int64, error) {
	var total int64
	for {
		var n int64
		err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = part(ctx, tx)
			return err
		})
		if err != nil {
			return total, err
		}
		if total += n; n < 500 {
			return total, nil
		}
	}
}

// why says in English what each rule keeps and what becomes of it.
var why = map[string]string{
	KeepRosterRows: "rejected rows of a roster as handed in, and what it changed (sealed)", KeepCodes: "one-time codes that are spent, void or expired",
	KeepSessions: "sessions that ended", KeepLooks: "who looked at whose data",
	KeepContacts: "phone, ethnic group and boarding of whoever left, graduated or died, and the phone of a guardian without another child here", KeepUndo: "what a merging needs to be taken back (sealed)",
	KeepCorrections: "values before a correction (sealed)", KeepRequests: "requests of persons that are answered or closed", KeepJobs: "background work that ended",
}

// RetentionTable is the table of rules as docs/security.md prints it.
func RetentionTable() string {
	var b strings.Builder
	for _, r := range Retentions() {
		fmt.Fprintf(&b, "| `%s` | %s | %d days |\n", r.Name, why[r.Name], r.Days)
	}
	return b.String()
}
