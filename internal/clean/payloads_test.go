package clean

import (
	"os"
	"strings"
	"testing"

	"serai/internal/feed"
)

// payloads reads testdata/payloads.txt: one a line, comments begin with "# ",
// and \n, \t, \0 and \\ stand for what cannot stand in a line.
func payloads(tb testing.TB) []string {
	tb.Helper()
	b, err := os.ReadFile("testdata/payloads.txt")
	if err != nil {
		tb.Fatal(err)
	}
	unescape := strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r", `\0`, "\x00", `\f`, "\f")
	var list []string
	for line := range strings.SplitSeq(string(b), "\n") {
		if line != "" && !strings.HasPrefix(line, "# ") {
			list = append(list, unescape.Replace(line))
		}
	}
	return list
}

func TestNoPayloadIsActive(t *testing.T) {
	list := payloads(t)
	if len(list) < 300 {
		t.Fatalf("only %d payloads", len(list))
	}
	for _, payload := range list {
		for _, around := range []string{"%", "<p>a %", "<table><tr><td>%</td></tr></table>", "<svg>%</svg>x", "<math><mtext>%", "<noscript>%</noscript>", "<a href=\"%\">x</a>", "<img alt='%' src=\"%\">", "<!-- % -->"} {
			in := strings.ReplaceAll(around, "%", payload)
			out := HTML(in, testBase)
			check(t, out)
			if again := HTML(out, testBase); again != out {
				t.Errorf("HTML(%q)\n once %s\ntwice %s", in, out, again)
			}
			if t.Failed() {
				t.Fatalf("payload %q", in)
			}
		}
		if got := URL(payload, testBase); got != "" && !strings.HasPrefix(got, "https://") && !strings.HasPrefix(got, "http://") {
			t.Errorf("URL(%q) = %q", payload, got)
		}
		raw := feed.RawEntry{
			GUID: payload, Link: payload, Title: feed.Text{Body: payload, HTML: true}, Summary: feed.Text{Body: payload},
			Content: feed.Text{Body: payload}, Details: feed.Details{
				Enclosures: []feed.Enclosure{{URL: payload}}, Image: payload, Authors: []feed.Person{{Name: payload, URL: payload, Email: payload}},
				Links: []feed.Link{{Href: payload, Rel: payload}}, Origin: &feed.Origin{HomeURL: payload},
			},
		}
		e := Entry(raw, Options{Base: testBase})
		check(t, e.Content)
		for _, address := range append([]string{e.Link, e.Image, e.Origin.HomeURL}, addressesOf(e)...) {
			if address != "" && !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
				t.Errorf("payload %q came out as address %q", payload, address)
			}
		}
	}
}

func addressesOf(e feed.Entry) []string {
	var list []string
	for _, f := range e.Enclosures {
		list = append(list, f.URL)
	}
	for _, p := range e.Authors {
		list = append(list, p.URL)
	}
	for _, l := range e.Links {
		list = append(list, l.Href)
	}
	return list
}
