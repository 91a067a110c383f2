package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"serai/internal/feed"
)

// packed codes a text.
func packed(coding, text string) string {
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "gzip":
		w, err = gzip.NewWriterLevel(&b, gzip.DefaultCompression)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "deflate":
		w, err = flate.NewWriter(&b, flate.DefaultCompression)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	default:
		panic(coding)
	}
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.String()
}

// article is text that compresses as articles do.
func article(size int) string {
	chance := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the a of region border treaty minister said talks gas pipeline election court village road water")
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><rss version="2.0"><channel><item><description>`)
	for b.Len() < size {
		b.WriteString(words[chance.IntN(len(words))])
		b.WriteByte(" ,.\n"[chance.IntN(4)])
	}
	return b.String()
}

func TestCodingsAreTakenOff(t *testing.T) {
	text := article(50_000)
	tests := []struct {
		name     string
		encoding []string
		body     string
	}{
		{"none", nil, text},
		{"identity", []string{"identity"}, text},
		{"gzip", []string{"gzip"}, packed("gzip", text)},
		{"x_gzip_in_capitals", []string{"X-GZIP"}, packed("gzip", text)},
		{"deflate_as_zlib", []string{"deflate"}, packed("zlib", text)},
		{"deflate_bare", []string{"deflate"}, packed("deflate", text)},
		{"brotli", []string{"br"}, packed("br", text)},
		{"zstd", []string{"zstd"}, packed("zstd", text)},
		{"two_in_one_header", []string{"br, gzip"}, packed("gzip", packed("br", text))},
		{"two_in_two_headers", []string{"zstd", "gzip"}, packed("gzip", packed("zstd", text))},
		{"gzip_in_two_members", []string{"gzip"}, packed("gzip", text[:5000]) + packed("gzip", text[5000:])},
		{"gzip_with_garbage_behind", []string{"gzip"}, packed("gzip", text) + "\n<!-- cached -->"},
		{"said_to_be_gzip_and_is_text", []string{"gzip"}, text},
		{"said_to_be_brotli_and_is_text", []string{"br"}, text},
		{"said_to_be_deflate_and_is_text", []string{"deflate"}, text},
		{"said_to_be_zstd_and_is_gzip", []string{"zstd"}, packed("gzip", text)},
		{"said_to_be_twice_and_is_once", []string{"gzip, gzip"}, packed("gzip", text)},
		{"said_to_be_once_and_is_twice", []string{"gzip"}, packed("gzip", packed("gzip", text))},
		{"says_nothing_and_is_gzip", nil, packed("gzip", text)},
		{"says_nothing_and_is_zstd", nil, packed("zstd", text)},
		{"a_charset_where_a_coding_belongs", []string{"UTF-8"}, text},
	}
	c := newClient(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Encoding"] = tt.encoding
				_, _ = w.Write([]byte(tt.body))
			})
			got := c.Get(t.Context(), Request{URL: o.URL})
			brings(t, got, text)
			if got.Wire != int64(len(tt.body)) {
				t.Errorf("%d bytes over the wire, want %d", got.Wire, len(tt.body))
			}
		})
	}
}

func TestCodingsThatAreRefused(t *testing.T) {
	cut := packed("br", article(50_000))
	blanks := strings.Repeat(" ", 3<<19)
	broken := []byte(packed("gzip", article(50_000)))
	broken[len(broken)/2] ^= 0xff
	broken[len(broken)/2+1] ^= 0xff
	tests := []struct {
		name     string
		encoding string
		body     string
		class    feed.Class
		phase    string
	}{
		{"unknown", "exi", "\x01\x02\x03", feed.FailProtocol, "decode"},
		{"three_of_them", "gzip, gzip, gzip", packed("gzip", small), feed.FailProtocol, "decode"},
		{"no_gzip_and_no_text", "gzip", "\x01\x02\x03\x04", feed.FailProtocol, "decode"},
		{"broken_inside", "gzip", string(broken), feed.FailProtocol, "decode"},
		{"cut_short", "br", cut[:len(cut)/2], feed.FailNetwork, "body"},
		{"gzip_bomb", "gzip", packed("gzip", blanks), feed.FailTooLarge, "decode"},
		{"brotli_bomb", "br", packed("br", blanks), feed.FailTooLarge, "decode"},
		{"zstd_bomb", "zstd", packed("zstd", blanks), feed.FailTooLarge, "decode"},
		{"bomb_in_a_bomb", "gzip, gzip", packed("gzip", packed("gzip", blanks)), feed.FailTooLarge, "decode"},
		{"more_than_allowed", "gzip", packed("gzip", article(600_000)), feed.FailTooLarge, "decode"},
	}
	c := newClient(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", tt.encoding)
				_, _ = w.Write([]byte(tt.body))
			})
			limit := int64(0)
			if tt.name == "more_than_allowed" {
				limit = 500_000
			}
			fails(t, c.Get(t.Context(), Request{URL: o.URL, MaxBytes: limit}), tt.class, tt.phase)
		})
	}
}

func TestBombsTakeLittleMemory(t *testing.T) {
	bomb := strings.Repeat(packed("gzip", strings.Repeat(" ", 1<<20)), 32) // in members, which are cheap to make
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte(bomb))
	})
	c := newClient(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fails(t, c.Get(t.Context(), Request{URL: o.URL}), feed.FailTooLarge, "decode")
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("a bomb of 32 MiB made us allocate %d KiB", grown>>10)
	}
}

func FuzzDecode(f *testing.F) {
	for _, coding := range []string{"gzip", "br", "zstd", "deflate"} {
		f.Add(coding, []byte(packed(coding, small)))
		f.Add(coding+", gzip", []byte(packed("gzip", packed(coding, small))))
	}
	f.Add("", []byte(small))
	// Whatever the header says and the body holds: no panic, never more than
	// the limit, and not 200 times what came over the wire.
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		const limit = 4 << 20
		var x exchange
		x.begin(t.Context(), totalLimit)
		defer x.end()
		d, err := newDecoder(wire{&x, bytes.NewReader(body)}, []string{encoding})
		var got []byte
		if err == nil {
			got, err = readBody(d, &x, limit, 0)
		}
		d.close()
		if err == nil && (len(got) > limit || len(got) > ratioFrom && len(got) > maxRatio*len(body)) {
			t.Errorf("%d bytes became %d", len(body), len(got))
		}
	})
}
