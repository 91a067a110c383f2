package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"serai/internal/clean"
	"serai/internal/feed"
	"serai/internal/store"
)

const (
	maxAdminRows   = 1000
	maxPollsShown  = 100
	maxMergesShown = 20
	mergesLookedAt = 200 // of the newest stories
	remarkLength   = 400 // characters of a text from outside
	actionLimit    = 3 * time.Minute
)

// admin is the map of the admin pages. What changes something is a POST that
// no other site's page can make a browser send.
func (s *Server) admin() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /admin/{$}", s.adminPage(s.adminOverview))
	mux.Handle("GET /admin/sources/{id}", s.adminPage(s.adminSource))
	mux.Handle("POST /admin/sources/{id}/poll", s.adminPage(s.action("poll", s.PollNow)))
	mux.Handle("POST /admin/sources/{id}/resume", s.adminPage(s.action("resume", s.Resume)))
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(s.adminPage(func(http.ResponseWriter, *http.Request, *site) error {
		return &problem{http.StatusForbidden, "This was asked for by another site's page."}
	}))
	return s.guarded(protection.Handler(mux))
}

// adminPage takes the step from error to answer, as page does.
func (s *Server) adminPage(fn handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := s.site.Load()
		if err := fn(w, r, site); err != nil {
			s.fail(w, r, site, err)
		}
	})
}

// An overview is the first page of the admin.
type overview struct {
	Problem   string // why the configuration on disk is refused
	Totals    store.Totals
	Counts    []healthCount
	State     string // the only one shown; empty shows all
	Rows      []adminRow
	Hidden    int // rows that the page has no room for
	Merges    []merge
	CanPoll   bool
	CanResume bool
	Version   string
	Now       time.Time
}

type healthCount struct {
	State string
	Count int
}

// An adminRow is a source as the admin sees it.
type adminRow struct {
	ID, Title, Health string
	Page              string
	Posts             bool
	Declared          bool
	LastPoll          *feed.Poll
	LastAt, Next      time.Time
	Because           string
	Failures          int
	FailClass         feed.Class
	FailText          string
	FailSince         time.Time
	Entries           int
	Delay             time.Duration
}

// A merge is a story of more than one entry, and why they are one.
type merge struct {
	Title, Href, Lang string
	At                time.Time
	Members           []mergeMember
}

type mergeMember struct {
	Source, Title, Href, Lang, Rule, Reason string
}

func (s *Server) adminOverview(w http.ResponseWriter, r *http.Request, site *site) error {
	all, err := s.Reader.Sources(r.Context())
	if err != nil {
		return err
	}
	now := time.Now()
	page := &overview{
		Problem: site.Problem, State: r.URL.Query().Get("state"), Version: s.Version, Now: now.In(site.Zone),
		CanPoll: s.PollNow != nil, CanResume: s.Resume != nil,
	}
	if page.Totals, err = s.Reader.Totals(r.Context()); err != nil {
		return err
	}
	page.addSources(site, all, now)
	if page.Merges, err = s.merges(r.Context(), site); err != nil {
		return err
	}
	return s.showAdmin(w, r, "admin", s.view(site, "Admin", page))
}

// healthOrder is from what an admin should see first to what needs nothing.
var healthOrder = []string{"gone", "failing", "quiet", "new", "ok"}

func (p *overview) addSources(site *site, all []feed.SourceStatus, now time.Time) {
	counts := make(map[string]int)
	for i := range all {
		row := newAdminRow(site, &all[i], now)
		if row.Declared && !row.Posts {
			counts[row.Health]++
		}
		if p.State == "" || p.State == row.Health {
			p.Rows = append(p.Rows, row)
		}
	}
	for _, state := range healthOrder {
		if counts[state] > 0 {
			p.Counts = append(p.Counts, healthCount{state, counts[state]})
		}
	}
	slices.SortFunc(p.Rows, func(a, b adminRow) int {
		return cmp.Or(
			cmp.Compare(slices.Index(healthOrder, a.Health), slices.Index(healthOrder, b.Health)),
			strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)),
			strings.Compare(a.ID, b.ID),
		)
	})
	if len(p.Rows) > maxAdminRows {
		p.Hidden = len(p.Rows) - maxAdminRows
		p.Rows = p.Rows[:maxAdminRows]
	}
}

func newAdminRow(site *site, status *feed.SourceStatus, now time.Time) adminRow {
	state := &status.State
	row := adminRow{
		ID: status.ID, Title: site.sourceTitle(status.ID, state.Origin), Health: health(state, now),
		Page: site.base + "/admin/sources/" + url.PathEscape(status.ID), Posts: status.ID == feed.PostsSource,
		Declared: status.Declared, LastPoll: status.LastPoll, LastAt: state.LastAttempt.In(site.Zone), Next: state.Next.In(site.Zone),
		Because: tame(state.Because), Failures: state.Failures, FailClass: state.FailClass, FailText: tame(state.FailText),
		FailSince: state.FailSince.In(site.Zone), Entries: status.Entries, Delay: status.Delay,
	}
	if status.LastPoll != nil {
		row.LastAt = status.LastPoll.At.In(site.Zone)
	}
	if row.Posts {
		row.Health = "ok"
	}
	return row
}

