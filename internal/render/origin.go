package render

import (
	"cmp"
	"net/url"
	"strings"

	"serai/internal/feed"
)

// A readySource is a source made ready to be named in items.
type readySource struct {
	Source
	origin *origin
}

// sourceSet makes sources ready, each once for a document.
type sourceSet struct {
	given map[string]Source
	ready map[string]*readySource
}

func newSourceSet(d *Feed) *sourceSet {
	return &sourceSet{d.Sources, make(map[string]*readySource, len(d.Sources))}
}

func (l *sourceSet) source(id string) *readySource {
	src := l.ready[id]
	if src == nil {
		given := l.given[id]
		src = &readySource{given, newOrigin(id, &given)}
		l.ready[id] = src
	}
	return src
}

// originOf returns the feed that a foreign entry was first published in. What an
// aggregator says of where it took the entry from is passed on; from anyone
// else it would be a claim to be somebody else.
func (src *readySource) originOf(e *feed.Entry) *origin {
	if o := e.Origin; o != nil && src.Kind == feed.Aggregator && line(o.Title) != "" {
		return newOrigin(e.Source, &Source{Origin: *o, Private: src.Private})
	}
	return src.origin
}

// newOrigin describes a feed (RFC 4287 4.2.11). The ID is that of the source
// that it was read from.
func newOrigin(id string, src *Source) *origin {
	o := &src.Origin
	made := &origin{
		title:   cmp.Or(line(o.Title), host(address(o.HomeURL)), line(id), "unknown"),
		home:    open(o.HomeURL),
		feed:    src.feedURL(),
		rights:  line(o.Rights),
		icon:    open(o.Icon),
		logo:    open(o.Logo),
		authors: people(o.Authors),
	}
	made.id = cmp.Or(src.id(), feed.DerivedID(id, "feed"))
	return made
}

// feedURL returns the feed's address where it may be published.
func (s *Source) feedURL() string {
	if s.Private {
		return ""
	}
	return open(s.Origin.FeedURL)
}

// id returns the feed's own id as it stands, or its address. An id that is an
// address may be the very one that must stay private.
func (s *Source) id() string {
	id := s.Origin.ID
	web := strings.HasPrefix(strings.ToLower(id), "http")
	if !isURI(id) || web && (s.Private || feed.HasSecret(id) || strings.Contains(id, "@")) {
		return s.feedURL()
	}
	return id
}

// isURI reports whether s is an absolute URI as it stands.
func isURI(s string) bool {
	for i := range len(s) {
		if !inURI[s[i]] && strings.IndexByte("%/?#", s[i]) < 0 {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && len(u.Scheme) > 1 && (u.Host != "" || u.Opaque != "")
}
