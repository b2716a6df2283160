package app_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"learnspace/internal/app"
	"learnspace/internal/seal"
)

// TestSealedEverywhere finds every binary column of the schema among the sealed
// ones that a rotation knows, or here, with what it is: a new one that is sealed
// and forgotten would stay under a key that somebody has stolen.
func TestSealedEverywhere(t *testing.T) {
	t.Parallel()
	other := map[string]string{
		"person.id_sealed": "sealed anew by person", "person.student_no_sealed": "sealed anew by person", "person.phone_sealed": "sealed anew by person",
		"cus_keycheck.sealed": "marked at the rotation", "cus_keycheck.hash": "marked at the rotation",
		"acc_code.code_hash": "only paper has the code", "fac_recovery.code_hash": "only paper has the code",
		"acc_phone_code.code_hash": "ten minutes", "acc_throttle.key_hash": "counts failures, for hours",
		"cus_keyholder.key_hash": "only its holder has the key", "cus_download.network": "never compared with a later one",
		"acc_pending.token_hash": "SHA-256", "acc_phone_code.token_hash": "SHA-256", "acc_session.token_hash": "SHA-256", "ups_visit.token_hash": "SHA-256",
		"audit.hash": "SHA-256", "audit_base.hash": "SHA-256", "audit_head.hash": "SHA-256", "ups_link.subject": "SHA-256", "ups_visit.subject": "SHA-256",
		"fac_passkey.credential": "public", "fac_spent.challenge": "public",
	}
	known := map[string]bool{}
	for _, p := range app.Sealed() {
		for _, c := range p.Sealed {
			known[p.Table+"."+c] = true
		}
		for _, h := range p.Hashed {
			known[p.Table+"."+h.Column] = true
			if !slices.Contains(p.Sealed, h.Of) {
				t.Errorf("%s.%s is the hash of %q, which is not sealed there", p.Table, h.Column, h.Of)
			}
		}
	}
	golden, err := os.ReadFile("../schema/testdata/sqlite.golden")
	if err != nil {
		t.Fatal(err)
	}
	table, seen := "", map[string]bool{}
	column := regexp.MustCompile(`^[ ,(]*(\w+) +BLOB\b`)
	for line := range strings.Lines(string(golden)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "== "); ok {
			table = name
		}
		m := column.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name := table + "." + m[1]
		seen[name] = true
		if known[name] == (other[name] != "") {
			t.Errorf("%s is binary: sealed anew after a rotation %t, something else %q", name, known[name], other[name])
		}
	}
	for name := range known {
		if !seen[name] {
			t.Errorf("%s is not in the schema", name)
		}
	}
}

// TestRotationLeavesNothing plants sealed values in the tables beside persons,
// rotates, and finds each under the new key only: what was stolen with the old
// one opens nothing that is still here.
func TestRotationLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		p.must(p.open())
		p.fill(2)
		ctx := t.Context()
		secret, err := p.app.Accounts.Preset(ctx, p.app.System("test"), p.clerk)
		p.must(err)
		_, err = p.app.Accounts.IssueCode(ctx, p.app.Operator("tester"), p.pupils[0])
		p.must(err)
		sealed := func(text string) []byte { return p.app.Keys.Seal([]byte(text)) }
		exec := func(q string, args ...any) {
			t.Helper()
			_, err := p.app.DB.Exec(ctx, q, args...)
			p.must(err)
		}
		exec("INSERT INTO acc_phone (account, phone_hash, phone_sealed, tail, confirmed_at) VALUES ($1, $2, $3, $4, $5)",
			7, p.app.Keys.Hash("account phone", plantedPhone), sealed(plantedPhone), "2222", 1)
		exec("INSERT INTO dlv_message (id, channel, template, sealed, state, made_at) VALUES ($1, $2, $3, $4, $5, $6)", 7, "sms", "x", sealed("to somebody"), "waiting", 1)
		exec("INSERT INTO ups_issuer (id, node, name, url, client, secret, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			7, p.school.ID, "x", "https://x", "x", sealed("of a provider"), 1, 1)
		exec("INSERT INTO ros_row (batch, phase, file, number, rejected, problems, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)", 7, 1, 1, 1, 1, "[]", sealed("a row"))
		exec("INSERT INTO ros_change (batch, number, person, kind, before) VALUES ($1, $2, $3, $4, $5)", 7, 1, 1, "fields", sealed("before"))
		exec("INSERT INTO mrg_correction (id, person, unit, field, old_sealed, reason, by_person, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			7, p.pupils[0], p.school.ID, "name", sealed("a name"), "x", 1, 1)

		job, err := p.app.StartRotation(ctx, p.app.Operator("tester"), seal.SM)
		p.must(err)
		p.must(p.app.WorkOff(ctx))
		if r, err := p.app.RotationState(ctx, job); err != nil || !r.Ended || r.Failed != "" {
			t.Fatalf("rotation %+v, %v", r, err)
		}
		planted := 0
		for _, s := range app.Sealed() {
			for _, c := range s.Sealed {
				rows, err := p.app.DB.Query(ctx, fmt.Sprintf("SELECT %s FROM %s", c, s.Table))
				p.must(err)
				for rows.Next() {
					var value []byte
					p.must(rows.Scan(&value))
					if len(value) == 0 {
						continue
					}
					planted++
					if p.app.Keys.Stale(value) {
						t.Errorf("%s.%s is still under the old key", s.Table, c)
					}
					if _, err := p.app.Keys.Open(value); err != nil {
						t.Errorf("%s.%s: %v", s.Table, c, err)
					}
				}
				p.must(rows.Err())
				p.must(rows.Close())
			}
		}
		if planted < 8 {
			t.Errorf("only %d values were looked at", planted)
		}
		var kept []byte
		p.must(p.app.DB.QueryRow(ctx, "SELECT secret FROM fac_totp").Scan(&kept))
		if plain, err := p.app.Keys.Open(kept); err != nil || string(plain) != secret {
			t.Errorf("the authenticator's secret opens as another, %v", err)
		}
	})
}

// TestTwoRotationsAtOnce asks for two rotations at the same moment: one is
// refused, and no key that has sealed something is lost.
func TestTwoRotationsAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		p.must(p.open())
		p.fill(1)
		const many = 8
		var wg sync.WaitGroup
		var mu sync.Mutex
		begun, sealed := 0, [][]byte{}
		for range many {
			wg.Go(func() {
				_, err := p.app.StartRotation(t.Context(), p.app.Operator("tester"), "")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					begun++
				}
				sealed = append(sealed, p.app.Keys.Seal([]byte("x")))
			})
		}
		wg.Wait()
		if begun != 1 {
			t.Errorf("%d rotations began", begun)
		}
		p.close()
		p.must(p.open())
		for i, value := range sealed {
			if _, err := p.app.Keys.Open(value); err != nil {
				t.Errorf("after a new start value %d: %v", i, err)
			}
		}
	})
}
