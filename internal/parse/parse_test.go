package parse

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fixtures returns the documents in testdata. Each says in its first comment,
// or in its title, what is special about it.
func fixtures(tb testing.TB) []string {
	tb.Helper()
	all, err := filepath.Glob(filepath.Join("testdata", "*.*"))
	if err != nil {
		tb.Fatal(err)
	}
	return slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, ".golden") })
}

func readFixture(tb testing.TB, name string) []byte {
	tb.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// TestDocument reads the documents in testdata and compares all that is in the
// result with the golden file beside each.
func TestDocument(t *testing.T) {
	for _, name := range fixtures(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			doc, err := Document(readFixture(t, name), Options{URL: "https://feeds.example/dir/feed.xml"})
			got := "error: "
			if err == nil {
				got = outlineOf(t, doc)
			} else {
				got += err.Error() + "\n"
			}
			golden := name + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil { // no secret
					t.Fatal(err)
				}
			}
			if want := string(readFixture(t, golden)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// outlineOf writes what is not empty in a value, a line each.
func outlineOf(tb testing.TB, v any) string {
	tb.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		tb.Fatal(err)
	}
	var b strings.Builder
	writeOutline(&b, "", tree)
	return b.String()
}

func writeOutline(b *strings.Builder, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			writeOutline(b, strings.TrimPrefix(path+"."+name, "."), v[name])
		}
	case []any:
		for i, one := range v {
			writeOutline(b, fmt.Sprintf("%s[%d]", path, i), one)
		}
	case nil:
	default:
		if v != "" && v != false && v != 0.0 && v != "0001-01-01T00:00:00Z" {
			fmt.Fprintf(b, "%s: %v\n", path, v)
		}
	}
}

func TestNotFeed(t *testing.T) {
	for _, c := range []struct {
		name, body string
		looks      Looks
		feed       string
	}{
		{"nothing", "", LooksEmpty, ""},
		{"blanks", " \n\t", LooksEmpty, ""},
		{"a_page", "<!DOCTYPE html><html><head><title>News</title></head><body>x</body></html>", LooksHTML, ""},
		{"a_page_that_offers_a_feed", `<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>`, LooksHTML, "https://x.example/feed"},
		{"a_link_in_a_body_is_content", `<html><body><link rel="alternate" type="application/rss+xml" href="/feed"></body></html>`, LooksHTML, ""},
		{"an_error_page", "<html><head><title>503 Service Unavailable</title></head></html>", LooksError, ""},
		{"a_gate", "<html><head><title>Just a moment...</title></head></html>", LooksError, ""},
		{"json", `{"status": "error"}`, LooksJSON, ""},
		{"a_list", `[1, 2]`, LooksJSON, ""},
		{"another_vocabulary", `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>`, LooksXML, ""},
		{"another_vocabulary_with_items", `<response><item><title>x</title></item></response>`, LooksXML, ""},
		{"cut_off_at_once", `<?xml version="1.0"?><rss version="2.0"><channel>`, LooksCut, ""},
		{"cut_off_in_the_root", `<?xml version="1.0"?><rss vers`, LooksCut, ""},
		{"a_picture", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", LooksBinary, ""},
		{"compressed", "\x1f\x8b\x08\x00\x00\x00\x00\x00", LooksBinary, ""},
		{"text", "Nothing to see here", LooksUnknown, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Document([]byte(c.body), Options{URL: "https://x.example/a/b"})
			var not *NotFeedError
			if !errors.As(err, &not) {
				t.Fatalf("got %v", err)
			}
			if not.Looks != c.looks || not.Feed != c.feed {
				t.Errorf("looks like %q and offers %q, want %q and %q", not.Looks, not.Feed, c.looks, c.feed)
			}
		})
	}
}

