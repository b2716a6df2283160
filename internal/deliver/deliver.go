package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/fault"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/seal"
)

// Channel is a way out.
type Channel string

// The channels.
const (
	Mail Channel = "mail"
	SMS  Channel = "sms"
)

// Message is something to be brought to somebody.
type Message struct {
	Channel Channel
	To      string // an address or a phone
	// Template is the beginning of two keys of the message catalogue: …subject
	// (mail only) and …text, filled with Args. It ends with a dot.
	Template string
	Args     []any
	Lang     i18n.Language
	// Until is when it is of no use any more; zero: always of use.
	Until time.Time
}

// Outgoing is a message as a transport gets it.
type Outgoing struct {
	ID      string // the same at each try, so that a gateway can drop a repetition
	To      string
	Subject string
	Text    string
	At      time.Time
}

// Transport sends one message. An error made by [Refused] is final, any other
// is tried again. The error names neither recipient nor text.
type Transport interface {
	Send(ctx context.Context, m Outgoing) error
}

// refused marks an answer that another try would not change.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// Refused makes an error final.
func Refused(err error) error { return refused{err} }

// kindSend is the job that sends; its payload is the message's number.
const kindSend = "deliver.send"

// Attempts is how often a message is tried before it is given up; with the
// queue's growing pauses that is about a day.
const Attempts = 16

// Deps is what the service works with. A channel without a transport is closed.
type Deps struct {
	DB         *db.DB
	IDs        *id.Source
	Clock      clock.Clock
	Keys       *seal.Keys
	Jobs       *job.Service
	Transports map[Channel]Transport
	Logger     *slog.Logger
}

// Service queues and sends.
type Service struct{ Deps }

// New returns the service and registers its job.
func New(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	s := &Service{d}
	d.Jobs.Register(kindSend, s.send)
	return s
}

// Open reports whether a channel has a transport.
func (s *Service) Open(c Channel) bool { return s.Transports[c] != nil }

// Send queues a message in the transaction tx. fault.ErrUnavailable where the
// channel has no transport.
func (s *Service) Send(ctx context.Context, tx *db.Tx, m Message) error {
	if !s.Open(m.Channel) {
		return fault.New(fault.ErrUnavailable, "deliver.closed")
	}
	out := Outgoing{To: strings.TrimSpace(m.To), Text: i18n.Text(m.Lang, m.Template+"text", m.Args...)}
	if m.Channel == Mail {
		out.Subject = i18n.Text(m.Lang, m.Template+"subject", m.Args...)
	}
	plain, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	n := s.IDs.Next()
	_, err = tx.Exec(ctx, "INSERT INTO dlv_message (id, channel, template, sealed, made_at, until_at) VALUES ($1, $2, $3, $4, $5, $6)",
		n, string(m.Channel), m.Template, s.Keys.Seal(plain), clock.Millis(s.Clock.Now()), millis(m.Until))
	if err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	_, err = s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: kindSend, Key: strconv.FormatInt(n, 10), Payload: strconv.FormatInt(n, 10)})
	return err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Millis(t)
}

// The states of a message.
const (
	stateWaiting = "waiting"
	stateSent    = "sent"
	stateLate    = "late"   // of no use any more before it could be sent
	stateFailed  = "failed" // refused, or given up
)

// send is the job: it sends one message and writes what became of it.
func (s *Service) send(ctx context.Context, r *job.Run) error {
	n, err := strconv.ParseInt(r.Payload, 10, 64)
	if err != nil {
		return job.Permanent(fmt.Errorf("message of job %v: %w", r.ID, err))
	}
	var channel, state string
	var sealed []byte
	var until int64
	err = s.DB.QueryRow(ctx, "SELECT channel, state, sealed, until_at FROM dlv_message WHERE id = $1", n).Scan(&channel, &state, &sealed, &until)
	switch {
	case errors.Is(err, db.ErrNoRows) || err == nil && state != stateWaiting:
		return nil
	case err != nil:
		return fmt.Errorf("read message %d: %w", n, err)
	}
	now := s.Clock.Now()
	if until != 0 && clock.Millis(now) >= until {
		return s.end(ctx, n, stateLate)
	}
	plain, err := s.Keys.Open(sealed)
	if err != nil {
		return job.Permanent(fmt.Errorf("open message %d: %w", n, err))
	}
	var out Outgoing
	if err := json.Unmarshal(plain, &out); err != nil {
		return job.Permanent(fmt.Errorf("read message %d: %w", n, err))
	}
	out.ID, out.At = strconv.FormatInt(n, 10), now
	t := s.Transports[Channel(channel)]
	if t == nil {
		return fmt.Errorf("message %d: no transport for %s", n, channel)
	}
	err = t.Send(ctx, out)
	switch {
	case err == nil:
		return s.end(ctx, n, stateSent)
	case errors.As(err, new(refused)) || r.Attempts >= Attempts:
		s.Logger.Warn("a message is given up", "message", n, "channel", channel, "error", err)
		return s.end(ctx, n, stateFailed)
	}
	return fmt.Errorf("send message %d: %w", n, err)
}

// end writes the last state and erases recipient and text.
func (s *Service) end(ctx context.Context, n int64, state string) error {
	_, err := s.DB.Exec(ctx, "UPDATE dlv_message SET state = $1, sealed = $2, ended_at = $3 WHERE id = $4 AND state = 'waiting'",
		state, []byte{}, clock.Millis(s.Clock.Now()), n)
	if err != nil {
		return fmt.Errorf("end message %d: %w", n, err)
	}
	return nil
}

// Purge deletes messages that ended before the moment and returns how many.
func (s *Service) Purge(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.DB.Exec(ctx, "DELETE FROM dlv_message WHERE state <> 'waiting' AND ended_at < $1", clock.Millis(before))
	if err != nil {
		return 0, fmt.Errorf("purge messages: %w", err)
	}
	return n, nil
}
