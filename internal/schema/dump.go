package schema

import (
	"context"
	"fmt"
	"strings"

	"learnspace/internal/db"
)

// Dump returns the schema as text, the same for the same schema: what the
// golden files hold and doctor compares.
func Dump(ctx context.Context, d *db.DB) (string, error) {
	query := dumpSQLite
	if d.Dialect() == db.Postgres {
		query = dumpPostgres
	}
	rows, err := d.Query(ctx, query)
	if err != nil {
		return "", fmt.Errorf("dump schema: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var b strings.Builder
	last := ""
	for rows.Next() {
		var name, kind, text string
		if err := rows.Scan(&name, &kind, &text); err != nil {
			return "", fmt.Errorf("dump schema: %w", err)
		}
		if name != last {
			fmt.Fprintf(&b, "== %s\n", name)
			last = name
		}
		fmt.Fprintf(&b, "%s %s\n", kind, text)
	}
	return b.String(), rows.Err()
}

const dumpSQLite = `SELECT tbl_name, type, sql || ';' FROM sqlite_schema
WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND tbl_name <> '` + table + `'
ORDER BY tbl_name, type DESC, name`

const dumpPostgres = `SELECT owner, kind, line FROM (
SELECT c.relname AS owner, 1 AS part, a.attnum::int AS place, 'column' AS kind,
  a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
  || CASE WHEN l.collname = 'C' THEN ' COLLATE "C"' ELSE '' END
  || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
  || coalesce(' DEFAULT ' || pg_get_expr(f.adbin, f.adrelid), '') AS line
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum
WHERE c.relkind = 'r' AND c.relname <> '` + table + `'
UNION ALL
SELECT c.relname, 0, 0, 'table', CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
WHERE c.relkind = 'r' AND c.relname <> '` + table + `'
UNION ALL
SELECT c.relname, 2, 0, 'constraint', k.conname || ' ' || pg_get_constraintdef(k.oid)
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid AND c.relname <> '` + table + `'
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
UNION ALL
SELECT c.relname, 3, 0, 'index', pg_get_indexdef(x.indexrelid)
FROM pg_index x
JOIN pg_class c ON c.oid = x.indrelid AND c.relname <> '` + table + `'
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
UNION ALL
SELECT c.relname, 4, 0, 'trigger', pg_get_triggerdef(t.oid)
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
WHERE NOT t.tgisinternal
) AS d ORDER BY owner COLLATE "C", part, place, line COLLATE "C"`
