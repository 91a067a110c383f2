package fetch

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"

	"serai/internal/feed"
)

// loopback lets tests reach the servers they start, and nothing else private.
var loopback = []feed.AllowedNet{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}

// small is a feed that is good enough for a fetcher.
const small = `<?xml version="1.0"?><rss version="2.0"><channel><title>Small</title></channel></rss>`

func newClient(tb testing.TB) *Client {
	tb.Helper()
	c := New(Options{UserAgent: "serai/1.0 (+https://serai.example/)", Allow: loopback})
	tb.Cleanup(c.Close)
	return c
}

// An origin is a server that remembers what it was asked.
type origin struct {
	*httptest.Server

	mu    sync.Mutex
	seen  []*http.Request // guarded by mu
	conns int             // guarded by mu
}

// serve starts an origin that answers by h.
func serve(tb testing.TB, h http.HandlerFunc) *origin {
	tb.Helper()
	o := &origin{}
	o.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.seen = append(o.seen, r.Clone(context.WithoutCancel(r.Context())))
		o.mu.Unlock()
		h(w, r)
	}))
	o.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			o.mu.Lock()
			o.conns++
			o.mu.Unlock()
		}
	}
	o.Start()
	tb.Cleanup(o.Close)
	return o
}

// requests returns what the origin was asked so far.
func (o *origin) requests() []*http.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]*http.Request(nil), o.seen...)
}

func (o *origin) connections() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.conns
}

// serveRaw starts a server that answers every request with the same bytes and
// then closes the connection, and returns its address.
func serveRaw(tb testing.TB, answer []byte) string {
	tb.Helper()
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { answerRaw(conn, answer) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return "http://" + listener.Addr().String() + "/feed"
}

func answerRaw(conn net.Conn, answer []byte) {
	defer func() { _ = conn.Close() }()
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		return
	}
	// The client may hang up at any moment: that is what some tests are about.
	_, _ = io.Copy(conn, bytes.NewReader(answer))
}

// fails checks that a result is a failure of the class, in the phase.
func fails(t *testing.T, got Result, class feed.Class, phase string) {
	t.Helper()
	if got.Failure == nil {
		t.Fatalf("no failure, want %s in %s; status %d, body %.80q", class, phase, got.Status, got.Body)
	}
	if got.Failure.Class != class || got.Failure.Phase != phase {
		t.Errorf("failure is %s in %s (%s), want %s in %s", got.Failure.Class, got.Failure.Phase, got.Failure.Text, class, phase)
	}
	if got.Validators != (feed.Validators{}) || got.NotModified {
		t.Errorf("a failure came with validators %v, not modified %v", got.Validators, got.NotModified)
	}
}

// brings checks that a result is a document.
func brings(t *testing.T, got Result, body string) {
	t.Helper()
	if got.Failure != nil {
		t.Fatalf("failed in %s: %s", got.Failure.Phase, got.Failure.Text)
	}
	if string(got.Body) != body {
		t.Errorf("body is %.120q, want %.120q", got.Body, body)
	}
}

// listenEverywhere listens on all addresses of this machine, so that tests have
// as many hosts as they want.
func listenEverywhere(tb testing.TB) (net.Listener, error) {
	tb.Helper()
	return (&net.ListenConfig{}).Listen(tb.Context(), "tcp4", "0.0.0.0:0")
}
