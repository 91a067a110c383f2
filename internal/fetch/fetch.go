// Package fetch asks a server for a feed: one polite, guarded, conditional GET.
//
// Polite means that validators go back byte for byte to the address that issued
// them, that one connection a host is enough, and that nothing is sent which a
// feed reader has no business to send: no cookies, no Referer, no cache busting.
// Guarded means that every address is checked when it is dialled, whatever name
// or redirect led there, and that everything a server can send is bounded in
// size and time. What went wrong is data, a [feed.Failure], and no error.
//
// It does not parse feeds, store anything, or decide when to come back.
package fetch

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"serai/internal/feed"
)

// The limits of an exchange. They are generous to slow and odd servers and
// still bound what a hostile one can cost.
const (
	connectLimit = 10 * time.Second // name look-up and connection
	tlsLimit     = 10 * time.Second // handshake
	headerLimit  = 20 * time.Second // from request to the end of the headers
	idleLimit    = 20 * time.Second // between two pieces of a body
	remarkLimit  = 5 * time.Second  // for an error page
	totalLimit   = 60 * time.Second // the whole exchange; twice that while the body moves on
	movingRate   = 64 << 10         // bytes a second that count as moving on

	maxHeader    = 128 << 10
	maxWire      = 16 << 20 // of a body as sent
	maxDecoded   = 32 << 20 // of a body as read
	maxRatio     = 200      // decoded to sent, looked at beyond ratioFrom
	ratioFrom    = 1 << 20
	maxCodings   = 2
	maxRedirects = 10
	maxAddress   = 8192             // of an address, in bytes
	maxDrain     = 64 << 10         // read and thrown away to keep a connection
	maxRemark    = 4 << 10          // read of an error page
	maxIdle      = 64               // connections kept for later
	patience     = 10 * time.Second // for a redirect that asks to wait
)

// accept lists what we can read, feeds first.
const accept = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, " +
	"application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.6, text/html;q=0.4, */*;q=0.1"

// Options say how a Client introduces itself and where it may go.
type Options struct {
	// UserAgent is sent with every request. It should name the program, its
	// version, and an address that explains what it does. Empty means "serai".
	UserAgent string
	// Allow lists private addresses that may be reached. Without it only the
	// public internet is.
	Allow []feed.AllowedNet
	// Timeout of a whole exchange where a request sets none; zero means 60 s. A
	// body that arrives faster than 64 KiB a second is given twice that.
	Timeout time.Duration
	// MaxBytes of a decoded body where a request sets none; zero means 32 MiB.
	MaxBytes int64
}

// A Client fetches. It may be used from many goroutines; it opens one
// connection a host at most. Close it when done.
type Client struct {
	timeout  time.Duration
	maxBytes int64

	transport *http.Transport
	plain     *http.Transport // HTTP/1.1, a new connection each time
	guard     *guard
	dialer    *net.Dialer

	// Header values that never change, made once.
	userAgent, accept, encodings, manipulations []string

	mu       sync.Mutex
	stubborn map[string]time.Time // hosts whose HTTP/2 failed, until when they are asked by HTTP/1.1; guarded by mu
}

// New returns a Client with the given options.
func New(o Options) *Client {
	g := newGuard(o.Allow)
	c := &Client{
		timeout:       cmp.Or(o.Timeout, totalLimit),
		maxBytes:      cmp.Or(o.MaxBytes, maxDecoded),
		guard:         g,
		dialer:        &net.Dialer{Timeout: connectLimit, KeepAlive: -1, ControlContext: g.control},
		userAgent:     []string{cmp.Or(o.UserAgent, "serai")},
		accept:        []string{accept},
		encodings:     []string{"gzip, br, zstd"},
		manipulations: []string{"feed"},
		stubborn:      make(map[string]time.Time),
	}
	sessions := tls.NewLRUClientSessionCache(256)
	c.transport = newTransport(c.dialer, sessions)
	c.transport.ForceAttemptHTTP2 = true
	// Not a clone: that would go on offering HTTP/2 in the handshake.
	c.plain = newTransport(c.dialer, sessions)
	c.plain.Protocols = new(http.Protocols)
	c.plain.Protocols.SetHTTP1(true)
	c.plain.DisableKeepAlives = true
	return c
}

