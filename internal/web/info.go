package web

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"serai/internal/feed"
)

// A sourceRow is a source as everybody may see it.
type sourceRow struct {
	Title, Home, Language, Kind string
	Lang                        string
	LastNew, LastRead           time.Time
	Entries                     int
	Health                      string // ok, quiet, failing, gone or new
}

type sourcesPage struct {
	Rows    []sourceRow
	Failing int
	OPML    string
}

// quietAfter is how long a source may have nothing new before people are told.
const quietAfter = 30 * 24 * time.Hour

func (s *Server) sourcesPage(w http.ResponseWriter, r *http.Request, site *site) error {
	all, err := s.Reader.Sources(r.Context())
	if err != nil {
		return err
	}
	page := &sourcesPage{OPML: site.base + "/sources.opml"}
	now := time.Now()
	for i := range all {
		src := site.declared[all[i].ID]
		if src == nil {
			continue // no longer read, or our own
		}
		row := newSourceRow(site, src, &all[i], now)
		if row.Health == "failing" || row.Health == "gone" {
			page.Failing++
		}
		page.Rows = append(page.Rows, row)
	}
	slices.SortFunc(page.Rows, func(a, b sourceRow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), strings.Compare(a.Home, b.Home))
	})
	v := s.view(site, "Sources", page)
	v.Canonical = site.Site.URL + "/sources"
	v.Description = fmt.Sprintf("The %d sources that %s reads, and how they fare.", len(page.Rows), site.title)
	return s.show(w, r, "sources", pagePolicy, v)
}

func newSourceRow(site *site, src *feed.Source, status *feed.SourceStatus, now time.Time) sourceRow {
	state := &status.State
	row := sourceRow{
		Title:    site.sourceTitle(src.ID, state.Origin),
		Home:     webAddress(state.Origin.HomeURL),
		Lang:     src.Language,
		Kind:     string(src.Kind),
		LastNew:  state.LastChange.In(site.Zone),
		LastRead: state.LastOK.In(site.Zone),
		Entries:  status.Entries,
		Health:   health(state, now),
	}
	if src.Language != "" {
		row.Language = languageName(src.Language)
	}
	return row
}

// health sums up how a source fares, in the words that pages and metrics use.
func health(state *feed.State, now time.Time) string {
	switch {
	case !state.Gone.IsZero():
		return "gone"
	case state.Failures > 0:
		return "failing"
	case state.LastOK.IsZero():
		return "new"
	case !state.LastChange.IsZero() && now.Sub(state.LastChange) > quietAfter:
		return "quiet"
	}
	return "ok"
}

type aboutPage struct {
	UserAgent, Version, Site, Address, Host string
	Contact                                 feed.Person
	Mail                                    string
	Sources, Channels                       int
	Rights                                  string
}

// about tells the owners of sources who reads them, how, and what to do about it.
func (s *Server) about(w http.ResponseWriter, r *http.Request, site *site) error {
	page := &aboutPage{
		UserAgent: site.UserAgent, Version: s.Version, Site: site.title, Address: site.Site.URL, Host: site.host,
		Contact: site.Site.Author, Sources: len(site.Sources), Channels: len(site.Channels), Rights: site.Site.Rights,
	}
	page.Contact.URL = webAddress(page.Contact.URL)
	if email := page.Contact.Email; strings.Count(email, "@") == 1 && !strings.ContainsAny(email, " <>?&") {
		page.Mail = "mailto:" + email
	}
	v := s.view(site, "About", page)
	v.Canonical = site.Site.URL + "/about"
	v.Description = "What " + site.title + " is, and how it reads its sources."
	return s.show(w, r, "about", pagePolicy, v)
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request, _ *site) error {
	plainAnswer(w, http.StatusOK, "ok")
	return nil
}

// readyz says whether the daemon can do its work. Why it cannot is in the log:
// whoever asks here may be anybody.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request, _ *site) error {
	if s.Ready != nil {
		if err := s.Ready(r.Context()); err != nil {
			s.Log.WarnContext(r.Context(), "not ready", "err", err)
			plainAnswer(w, http.StatusServiceUnavailable, "not ready")
			return nil
		}
	}
	plainAnswer(w, http.StatusOK, "ready")
	return nil
}

func plainAnswer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	plainError(w, status, text)
}

func (s *Server) robots(w http.ResponseWriter, r *http.Request, site *site) error {
	// Filters and pages back in time are without end, and lead to nothing of ours.
	text := "User-agent: *\nDisallow: " + site.base + "/admin/\nDisallow: " + site.base + "/hub\nDisallow: " + site.base + "/*?\n\n" +
		"Sitemap: " + site.Site.URL + "/sitemap.xml\n"
	return s.small(w, r, "text/plain; charset=utf-8", []byte(text), "public, max-age=3600")
}

func (s *Server) favicon(w http.ResponseWriter, r *http.Request, _ *site) error {
	return s.small(w, r, "image/svg+xml", favicon, "public, max-age=86400")
}

// noIcon spares browsers that ask for the old address a page.
func (s *Server) noIcon(w http.ResponseWriter, _ *http.Request, site *site) error {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	redirect(w, http.StatusPermanentRedirect, site.base+"/favicon.svg")
	return nil
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request, _ *site) error {
	if r.PathValue("name") != s.pages.style {
		return feed.ErrNotFound
	}
	return s.small(w, r, "text/css; charset=utf-8", styleSheet, "public, max-age=31536000, immutable")
}

// small serves something of our own that is at hand.
func (s *Server) small(w http.ResponseWriter, r *http.Request, mediaType string, body []byte, caching string) error {
	a := &answer{
		body: body, compress: true,
		always:  []field{varyEncoding, {"Cache-Control", []string{caching}}},
		content: []field{{"Content-Type", []string{mediaType}}, nosniff, feedPolicy},
	}
	a.finish().serve(w, r)
	return nil
}

// A urlSet is a sitemap (sitemaps.org, protocol 0.9).
type urlSet struct {
	XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []sitemapURL `xml:"url"`
}

type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

// maxSitemap is how many addresses a sitemap may hold.
const maxSitemap = 50_000

// sitemap lists what is our own: the posts. What others wrote is theirs to list.
func (s *Server) sitemap(w http.ResponseWriter, r *http.Request, site *site) error {
	set := urlSet{URLs: []sitemapURL{{Loc: site.Site.URL + "/"}}}
	for post, err := range s.posts(r.Context()) {
		if err != nil {
			return err
		}
		if len(set.URLs) == maxSitemap {
			break
		}
		set.URLs = append(set.URLs, sitemapURL{
			Loc: site.Site.URL + "/posts/" + post.entry.Post.Slug, LastMod: stamp(post.story.Updated),
		})
	}
	body, err := xml.MarshalIndent(set, "", "  ")
	if err != nil {
		return err
	}
	return s.small(w, r, "application/xml", append([]byte(xml.Header), append(body, '\n')...), "public, max-age=3600")
}
