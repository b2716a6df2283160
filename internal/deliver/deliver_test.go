package deliver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"learnspace/internal/db"
	"learnspace/internal/db/dbtest"
	"learnspace/internal/deliver"
	"learnspace/internal/fault"
	"learnspace/internal/job"
)

const (
	phone = "13900012345"
	code  = "604211"
)

// flaky fails as long as it has answers to fail with.
type flaky struct {
	answers []error
	got     []deliver.Outgoing
}

func (f *flaky) Send(_ context.Context, m deliver.Outgoing) error {
	f.got = append(f.got, m)
	if len(f.answers) == 0 {
		return nil
	}
	err := f.answers[0]
	f.answers = f.answers[1:]
	return err
}

type fixture struct {
	*dbtest.Harness
	*deliver.Service
	jobs *job.Service
	out  *flaky
	log  *bytes.Buffer
}

func setup(t *testing.T, h *dbtest.Harness, answers ...error) *fixture {
	t.Helper()
	f := &fixture{Harness: h, out: &flaky{answers: answers}, log: &bytes.Buffer{}}
	logger := slog.New(slog.NewJSONHandler(f.log, nil))
	f.jobs = job.New(h.DB, h.IDs, h.Clock, job.Options{Logger: logger})
	f.Service = deliver.New(deliver.Deps{DB: h.DB, IDs: h.IDs, Clock: h.Clock, Keys: h.Keys, Jobs: f.jobs, Logger: logger,
		Transports: map[deliver.Channel]deliver.Transport{deliver.SMS: f.out}})
	return f
}

// send queues one message.
func (f *fixture) send(t *testing.T, m deliver.Message) {
	t.Helper()
	err := f.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return f.Send(ctx, tx, m) })
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) due(t *testing.T) {
	t.Helper()
	if _, err := f.jobs.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// stored is the state of the one message, and what is kept of it.
func (f *fixture) stored(t *testing.T) (state string, sealed []byte) {
	t.Helper()
	if err := f.DB.QueryRow(t.Context(), "SELECT state, sealed FROM dlv_message").Scan(&state, &sealed); err != nil {
		t.Fatal(err)
	}
	return state, sealed
}

func message() deliver.Message {
	return deliver.Message{Channel: deliver.SMS, To: phone, Template: "account.sms.code.", Args: []any{code, 10}}
}

func TestSentOnceAndErased(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		f.send(t, message())
		if _, sealed := f.stored(t); bytes.Contains(sealed, []byte(phone)) || bytes.Contains(sealed, []byte(code)) || len(sealed) == 0 {
			t.Errorf("what waits is readable: %q", sealed)
		}
		if len(f.out.got) != 0 {
			t.Fatal("sent inside the transaction")
		}
		f.due(t)
		f.due(t)
		if len(f.out.got) != 1 || f.out.got[0].To != phone || !strings.Contains(f.out.got[0].Text, code) {
			t.Errorf("sent %+v", f.out.got)
		}
		if state, sealed := f.stored(t); state != "sent" || len(sealed) != 0 {
			t.Errorf("kept: %s, %q", state, sealed)
		}
		if n, err := f.Purge(t.Context(), h.Clock.Now().Add(time.Hour)); err != nil || n != 1 {
			t.Errorf("purged %d, %v", n, err)
		}
	})
}

func TestNothingGoesOutForWhatDidNotHappen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h)
		boom := errors.New("boom")
		err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := f.Send(ctx, tx, message()); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		f.due(t)
		if len(f.out.got) != 0 {
			t.Errorf("sent %+v", f.out.got)
		}
		err = h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return f.Send(ctx, tx, deliver.Message{Channel: deliver.Mail, To: "a@example.cn", Template: "account.sms.code."})
		})
		if !errors.Is(err, fault.ErrUnavailable) {
			t.Errorf("a closed channel: %v", err)
		}
	})
}

func TestTriedAgainWithPauses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := setup(t, h, errors.New("busy"), errors.New("busy"))
		f.send(t, message())
		f.due(t)
		f.due(t)
		if len(f.out.got) != 1 {
			t.Fatalf("%d tries at once", len(f.out.got))
		}
		for range 4 {
			h.Clock.Advance(time.Hour)
			f.due(t)
		}
		if state, _ := f.stored(t); state != "sent" || len(f.out.got) != 3 || f.out.got[0].ID != f.out.got[2].ID {
			t.Errorf("%s after %d tries", state, len(f.out.got))
		}
	})
}

func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer error
		until  time.Duration
		wait   time.Duration
		state  string
		tries  int
	}{
		"refused":      {deliver.Refused(errors.New("the gateway answered 400")), 0, 0, "failed", 1},
		"too late":     {nil, 10 * time.Minute, 10 * time.Minute, "late", 0},
		"just in time": {nil, 10 * time.Minute, 9 * time.Minute, "sent", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := dbtest.New(t, db.SQLite)
			f := setup(t, h)
			if c.answer != nil {
				f.out.answers = []error{c.answer}
			}
			m := message()
			if c.until > 0 {
				m.Until = h.Clock.Now().Add(c.until)
			}
			f.send(t, m)
			h.Clock.Advance(c.wait)
			f.due(t)
			if state, sealed := f.stored(t); state != c.state || len(sealed) != 0 || len(f.out.got) != c.tries {
				t.Errorf("%s, %d bytes kept, %d tries", state, len(sealed), len(f.out.got))
			}
		})
	}
}

// TestNoPersonalDataInLogs: whatever goes wrong, neither log nor queue names
// recipient or code.
func TestNoPersonalDataInLogs(t *testing.T) {
	t.Parallel()
	h := dbtest.New(t, db.SQLite)
	f := setup(t, h, errors.New("busy"), deliver.Refused(errors.New("the gateway answered 400")))
	f.send(t, message())
	for range 3 {
		f.due(t)
		h.Clock.Advance(time.Hour)
	}
	rows, err := h.DB.Query(t.Context(), "SELECT payload, error, key FROM job")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := f.log.String()
	for rows.Next() {
		var payload, text, key string
		if err := rows.Scan(&payload, &text, &key); err != nil {
			t.Fatal(err)
		}
		seen += fmt.Sprintln(payload, text, key)
	}
	for _, secret := range []string{phone, phone[7:], code} {
		if strings.Contains(seen, secret) {
			t.Errorf("%s stands in %s", secret, seen)
		}
	}
	if !strings.Contains(f.log.String(), "given up") {
		t.Errorf("the log says %s", f.log.String())
	}
}
