// Package app builds the product: every part in the order of the rings, by
// plain calls. It is one of the few places that may name the system and the
// operator as actors.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/account/factor"
	"learnspace/internal/audit"
	"learnspace/internal/audit/inquiry"
	"learnspace/internal/blob"
	"learnspace/internal/campaign/bulletin"
	"learnspace/internal/clock"
	"learnspace/internal/config"
	"learnspace/internal/custody"
	"learnspace/internal/db"
	"learnspace/internal/deliver"
	"learnspace/internal/dial"
	"learnspace/internal/event"
	"learnspace/internal/exchange/roster"
	"learnspace/internal/exchange/upstream"
	"learnspace/internal/explain"
	"learnspace/internal/fault"
	"learnspace/internal/id"
	"learnspace/internal/job"
	"learnspace/internal/logs"
	"learnspace/internal/meter"
	"learnspace/internal/metrics"
	"learnspace/internal/notice"
	"learnspace/internal/org"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
	"learnspace/internal/rights"
	"learnspace/internal/schema"
	"learnspace/internal/seal"
	"learnspace/internal/space"
	"learnspace/internal/talk/post"
	"learnspace/internal/web"
)

// App is the running product.
type App struct {
	Config config.Config
	DB     *db.DB
	Clock  clock.Clock
	IDs    *id.Source
	Keys   *seal.Keys
	Log    *event.Log
	Trail  *audit.Trail
	Jobs   *job.Service
	Blobs  blob.Store

	Deliver *deliver.Service
	// Dial is the only way out of the server.
	Dial *dial.Dialer

	Org      *org.Service
	People   *person.Service
	Spaces   *space.Service
	Accounts *account.Service
	Upstream *upstream.Service
	Explain  *explain.Service
	Metrics  *metrics.Service
	Posts    *post.Service
	Notices  *notice.Service
	Rosters  *roster.Service
	Merges   *merge.Service
	Rights   *rights.Service
	Bulletin *bulletin.Service
	Inquiry  *inquiry.Service
	Custody  *custody.Service

	lease    *id.Lease
	rotating sync.Mutex // held by whoever writes the key file
	web      *web.Server
	logger   *slog.Logger
	meter    *meter.Meter
	hashing  *account.Pool // nil where another hasher was given
}

// upstreamTime is how long a provider has for an answer.
const upstreamTime = 10 * time.Second

// Options change how the product is built; the zero value is the product.
type Options struct {
	// Clock replaces the machine's clock.
	Clock clock.Clock
	// Hasher replaces the hashing of passwords.
	Hasher account.Hasher
	// Relaxed gives up durability, for scratch data and for a demo that is
	// being made.
	Relaxed bool
	// Migrate brings a PostgreSQL database to this version's schema too; a
	// SQLite file is always migrated when it is opened.
	Migrate bool
	// Logger receives one line a request and what goes wrong; nil: standard
	// error.
	Logger *slog.Logger
}

