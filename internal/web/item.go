package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"serai/internal/clean"
	"serai/internal/feed"
	"serai/internal/store"
)

// An item is a story as a page shows it. All of it is text; the templates
// escape it.
type item struct {
	Title     string // never empty
	Href      string // empty where the story leads nowhere
	Own       bool   // one of the site's own posts
	Lang      string
	Language  string // its name, where it is not that of the site
	Source    string // how people know who published it
	SourceURL string // the channel, with this source only
	Authors   string
	Published time.Time // in the site's zone
	OtherDay  bool      // it is published on another day than it stands under
	Excerpt   string
	Topics    []string
	Also      []also
	AlsoMore  int
}

// An also is another place where the same article stands.
type also struct {
	Source, Href, Lang string
}

func (s *Server) item(ctx context.Context, site *site, ch *channel, story *feed.Story) (item, error) {
	e := &story.Lead
	origin, err := s.sources.of(ctx, s.Reader, e.Source)
	if err != nil {
		return item{}, err
	}
	it := item{
		Own:       e.Post != nil,
		Lang:      languageTag(e.Language),
		Source:    site.sourceTitle(e.Source, origin),
		SourceURL: ch.Page + "?" + (&filter{Source: e.Source}).query(store.Cursor{}).Encode(),
		Authors:   authorNames(e.Authors),
		Published: story.Published.In(site.Zone),
		Href:      webAddress(story.Link),
		Topics:    e.Topics,
	}
	if it.Own {
		it.Href = site.postPath(e.Post.Slug)
	}
	if site.declared[e.Source] == nil && !it.Own {
		it.SourceURL = "" // it is no longer read, and cannot be asked for
	}
	if it.Lang != "" && !sameLanguage(it.Lang, site.Site.Language) {
		it.Language = languageName(it.Lang)
	}
	if site.republish(e.Source) != feed.RepublishLink {
		it.Excerpt = clean.Excerpt(oneLine(e.Summary), excerptLength)
	}
	it.Title = cmp.Or(oneLine(e.Title), clean.Excerpt(it.Excerpt, titleLength), hostOf(story.Link), "Untitled")
	if it.Title == it.Excerpt {
		it.Excerpt = ""
	}
	it.Also, it.AlsoMore, err = s.alsoAt(ctx, site, story)
	return it, err
}

// alsoAt lists where else the story stands: each other source once, with the
// first of its entries, and each other address.
func (s *Server) alsoAt(ctx context.Context, site *site, story *feed.Story) (list []also, more int, err error) {
	seen := []string{story.Link, story.Lead.Link}
	for i := range story.Members {
		m := &story.Members[i]
		href := webAddress(m.Link)
		if m.Entry == story.Lead.ID || href == "" || slices.Contains(seen, m.Link) {
			continue
		}
		seen = append(seen, m.Link)
		if len(list) == maxAlsoShown {
			more++
			continue
		}
		origin, err := s.sources.of(ctx, s.Reader, m.Source)
		if err != nil {
			return nil, 0, err
		}
		lang := languageTag(m.Language)
		if sameLanguage(lang, story.Lead.Language) {
			lang = ""
		}
		list = append(list, also{Source: site.sourceTitle(m.Source, origin), Href: href, Lang: lang})
	}
	return list, more, nil
}

// republish returns how much of the source's entries may be shown. Of a source
// that is no longer declared nobody says, and an excerpt is all that is shown
// anyway.
func (s *site) republish(source string) feed.Republish {
	if src := s.declared[source]; src != nil {
		return src.Republish
	}
	return feed.RepublishExcerpt
}

func (s *site) postPath(slug string) string { return s.base + "/posts/" + slug }

// authorNames joins the names of authors, without their addresses.
func authorNames(people []feed.Person) string {
	const most = 4
	var names []string
	for _, p := range people {
		if name := oneLine(p.Name); name != "" && !strings.Contains(name, "@") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}
