package bench

import (
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// An Origin serves feeds on loopback, each on an address of its own, as a
// thousand publishers would: with an ETag, and 304 to whoever names it.
//
// One address a feed, because a polite reader goes easy on each host, and a
// thousand feeds on one host would measure that.
type Origin struct {
	// Full and NotModified count the answers with a feed and without.
	Full, NotModified atomic.Int64
	// Other counts requests for anything but a feed; they get a 404.
	Other atomic.Int64

	feeds  int
	shape  Shape
	port   string
	server http.Server
}

// A Shape says how large feeds are.
type Shape struct {
	Entries int // in a feed
	Bytes   int // of content in an entry, about
}

// Listen starts an origin of so many feeds, at most 65,000. The caller closes it.
func Listen(feeds int, shape Shape) (*Origin, error) {
	o := &Origin{feeds: feeds, shape: shape}
	o.server = http.Server{Handler: o, ReadHeaderTimeout: time.Minute}
	first, err := net.Listen("tcp4", address(0)+":0") //nolint:noctx // closed by Close
	if err != nil {
		return nil, err
	}
	_, o.port, err = net.SplitHostPort(first.Addr().String())
	if err != nil {
		return nil, err
	}
	listeners := []net.Listener{first}
	for i := 1; i < feeds; i++ {
		ln, err := net.Listen("tcp4", address(i)+":"+o.port) //nolint:noctx // closed by Close
		if err != nil {
			for _, open := range listeners {
				_ = open.Close() // the first error is the one to report
			}
			return nil, fmt.Errorf("listen for feed %d: %w", i, err)
		}
		listeners = append(listeners, ln)
	}
	for _, ln := range listeners {
		// Serve returns when Close has been called, and only to say so.
		go func() { _ = o.server.Serve(ln) }()
	}
	return o, nil
}

// Close ends the origin and every connection to it.
func (o *Origin) Close() error { return o.server.Close() }

// Port returns the port that all feeds share.
func (o *Origin) Port() string { return o.port }

// URL returns the address of a feed.
func (o *Origin) URL(feed int) string {
	return "http://" + address(feed) + ":" + o.port + "/feed.xml"
}

// address returns the loopback address of a feed: 127.1.0.1 and so on.
func address(feed int) string {
	return net.IPv4(127, 1, byte(feed/250), byte(feed%250+1)).String()
}

// ServeHTTP answers for all feeds; which one is meant, the host says.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	feed, ok := o.feedOf(r.Host)
	if !ok || r.URL.Path != "/feed.xml" {
		o.Other.Add(1)
		http.NotFound(w, r)
		return
	}
	etag := o.etag(feed)
	w.Header().Set("ETag", etag)
	w.Header().Set("Last-Modified", newest.Format(http.TimeFormat))
	if r.Header.Get("If-None-Match") == etag {
		o.NotModified.Add(1)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	o.Full.Add(1)
	w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
	// A reader that hangs up shows in the counts of the program under test.
	_, _ = io.WriteString(w, Feed(o.URL(feed), feed, o.shape))
}

// feedOf is the reverse of address.
func (o *Origin) feedOf(host string) (int, bool) {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return 0, false
	}
	ip := net.ParseIP(name).To4()
	if ip == nil {
		return 0, false
	}
	feed := int(ip[2])*250 + int(ip[3]) - 1
	return feed, feed >= 0 && feed < o.feeds
}

// etag names what the feed holds, which never changes in the life of an origin.
func (o *Origin) etag(feed int) string {
	h := fnv.New64a()
	_, _ = h.Write(fmt.Append(nil, feed, o.shape)) // a hash takes all
	return strconv.Quote(strconv.FormatUint(h.Sum64(), 36))
}

// WriteConfig writes a feeds.yaml with all feeds of the origin as sources, to
// a new file.
func (o *Origin) WriteConfig(path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, `site:
  title: Bench
  url: https://bench.example.org
network:
  allow: ["127.0.0.0/8:%s"]
defaults:
  first_poll: %d
channels:
  - id: all
    title: Everything
sources:
`, o.port, o.shape.Entries)
	for i := range o.feeds {
		fmt.Fprintf(&b, "  - id: outlet-%d\n    url: %s\n", i, o.URL(i))
	}
	return os.WriteFile(path, []byte(b.String()), 0o600)
}
