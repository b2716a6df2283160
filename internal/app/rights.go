package app

import (
	"context"
	"time"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/person"
	"learnspace/internal/rights"
)

// The kinds of daily work on persons' rights.
const (
	jobRetain   = "rights.retain"
	jobEscalate = "rights.escalate"
)

// newRights builds the service with the rules of retention and the sections of
// the yearly report bound to whoever owns the rows.
func (a *App) newRights() *rights.Service {
	return rights.New(rights.Deps{DB: a.DB, IDs: a.IDs, Clock: a.Clock, Keys: a.Keys, Trail: a.Trail, People: a.People, Merges: a.Merges,
		Look: a.look("rights"), Days: a.Config.RightsDays, Rules: a.rules(), Sources: a.sources()})
}

// look records that a page has shown a person, for a reason of custody.
func (a *App) look(reason string) func(ctx context.Context, by access.Actor, subject id.Person, unit id.Node) error {
	return func(ctx context.Context, by access.Actor, subject id.Person, unit id.Node) error {
		return a.Custody.Remember(ctx, by, custody.Look{Subject: subject, What: custody.WhatProfile, Reason: reason, Node: unit})
	}
}

// rightsJobs names what is done by itself each day.
func (a *App) rightsJobs() {
	a.Jobs.Register(jobRetain, func(ctx context.Context, _ *job.Run) error {
		_, err := a.Rights.Retain(ctx, a.System("rules of retention"))
		return err
	})
	a.Jobs.Schedule(jobRetain, daily(3, 10))
	a.Jobs.Register(jobEscalate, func(ctx context.Context, _ *job.Run) error {
		_, err := a.Rights.Escalate(ctx, a.System("overdue requests"))
		return err
	})
	a.Jobs.Schedule(jobEscalate, daily(5, 0))
}

// rule is what counts or removes old rows.
type rule = func(ctx context.Context, by access.Actor, before time.Time) (int64, error)

// rules binds the table of retention.
func (a *App) rules() []rights.Rule {
	bound := map[string][2]rule{
		rights.KeepRosterRows:  {a.Rosters.CountOldRows, a.Rosters.EmptyOldRows},
		rights.KeepCodes:       {a.Accounts.CountOldCodes, a.Accounts.DropOldCodes},
		rights.KeepSessions:    {a.Accounts.CountOldSessions, a.Accounts.DropOldSessions},
		rights.KeepLooks:       {a.Custody.CountOldLooks, a.Custody.DropOldLooks},
		rights.KeepContacts:    {a.People.CountOldContacts, a.People.EraseOldContacts},
		rights.KeepUndo:        {a.Merges.CountOldUndo, a.Merges.EmptyOldUndo},
		rights.KeepCorrections: {a.Merges.CountOldCorrections, a.Merges.EmptyOldCorrections},
		rights.KeepRequests: {
			func(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
				return a.Rights.Forgettable(ctx, by, before)
			},
			func(ctx context.Context, by access.Actor, before time.Time) (int64, error) {
				return a.Rights.Forget(ctx, by, before)
			},
		},
		rights.KeepJobs: {
			func(ctx context.Context, _ access.Actor, before time.Time) (int64, error) {
				return a.Jobs.CountEnded(ctx, before)
			},
			func(ctx context.Context, _ access.Actor, before time.Time) (int64, error) {
				return a.Jobs.Purge(ctx, before)
			},
		},
	}
	var out []rights.Rule
	for _, r := range rights.Retentions() {
		out = append(out, rights.Rule{Retention: r, Count: bound[r.Name][0], Run: bound[r.Name][1]})
	}
	return out
}

// sources binds the sections of the yearly report.
func (a *App) sources() rights.Sources {
	return rights.Sources{Minors: a.minors, Consents: a.consents, Looks: a.looks, Exports: a.exports, Alarms: a.alarms, Grants: a.grants}
}

