package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"

	"learnspace/internal/access"
	"learnspace/internal/account"
	"learnspace/internal/clock"
	"learnspace/internal/deliver"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/accessweb"
	"learnspace/internal/web/accountweb"
	"learnspace/internal/web/auditweb"
	"learnspace/internal/web/bulletinweb"
	"learnspace/internal/web/consentweb"
	"learnspace/internal/web/custodyweb"
	"learnspace/internal/web/figureweb"
	"learnspace/internal/web/homeweb"
	"learnspace/internal/web/mergeweb"
	"learnspace/internal/web/orgweb"
	"learnspace/internal/web/outboxweb"
	"learnspace/internal/web/rightsweb"
	"learnspace/internal/web/rosterweb"
	"learnspace/internal/web/spaceweb"
	"learnspace/internal/web/systemweb"
	"learnspace/internal/web/upstreamweb"
)

// sessions turns a token into an actor for the web server.
type sessions struct{ accounts *account.Service }

func (s sessions) Authenticate(ctx context.Context, token string) (access.Actor, error) {
	by, _, err := s.accounts.Authenticate(ctx, token)
	return by, err
}

// newWeb builds the faces and their server.
func (a *App) newWeb(log *slog.Logger) (*web.Server, error) {
	var proxies []netip.Prefix
	for _, p := range a.Config.TrustedProxies {
		net, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q: expected a network such as 10.0.0.0/8: %w", p, err)
		}
		proxies = append(proxies, net)
	}
	faces := []web.Face{
		homeweb.New(homeweb.Deps{Accounts: a.Accounts, Org: a.Org, People: a.People, Posts: a.Posts, Notices: a.Notices, Metrics: a.Metrics,
			Rosters: a.Rosters, Bulletin: a.Bulletin, Custody: a.Custody, Rights: a.Rights}),
		a.signInPages(),
		upstreamweb.New(a.Upstream),
		consentweb.New(a.Accounts, a.People, a.Org).Recorded(a.Custody.ListOpened, a.look("family")),
		orgweb.New(a.Org, a.People, a.Spaces),
		accessweb.New(a.Org, a.People, a.Explain),
		mergeweb.New(a.Merges, a.People, a.Org),
		rightsweb.New(a.Rights, a.People, a.Org, lookers{a.Custody, a.People}),
		rosterweb.New(a.Rosters, a.Org),
		spaceweb.New(a.Posts, a.Notices, a.Org),
		figureweb.New(a.Metrics, a.Org, a.Bulletin),
		bulletinweb.New(a.Bulletin, a.Metrics, a.Org),
		auditweb.New(a.Inquiry, a.Org, a.People),
		systemweb.New(a.Status),
		custodyweb.New(custodyweb.Deps{Custody: a.Custody, Org: a.Org, People: a.People, Fresh: a.Accounts.Fresh, IsFresh: a.Accounts.IsFresh}),
	}
	if a.Config.Demo != nil {
		faces = append(faces, outboxweb.New(outbox(a.Config, deliver.SMS)))
	}
	var routes []web.Route
	for _, f := range faces {
		routes = append(routes, f.Routes()...)
	}
	return web.New(web.Options{
		BaseURL: a.Config.Base(), Platform: a.Config.Platform, Office: a.Config.Office, Phone: a.Config.Phone,
		Demo: a.Config.Demo != nil, Clock: a.Clock, Sessions: sessions{a.Accounts}, Viewed: a.Accounts.NoteView, Describe: a.describe, Logger: log,
		TrustedProxies: proxies, Ready: a.Ready, Explain: inWords, Observe: a.meter.Observe, Limits: a.limits(), TrustedHosts: a.Config.TrustedHosts,
		ContentURL: a.Config.ContentURL, Stored: a.Blobs.Get,
		View: a.DB.View, FlashKey: a.Keys.Hash("flash", "messages of the last action"),
	}, routes...)
}

// signInPages are the pages of accounts; a demo shows the codes of the accounts
// that it prints.
func (a *App) signInPages() *accountweb.Face {
	face := accountweb.New(a.Accounts, a.Org, a.People, a.Spaces).WithUpstream(func(ctx context.Context) (bool, error) {
		offered, err := a.Upstream.Offered(ctx, access.Anonymous())
		return len(offered) > 0, err
	})
	if a.Config.Demo == nil {
		return face
	}
	return face.WithCodes(func() (out []accountweb.DemoCode, err error) {
		raw, err := os.ReadFile(filepath.Join(a.Config.Data, "accounts.json"))
		if err != nil {
			return nil, fmt.Errorf("accounts of the demo: %w", err)
		}
		var all []struct {
			Role, Name, Login string
			Secret            string `json:"totp_secret"`
		}
		if err := json.Unmarshal(raw, &all); err != nil {
			return nil, fmt.Errorf("accounts of the demo: %w", err)
		}
		for _, p := range all {
			if p.Secret != "" {
				out = append(out, accountweb.DemoCode{Role: p.Role, Name: p.Name, Login: p.Login, Secret: p.Secret})
			}
		}
		return out, nil
	})
}

// limits are those of the settings.
func (a *App) limits() web.Limits {
	l := a.Config.Limits
	return web.Limits{Body: int64(l.Body), Upload: int64(l.Upload), Header: int(l.Header), HeaderTime: l.HeaderTime,
		RequestTime: l.RequestTime, TransferTime: l.TransferTime, Rate: l.Rate, Page: l.Page}
}

// describe says beside the name where the active role is held, and whether the
// page is for a pupil of a primary school.
func (a *App) describe(ctx context.Context, by access.Actor) web.Description {
	var d web.Description
	home := by.Home()
	if home == 0 {
		return d
	}
	n, err := a.Org.Get(ctx, by, home)
	if err != nil {
		return d // a place that has just gone is no reason to show no page
	}
	d.Place = n.Label(clock.DayOf(a.Clock.Now()))
	if i18n.Lang(ctx) == i18n.Korean && n.NameKo != "" {
		d.Place = n.NameKo
	}
	if at := by.Stands(); at.For != 0 {
		d.Place = a.standing(ctx, d.Place, at)
	}
	if by.Role == access.Pupil && n.Stage == "P" {
		d.Stage = "primary"
	}
	return d
}

// standing says of a substitute whose place he takes and until when.
func (a *App) standing(ctx context.Context, place string, at access.Place) string {
	names, err := a.People.Names(ctx, a.System("whose place a substitute takes"), []id.Person{at.For})
	if err != nil {
		return place
	}
	return place + " · " + i18n.T(ctx, "org.grants.lent", names[at.For], i18n.Day(i18n.Lang(ctx), at.Until.AddDays(-1)))
}
