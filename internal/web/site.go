package web

import (
	"cmp"
	"crypto/sha256"
	"html/template"
	"net/url"
	"slices"
	"time"

	"serai/internal/feed"
	"serai/internal/publish"
	"serai/internal/render"
)

// A site is one configuration made ready to be served. It is never changed.
type site struct {
	Config

	title     string
	base      string                  // path of the public address; empty at the root of a host
	host      string                  // of the public address, with its port
	token     [sha256.Size]byte       // of the admin
	channels  map[string]*channel     // by ID
	order     []*channel              // as declared; the first is the front page
	declared  map[string]*feed.Source // by ID
	languages []string                // that sources are declared in, sorted
	documents map[string]*document    // by path
}

// A channel is a declared one, with the addresses that pages name it by.
type channel struct {
	feed.Channel
	Name    string // never empty
	Page    string // address of its page, on this site
	Formats []formatLink
}

// A formatLink is where a channel is in one format.
type formatLink struct {
	Label string
	// Type is the attribute with the media type, made of our own words: the
	// templates would write its plus as a character reference, which readers
	// that look for feeds with a regular expression do not understand.
	Type template.HTMLAttr
	URL  string // absolute
	Path string // on this site
}

var formatLabels = map[string]string{"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}

func newSite(c Config, publisher *publish.Publisher) *site {
	c.Zone = cmp.Or(c.Zone, time.UTC)
	s := &site{
		Config:    c,
		title:     cmp.Or(c.Site.Title, "serai"),
		token:     sha256.Sum256([]byte(c.AdminToken)),
		channels:  make(map[string]*channel, len(c.Channels)),
		declared:  make(map[string]*feed.Source, len(c.Sources)),
		documents: make(map[string]*document),
	}
	if u, err := url.Parse(c.Site.URL); err == nil { // config has checked it; an empty one is no site yet
		s.base, s.host = u.EscapedPath(), u.Host
	}
	for i := range c.Sources {
		s.declared[c.Sources[i].ID] = &c.Sources[i]
	}
	for _, ch := range c.Channels {
		s.addChannel(ch, publisher)
	}
	if publisher != nil {
		s.addDocument("/sources.opml", &document{snapshot: func() (*publish.Snapshot, error) {
			if list := publisher.OPML(); list != nil {
				return list, nil
			}
			return nil, publish.ErrNotReady
		}})
	}
	s.languages = languagesOf(c)
	return s
}

func (s *site) addChannel(declared feed.Channel, publisher *publish.Publisher) {
	ch := &channel{Channel: declared, Name: cmp.Or(declared.Title, declared.ID)}
	ch.Page = s.base + "/channels/" + url.PathEscape(ch.ID)
	if len(s.order) == 0 {
		ch.Page = s.base + "/"
	}
	for _, f := range render.Formats {
		address := f.URL(s.Site, ch.ID)
		path := "/feeds/" + ch.ID + "." + f.Extension
		ch.Formats = append(ch.Formats, formatLink{
			Label: formatLabels[f.Name], Type: template.HTMLAttr(`type="` + f.BareType() + `"`), URL: address, Path: s.base + path,
		})
		s.addDocument(path, &document{cors: true, snapshot: func() (*publish.Snapshot, error) {
			return publisher.Snapshot(declared.ID, f)
		}})
	}
	s.channels[ch.ID] = ch
	s.order = append(s.order, ch)
}

// addDocument lists a document at its path, and at what is left of it when a
// proxy has taken the base off.
func (s *site) addDocument(path string, d *document) {
	s.documents[path] = d
	s.documents[s.base+path] = d
}

// first returns the channel of the front page, or nil before there are any.
func (s *site) first() *channel {
	if len(s.order) == 0 {
		return nil
	}
	return s.order[0]
}

// languagesOf returns what people may choose a language from: those that the
// configuration speaks of.
func languagesOf(c Config) []string {
	var list []string
	add := func(tag string) {
		if tag != "" && !slices.Contains(list, tag) {
			list = append(list, tag)
		}
	}
	for i := range c.Sources {
		add(c.Sources[i].Language)
	}
	for i := range c.Channels {
		for _, tag := range c.Channels[i].Languages {
			add(tag)
		}
	}
	slices.Sort(list)
	return list
}

// sourcesOf returns the declared sources that the channel is chosen from, the
// site's own posts not among them.
func (s *site) sourcesOf(ch *channel) []feed.Source {
	if len(ch.Sources) == 0 {
		return s.Sources
	}
	var list []feed.Source
	for _, id := range ch.Sources {
		if src := s.declared[id]; src != nil {
			list = append(list, *src)
		}
	}
	return list
}
