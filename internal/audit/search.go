package audit

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/id"
)

// Filter says which rows a search wants; a zero field asks for nothing.
type Filter struct {
	// Actors are the persons who acted; nil for everybody, empty for nobody.
	Actors []id.Person
	// Action is a whole action ("grant.given"), or what actions begin with when
	// it ends with a dot ("grant.").
	Action string
	Role   string
	Kind   string
	Object int64
	Node   id.Node
	// From and To are days, both included; 0 for no bound.
	From, To clock.Day
}

// Find returns up to limit rows older than before (an id; 0 for the newest),
// newest first. within gives the condition that a column with a node must meet,
// and adds its arguments.
func (t *Trail) Find(ctx context.Context, within func(column string, args *db.Args) string, f Filter, before id.Audit, limit int) ([]Row, error) {
	var args db.Args
	var where []string
	add := func(condition string) { where = append(where, condition) }
	if before != 0 {
		add("id < " + args.Add(before))
	}
	if f.Actors != nil {
		if len(f.Actors) == 0 {
			return nil, nil
		}
		add("actor IN (" + db.List(&args, f.Actors) + ")")
	}
	if strings.HasSuffix(f.Action, ".") {
		add("SUBSTR(action, 1, " + strconv.Itoa(len(f.Action)) + ") = " + args.Add(f.Action))
	} else if f.Action != "" {
		add("action = " + args.Add(f.Action))
	}
	if f.Role != "" {
		add("role = " + args.Add(f.Role))
	}
	if f.Kind != "" {
		add("kind = " + args.Add(f.Kind))
	}
	if f.Object != 0 {
		add("object = " + args.Add(f.Object))
	}
	if f.Node != 0 {
		add("node = " + args.Add(f.Node))
	}
	if f.From != 0 {
		add("at >= " + args.Add(clock.Millis(f.From.Start())))
	}
	if f.To != 0 {
		add("at < " + args.Add(clock.Millis(f.To.End())))
	}
	add(within("node", &args))
	rows, err := t.d.Query(ctx, sqlSelect+"WHERE "+strings.Join(where, " AND ")+" ORDER BY id DESC LIMIT "+args.Add(limit), args...)
	if err != nil {
		return nil, fmt.Errorf("search the audit trail: %w", err)
	}
	out, err := scan(rows)
	if err != nil {
		return nil, fmt.Errorf("search the audit trail: %w", err)
	}
	return out, nil
}

// mostActions bounds the list of words.
const mostActions = 500

// Actions lists the actions that the trail holds, in order. It steps through
// the index from one word to the next, so it costs the same however long the
// trail is.
func (t *Trail) Actions(ctx context.Context) ([]string, error) {
	var out []string
	last := ""
	for len(out) < mostActions {
		var next sql.NullString
		if err := t.d.QueryRow(ctx, "SELECT MIN(action) FROM audit WHERE action > $1", last).Scan(&next); err != nil {
			return nil, fmt.Errorf("list the actions of the trail: %w", err)
		}
		if !next.Valid {
			break
		}
		last = next.String
		out = append(out, last)
	}
	return out, nil
}
