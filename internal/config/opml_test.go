package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"serai/internal/feed"
)

const opmlHead = `<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>Mine</title></head><body>`
const opmlTail = `</body></opml>`

func TestReadOPML(t *testing.T) {
	text := opmlHead + `
<outline text="Region">
  <outline text="Armenia &amp; neighbours">
    <outline type="rss" text="Հետք" xmlUrl="https://hetq.example/rss" language="hy" category="/Region/Press,investigation"/>
    <outline type="rss" text="No title here" title="&lt;b&gt;Markup&lt;/b&gt; ../../etc" xmlurl=" https://b.example/feed "/>
  </outline>
  <outline type="include" text="Another list" url="https://lists.example/all.opml"/>
</outline>
<outline text="Script" xmlUrl="javascript:alert(1)"/>
<outline text="File" xmlUrl="file:///etc/passwd"/>
<outline text="Inside" xmlUrl="http://127.0.0.1/feed"/>
<outline text="Login" xmlUrl="https://ann:hunter2@c.example/feed"/>
<outline text="Twice" xmlUrl="https://b.example/feed"/>
<outline text="` + strings.Repeat("x", 5000) + `" xmlUrl="https://d.example/feed"/>
<outline text="" xmlUrl="https://www.e.example/feed"/>
` + opmlTail
	got, err := ReadOPML(strings.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []feed.Source{
		{ID: "hetk", URL: "https://hetq.example/rss", Title: "Հետք", Language: "hy", Tags: []string{"Region", "Armenia & neighbours", "Press", "investigation"}},
		{ID: "b-markup-b-etc", URL: "https://b.example/feed", Title: "<b>Markup</b> ../../etc", Tags: []string{"Region", "Armenia & neighbours"}},
		{ID: strings.Repeat("x", 60), URL: "https://d.example/feed", Title: strings.Repeat("x", 300)},
		{ID: "e-example", URL: "https://www.e.example/feed"},
	}
	if diff := cmp.Diff(want, got.Sources); diff != "" {
		t.Error(diff)
	}
	if len(got.Report) != 6 {
		t.Errorf("report: %q", got.Report)
	}
	if report := fmt.Sprint(got.Report); strings.Contains(report, "hunter2") || !strings.Contains(report, `line 7: "Another list"`) {
		t.Errorf("report: %s", report)
	}
}

func TestOPMLIsReadInFullOrNotAtAll(t *testing.T) {
	feedLine := `<outline text="a" xmlUrl="https://a.example/feed"/>`
	tests := []struct{ name, text, want string }{
		{"empty", "", "ends early"},
		{"half_a_file", opmlHead + feedLine + `<outline te`, "line 1: "},
		{"unclosed", opmlHead + feedLine, "line 1: "},
		{"doctype", `<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + opmlHead + opmlTail, "DOCTYPE"},
		{"entity", opmlHead + `<outline text="&x;"/>` + opmlTail, "entity"},
		{"html", "<html><body/></html>", "begins with <html>"},
		{"not_xml", "url,title\n", "ends early"},
		{"other_encoding", `<?xml version="1.0" encoding="windows-1251"?><opml/>`, "encoding"},
		{"utf_16", "\xff\xfe<\x00", "UTF-16"},
		{"too_deep", opmlHead + strings.Repeat(`<outline text="a">`, 40) + strings.Repeat(`</outline>`, 40) + opmlTail, "more than 32 levels"},
		{"too_many", opmlHead + strings.Repeat(feedLine, maxOutlines+1) + opmlTail, "more than 5000 feeds"},
		{"too_large", opmlHead + strings.Repeat(" ", maxOPML) + opmlTail, "larger than 10 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadOPML(strings.NewReader(test.text), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
			if len(got.Sources) > 0 {
				t.Error("a part of it was taken")
			}
		})
	}
}

func TestAddSources(t *testing.T) {
	const head = "# mine\nsite: {title: News, url: https://news.example.org} # here\n"
	const channels = "\n# what goes out\nchannels:\n  - {id: all, title: All}\n"
	add := []feed.Source{
		{ID: "old", URL: "https://new.example/feed", Title: "Yes: \"new\" # one", Language: "az", Tags: []string{"a", "no", "x, y"}},
		{ID: "old", URL: "https://old.example/feed"},
		{ID: "query", URL: "https://new.example/?a=[1]&b={2}"},
	}
	const written = `
  - id: old
    url: https://new.example/feed
    title: "Yes: \"new\" # one"
    language: az
    tags: [a, "no", "x, y"]

  - id: query
    url: "https://new.example/?a=[1]&b={2}"
`
	withNumber := strings.Replace(written, "id: old", "id: old-2", 1)
	shifted := strings.ReplaceAll(withNumber, "\n  ", "\n")
	old := "  - id: old      # ours\n    url: https://old.example/feed\n    drop:\n      - title: [x,\n          y]\n    # Authorization: later\n"
	tests := []struct{ name, before, after string }{
		{"after_the_last_source", head + "sources:\n" + old + channels, head + "sources:\n" + old + withNumber + channels},
		{"at_the_end_of_the_file", head + channels + "sources:\n" + old, head + channels + "sources:\n" + old + withNumber},
		{"without_a_last_line_break", head + channels + "sources:\n  - {id: old, url: https://old.example/feed}", head + channels + "sources:\n  - {id: old, url: https://old.example/feed}\n" + withNumber},
		{"dashes_at_the_margin", head + "sources:\n- id: old\n  url: https://old.example/feed\n" + channels, head + "sources:\n- id: old\n  url: https://old.example/feed\n" + shifted + channels},
		{"windows_line_breaks", strings.ReplaceAll(head+"sources:\n"+old+channels, "\n", "\r\n"), strings.ReplaceAll(head+"sources:\n"+old+withNumber+channels, "\n", "\r\n")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := writeFile(t, test.before)
			added, skipped, err := AddSources(path, add)
			if err != nil {
				t.Fatal(err)
			}
			if len(added) != 2 || len(skipped) != 1 {
				t.Errorf("added %d, skipped %d", len(added), len(skipped))
			}
			if diff := cmp.Diff(test.after, readBack(t, path)); diff != "" {
				t.Error(diff)
			}
			if added, _, err := AddSources(path, add); err != nil || len(added) > 0 || readBack(t, path) != test.after {
				t.Errorf("a second time it added %v, %v", added, err)
			}
		})
	}
	// Without a source of the old id, and without the old address.
	fresh := strings.Replace(written, "  - id: query", "  - id: old-2\n    url: https://old.example/feed\n\n  - id: query", 1)
	for name, list := range map[string][2]string{
		"empty_list":    {"sources: [] # none\n", "sources: # none\n" + fresh},
		"no_value":      {"sources:\n", "sources:\n" + fresh},
		"only_comments": {"sources:\n  # none\n", "sources:\n" + fresh + "  # none\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, head+list[0]+channels)
			if _, _, err := AddSources(path, add); err != nil {
				t.Fatal(err)
			}
			got := strings.Replace(readBack(t, path), "sources:  #", "sources: #", 1)
			if diff := cmp.Diff(head+list[1]+channels, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("no_sources_at_all", func(t *testing.T) {
		path := writeFile(t, head+channels)
		if _, _, err := AddSources(path, add); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(head+channels+"\nsources:\n"+fresh, readBack(t, path)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFileThatCannotBeAddedToStaysAsItIs(t *testing.T) {
	tests := map[string]string{
		"brackets": least + "sources: [{id: old, url: https://old.example/feed}]\n",
		"mistakes": least + "sources:\n  - {id: OLD, url: https://old.example/feed}\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, text)
			if _, _, err := AddSources(path, []feed.Source{{ID: "new", URL: "https://new.example/feed"}}); err == nil {
				t.Error("added")
			}
			if got := readBack(t, path); got != text {
				t.Errorf("the file is now %q", got)
			}
			if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
				t.Errorf("left behind: %v, %v", files, err)
			}
		})
	}
}

func TestAddSourcesKeepsModeAndLink(t *testing.T) {
	path := writeFile(t, least)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "feeds.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, _, err := AddSources(link, []feed.Source{{ID: "new", URL: "https://new.example/feed"}}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if target, err := os.Readlink(link); err != nil || target != path {
		t.Errorf("the link is %q, %v", target, err)
	}
}

// TestShippedFileTakesSources adds to the file at the top of the repository.
func TestShippedFileTakesSources(t *testing.T) {
	data, err := os.ReadFile("../../feeds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	path := writeFile(t, string(data))
	if _, _, err := AddSources(path, []feed.Source{{ID: "new", URL: "https://new.example/feed"}}); err != nil {
		t.Fatal(err)
	}
	const block = "\n  - id: new\n    url: https://new.example/feed\n"
	if got := readBack(t, path); strings.Replace(got, block, "", 1) != string(data) {
		t.Error("more changed than the new source")
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "feeds.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readBack(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func FuzzReadOPML(f *testing.F) {
	f.Add([]byte(opmlHead + `<outline text="a" xmlUrl="https://a.example/feed"/>` + opmlTail))
	f.Add([]byte(opmlHead + `<outline text="&#x202e;a: &quot;#" title="- x" category="a,/b/c" xmlUrl="https://a.example/[x]"/>` + opmlTail))
	// What is read can be written into a configuration, and is what it was.
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ReadOPML(bytes.NewReader(data), nil)
		if err != nil || len(got.Sources) == 0 {
			return
		}
		text, err := insertSources("f", []byte(least), got.Sources)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := Parse("f", text, Surroundings{})
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		for i, src := range got.Sources {
			back := feed.Source{ID: cfg.Sources[i].ID, URL: cfg.Sources[i].URL, Title: cfg.Sources[i].Title, Language: cfg.Sources[i].Language, Tags: cfg.Sources[i].Tags}
			if diff := cmp.Diff(src, back); diff != "" {
				t.Errorf("it came back different:\n%s", diff)
			}
		}
	})
}