// TestNothingOfTheBodyIsKept holds the promise that a caller may reuse it.
func TestNothingOfTheBodyIsKept(t *testing.T) {
	body := []byte(`<rss><channel><title>T</title><item><title>One</title><guid>1</guid></item></channel></rss>`)
	doc, err := Document(body, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range body {
		body[i] = 'x'
	}
	if doc.Title.Body != "T" || doc.Entries[0].GUID != "1" {
		t.Error("the document changed with the body")
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ base, ref, want string }{
		{"https://a.example/b/c", "d", "https://a.example/b/d"},
		{"https://a.example/b/c", "../d?e=f#g", "https://a.example/d?e=f#g"},
		{"https://a.example/b/c", "/d%2Fe ü", "https://a.example/d%2Fe ü"},
		{"https://a.example", "/d", "https://a.example/d"},
		{"https://a.example/b/c", "//b.example/d", "https://b.example/d"},
		{"https://a.example/b/c", "http:///d", "https://a.example/d"},
		{"https://a.example/b/c", "HTTP://B.example/%7e", "HTTP://B.example/%7e"},
		{"https://a.example/b/c", "mailto:x@y.example", "mailto:x@y.example"},
		{"https://a.example/b/c", " d\n", "https://a.example/b/d"},
		{"https://a.example/b/c", "", ""},
		{"", "d", "d"},
	} {
		if got := resolve(c.base, c.ref); got != c.want {
			t.Errorf("resolve(%q, %q) = %q, want %q", c.base, c.ref, got, c.want)
		}
	}
	for _, base := range []string{"javascript:x", "data:text/html,x", "ftp://a.example/", strings.Repeat("a", maxBase+1)} {
		if got := nestBase("https://a.example/", base); got != "https://a.example/" {
			t.Errorf("%q became the base %q", base, got)
		}
	}
}

func TestReadPerson(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Anna Petrova", "Anna Petrova||"},
		{"anna@a.example", "|anna@a.example|"},
		{"anna@a.example (Anna Petrova)", "Anna Petrova|anna@a.example|"},
		{"Anna Petrova (anna+feed@a.example)", "Anna Petrova|anna+feed@a.example|"},
		{"Anna Petrova <mailto:anna@a.example>", "Anna Petrova|anna@a.example|"},
		{`"Petrova, Anna" <anna@a.example>`, "Petrova, Anna|anna@a.example|"},
		{"Anna anna@a.example", "Anna|anna@a.example|"},
		{"Anna (Baku)", "Anna (Baku)||"},
		{"https://a.example/anna", "||https://a.example/anna"},
	} {
		p := readPerson(c.in)
		if got := p.Name + "|" + p.Email + "|" + p.URL; got != c.want {
			t.Errorf("%q is %q, want %q", c.in, got, c.want)
		}
	}
}

func TestCharsets(t *testing.T) {
	const russian = "Новости Кавказа: сегодня в Баку прошли переговоры, стороны обсудили ход работ"
	for _, c := range []struct {
		name, label, decl, header string
	}{
		{"declared", "windows-1251", "windows-1251", ""},
		{"in_the_header", "windows-1251", "", "text/xml; charset=windows-1251"},
		{"header_quoted_and_repeated", "koi8-r", "", `text/xml; charset="koi8-r"; charset=koi8-r`},
		{"label_of_nobody", "windows-1251", "Win_1251", ""},
		{"nothing_said", "windows-1251", "", ""},
		{"nothing_said_koi", "koi8-r", "", ""},
		{"said_wrongly", "windows-1251", "utf-8", "text/xml; charset=utf-8"},
		{"utf8_said_wrongly", "utf-8", "windows-1251", "text/xml; charset=koi8-r"},
		{"registered_only", "ibm866", "cp866", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			decl := `<?xml version="1.0"?>`
			if c.decl != "" {
				decl = `<?xml version="1.0" encoding="` + c.decl + `"?>`
			}
			body := decl + "<rss><channel><title>" + russian + "</title></channel></rss>"
			encoded, err := byName(c.label).NewEncoder().String(body)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Document([]byte(encoded), Options{ContentType: c.header})
			if err != nil || doc.Title.Body != russian {
				t.Errorf("got %q, %v", doc.Title.Body, err)
			}
		})
	}
}
