package db

import "testing"

func TestAnonymous(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, query, want string }{
		{"none", "SELECT 1", "SELECT 1"},
		{"in order", "UPDATE t SET a = $1 WHERE b = $2", "UPDATE t SET a = ? WHERE b = ?"},
		{"eleven", "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
		{"repeated", "SELECT $1, $2, $1", "SELECT $1, $2, $1"},
		{"out of order", "SELECT $2, $1", "SELECT $2, $1"},
		{"quoted", "SELECT '$1', a ->> 'b$2', $1", "SELECT '$1', a ->> 'b$2', ?"},
		{"doubled quote", "SELECT 'it''s $2', $1", "SELECT 'it''s $2', ?"},
		{"comment", "SELECT $1 -- $2", "SELECT $1 -- $2"},
		{"division", "SELECT $1 / $2 - $3", "SELECT ? / ? - ?"},
		{"open quote", "SELECT $1, '", "SELECT $1, '"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := anonymous(tt.query); got != tt.want {
				t.Errorf("anonymous(%q) = %q, want %q", tt.query, got, tt.want)
			}
		})
	}
}