// Open opens the data folder and builds every part. It returns db.ErrLocked
// when another process writes the folder. The caller closes the App.
func Open(ctx context.Context, c config.Config, o Options) (a *App, err error) {
	if o.Logger == nil {
		o.Logger = logs.New(os.Stderr, c.LogLevel)
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	part := &App{Config: c, Clock: o.Clock, logger: o.Logger}
	a = part
	if a.Clock == nil {
		a.Clock = clock.System()
		if c.Demo != nil {
			a.Clock = clock.Shifted(a.Clock, c.Demo.Offset)
		}
	}
	defer func() { // a return of an error has made a nil
		if err != nil {
			part.Close()
		}
	}()
	if a.Keys, err = openKeys(c); err != nil {
		return nil, err
	}
	if a.DB, err = db.Open(ctx, c.DB, db.Options{Relaxed: o.Relaxed, Logger: o.Logger, Statement: c.Limits.Statement}); err != nil {
		return nil, err
	}
	if o.Migrate || a.DB.Serial() {
		if err := schema.Migrate(ctx, a.DB); err != nil {
			return nil, fmt.Errorf("migrate: %w", err)
		}
	} else if err := upToDate(ctx, a.DB); err != nil {
		return nil, err
	}
	if err := custody.CheckKeys(ctx, a.DB, a.Keys); err != nil {
		if errors.Is(err, custody.ErrForeignKeys) {
			err = fmt.Errorf("the key file %s does not belong to this database, or is older than its last rotation; put the right one back: %w", c.Keys(), err)
		}
		return nil, err
	}
	if err := a.build(ctx, o); err != nil {
		return nil, err
	}
	return a, nil
}

// upToDate refuses a database whose schema is behind this version: it is
// migrated by command, so that several servers do not do it at once.
func upToDate(ctx context.Context, d *db.DB) error {
	steps, err := schema.Plan(ctx, d)
	if err != nil {
		return fmt.Errorf("read the state of the schema: %w", err)
	}
	if len(steps) > 0 {
		return fault.New(fault.ErrConflict, "cli.migrate.needed", len(steps))
	}
	return nil
}

// openKeys loads the keys of the folder, or makes them for a new one. A folder
// with a database and without keys is refused: its sealed data could never be
// opened again.
func openKeys(c config.Config) (*seal.Keys, error) {
	keys, err := seal.Load(c.Keys())
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if hasDatabase(c) {
		return nil, fmt.Errorf("the key file %s is missing: without it the sealed data of this database cannot be opened; put it back from your backup", c.Keys())
	}
	return seal.Create(c.Keys(), seal.AES)
}

// build makes the parts, foundation first.
func (a *App) build(ctx context.Context, o Options) error {
	var err error
	if a.IDs, a.lease, err = a.acquire(ctx); err != nil {
		return err
	}
	if a.Blobs, err = blob.Open(a.Config.Blob); err != nil {
		return err
	}
	if a.Dial, err = dial.New(a.Config.DialAllow); err != nil {
		return fmt.Errorf("dial_allow: %w", err)
	}
	if o.Hasher == nil {
		a.hashing = account.NewPool(account.FullCost, 0, 0)
		o.Hasher = a.hashing
	}
	a.Log = event.New(a.DB, a.IDs, a.Clock)
	a.Trail = audit.New(a.DB, a.IDs, a.Clock)
	a.Trail.AnchorTo(filepath.Join(a.Config.Data, "audit.anchor"))
	a.Inquiry = inquiry.New(a.DB, a.Clock, a.Trail, inquiry.Options{Keep: a.Config.AuditKeep, ExportRows: a.Config.Limits.ExportRows})
	a.Jobs = job.New(a.DB, a.IDs, a.Clock, job.Options{Logger: o.Logger, Workers: a.Config.Limits.JobWorkers, Limit: a.Config.Limits.JobTime})

	ways, err := transports(a.Config, a.Dial.DialContext)
	if err != nil {
		return err
	}
	a.Deliver = deliver.New(deliver.Deps{DB: a.DB, IDs: a.IDs, Clock: a.Clock, Keys: a.Keys, Jobs: a.Jobs, Transports: ways, Logger: o.Logger})

	a.Org = org.New(a.DB, a.IDs, a.Clock, a.Log, a.Trail)
	a.People = person.New(a.DB, a.IDs, a.Clock, a.Keys, a.Log, a.Trail, a.Org)
	a.Spaces = space.New(a.DB, a.IDs, a.Clock, a.Log, a.Trail, a.Org, a.People)
	a.Org.Spaces, a.Org.People = a.Spaces, a.People
	factors, err := factor.New(factor.Deps{DB: a.DB, IDs: a.IDs, Clock: a.Clock, Keys: a.Keys, BaseURL: a.Config.Base(), Name: a.Config.Platform["zh"]})
	if err != nil {
		return err
	}
	a.Accounts = account.New(account.Deps{DB: a.DB, IDs: a.IDs, Clock: a.Clock, Keys: a.Keys, Log: a.Log, Trail: a.Trail,
		Org: a.Org, People: a.People, Hasher: o.Hasher, Factors: factors, FactorOff: a.Config.SecondFactor == "off", Deliver: a.Deliver, Jobs: a.Jobs,
		Listed: func(ctx context.Context, by access.Actor, class id.Node, names int) error {
			return a.Custody.ListOpened(ctx, by, class, names)
		}})
	a.Upstream = upstream.New(upstream.Deps{DB: a.DB, IDs: a.IDs, Clock: a.Clock, Keys: a.Keys, Trail: a.Trail, Org: a.Org, People: a.People,
		Accounts: a.Accounts, HTTP: a.Dial.Client(upstreamTime)})
	a.Explain = explain.New(a.DB, a.Accounts, a.Org, a.People)
	a.Metrics = metrics.New(a.DB, a.IDs, a.Clock, a.Log, a.Trail, a.Org, metrics.Options{})
	a.Posts = post.New(a.DB, a.IDs, a.Clock, a.Log, classes{a.DB, a.Spaces}, people{a.People}, a.Blobs)
	a.Notices = notice.New(a.DB, a.IDs, a.Clock)
	a.Rosters = roster.New(roster.Deps{DB: a.DB, IDs: a.IDs, Clock: a.Clock, Keys: a.Keys, Audit: a.Trail,
		Org: a.Org, People: a.People, Bases: a.Metrics, Jobs: a.Jobs, Files: a.Blobs, System: a.System("rosters")})
	a.Merges = merge.New(merge.Deps{DB: a.DB, IDs: a.IDs, Clock: a.Clock, Keys: a.Keys, Trail: a.Trail, People: a.People, Accounts: a.Accounts,
		Look: a.look("roster"), Gate: roster.Gate,
		Found: func(ctx context.Context, by access.Actor, node id.Node, persons []id.Person) error {
			return a.Custody.Found(ctx, by, node, persons)
		}})
	a.Bulletin = bulletin.New(bulletin.Deps{DB: a.DB, IDs: a.IDs, Clock: a.Clock, Log: a.Log, Trail: a.Trail, Org: a.Org, Metrics: a.Metrics,
		Platform: a.Config.Platform["zh"], Office: a.Config.Office, Phone: a.Config.Phone})
	a.Custody = custody.New(custody.Deps{DB: a.DB, IDs: a.IDs, Clock: a.Clock, Keys: a.Keys, Trail: a.Trail, Org: a.Org, People: a.People,
		Jobs: a.Jobs, Files: a.Blobs, System: a.System("files that were approved"), Platform: a.Config.Platform["zh"],
		Renewed: func(ctx context.Context, who id.Person, since time.Time) (bool, error) {
			return a.Accounts.RenewedByOther(ctx, a.System("two persons decide"), who, since)
		}})
	a.Rights = a.newRights()
	a.jobs()
	a.measure()
	if a.web, err = a.newWeb(o.Logger); err != nil {
		return err
	}
	return a.resumeRotation(ctx)
}

// acquire takes this process's instance number and makes the source of
// identifiers, which refuses a clock behind the newest one.
func (a *App) acquire(ctx context.Context) (*id.Source, *id.Lease, error) {
	newest, err := event.New(a.DB, nil, a.Clock).NewestID(ctx)
	if err != nil {
		return nil, nil, err
	}
	return id.Acquire(ctx, a.DB, a.Clock, rand.Text(), newest)
}

// Close gives the instance number back and closes the database once what runs
// has ended.
func (a *App) Close() error {
	if a.DB == nil {
		return nil
	}
	var err error
	if a.lease != nil {
		err = a.lease.Release(context.Background())
	}
	return errors.Join(err, a.DB.Close())
}

// Handler is the web server's handler.
func (a *App) Handler() http.Handler { return a.web }

// Server is the web server with the limits of the settings; the caller listens
// and shuts it down.
func (a *App) Server() *http.Server { return a.web.HTTP() }

// Routes lists the route table.
func (a *App) Routes() []web.Route { return a.web.Routes() }

// Operator is the actor of the command line.
func (a *App) Operator(user string) access.Actor { return access.Operator(user) }

// System is the actor of what the product does by itself.
func (a *App) System(reason string) access.Actor { return access.System(reason) }

// consumers lists everybody who reads the event log.
func (a *App) consumers() []event.Consumer {
	return []event.Consumer{a.Metrics.Consumer(), a.Notices.Consumer()}
}

// CatchUp numbers what is committed and brings every consumer to the head of
// the log.
func (a *App) CatchUp(ctx context.Context) error {
	if _, err := a.Log.Sequence(ctx); err != nil {
		return fmt.Errorf("number events: %w", err)
	}
	for _, c := range a.consumers() {
		if _, err := a.Log.CatchUp(ctx, c); err != nil {
			return fmt.Errorf("consumer %s: %w", c.Name(), err)
		}
	}
	return nil
}

// Run does what goes on behind the pages until ctx ends: the instance's lease,
// the audit chain, consumers and jobs. It ends early when one of them cannot
// go on: a server must not run without its figures or with another's number.
func (a *App) Run(ctx context.Context) error {
	work := []func(context.Context) error{
		a.lease.Keep,
		a.Trail.Run,
		func(ctx context.Context) error { return a.Accounts.Run(ctx, a.System("last use of sessions")) },
		func(ctx context.Context) error { return a.Log.Run(ctx, a.consumers()...) },
		a.Jobs.Work,
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, run := range work {
		group.Go(func() error { return run(ctx) })
	}
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
