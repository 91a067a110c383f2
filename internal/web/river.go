package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"serai/internal/feed"
	"serai/internal/store"
)

const (
	perPage       = 40
	maxSearch     = 200 // characters
	maxChoices    = 60  // sources that the filter offers
	maxAlsoShown  = 6
	excerptLength = 280 // characters
	titleLength   = 80  // characters of a title made from an excerpt
)

// A river is the page of a channel: its stories by day, newest first.
type river struct {
	Channel  *channel
	Path     string // where the filter leads
	Filter   filter
	Days     []day
	Older    string // address of the next page; empty at the end
	Newest   string // address of the first page; empty on it
	Choices  choices
	Filtered bool
	Empty    bool
}

// A filter is what a reader asked for.
type filter struct {
	Search, Language, Source string
	SourceTitle              string
	before                   store.Cursor
}

// choices are what the filter offers.
type choices struct {
	Languages []choice
	Sources   []namedSource
}

type choice struct{ Value, Label string }

type namedSource struct{ ID, Title string }

// A day is the stories of one day, by the channel's order.
type day struct {
	Date    time.Time
	Stories []item
}

func (s *Server) front(w http.ResponseWriter, r *http.Request, site *site) error {
	first := site.first()
	if first == nil {
		return &problem{http.StatusServiceUnavailable, "This site has no channel yet."}
	}
	return s.river(w, r, site, first)
}

func (s *Server) channel(w http.ResponseWriter, r *http.Request, site *site) error {
	ch := site.channels[r.PathValue("id")]
	if ch == nil {
		return feed.ErrNotFound
	}
	return s.river(w, r, site, ch)
}

func (s *Server) river(w http.ResponseWriter, r *http.Request, site *site, ch *channel) error {
	f, err := site.readFilter(r.URL.Query())
	if err != nil {
		return err
	}
	stories, err := s.stories(r.Context(), ch.ID, f)
	if err != nil {
		return err
	}
	page := &river{Channel: ch, Path: ch.Page, Filter: f, Filtered: f.Search+f.Language+f.Source != ""}
	if len(stories) > perPage {
		stories = stories[:perPage]
		last := stories[perPage-1]
		page.Older = ch.Page + "?" + f.query(store.Cursor{Sort: last.Sort, Story: last.ID}).Encode()
	}
	if f.before != (store.Cursor{}) {
		page.Newest = ch.Page
		if query := f.query(store.Cursor{}); len(query) > 0 {
			page.Newest += "?" + query.Encode()
		}
	}
	if page.Choices, err = s.choices(r.Context(), site, ch, &page.Filter); err != nil {
		return err
	}
	own := false
	for i := range stories {
		it, err := s.item(r.Context(), site, ch, &stories[i])
		if err != nil {
			return err
		}
		own = own || it.Own
		page.add(it, stories[i].Sort.In(site.Zone))
	}
	page.Empty = len(stories) == 0

	v := s.view(site, ch.Name, page)
	if ch == site.first() {
		v.Title = site.title
	}
	v.Description = cmp.Or(ch.Description, site.Site.Description)
	v.Current = ch.ID
	v.Channel, v.First = ch, site.first()
	v.Canonical = site.Site.URL + strings.TrimPrefix(ch.Page, site.base)
	v.NoIndex = !own || page.Filtered || page.Newest != ""
	return s.show(w, r, "river", formPolicy, v)
}

// stories reads one more story than a page shows, to know whether there are more.
func (s *Server) stories(ctx context.Context, channel string, f filter) ([]feed.Story, error) {
	return s.Reader.Stories(ctx, store.Query{
		Channel: channel, Search: f.Search, Language: f.Language, Source: f.Source, Limit: perPage + 1, Before: f.before,
	})
}

