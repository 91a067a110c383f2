package fetch

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"serai/internal/feed"
)

// serveTLS starts an origin behind TLS, and a client that trusts it.
func serveTLS(t *testing.T, h http.HandlerFunc, http2 bool) (*httptest.Server, *Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = http2
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are what is tested
	server.StartTLS()
	t.Cleanup(server.Close)
	c := newClient(t)
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c.transport.TLSClientConfig.RootCAs = roots
	c.plain.TLSClientConfig.RootCAs = roots
	return server, c
}

func TestHTTP2IsUsedWhereItIsOffered(t *testing.T) {
	for _, offered := range []bool{true, false} {
		protos := make(chan string, 1)
		server, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
			protos <- r.Proto
			_, _ = w.Write([]byte(small))
		}, offered)
		brings(t, c.Get(t.Context(), Request{URL: server.URL}), small)
		if got, want := <-protos, map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[offered]; got != want {
			t.Errorf("spoke %s, want %s", got, want)
		}
	}
}

func TestBrokenHTTP2FallsBackToHTTP1(t *testing.T) {
	var protos []string
	server, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		protos = append(protos, r.Proto)
		if r.ProtoMajor == 2 {
			panic(http.ErrAbortHandler) // resets the stream
		}
		_, _ = w.Write([]byte(small))
	}, true)
	for range 2 {
		brings(t, c.Get(t.Context(), Request{URL: server.URL}), small)
	}
	if got := strings.Join(protos, " "); got != "HTTP/2.0 HTTP/1.1 HTTP/1.1" {
		t.Errorf("spoke %s", got)
	}
}

func TestTLSFailuresSayWhatIsWrong(t *testing.T) {
	trusting := func(*Client, *httptest.Server) {}
	tests := []struct {
		name  string
		setup func(*Client, *httptest.Server)
		url   func(string) string
		want  string
	}{
		{"unknown_issuer", func(c *Client, _ *httptest.Server) { c.transport.TLSClientConfig.RootCAs = nil }, nil, "issuer is not known"},
		{"other_name", trusting, func(u string) string { return strings.Replace(u, "127.0.0.1", "127.0.0.2", 1) }, `another name than "127.0.0.2"`},
		{"no_common_version", func(_ *Client, s *httptest.Server) {
			s.TLS.MaxVersion = tls.VersionTLS11
			s.TLS.MinVersion = tls.VersionTLS10
		}, nil, "version"},
		{"no_tls_at_all", trusting, nil, "TLS: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are what is tested
			if tt.name == "other_name" {
				// All of 127/8 is this machine, and the certificate is for one of them.
				listener, err := listenEverywhere(t)
				if err != nil {
					t.Fatal(err)
				}
				server.Listener = listener
			}
			var address string
			c := newClient(t)
			if tt.name == "no_tls_at_all" {
				server.Start()
				address = strings.Replace(server.URL, "http:", "https:", 1)
			} else {
				server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
				tt.setup(c, server)
				server.StartTLS()
				if tt.name != "unknown_issuer" {
					c.transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
				}
				address = server.URL
			}
			t.Cleanup(server.Close)
			if tt.url != nil {
				address = tt.url(strings.Replace(address, "0.0.0.0", "127.0.0.1", 1))
			}
			got := c.Get(t.Context(), Request{URL: address})
			fails(t, got, feed.FailNetwork, "tls")
			if !strings.Contains(got.Failure.Text, tt.want) {
				t.Errorf("text is %q, want %q in it", got.Failure.Text, tt.want)
			}
		})
	}
}