// merges returns the newest stories of more than one entry, with the reasons.
func (s *Server) merges(ctx context.Context, site *site) ([]merge, error) {
	stories, err := s.Reader.Stories(ctx, store.Query{Limit: mergesLookedAt})
	if err != nil {
		return nil, err
	}
	var list []merge
	for i := range stories {
		story := &stories[i]
		if len(story.Members) < 2 || len(list) == maxMergesShown {
			continue
		}
		m := merge{
			Title: cmp.Or(oneLine(story.Lead.Title), story.Link), Href: webAddress(story.Link),
			Lang: story.Lead.Language, At: story.Published.In(site.Zone),
		}
		for _, member := range story.Members {
			origin, err := s.sources.of(ctx, s.Reader, member.Source)
			if err != nil {
				return nil, err
			}
			m.Members = append(m.Members, mergeMember{
				Source: site.sourceTitle(member.Source, origin), Title: cmp.Or(oneLine(member.Title), member.Key), Href: webAddress(member.Link),
				Lang: member.Language, Rule: member.Placement.Rule, Reason: tame(member.Placement.Reason),
			})
		}
		list = append(list, m)
	}
	return list, nil
}

// A sourceDetail is everything about one source.
type sourceDetail struct {
	adminRow
	URL       string // masked
	Kind      feed.Kind
	Schedule  string
	Republish feed.Republish
	Home      string
	State     *feed.State
	NotBefore time.Time
	LastOK    time.Time
	LastNew   time.Time
	Hubs      []string
	Repairs   []feed.Repair
	MovedTo   string
	Polls     []pollRow
	CanPoll   bool
	CanResume bool
	Done      string // what was just done
}

type pollRow struct {
	feed.Poll
	At, Next time.Time
	Failure  string
	Class    feed.Class
	Because  string
	Notes    []string
}

func (s *Server) adminSource(w http.ResponseWriter, r *http.Request, site *site) error {
	status, err := s.Reader.Source(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	polls, err := s.Reader.Polls(r.Context(), status.ID, maxPollsShown)
	if err != nil {
		return err
	}
	state := &status.State
	page := &sourceDetail{
		adminRow: newAdminRow(site, &status, time.Now()),
		Home:     webAddress(state.Origin.HomeURL), State: state,
		NotBefore: state.NotBefore.In(site.Zone), LastOK: state.LastOK.In(site.Zone), LastNew: state.LastChange.In(site.Zone),
		Repairs: state.Repairs, Done: r.URL.Query().Get("done"),
	}
	page.CanPoll = s.PollNow != nil && page.Declared && !page.Posts
	page.CanResume = s.Resume != nil && page.Declared && !state.Gone.IsZero()
	if src := site.declared[status.ID]; src != nil {
		page.URL, page.Kind, page.Schedule, page.Republish = feed.MaskURL(src.URL), src.Kind, src.Cadence.Text, src.Republish
	}
	for _, hub := range state.Hubs {
		page.Hubs = append(page.Hubs, feed.MaskURL(hub))
	}
	if state.MovedTo != nil {
		page.MovedTo = feed.MaskURL(state.MovedTo.To)
	}
	for i := range polls {
		page.Polls = append(page.Polls, newPollRow(site, polls[i]))
	}
	return s.showAdmin(w, r, "admin-source", s.view(site, page.Title, page))
}

func newPollRow(site *site, p feed.Poll) pollRow {
	row := pollRow{Poll: p, At: p.At.In(site.Zone), Next: p.Next.In(site.Zone), Because: tame(p.Because)}
	if p.Failure != nil {
		row.Failure, row.Class = tame(p.Failure.Text), p.Failure.Class
	}
	for _, note := range p.Notes {
		row.Notes = append(row.Notes, tame(note))
	}
	return row
}

// action does something to a source and shows it. An admin who turns away does
// not stop what was begun.
func (s *Server) action(name string, do func(ctx context.Context, source string) error) handler {
	return func(w http.ResponseWriter, r *http.Request, site *site) error {
		if do == nil {
			return feed.ErrNotFound
		}
		id := r.PathValue("id")
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), actionLimit)
		defer cancel()
		// A slow source must not cost the answer. Where there is no connection
		// to set, as in a test, there is no deadline either.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(actionLimit + 10*time.Second))
		err := do(ctx, id)
		switch {
		case errors.Is(err, feed.ErrNotFound):
			return feed.ErrNotFound
		case errors.Is(err, store.ErrBusy):
			return &problem{http.StatusConflict, "A poll of this source is under way. Look again in a moment."}
		case err != nil:
			s.Log.WarnContext(ctx, "admin action failed", "action", name, "source", id, "err", err)
			return &problem{http.StatusBadGateway, "It could not be done: " + tame(err.Error())}
		}
		s.Log.InfoContext(ctx, "admin action", "action", name, "source", id)
		redirect(w, http.StatusSeeOther, site.base+"/admin/sources/"+url.PathEscape(id)+"?done="+name)
		return nil
	}
}

// showAdmin shows a page that no cache may keep.
func (s *Server) showAdmin(w http.ResponseWriter, r *http.Request, name string, v *view) error {
	v.NoIndex, v.Admin = true, true
	body, err := s.render(name, v)
	if err != nil {
		return err
	}
	a := &answer{
		body: body, compress: true,
		always: []field{varyEncoding, {"Cache-Control", []string{"no-store"}}},
		content: []field{
			{"Content-Type", []string{htmlType}}, {"Content-Security-Policy", []string{formPolicy}}, nosniff, noReferrer,
		},
	}
	a.finish().serve(w, r)
	return nil
}

// tame makes a text from outside fit to be shown beside our own: on one line,
// not too long, without what controls a terminal or turns the direction of
// what follows.
func tame(s string) string {
	if len(s) > 4*remarkLength {
		s = s[:4*remarkLength]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, s)
	return clean.Excerpt(oneLine(s), remarkLength)
}
