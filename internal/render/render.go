// Package render writes a channel's stories down: as RSS 2.0, Atom 1.0 and JSON
// Feed 1.1, and source lists as OPML.
//
// It is pure. It reads no clock, so the same data always gives the same bytes,
// which is what lets a reader's conditional request succeed: every time in a
// document is the time of something in it. Whatever strings it is given, what
// it writes is well-formed; addresses that are not http or https, carry
// credentials, or belong to private sources do not come out.
//
// The base mapping is that of gorilla/feeds. What it lacks or gets wrong is
// added by structs that embed its own and shadow their fields: encoding/xml and
// encoding/json both let the shallower field of a name win.
package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"serai/internal/feed"
)

// A Format is one way to write a channel down.
type Format struct {
	Name      string // in links and on the command line: "rss", "atom" or "json"
	Extension string // of its address, without the dot
	MediaType string // as the Content-Type header has it

	write func(io.Writer, *document) error
}

// The formats.
var (
	RSS  = Format{"rss", "rss", "application/rss+xml; charset=utf-8", writeRSS}
	Atom = Format{"atom", "atom", "application/atom+xml; charset=utf-8", writeAtom}
	JSON = Format{"json", "json", "application/feed+json", writeJSON} // RFC 8259 11: no charset
)

// Formats lists the formats in the order in which people are offered them.
var Formats = []Format{RSS, Atom, JSON}

// FormatNamed returns the format of that name, or [feed.ErrNotFound].
func FormatNamed(name string) (Format, error) {
	for _, f := range Formats {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("format %q: %w", name, feed.ErrNotFound)
}

// URL returns the address of a channel's subscription document in the format.
func (f Format) URL(site feed.Site, channel string) string {
	return site.URL + "/feeds/" + channel + "." + f.Extension
}

// BareType returns the media type without parameters, as links have it.
func (f Format) BareType() string {
	bare, _, _ := strings.Cut(f.MediaType, ";")
	return bare
}

// A Feed is all that a document is made from.
type Feed struct {
	Site    feed.Site
	Channel feed.Channel
	Stories []feed.Story      // in the channel's order
	Sources map[string]Source // what is known of the stories' sources, by ID

	// Updated is when the channel itself began or was changed. A document is
	// as new as this or as the newest change in its stories.
	Updated time.Time
	MaxAge  time.Duration // how long a reader may wait before it asks again; zero says nothing
	Version string        // of the program; may be empty
	Pages   Pages         // zero for the subscription document

	// MaxBytes bounds the document: stories that would make it longer are left
	// out, from the first such one on, but never all of them. It is an
	// estimate that fits the three formats, so that all carry the same
	// stories. Zero is a mebibyte.
	MaxBytes int
}

// A Source is what documents may say of a source and do with its entries.
type Source struct {
	Origin    feed.Origin // as it is to be shown; Title and FeedURL may be the admin's
	Kind      feed.Kind
	Republish feed.Republish // empty is full
	Private   bool           // none of the feed's own addresses may appear
}

// Pages are the addresses of the documents around one document (RFC 5005), each
// in the same format. Empty ones are left out.
type Pages struct {
	Self                     string // empty is the subscription document's own address
	Current                  string // the subscription document, from an archive
	First, Previous, Next    string
	PrevArchive, NextArchive string
	Archive                  bool // this is an archive document
}

// Render returns the document of the feed in the format.
func (f Format) Render(d Feed) ([]byte, error) {
	var b bytes.Buffer
	if err := f.Write(&b, d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Write writes the document of the feed in the format. It may have written a
// part of it when it fails.
func (f Format) Write(w io.Writer, d Feed) error {
	if err := f.write(w, newDocument(f, &d)); err != nil {
		return fmt.Errorf("render %s.%s: %w", d.Channel.ID, f.Extension, err)
	}
	return nil
}

// FeedID returns the id of a channel's documents, the same for every format and
// page: a tag URI (RFC 4151) of the site's host, the year in which this scheme
// was laid down, and the channel's ID.
func FeedID(site feed.Site, channel string) string {
	return "tag:" + host(address(site.URL)) + ",2026:serai/" + percent(channel, "")
}

// HubURL returns the address of the site's WebSub hub, or nothing if it has none.
func HubURL(site feed.Site) string {
	switch site.Hub {
	case "", "none":
		return ""
	case "self":
		return site.URL + "/hub"
	}
	return address(site.Hub)
}