func (a *App) minors(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]rights.Figure, error) {
	m, err := a.People.CountMinors(ctx, by, node, from, to)
	return []rights.Figure{{Key: "minors_made", N: m.Made, Persons: true}, {Key: "minors_activated", N: m.Activated, Persons: true},
		{Key: "minors_verified", N: m.Verified, Persons: true}, {Key: "minors_under14", N: m.Under14, Persons: true},
		{Key: "minors_over14", N: m.Over14, Persons: true}, {Key: "minors_unknown", N: m.Unknown, Persons: true},
		{Key: "minors_left", N: m.Left, Persons: true}}, err
}

func (a *App) consents(ctx context.Context, by access.Actor, node id.Node, _, _ time.Time) ([]rights.Figure, error) {
	counts, err := a.People.CountConsents(ctx, by, node)
	var out []rights.Figure
	for _, purpose := range person.Purposes() {
		for _, answer := range []string{person.ConsentGiven, person.ConsentRefused, person.ConsentWithdrawn, person.ConsentLapsed} {
			out = append(out, rights.Figure{Key: "consent_" + purpose + "_" + answer, N: counts[[2]string{purpose, answer}], Persons: true})
		}
	}
	return out, err
}

func (a *App) looks(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]rights.Figure, error) {
	y, err := a.Custody.CountYear(ctx, by, node, from, to)
	sums := map[string]int64{}
	for what, n := range y.Looks {
		sums[lookWord(what)] += n
	}
	var out []rights.Figure
	for _, key := range []string{"look_profile", "look_number", "look_phone", "look_search", "look_export", "look_other"} {
		out = append(out, rights.Figure{Key: key, N: sums[key]})
	}
	return out, err
}

// lookWord is the line of the report under which a look is counted.
func lookWord(what string) string {
	switch what {
	case "profile", "phone", "search", "export":
		return "look_" + what
	case "id_no", "student_no":
		return "look_number"
	}
	return "look_other"
}

func (a *App) exports(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]rights.Figure, error) {
	y, err := a.Custody.CountYear(ctx, by, node, from, to)
	return []rights.Figure{{Key: "export_asked", N: y.Asked}, {Key: "export_approved", N: y.Approved}, {Key: "export_refused", N: y.Refused},
		{Key: "export_glass", N: y.Glass}, {Key: "export_downloads", N: y.Downloads}, {Key: "export_records", N: y.Records}}, err
}

func (a *App) alarms(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]rights.Figure, error) {
	y, err := a.Custody.CountYear(ctx, by, node, from, to)
	return []rights.Figure{{Key: "alarm_raised", N: y.Alarms}, {Key: "alarm_seen", N: y.AlarmsSeen}, {Key: "alarm_tries", N: y.AlarmTries}}, err
}

func (a *App) grants(ctx context.Context, by access.Actor, node id.Node, from, to time.Time) ([]rights.Figure, error) {
	y, err := a.Org.CountGrants(ctx, by, node, from, to)
	return []rights.Figure{{Key: "grant_given", N: y.Given}, {Key: "grant_ended", N: y.Ended}, {Key: "grant_open", N: y.Open},
		{Key: "grant_reviewed", N: y.Reviewed}, {Key: "grant_admins", N: y.Admins}}, err
}

// lookers tells who looked at a person, at the records that were merged into him
// too.
type lookers struct {
	custody *custody.Service
	people  *person.Service
}

// LooksAt lists looks, the newest first, older than before (0: the newest), for
// whoever may know what is held about the person.
func (l lookers) LooksAt(ctx context.Context, by access.Actor, subject id.Person, before id.Look, limit int) ([]custody.Look, error) {
	if _, err := l.people.Known(ctx, by, subject); err != nil {
		return nil, err
	}
	former, err := l.people.Former(ctx, access.System("records merged into a person"), subject)
	if err != nil {
		return nil, err
	}
	all := append([]id.Person{subject}, former...)
	return l.custody.LooksAtAny(ctx, access.System("who looked at a person"), all, before, limit)
}
