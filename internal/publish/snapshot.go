package publish

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/klauspost/compress/gzip" // a sixth of the standard library's time for 4 % more bytes

	"serai/internal/feed"
	"serai/internal/render"
)

// A Snapshot is a document ready to be sent. It is never changed.
type Snapshot struct {
	Body     []byte
	ETag     string // strong, quoted, of Body
	Gzip     []byte // the same compressed; nil where that is not worth it
	GzipETag string // strong, quoted, of Gzip; empty where there is none

	// Modified is when the document last became another one, in whole seconds;
	// zero when unknown. It never goes back.
	Modified  time.Time
	MediaType string        // as the Content-Type header has it
	Revision  feed.Revision // of the channel, that it was made from
	Links     []string      // values for Link headers (RFC 8288): self, hub, the other formats
	MaxAge    time.Duration // how long it may be taken for fresh

	items int // how many stories it shows
}

// The bounds of how long a document may be taken for fresh.
const (
	leastMaxAge = 5 * time.Minute
	mostMaxAge  = time.Hour
)

// modified returns when a document became what it is: with the revision of its
// channel. Where that is not newer than the last document, something else
// changed, such as the configuration, and of that only our own clock knows when.
func modified(now feed.Revision, last *Snapshot) time.Time {
	t := now.Changed.UTC().Truncate(time.Second)
	if last == nil || t.After(last.Modified) {
		return t
	}
	if t = time.Now().UTC().Truncate(time.Second); t.After(last.Modified) {
		return t
	}
	return last.Modified
}

// newListSnapshot makes a snapshot of the source list, made at t.
func newListSnapshot(site feed.Site, body []byte, t time.Time) *Snapshot {
	s := compressed(body)
	s.MediaType = "text/x-opml; charset=utf-8"
	s.Modified = t.UTC().Truncate(time.Second)
	s.Links = []string{"<" + site.URL + `/sources.opml>; rel="self"`}
	s.MaxAge = mostMaxAge
	return s
}

// compressed returns a snapshot with the body in its codings.
func compressed(body []byte) *Snapshot {
	const worthIt = 1024 // below, the header of a packet is most of what is sent
	s := &Snapshot{Body: body, ETag: etag(body)}
	if len(body) < worthIt {
		return s
	}
	var b bytes.Buffer
	// Writing to memory cannot fail.
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body)
	_ = w.Close()
	if b.Len() < len(body) {
		s.Gzip = b.Bytes()
		s.GzipETag = etag(s.Gzip)
	}
	return s
}

// etag returns the strong entity tag of some bytes (RFC 9110 8.8.3). It is made
// of nothing else, so that it outlives a restart and is the same in every
// process.
func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}

// links returns what a WebSub subscriber discovers a topic and its hub by, and
// where else the channel is (WebSub 4).
func links(f render.Format, site feed.Site, channel string) []string {
	list := []string{"<" + f.URL(site, channel) + `>; rel="self"`}
	if hub := render.HubURL(site); hub != "" {
		list = append(list, "<"+hub+`>; rel="hub"`)
	}
	for _, other := range render.Formats {
		if other.Name != f.Name {
			list = append(list, "<"+other.URL(site, channel)+`>; rel="alternate"; type="`+other.BareType()+`"`)
		}
	}
	return list
}

// maxAge returns how long a channel with these stories may be taken for fresh: a
// quarter of the time that usually passes from one to the next. It takes few
// values, each a whole part of an hour: it stands in the documents, in the two
// ways that RSS has of saying it, and shall not change them at every story.
func maxAge(stories []feed.Story) time.Duration {
	const looked = 20
	n := min(len(stories), looked)
	if n < 2 {
		return mostMaxAge
	}
	gap := stories[0].Sort.Sub(stories[n-1].Sort) / time.Duration(n-1)
	for _, perHour := range []time.Duration{1, 2, 3, 4, 6} {
		if age := time.Hour / perHour; gap/4 >= age {
			return age
		}
	}
	return leastMaxAge
}