// add puts an item under the heading of its day.
func (p *river) add(it item, place time.Time) {
	y, m, d := place.Date()
	date := time.Date(y, m, d, 0, 0, 0, 0, place.Location())
	if n := len(p.Days); n == 0 || !p.Days[n-1].Date.Equal(date) {
		p.Days = append(p.Days, day{Date: date})
	}
	// A story keeps its place though its publisher dates it otherwise.
	it.OtherDay = it.Published.Format(time.DateOnly) != date.Format(time.DateOnly)
	last := &p.Days[len(p.Days)-1]
	last.Stories = append(last.Stories, it)
}

// readFilter reads what a reader asks for. What cannot be meant is refused, so
// that a broken link does not look like an empty channel.
func (s *site) readFilter(query url.Values) (f filter, err error) {
	f.Search = oneLine(strings.ToValidUTF8(query.Get("q"), ""))
	f.Language = query.Get("language")
	f.Source = query.Get("source")
	switch {
	case utf8.RuneCountInString(f.Search) > maxSearch:
		return f, badRequest("This search is too long: please use at most " + strconv.Itoa(maxSearch) + " characters.")
	case languageTag(f.Language) != f.Language:
		return f, badRequest("This is not a language that can be asked for.")
	case f.Source != "" && f.Source != feed.PostsSource && s.declared[f.Source] == nil:
		return f, &problem{http.StatusNotFound, "No source of this site has that name."}
	}
	if before := query.Get("before"); before != "" {
		if f.before, err = parseCursor(before); err != nil {
			return f, badRequest("This page does not exist. Start again from the newest stories.")
		}
	}
	return f, nil
}

// query is the filter as it stands in an address.
func (f *filter) query(before store.Cursor) url.Values {
	q := make(url.Values)
	for key, value := range map[string]string{"q": f.Search, "language": f.Language, "source": f.Source} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if before != (store.Cursor{}) {
		q.Set("before", formatCursor(before))
	}
	return q
}

// formatCursor writes a place in a channel as it stands in an address: the
// moment in milliseconds, and the story.
func formatCursor(c store.Cursor) string {
	return strconv.FormatInt(c.Sort.UnixMilli(), 36) + "." + c.Story.String()
}

func parseCursor(text string) (store.Cursor, error) {
	moment, story, _ := strings.Cut(text, ".")
	milli, err := strconv.ParseInt(moment, 36, 64)
	if err != nil || milli < 0 || milli > maxMilli {
		return store.Cursor{}, badRequest("not a place")
	}
	id, err := feed.ParseID(story)
	if err != nil {
		return store.Cursor{}, err
	}
	return store.Cursor{Sort: time.UnixMilli(milli).UTC(), Story: id}, nil
}

// maxMilli is the end of the year 9999.
const maxMilli = 253402300799999

// choices returns what the filter offers: what may well be in the channel.
func (s *Server) choices(ctx context.Context, site *site, ch *channel, f *filter) (c choices, err error) {
	languages := site.languages
	if len(ch.Languages) > 0 {
		languages = ch.Languages
	}
	if f.Language != "" && !slices.Contains(languages, f.Language) {
		languages = append(slices.Clone(languages), f.Language)
	}
	for _, tag := range languages {
		c.Languages = append(c.Languages, choice{tag, languageName(tag)})
	}
	sources := site.sourcesOf(ch)
	var ids []string
	if len(sources) <= maxChoices {
		for i := range sources {
			ids = append(ids, sources[i].ID)
		}
	}
	if len(ch.Sources) == 0 && site.PostsDir != "" || slices.Contains(ch.Sources, feed.PostsSource) {
		ids = append(ids, feed.PostsSource)
	}
	if f.Source != "" && !slices.Contains(ids, f.Source) {
		ids = append(ids, f.Source)
	}
	for _, id := range ids {
		origin, err := s.sources.of(ctx, s.Reader, id)
		if err != nil {
			return c, err
		}
		named := namedSource{id, site.sourceTitle(id, origin)}
		if id == f.Source {
			f.SourceTitle = named.Title
		}
		c.Sources = append(c.Sources, named)
	}
	slices.SortFunc(c.Sources, func(a, b namedSource) int {
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	return c, nil
}
