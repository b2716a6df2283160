package bulletin

import (
	"context"
	"encoding/json"
	"fmt"

	"learnspace/internal/access"
	"learnspace/internal/audit"
	"learnspace/internal/clock"
	"learnspace/internal/db"
	"learnspace/internal/event"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/metrics"
	"learnspace/internal/org"
)

// Deps is what the service needs.
type Deps struct {
	DB      *db.DB
	IDs     *id.Source
	Clock   clock.Clock
	Log     *event.Log
	Trail   *audit.Trail
	Org     *org.Service
	Metrics *metrics.Service

	// Platform, Office and Phone stand in the paper: legal name of the
	// platform, issuing office, telephone of the contact.
	Platform string
	Office   string
	Phone    string
}

// settings are the words of the installation.
type settings struct{ Platform, Office, Phone string }

// Service is the front door of bulletins and targets.
type Service struct {
	Deps
	words settings
}

// New returns the service. Empty names are those of the province that the plan
// is of.
func New(d Deps) *Service {
	s := &Service{Deps: d, words: settings{d.Platform, d.Office, d.Phone}}
	if s.words.Platform == "" {
		s.words.Platform = "吉林省教育资源公共服务平台"
	}
	if s.words.Office == "" {
		s.words.Office = "吉林省电化教育馆"
	}
	return s
}

// mustHold returns the province's node if the actor holds p there.
func (s *Service) mustHold(ctx context.Context, by access.Actor, p access.Permission) (org.Node, error) {
	root, err := s.Org.Root(ctx, by)
	if err != nil {
		return org.Node{}, err
	}
	if !by.Allows(p, root.Path) {
		return org.Node{}, fault.New(fault.ErrForbidden, "bulletin.forbidden")
	}
	return root, nil
}

// officer is mustHold for a step that a named person takes: the paper says who.
func (s *Service) officer(ctx context.Context, by access.Actor) (org.Node, error) {
	root, err := s.mustHold(ctx, by, access.BulletinDraft)
	if err != nil {
		return org.Node{}, err
	}
	if !by.IsPerson() {
		return org.Node{}, fault.New(fault.ErrForbidden, "bulletin.person_needed")
	}
	return root, nil
}

// record writes the event and the audit row of a step.
func (s *Service) record(ctx context.Context, tx *db.Tx, by access.Actor, verb, kind string, object int64, node id.Node, extra any) error {
	detail := ""
	if extra != nil {
		out, err := json.Marshal(extra)
		if err != nil {
			return fmt.Errorf("encode %s: %w", verb, err)
		}
		detail = string(out)
	}
	err := s.Log.Append(ctx, tx, event.Event{Actor: by.Person, Role: string(by.Role), Verb: verb, Kind: kind, Object: object,
		Node: node, Unit: node, Extra: detail})
	if err != nil {
		return err
	}
	return s.Trail.Append(ctx, tx, audit.Entry{Actor: by.Person, Account: by.Account, Role: string(by.Role), Action: verb,
		Kind: kind, Object: object, Node: node, Detail: detail})
}

// monthExtra is the extra of the events of a bulletin.
type monthExtra struct {
	Month  clock.Month `json:"month"`
	Number int         `json:"number,omitempty"`
	Hash   string      `json:"hash,omitempty"`
	Early  string      `json:"early,omitempty"`
	Figure string      `json:"figure,omitempty"`
	Say    int64       `json:"say,omitempty"`
}

// checkText returns the fault of a text that somebody typed.
func checkText(name, text string, limit int, required bool) []fault.Field {
	switch n := len([]rune(text)); {
	case required && n == 0:
		return []fault.Field{fault.At(name, "bulletin.text_missing")}
	case n > limit:
		return []fault.Field{fault.At(name, "bulletin.text_long", limit, n)}
	}
	if word := bannedWord(text); word != "" {
		return []fault.Field{fault.At(name, "bulletin.word_banned", word)}
	}
	return nil
}
