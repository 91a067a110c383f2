package fetch

import (
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"serai/internal/feed"
)

// answering starts a server as cheap as can be, so that a benchmark measures
// the client: it takes what one read gives for a request, whose bytes must be
// fewer than fit, and answers with the same bytes always.
func answering(b *testing.B, answer string) string {
	b.Helper()
	listener, err := listenEverywhere(b)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				request := make([]byte, 4<<10)
				for {
					if _, err := conn.Read(request); err != nil {
						return
					}
					if _, err := io.WriteString(conn, answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	return port
}

// cpu returns the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func benchmark(b *testing.B, answer string, hosts int, check func(Result) bool) {
	b.Helper()
	port := answering(b, answer)
	c := newClient(b)
	addresses := make([]string, hosts)
	kept := make(map[string]feed.Validators)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("http://127.0.%d.%d:%s/feed", i/250, i%250+1, port)
		kept[addresses[i]] = feed.Validators{ETag: `"5f0a-62d3"`, LastModified: "Wed, 21 Oct 2015 07:28:00 GMT"}
	}
	before := cpu(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if got := c.Get(b.Context(), Request{URL: addresses[i%hosts], Validators: kept}); !check(got) {
			b.Fatalf("status %d, failure %v", got.Status, got.Failure)
		}
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

const notModified = "HTTP/1.1 304 Not Modified\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nServer: nginx\r\nEtag: \"5f0a-62d3\"\r\n" +
	"Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nCache-Control: max-age=600\r\n\r\n"

// BenchmarkNotModified counts the processor time of client and server.
func BenchmarkNotModified(b *testing.B) {
	for _, hosts := range []int{1, 50, 1000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			benchmark(b, notModified, hosts, func(r Result) bool { return r.NotModified })
		})
	}
}

func BenchmarkGet20KB(b *testing.B) {
	text := article(20 << 10)
	for _, coding := range []string{"", "gzip", "br", "zstd"} {
		b.Run("coding="+coding, func(b *testing.B) {
			body, header := text, ""
			if coding != "" {
				body, header = packed(coding, text), "Content-Encoding: "+coding+"\r\n"
			}
			answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Type: application/rss+xml\r\n%s\r\n%s", len(body), header, body)
			benchmark(b, answer, 1, func(r Result) bool { return len(r.Body) == len(text) })
		})
	}
}