// newTransport returns a transport that only goes where the dialer does.
func newTransport(dialer *net.Dialer, sessions tls.ClientSessionCache) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // with a proxy the guard would see the proxy's address
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: sessions},
		TLSHandshakeTimeout:    tlsLimit,
		DisableCompression:     true, // else the coding and the length on the wire are hidden from us
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    1,
		MaxConnsPerHost:        1,
		IdleConnTimeout:        30 * time.Second,
		ResponseHeaderTimeout:  headerLimit,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// Close drops the connections that are kept for later.
func (c *Client) Close() {
	c.transport.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}

// A Request asks for one document.
type Request struct {
	URL string
	// Headers are the admin's own, and their values secret: they go to the
	// origin of URL only, whatever redirects follow. Those that belong to the
	// exchange itself (Host, Accept-Encoding, validators and the like) are
	// left out.
	Headers map[string]string
	// Validators by the address that issued them. They are sent verbatim, and
	// to no other address.
	Validators map[string]feed.Validators
	// Delta asks for changed entries only, where validators go along (RFC 3229
	// with the "feed" manipulation). The caller must look at Result.Partial.
	Delta    bool
	Timeout  time.Duration // of the whole exchange; zero takes the client's
	MaxBytes int64         // of the decoded body; zero takes the client's
}

// A Hop is a redirect that was followed.
type Hop struct {
	From, To string
	Status   int
}

// Permanent reports whether the server said that From has moved for good.
func (h Hop) Permanent() bool {
	return h.Status == http.StatusMovedPermanently || h.Status == http.StatusPermanentRedirect
}

// A Result is what came of a Request.
type Result struct {
	Status   int    // of the last answer; zero when none came
	FinalURL string // the address that gave it, without fragment; the requested one when none did
	Hops     []Hop  // in order

	NotModified bool // 304 to a request with validators
	// Body is decoded as to its content codings, never as to its charset. It
	// is set without Failure, and with Incomplete.
	Body            []byte
	ContentType     string // as received; may be empty
	ContentLanguage string // likewise
	// Incomplete says that the body ended early. Failure is then set besides,
	// and what is whole in Body may be used, but nothing else concluded.
	Incomplete bool
	// Partial says that the body has only some entries of the feed (RFC 3229):
	// what is missing from it is not gone.
	Partial bool

	// Validators is what to keep for FinalURL: what a 200 came with, which may
	// be nothing; on a 304 what was sent, with what the answer renewed. It is
	// empty when Failure is set, and then what was kept stays.
	Validators feed.Validators
	// Fresh is how long the answer says it stays fresh, its Age taken off,
	// and not capped; FreshBy is "max-age" or "expires", and empty when it
	// does not say. Given with failures too.
	Fresh   time.Duration
	FreshBy string
	// RetryAfter is how long the server asks to be left alone, not capped.
	RetryAfter    time.Duration
	HasRetryAfter bool
	Links         []feed.Link // of Link headers, absolute, one a relation
	Wire          int64       // bytes of bodies over the wire, of all hops

	// Failure says why there is nothing to parse; nil on 200 and 304.
	Failure *feed.Failure
}

// Get asks for a document and follows redirects. It returns when the document
// is there, a limit is reached, or ctx is done: then Failure says so, and the
// caller, who knows, should not count it against the source.
func (c *Client) Get(ctx context.Context, r Request) (result Result) {
	v := &visit{client: c, request: &r}
	v.result.FinalURL = r.URL
	v.exchange.begin(ctx, cmp.Or(r.Timeout, c.timeout))
	defer v.exchange.end()
	// Decoders are other people's code and are fed by strangers.
	defer func() {
		if cause := recover(); cause != nil {
			result = v.result
			result.Body, result.Validators, result.NotModified = nil, feed.Validators{}, false
			result.Failure = v.failed(feed.FailProtocol, "decode", "the answer broke the decoder: %v", cause)
		}
	}()
	v.run()
	return v.result
}
