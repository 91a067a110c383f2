package fetch

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"serai/internal/feed"
)

// piped returns a client whose connections lead, over pipes, to a server that
// answers by h. All of it lives in a bubble of fake time.
func piped(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	conns := make(pipes)
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Hour}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = server.Serve(conns) // ends with an error always
	}()
	c := New(Options{})
	c.transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case conns <- far:
			return near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	t.Cleanup(func() {
		c.Close()
		_ = server.Close()
		<-stopped
	})
	return c
}

// pipes is a listener for connections that are handed to it.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestTimeIsLimited(t *testing.T) {
	// drip sends a piece of a body, again and again.
	drip := func(pause time.Duration, size int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			piece := []byte(strings.Repeat("x", size))
			for r.Context().Err() == nil {
				if _, err := w.Write(piece); err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush() // the client may have left
				select {
				case <-time.After(pause):
				case <-r.Context().Done():
				}
			}
		}
	}
	tests := []struct {
		name       string
		h          http.HandlerFunc
		timeout    time.Duration
		phase      string
		took       time.Duration
		incomplete bool
	}{
		{"no_headers", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, "header", 20 * time.Second, false},
		{"no_headers_and_less_patience", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 5 * time.Second, "header", 5 * time.Second, false},
		{"a_body_that_stops", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(small))
			_ = http.NewResponseController(w).Flush() // the client may have left
			<-r.Context().Done()
		}, 0, "body", 20 * time.Second, true},
		{"a_body_that_drips", drip(3*time.Second, 10), 0, "body", 60 * time.Second, true},
		{"a_body_that_comes_fast_without_end", drip(time.Second, 70<<10), 0, "body", 120 * time.Second, true},
		{"a_body_that_comes_too_slowly_without_end", drip(time.Second, 50<<10), 0, "body", 60 * time.Second, true},
		{"an_error_page_that_drips", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			drip(3*time.Second, 10)(w, r)
		}, 0, "header", 5 * time.Second, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, begun := piped(t, tt.h), time.Now()
				got := c.Get(t.Context(), Request{URL: "http://feed.test/", Timeout: tt.timeout})
				if took := time.Since(begun).Round(time.Second); took != tt.took {
					t.Errorf("took %s, want %s (%v)", took, tt.took, got.Failure)
				}
				if got.Failure == nil || got.Failure.Phase != tt.phase || got.Incomplete != tt.incomplete {
					t.Errorf("failure %v, incomplete %v", got.Failure, got.Incomplete)
				}
			})
		})
	}
}

func TestLargeBodyThatMovesOnIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := piped(t, func(w http.ResponseWriter, _ *http.Request) {
			for range 90 {
				if _, err := w.Write([]byte(strings.Repeat("x", 70<<10))); err != nil {
					return
				}
				// By the bubble's clock.
				time.Sleep(time.Second)
			}
		})
		got := c.Get(t.Context(), Request{URL: "http://feed.test/"})
		if got.Failure != nil || len(got.Body) != 90*70<<10 {
			t.Errorf("failure %v, %d bytes", got.Failure, len(got.Body))
		}
	})
}

func TestAnswersThatAreBrokenOrTooMuch(t *testing.T) {
	long := strings.Repeat("x", 1<<10)
	tests := []struct {
		name       string
		answer     string
		class      feed.Class
		phase      string
		incomplete string // what is there all the same
	}{
		{"nothing", "", feed.FailNetwork, "header", ""},
		{"no_http", "SSH-2.0-OpenSSH_9.9\r\n\r\n", feed.FailProtocol, "header", ""},
		{"half_a_header", "HTTP/1.1 200 OK\r\nContent-Type: te", feed.FailNetwork, "header", ""},
		{"two_lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy", feed.FailProtocol, "header", ""},
		{"a_header_without_end", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat(long, 1<<10), feed.FailProtocol, "header", ""},
		{"headers_without_end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+long+"\r\n", 1<<10), feed.FailProtocol, "header", ""},
		{"early_hints_without_end", strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+long+"\r\n\r\n", 1<<10), feed.FailProtocol, "header", ""},
		{"fewer_bytes_than_named", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>", feed.FailNetwork, "body", "<rss>"},
		{"chunks_without_the_last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n", feed.FailNetwork, "body", "<rss>"},
		{"half_a_chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n<rss>", feed.FailNetwork, "body", "<rss>"},
		{"malformed_chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<rss>\r\n", feed.FailNetwork, "body", ""},
		{"gzip_without_trailer", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packed("gzip", small)[:len(packed("gzip", small))-4], feed.FailNetwork, "body", small},
		{"body_larger_than_allowed", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat(long, 65), feed.FailTooLarge, "decode", ""},
		{"length_that_lies", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n<rss>", feed.FailNetwork, "body", "<rss>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address := serveRaw(t, []byte(tt.answer))
			got := newClient(t).Get(t.Context(), Request{URL: address, MaxBytes: 64 << 10})
			fails(t, got, tt.class, tt.phase)
			if string(got.Body) != tt.incomplete || got.Incomplete != (tt.incomplete != "") {
				t.Errorf("incomplete %v, body %.80q, want %q", got.Incomplete, got.Body, tt.incomplete)
			}
		})
	}
}

func TestBodiesNobodyReadsAreNotDrained(t *testing.T) {
	const endless = 1 << 30
	wrote := make(chan int, 1)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/error" {
			w.WriteHeader(http.StatusBadGateway)
		}
		piece, n := []byte(strings.Repeat("x", 32<<10)), 0
		for n < endless {
			if _, err := w.Write(piece); err != nil {
				break
			}
			n += len(piece)
		}
		wrote <- n
	})
	c := newClient(t)
	for path, class := range map[string]feed.Class{"/feed": feed.FailTooLarge, "/error": feed.FailServer} {
		got := c.Get(t.Context(), Request{URL: o.URL + path, MaxBytes: 64 << 10})
		if got.Failure == nil || got.Failure.Class != class {
			t.Errorf("%s: %v, want %s", path, got.Failure, class)
		}
		if got.Wire > 256<<10 {
			t.Errorf("%s: read %d bytes", path, got.Wire)
		}
		if n := <-wrote; n >= endless {
			t.Errorf("%s: the server could write all of it", path)
		}
	}
}

func TestSmallErrorPagesKeepTheConnection(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(strings.Repeat("x", 20<<10)))
	})
	c := newClient(t)
	for range 3 {
		fails(t, c.Get(t.Context(), Request{URL: o.URL}), feed.FailMissing, "header")
	}
	if n := o.connections(); n != 1 {
		t.Errorf("made %d connections, want 1", n)
	}
}

func TestSourcesMayBeAskedAllAtOnce(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, small, r.URL.Path) })
	c := newClient(t)
	results := make(chan Result)
	const n = 50
	for i := range n {
		go func() { results <- c.Get(t.Context(), Request{URL: fmt.Sprintf("%s/%d", o.URL, i)}) }()
	}
	for range n {
		if got := <-results; got.Failure != nil || !strings.HasSuffix(got.FinalURL, strings.TrimPrefix(string(got.Body), small)) {
			t.Errorf("%s: %v, body %.200q", got.FinalURL, got.Failure, got.Body)
		}
	}
	if conns := o.connections(); conns != 1 {
		t.Errorf("made %d connections, want 1", conns)
	}
}
