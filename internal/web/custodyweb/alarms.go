package custodyweb

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"learnspace/internal/access"
	"learnspace/internal/custody"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
	"learnspace/internal/web"
	"learnspace/internal/web/ui"
)

// alarmsPage is the security administrator's page.
type alarmsPage struct {
	Open   bool
	Alarms []custody.Alarm
	Next   string
	Limits map[custody.Limit]string // as typed
	Errors ui.Errors
}

func (f *Face) showAlarms(w http.ResponseWriter, r *http.Request) error {
	page, err := f.alarmsPage(r)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, alarmsView(page))
}

func (f *Face) alarmsPage(r *http.Request) (alarmsPage, error) {
	ctx, by := r.Context(), web.Actor(r.Context())
	page := alarmsPage{Open: r.FormValue("state") != "all", Limits: map[custody.Limit]string{}}
	var err error
	if page.Alarms, err = f.Custody.Alarms(ctx, by, page.Open, web.FormID[id.Alarm](r, "before"), listed+1); err != nil {
		return page, err
	}
	if len(page.Alarms) > listed {
		page.Alarms = page.Alarms[:listed]
		page.Next = "/alarms?before=" + page.Alarms[listed-1].ID.String()
		if !page.Open {
			page.Next += "&state=all"
		}
	}
	if !by.Can(access.LimitSet) {
		return page, nil
	}
	limits, err := f.Custody.Limits(ctx, by)
	for l, n := range limits {
		page.Limits[l] = strconv.FormatInt(n, 10)
	}
	return page, err
}

func (f *Face) seeAlarm(w http.ResponseWriter, r *http.Request) error {
	alarm, err := web.PathID[id.Alarm](r, "alarm")
	if err != nil {
		return err
	}
	if err := f.Custody.SeeAlarm(r.Context(), web.Actor(r.Context()), alarm); err != nil {
		return err
	}
	web.Flash(w, r, "custody.flash.seen")
	return web.Redirect(w, r, "/alarms")
}

// setLimits changes those limits that differ.
func (f *Face) setLimits(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Actor(r.Context())
	now, err := f.Custody.Limits(ctx, by)
	if err != nil {
		return err
	}
	var errs ui.Errors
	for _, l := range custody.Limits() {
		typed := strings.TrimSpace(r.PostFormValue(string(l)))
		if !r.PostForm.Has(string(l)) {
			continue
		}
		value, err := strconv.ParseInt(typed, 10, 64)
		if err == nil && value == now[l] {
			continue
		}
		if err != nil {
			value = 0
		}
		err = f.Custody.SetLimit(ctx, by, l, value)
		if bad, ok := web.Invalid(r, err); ok {
			errs = append(errs, bad...)
		} else if err != nil {
			return err
		}
	}
	if len(errs) > 0 {
		page, err := f.alarmsPage(r)
		if err != nil {
			return err
		}
		page.Errors = errs
		for _, l := range custody.Limits() {
			if r.PostForm.Has(string(l)) {
				page.Limits[l] = r.PostFormValue(string(l))
			}
		}
		return web.Render(w, r, http.StatusUnprocessableEntity, alarmsView(page))
	}
	web.Flash(w, r, "custody.flash.limits")
	return web.Redirect(w, r, "/alarms")
}

// alarmNote says how often a limit stopped somebody, or which request it was.
func alarmNote(ctx context.Context, a custody.Alarm) string {
	switch a.Kind {
	case custody.AlarmGlass:
		return "E" + strconv.FormatInt(a.Object, 10)
	case custody.AlarmKeyHolder:
		return ""
	}
	return i18n.T(ctx, "custody.alarm.tries", a.Tries)
}
