package post

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"serai/internal/feed"
)

var update = flag.Bool("update", false, "write golden files")

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// A desk is a folder of posts, and what is remembered of it: what the store
// does.
type desk struct {
	Library
	t     *testing.T
	now   time.Time
	known []Known
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return &desk{t: t, now: now, Library: Library{
		Dir: t.TempDir(), Author: feed.Person{Name: "The editors"}, Zone: baku, SiteURL: "https://news.example.org",
	}}
}

func (d *desk) write(name, text string) {
	d.t.Helper()
	path := filepath.Join(d.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) rename(from, to string) {
	d.t.Helper()
	if err := os.Rename(filepath.Join(d.Dir, from), filepath.Join(d.Dir, to)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) remove(name string) {
	d.t.Helper()
	if err := os.RemoveAll(filepath.Join(d.Dir, name)); err != nil {
		d.t.Fatal(err)
	}
}

// read reads the folder and remembers what went out. Reading a second time
// must change nothing.
func (d *desk) read() Reading {
	d.t.Helper()
	got := d.readOnce()
	d.remember(got)
	again := d.readOnce()
	d.remember(again)
	third := d.readOnce()
	if diff := cmp.Diff(again.Entries, third.Entries); diff != "" {
		d.t.Errorf("the same folder reads differently:\n%s", diff)
	}
	if len(again.Withdrawn) > 0 {
		d.t.Errorf("withdrawn a second time: %v", again.Withdrawn)
	}
	return got
}

func (d *desk) readOnce() Reading {
	d.t.Helper()
	got, err := d.Read(d.now, d.known)
	if err != nil {
		d.t.Fatal(err)
	}
	return got
}

func (d *desk) remember(got Reading) {
	for _, e := range got.Entries {
		k := Known{Key: e.Key, Path: e.Post.Path, Slug: e.Post.Slug, FileHash: e.Post.FileHash, Title: e.Title.Body, Published: e.Published, Minor: e.Post.Minor}
		i := slices.IndexFunc(d.known, func(k Known) bool { return k.Key == e.Key })
		if i < 0 {
			d.known = append(d.known, k)
		} else {
			d.known[i] = k
		}
	}
	for i := range d.known {
		if slices.Contains(got.Withdrawn, d.known[i].Key) {
			d.known[i].Withdrawn = true
		}
	}
}

// only returns the one entry of a reading that has no problems.
func (d *desk) only(got Reading) Entry {
	d.t.Helper()
	if len(got.Entries) != 1 || len(got.Problems) > 0 {
		d.t.Fatalf("want one entry, got %+v", got)
	}
	return got.Entries[0]
}

func TestMarkdownPost(t *testing.T) {
	d := newDesk(t)
	d.write("2026/treaty.md", `---
title: What the treaty “says”
authors: [Leyla, {name: Aram, url: https://aram.example/}]
date: 2026-11-20 10:30
updated: 2026-11-20 11:00
tags: [peace, Law]
language: en
slug: The Treaty
summary: Short.
canonical_url: https://first.example/treaty
enclosures:
  - text.pdf
  - {url: https://files.example/a.mp3, type: audio/mpeg, length: 9, duration: 60}
---
One *two* "three" -- four.[^1]

[^1]: Note.
`)
	e := d.only(d.read())
	want := Entry{
		Key: "tag:news.example.org,2026-11-20:2026/treaty.md",
		RawEntry: feed.RawEntry{
			GUID: "tag:news.example.org,2026-11-20:2026/treaty.md", Link: "https://news.example.org/posts/the-treaty",
			Base:  "https://news.example.org/posts/the-treaty/",
			Title: feed.Text{Body: "What the treaty “says”"}, Summary: feed.Text{Body: "Short."},
			Content:   feed.Text{Body: e.Content.Body, HTML: true},
			Published: time.Date(2026, 11, 20, 10, 30, 0, 0, baku), Updated: time.Date(2026, 11, 20, 11, 0, 0, 0, baku),
			Language: "en",
			Details: feed.Details{
				Authors:    []feed.Person{{Name: "Leyla"}, {Name: "Aram", URL: "https://aram.example/"}},
				Categories: []feed.Category{{Term: "peace"}, {Term: "Law"}},
				Canonical:  "https://first.example/treaty",
				Enclosures: []feed.Enclosure{
					{URL: "https://news.example.org/posts/the-treaty/text.pdf"},
					{URL: "https://files.example/a.mp3", Type: "audio/mpeg", Length: 9, Duration: 60},
				},
				Post: &feed.Post{Path: "2026/treaty.md", Slug: "the-treaty", FileHash: e.Post.FileHash},
			},
		},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
	for _, part := range []string{`<em>two</em> &quot;three&quot; -- four.`, "footnote"} {
		if !strings.Contains(e.Content.Body, part) {
			t.Errorf("%q is not in %s", part, e.Content.Body)
		}
	}
	if feed.PublicID(feed.PostsSource, e.GUID, e.Key) != e.Key {
		t.Error("the key is no id that can be published")
	}
}

func TestFormats(t *testing.T) {
	tests := []struct{ name, file, text, title, language, content string }{
		{"heading_is_the_title", "a.md", "# The *first* `one` &amp; more\n\nText.\n", "The first one & more", "", "<p>Text.</p>\n"},
		{"second_heading_is_not", "a.md", "## Part\n", "", "", "<h2>Part</h2>\n"},
		{"heading_stays_beside_a_title", "a.md", "---\ntitle: T\n---\n# Part\n", "T", "", "<h1>Part</h1>\n"},
		{"html_in_markdown_is_kept", "a.markdown", "a <kbd>b</kbd>\n", "", "", "<p>a <kbd>b</kbd></p>\n"},
		{"quotes_stay_as_typed", "a.md", "“Ə” -- 'a' ... \"b\"\n", "", "", "<p>“Ə” -- 'a' ... &quot;b&quot;</p>\n"},
		{"definition_list", "a.md", "a\n: b\n", "", "", "<dl>\n<dt>a</dt>\n<dd>b</dd>\n</dl>\n"},
		{"html_fragment", "a.html", "---\ntitle: T\n---\n<p>a</p>", "T", "", "<p>a</p>"},
		{"html_document", "a.HTM", "<!DOCTYPE html>\n<html lang=az><head><title>A &amp;\n B</title></head>\n<!-- <body> -->\n<body class=x>\n<p>a</p></body></html>", "A & B", "az", "\n<p>a</p>"},
		{"html_document_without_body", "a.html", "<html lang=\"ru\"><head><title>A</title></head><p>a", "A", "ru", "<p>a"},
		{"front_matter_above_a_document", "a.html", "---\ntitle: T\nlanguage: hy\n---\n<html lang=ru><head><title>A</title></head><body>a</body></html>", "T", "hy", "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			d.write(test.file, test.text)
			e := d.only(d.read())
			if e.Title.Body != test.title || e.Language != test.language || e.Content.Body != test.content {
				t.Errorf("title %q, language %q, content %q", e.Title.Body, e.Language, e.Content.Body)
			}
		})
	}
}

// TestLife follows posts through what authors do with their files.
func TestLife(t *testing.T) {
	text := func(title, body string) string {
		return "---\ntitle: " + title + "\ndate: 2026-11-01\n---\n" + body + "\n"
	}
	t.Run("edit_keeps_id_and_address", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		before := d.only(d.read())
		d.write("a.md", text("Another title", "Two."))
		after := d.only(d.read())
		if after.Key != before.Key || after.Link != before.Link || after.Fingerprint() == before.Fingerprint() || after.Post.Minor {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
	t.Run("renamed_file_is_the_same_post", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		before := d.only(d.read())
		d.rename("a.md", "b.md")
		got := d.read()
		after := d.only(got)
		if after.Key != before.Key || after.Link != before.Link || !after.Post.Minor || after.Post.Path != "b.md" || len(got.Withdrawn) > 0 {
			t.Errorf("before %+v, after %+v", before, after)
		}
		d.write("b.md", text("First", "One, edited."))
		if edited := d.only(d.read()); edited.Post.Minor || edited.Key != before.Key {
			t.Errorf("edited: %+v", edited)
		}
	})
	t.Run("renamed_and_edited_at_once", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		before := d.only(d.read())
		d.remove("a.md")
		d.write("sub/b.md", text("First", "Two."))
		if after := d.only(d.read()); after.Key != before.Key || after.Link != before.Link || after.Post.Minor {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
	t.Run("id_of_the_author_outlives_everything", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", "---\nid: urn:x:1\ntitle: A\n---\none\n")
		d.read()
		d.remove("a.md")
		d.write("b.txt", "---\nid: urn:x:1\ntitle: B\n---\ntwo\n")
		if e := d.only(d.read()); e.Key != "urn:x:1" || e.Post.Slug != "a" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("copy_is_another_post", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		d.read()
		d.write("b.md", text("Second", "One."))
		got := d.read()
		if len(got.Entries) != 2 || got.Entries[0].Key == got.Entries[1].Key {
			t.Errorf("%+v", got)
		}
	})
	t.Run("swapped_names_keep_their_paths", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		d.write("b.md", text("Second", "Two."))
		d.read()
		d.rename("a.md", "c.md")
		got := d.read()
		if len(got.Entries) != 2 || len(got.Withdrawn) > 0 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("deleted_file_is_withdrawn_and_may_return", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		d.write("b.md", text("Second", "Two."))
		before := d.read()
		d.remove("a.md")
		if got := d.read(); len(got.Withdrawn) != 1 || len(got.Entries) != 1 {
			t.Fatalf("%+v", got)
		}
		d.write("a.md", text("First", "One, again."))
		got := d.read()
		if len(got.Entries) != 2 || got.Entries[0].Key != before.Entries[0].Key || got.Entries[0].Link != before.Entries[0].Link {
			t.Errorf("%+v", got)
		}
	})
	t.Run("id_of_a_deleted_post_is_not_used_again", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		d.write("b.md", text("Second", "Two."))
		before := d.read()
		d.remove("a.md")
		d.read()
		d.write("a.md", text("Something else", "Three."))
		got := d.read()
		if len(got.Entries) != 2 || slices.ContainsFunc(got.Entries, func(e Entry) bool { return e.Key == before.Entries[0].Key }) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("broken_file_stays_as_it_was", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		d.write("b.md", text("Second", "Two."))
		d.read()
		d.write("a.md", "---\ntitel: First\n---\nOne.\n")
		got := d.read()
		if len(got.Withdrawn) > 0 || len(got.Kept) != 1 || len(got.Entries) != 1 || len(got.Problems) != 1 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("empty_folder_withdraws_nothing", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		d.write("b.md", text("Second", "Two."))
		d.read()
		d.remove("a.md")
		d.remove("b.md")
		if got := d.readOnce(); len(got.Withdrawn) > 0 || len(got.Kept) != 2 || len(got.Problems) != 1 {
			t.Errorf("%+v", got)
		}
		d.remove(".")
		if _, err := d.Read(now, d.known); err == nil {
			t.Error("a folder that is gone is no error")
		}
		if got, err := d.Read(now, nil); err != nil || len(got.Entries) > 0 {
			t.Errorf("a folder that was never there: %+v, %v", got, err)
		}
	})
	t.Run("future_date_waits", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", "---\ntitle: Soon\ndate: 2026-11-20 18:00\n---\nx\n")
		d.write("b.md", "---\ntitle: Later\ndate: 9999-12-31\n---\nx\n")
		d.write("c.md", "---\ntitle: Never\ndraft: true\n---\nx\n")
		got := d.read()
		due := time.Date(2026, 11, 20, 18, 0, 0, 0, baku)
		if len(got.Entries) > 0 || len(got.Waiting) != 3 || !got.NextChange.Equal(due) {
			t.Fatalf("%+v", got)
		}
		d.now = due
		if got := d.read(); len(got.Entries) != 1 || got.Entries[0].Key != "tag:news.example.org,2026-11-20:a.md" || got.NextChange.Year() != 9999 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("draft_takes_a_published_post_back", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		d.write("b.md", text("Second", "Two."))
		before := d.read()
		d.write("a.md", "---\ntitle: First\ndate: 2026-11-01\ndraft: true\n---\nOne.\n")
		if got := d.read(); len(got.Withdrawn) != 1 {
			t.Fatalf("%+v", got)
		}
		d.write("a.md", text("First", "One."))
		if got := d.read(); len(got.Entries) != 2 || got.Entries[0].Link != before.Entries[0].Link {
			t.Errorf("%+v", got)
		}
	})
	t.Run("published_post_does_not_wait_again", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", text("First", "One."))
		d.read()
		d.write("a.md", "---\ntitle: First\ndate: 2027-01-01\n---\nOne.\n")
		if got := d.read(); len(got.Entries) != 1 || len(got.Withdrawn) > 0 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("order_is_by_date", func(t *testing.T) {
		d := newDesk(t)
		d.write("a.md", "---\ntitle: No date\n---\nx")
		d.write("b.md", "---\ntitle: New\ndate: 2026-10-02\n---\nx")
		d.write("c.md", "---\ntitle: Old\ndate: 2026-10-01\n---\nx")
		var titles []string
		for _, e := range d.read().Entries {
			titles = append(titles, e.Title.Body)
		}
		if diff := cmp.Diff([]string{"Old", "New", "No date"}, titles); diff != "" {
			t.Error(diff)
		}
	})
}

// TestFixedOncePublished holds what an author cannot change any more.
func TestFixedOncePublished(t *testing.T) {
	d := newDesk(t)
	d.write("a.md", "---\ntitle: A\n---\nx")
	before := d.only(d.read())
	d.write("a.md", "---\ntitle: A\nid: urn:x:2\nslug: other\n---\nx")
	got := d.read()
	if len(got.Entries) != 1 || got.Entries[0].Key != before.Key || got.Entries[0].Link != before.Link {
		t.Errorf("%+v", got.Entries)
	}
	var lines []string
	for _, p := range got.Problems {
		lines = append(lines, p.String())
	}
	want := []string{
		`a.md:3: id: this post is published under the id "tag:news.example.org,2026-11-20:a.md", which stays; remove this line`,
		"a.md:4: slug: this post is published at /posts/a, which stays; remove this line",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

// TestShippedPosts reads the samples at the top of the repository.
func TestShippedPosts(t *testing.T) {
	l := Library{Dir: "../../posts", Zone: baku, SiteURL: "https://news.example.org"}
	got, err := l.Read(now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Problems)+len(got.Waiting) > 0 || len(got.Entries) != 3 {
		t.Fatalf("%d entries, problems %v, waiting %v", len(got.Entries), got.Problems, got.Waiting)
	}
	for _, e := range got.Entries {
		if e.Title.Body == "" || len(e.Authors) == 0 || e.Published.IsZero() || len(e.Content.Body) < 500 {
			t.Errorf("%s lacks something: %+v", e.Post.Path, e)
		}
	}
}

func TestNew(t *testing.T) {
	d := newDesk(t)
	d.Dir = filepath.Join(d.Dir, "posts")
	for _, ending := range []string{".md", ".html", ".txt"} {
		path, err := d.New("Nə baş verir: “sülh”\tyoxsa \"müharibə\"?", ending, now)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(d.Dir, "ne-bas-verir-sulh-yoxsa-muharibe"+ending); path != want {
			t.Errorf("path %s, want %s", path, want)
		}
		if _, err := d.New("Nə baş verir: sülh yoxsa müharibə", ending, now); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Errorf("a second time: %v", err)
		}
	}
	got := d.read()
	if len(got.Problems)+len(got.Entries) > 0 || len(got.Waiting) != 3 || got.Waiting[0].Title != "Nə baş verir: “sülh” yoxsa \"müharibə\"?" {
		t.Errorf("%+v", got)
	}
	for _, bad := range [][2]string{{"A", ".exe"}, {"…", ".md"}} {
		if path, err := d.New(bad[0], bad[1], now); err == nil {
			t.Errorf("%v made %s", bad, path)
		}
	}
}

func FuzzFrontMatter(f *testing.F) {
	f.Add("---\ntitle: a\ntags: [b, c]\nauthors: [{name: d}]\n---\ntext")
	f.Add("---\ntags: &a [*a]\n...\n")
	f.Add("---\n---")
	f.Add("---\ndate: 25 September 2020\nenclosures: [x]\n--- \n")
	// Front matter is read or refused with a line, and the text below it is
	// the end of the file.
	f.Fuzz(func(t *testing.T, text string) {
		d := &draft{path: "a.md"}
		body, problems := d.frontMatter(text, baku)
		for _, p := range problems {
			if p.Line < 1 || p.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+3+strings.Count(text, "\u2028")+strings.Count(text, "\u2029")+strings.Count(text, "\u0085") || strings.ContainsAny(p.String(), "\n\x1b") {
				t.Errorf("no line of the text: %+v", p)
			}
		}
		if !strings.HasSuffix(text, body) {
			t.Errorf("%q is no end of %q", body, text)
		}
	})
}
