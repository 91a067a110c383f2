package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A field is a header field, made once and set by assignment. The slice is
// shared by all answers that carry it: nobody may change it.
type field struct {
	key    string // in canonical form
	values []string
}

// An answer is a representation ready to be sent, in one or two codings, with
// its validators. It may be sent to many at once.
type answer struct {
	body []byte
	gzip []byte // nil where it does not pay
	// compress says that gzip is to be made when somebody wants it.
	compress bool

	etag, gzipETag []string // of one quoted tag each
	modified       time.Time
	always         []field // also on a 304
	content        []field // with a body only

	length, gzipLength []string
}

// Values that many answers share.
var (
	gzipCoding   = []string{"gzip"}
	nosniff      = field{"X-Content-Type-Options", []string{"nosniff"}}
	noReferrer   = field{"Referrer-Policy", []string{"no-referrer"}}
	varyEncoding = field{"Vary", []string{"Accept-Encoding"}}
)

// minCompress is the size below which a coding costs more than it saves.
const minCompress = 1 << 10

// finish computes what follows from the bodies. An answer without tags of its
// own gets them from a hash of the body.
func (a *answer) finish() *answer {
	if a.etag == nil {
		sum := sha256.Sum256(a.body)
		tag := hex.EncodeToString(sum[:9])
		a.etag, a.gzipETag = []string{`"` + tag + `"`}, []string{`"` + tag + `-gz"`}
	}
	if a.length = []string{strconv.Itoa(len(a.body))}; a.gzip != nil {
		a.gzipLength = []string{strconv.Itoa(len(a.gzip))}
	}
	if !a.modified.IsZero() {
		a.modified = a.modified.UTC().Truncate(time.Second)
		a.always = append(a.always, field{"Last-Modified", []string{a.modified.Format(http.TimeFormat)}})
	}
	return a
}

// coded reports whether there is, or can be made, a gzip coding.
func (a *answer) coded() bool { return a.gzip != nil || a.compress && len(a.body) >= minCompress }

// serve sends the answer to a GET or HEAD request, or says that the reader has
// it already, and returns the status. Range requests get everything: pieces of
// a body that may change do not fit together.
func (a *answer) serve(w http.ResponseWriter, r *http.Request) int {
	h := w.Header()
	for i := range a.always {
		h[a.always[i].key] = a.always[i].values
	}
	zipped := a.coded() && prefersGzip(r.Header["Accept-Encoding"])
	etag := a.etag
	if zipped {
		etag = a.gzipETag
	}
	if matched, ok := a.unchanged(r, etag); ok {
		h["Etag"] = matched
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified
	}
	h["Etag"] = etag
	for i := range a.content {
		h[a.content[i].key] = a.content[i].values
	}
	body, length := a.body, a.length
	if zipped {
		h["Content-Encoding"] = gzipCoding
		body, length = a.gzip, a.gzipLength
		if a.gzip == nil {
			body = deflate(a.body)
			length = []string{strconv.Itoa(len(body))}
		}
	}
	h["Content-Length"] = length
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader hung up; there is nobody left to tell
	}
	return http.StatusOK
}

// unchanged evaluates the preconditions (RFC 9110 13.2.2) and returns the tag
// that the reader has. A tag of the other coding is of the same revision and
// counts: a proxy in between may have changed the coding.
func (a *answer) unchanged(r *http.Request, preferred []string) (etag []string, ok bool) {
	if values := r.Header["If-None-Match"]; len(values) > 0 {
		for _, list := range values {
			for part := range strings.SplitSeq(list, ",") {
				switch tag := opaque(part); {
				case tag == "":
				case tag == "*":
					return preferred, true
				case sameTag(tag, a.etag):
					return a.etag, true
				case a.coded() && sameTag(tag, a.gzipETag):
					return a.gzipETag, true
				}
			}
		}
		return nil, false
	}
	since := r.Header["If-Modified-Since"]
	if len(since) != 1 || a.modified.IsZero() {
		return nil, false
	}
	date, err := http.ParseTime(since[0])
	// A date in the future is a broken clock's, and says nothing.
	return preferred, err == nil && !date.Before(a.modified) && !date.After(time.Now())
}

// opaque strips an entity tag of what does not matter to a weak comparison
// (RFC 9110 8.8.3.2), and of quotes if it still has them.
func opaque(tag string) string {
	tag = strings.TrimSpace(tag)
	if rest, ok := strings.CutPrefix(tag, "W/"); ok {
		tag = rest
	}
	if rest, ok := strings.CutPrefix(tag, `"`); ok {
		tag = strings.TrimSuffix(rest, `"`)
	}
	return tag
}

// sameTag compares with one of our own tags. A proxy that compressed our
// answer may have marked the tag so.
func sameTag(tag string, own []string) bool {
	mine := opaque(own[0])
	if rest, ok := strings.CutPrefix(tag, mine); ok {
		return rest == "" || rest == "-gzip" || rest == ";gzip"
	}
	return false
}

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, 5) // the level is a valid one
	return w
}}

// deflate returns the gzip coding of body.
func deflate(body []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(body) / 3)
	w, _ := gzipWriters.Get().(*gzip.Writer) // the pool holds nothing else
	defer gzipWriters.Put(w)
	w.Reset(&b)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
