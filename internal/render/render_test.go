package render_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"serai/internal/feed"
	"serai/internal/render"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func rendered(tb testing.TB, f render.Format, d render.Feed) []byte {
	tb.Helper()
	b, err := f.Render(d)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestDocuments(t *testing.T) {
	for _, f := range render.Formats {
		for name, d := range corpus(f) {
			t.Run(f.Name+"/"+name, func(t *testing.T) {
				got := rendered(t, f, d)
				golden(t, name+"."+f.Extension, legible(t, f, got))
				if err := wellFormed(f, got); err != nil {
					t.Error(err)
				}
				if again := rendered(t, f, corpus(f)[name]); !bytes.Equal(got, again) {
					t.Error("the same data gave other bytes")
				}
			})
		}
	}
}

// legible breaks JSON into lines, for those who read the golden files.
func legible(t *testing.T, f render.Format, document []byte) []byte {
	t.Helper()
	if f.Name != "json" {
		return document
	}
	var b bytes.Buffer
	if err := json.Indent(&b, document, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wellFormed(f render.Format, document []byte) error {
	if f.Name == "json" {
		return strictJSONFeed(document)
	}
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// strictJSONFeed reads a document the way JSON Feed 1.1 is written: what must
// be there is, of its type, and nothing is there that the format does not know.
func strictJSONFeed(document []byte) error {
	type author struct{ Name, URL, Avatar string }
	type attachment struct {
		URL      string  `json:"url"`
		MIMEType string  `json:"mime_type"`
		Title    string  `json:"title"`
		Size     int64   `json:"size_in_bytes"`
		Duration float64 `json:"duration_in_seconds"`
	}
	type extension map[string]any
	type item struct {
		ID            string       `json:"id"`
		URL           string       `json:"url"`
		ExternalURL   string       `json:"external_url"`
		Title         *string      `json:"title"`
		ContentHTML   string       `json:"content_html"`
		ContentText   string       `json:"content_text"`
		Summary       *string      `json:"summary"`
		Image         string       `json:"image"`
		BannerImage   string       `json:"banner_image"`
		DatePublished time.Time    `json:"date_published"`
		DateModified  time.Time    `json:"date_modified"`
		Authors       []author     `json:"authors"`
		Tags          []string     `json:"tags"`
		Language      string       `json:"language"`
		Attachments   []attachment `json:"attachments"`
		Serai         extension    `json:"_serai"`
	}
	var doc struct {
		Version     string                       `json:"version"`
		Title       string                       `json:"title"`
		HomePageURL string                       `json:"home_page_url"`
		FeedURL     string                       `json:"feed_url"`
		Description string                       `json:"description"`
		UserComment string                       `json:"user_comment"`
		NextURL     string                       `json:"next_url"`
		Language    string                       `json:"language"`
		Authors     []author                     `json:"authors"`
		Hubs        []struct{ Type, URL string } `json:"hubs"`
		Serai       struct {
			About  string `json:"about"`
			ID     string `json:"id"`
			Rights string `json:"rights"`
		} `json:"_serai"`
		Items *[]item `json:"items"`
	}
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return err
	}
	switch {
	case !bytes.HasPrefix(bytes.TrimLeft(document, "{ \n"), []byte(`"version"`)):
		return errors.New("version is not the first member")
	case doc.Version != "https://jsonfeed.org/version/1.1", doc.Title == "", doc.Items == nil, doc.Serai.About == "":
		return errors.New("version, title, items or about is missing")
	case doc.NextURL == doc.FeedURL:
		return errors.New("next_url leads to the document itself")
	}
	for _, it := range *doc.Items {
		switch {
		case it.ID == "":
			return errors.New("an item without id")
		case it.ContentHTML == "" && it.ContentText == "":
			return fmt.Errorf("item %s has no content", it.ID)
		case it.Title != nil && *it.Title == "", it.Summary != nil && *it.Summary == "":
			return fmt.Errorf("item %s has an empty title or summary", it.ID)
		case len(it.Authors) == 0:
			return fmt.Errorf("item %s would inherit the feed's authors", it.ID)
		case it.DatePublished.IsZero() || it.DateModified.Before(it.DatePublished):
			return fmt.Errorf("item %s has impossible dates", it.ID)
		}
		for _, a := range it.Attachments {
			if a.URL == "" || a.MIMEType == "" {
				return fmt.Errorf("item %s has an attachment without address or type", it.ID)
			}
		}
	}
	return nil
}

// read is an item as a reader of feeds has it.
type read struct {
	ID, Link, Title string
	Published       string
	Body            string
	Authors, Tags   []string
	Enclosures      int
}

func readBack(t *testing.T, document []byte) []read {
	t.Helper()
	parsed, err := gofeed.NewParser().Parse(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	var items []read
	for _, it := range parsed.Items {
		r := read{
			ID: it.GUID, Link: it.Link, Title: it.Title, Tags: it.Categories, Enclosures: len(it.Enclosures),
			Published: it.PublishedParsed.UTC().Format(time.RFC3339), Body: it.Content,
		}
		for _, a := range it.Authors {
			r.Authors = append(r.Authors, a.Name)
		}
		items = append(items, r)
	}
	return items
}

// Everything that a reader makes use of is the same whichever format it reads.
func TestFormatsAgree(t *testing.T) {
	d := normal()
	want := readBack(t, rendered(t, render.Atom, d))
	if len(want) != len(d.Stories) {
		t.Fatalf("read %d items, wrote %d", len(want), len(d.Stories))
	}
	for i := range want { // the term identifies, the label is for people
		for j, tag := range want[i].Tags {
			want[i].Tags[j] = strings.Replace(tag, "news", "News", 1)
		}
	}
	for _, f := range []render.Format{render.RSS, render.JSON} {
		got := readBack(t, rendered(t, f, d))
		for i := range got {
			if want[i].Body == "" { // JSON Feed has no item without content
				got[i].Body = ""
			}
			if f.Name == "rss" {
				got[i].Authors = want[i].Authors // gofeed keeps the first dc:creator only
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs from atom (-atom +%s):\n%s", f.Name, f.Name, diff)
		}
	}
}

func TestRules(t *testing.T) {
	withLead := func(change func(*feed.Entry)) render.Feed {
		d := normal()
		d.Stories = d.Stories[:1]
		change(&d.Stories[0].Lead)
		return d
	}
	with := func(change func(*render.Feed)) render.Feed {
		d := normal()
		change(&d)
		return d
	}
	for _, tt := range []struct {
		name     string
		d        render.Feed
		has, not []string // in each format
	}{
		{name: "a_foreign_id_is_kept_character_by_character", d: withLead(func(*feed.Entry) {}), has: []string{"tag:herald.example.com,2026:1042"}},
		{name: "a_private_source_keeps_its_address", d: normal(), has: []string{"https://letters.example.com/"}, not: []string{"s3cr3t"}},
		{name: "a_password_does_not_come_out", d: hostile(), not: []string{"user:pass", "pass@"}},
		{name: "no_scheme_but_http_comes_out", d: hostile(), not: []string{"javascript:", "file:", "data:image"}},
		{name: "an_entry_without_author_is_credited_to_its_source", d: with(func(d *render.Feed) { d.Stories = d.Stories[3:4] }), has: []string{"A blog"}},
		{name: "an_aggregator_is_named_as_the_way", d: with(func(d *render.Feed) { d.Stories = d.Stories[3:4] }), has: []string{"https://planet.example.org/atom.xml", "https://blog.example.am/atom"}},
		{name: "only_an_aggregator_may_name_another_source", d: withLead(func(e *feed.Entry) { e.Origin = &feed.Origin{Title: "Reuters", HomeURL: "https://reuters.example/"} }), not: []string{"Reuters", "reuters"}},
		{name: "foreign_email_addresses_are_taken_out", d: with(func(d *render.Feed) { d.Site.Author.Email = "" }), not: []string{"@herald"}},
		{name: "where_only_excerpts_may_be_shown_the_text_is_not", d: with(func(d *render.Feed) {
			d.Stories = d.Stories[1:2]
			d.Stories[0].Lead.Content = "<p>the whole text</p>"
		}), not: []string{"the whole text"}},
		{name: "where_only_links_may_be_shown_there_is_no_text", d: with(func(d *render.Feed) { d.Stories = d.Stories[2:3] }), not: []string{"may be shown of this"}},
		{name: "a_summary_channel_has_no_content", d: summary(), not: []string{"<p>", "&lt;p"}, has: []string{"The Herald: A pipeline"}},
		{name: "own_posts_have_no_source", d: one(), not: []string{"\"via\"", "<source", "\"source\""}, has: []string{"https://analysis.example.org/posts/ceasefire"}},
		{name: "withdrawn_stories_are_gone", d: with(func(d *render.Feed) { d.Stories[0].Withdrawn = at(13, 0) }), not: []string{"pipeline.mp3"}},
		{name: "the_hub_is_named", d: normal(), has: []string{"https://analysis.example.org/hub"}},
		{name: "without_a_hub_none_is_named", d: with(func(d *render.Feed) { d.Site.Hub = "none" }), not: []string{"hub"}},
		{name: "what_the_publisher_wrote_about_markup_is_text", d: withLead(func(e *feed.Entry) { e.Title = "<img src=x onerror=alert(1)>" }), not: []string{"<title><img", "<title>&#x3C;img", "<title>&lt;img"}},
		{name: "a_link_post_leads_on", d: withLead(func(e *feed.Entry) { e.ExternalURL = "https://elsewhere.example/read" }), has: []string{"https://elsewhere.example/read"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, f := range render.Formats {
				got := string(rendered(t, f, tt.d))
				for _, s := range tt.has {
					if !strings.Contains(got, s) {
						t.Errorf("%s lacks %q", f.Name, s)
					}
				}
				for _, s := range tt.not {
					if strings.Contains(got, s) {
						t.Errorf("%s has %q", f.Name, s)
					}
				}
			}
		})
	}
}

func TestOtherPlacesAreAtMostTen(t *testing.T) {
	d := normal()
	d.Stories = d.Stories[:1]
	for i := range 30 {
		d.Stories[0] = joined(d.Stories[0], feed.Member{Source: "agency", Link: fmt.Sprintf("https://agency.example.net/copy/%d", i)})
	}
	for _, f := range render.Formats {
		if n := strings.Count(string(rendered(t, f, d)), "https://agency.example.net/copy/"); n > 10 {
			t.Errorf("%s links to %d other places", f.Name, n)
		}
	}
}

func TestSizeIsBounded(t *testing.T) {
	d := long(50, 40<<10)
	counts := make(map[int]bool)
	for _, f := range render.Formats {
		got := rendered(t, f, d)
		if len(got) > 1<<20 {
			t.Errorf("%s has %d bytes", f.Name, len(got))
		}
		counts[strings.Count(string(got), "urn:uuid:")] = true
	}
	if len(counts) != 1 {
		t.Errorf("the formats carry different numbers of stories: %v", counts)
	}
	d.MaxBytes = 1
	if got := rendered(t, render.JSON, d); strings.Count(string(got), "urn:uuid:") != 1 {
		t.Error("a bound below one story leaves out that one too")
	}
}

// A feed's date is that of its newest change: the arrival of a story whose own
// date is old counts, the time of rendering does not.
func TestFeedDateIsTheNewestChange(t *testing.T) {
	d := normal()
	if got := rendered(t, render.RSS, d); !bytes.Contains(got, []byte("<lastBuildDate>Fri, 25 Sep 2026 12:45:00 +0000<")) {
		t.Error("lastBuildDate is not the newest update")
	}
	d.Stories[4].FirstSeen = at(15, 30)
	if got := rendered(t, render.Atom, d); !bytes.Contains(got, []byte("  <updated>2026-09-25T15:30:00Z<")) {
		t.Error("updated is not the newest arrival")
	}
}

func TestFormatNamed(t *testing.T) {
	for _, f := range render.Formats {
		if got, err := render.FormatNamed(f.Name); err != nil || got.MediaType != f.MediaType {
			t.Errorf("FormatNamed(%q) = %v, %v", f.Name, got.Name, err)
		}
	}
	if _, err := render.FormatNamed("html"); !errors.Is(err, feed.ErrNotFound) {
		t.Errorf("FormatNamed(html): %v", err)
	}
}

func TestOPML(t *testing.T) {
	sources := []feed.Source{
		{ID: "herald", URL: "https://herald.example.com/feed.atom", Language: "en", Tags: []string{"news", "region, south"}},
		{ID: "qezet", URL: "https://qezet.example.az/rss", Title: "Qəzet <b>& co</b> \"q\""},
		{ID: feed.PostsSource},
	}
	got, err := render.OPML("Sources of \x00 South Caucasus Analysis", sources, map[string]feed.Origin{
		"herald": {Title: "The Herald", HomeURL: "https://herald.example.com/", Description: "News"},
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sources.opml", got)
	if err := wellFormed(render.RSS, got); err != nil {
		t.Error(err)
	}
}

// Property: whatever the strings, every format is well-formed, has every story
// once, and keeps usable ids.
func FuzzStrings(f *testing.F) {
	for _, s := range hostile().Stories {
		f.Add(s.Lead.Title, s.Lead.Content, s.Lead.Link, s.PublicID, s.Lead.Language, s.Published.Unix())
	}
	f.Fuzz(func(t *testing.T, text, content, link, id, language string, unix int64) {
		d := base(text, text)
		d.Channel.ID, d.Channel.Language, d.Channel.Description = "fuzz", language, content
		d.Sources = map[string]render.Source{text: {Origin: feed.Origin{ID: id, Title: text, HomeURL: link, FeedURL: link, Rights: content, Icon: link}}}
		d.Stories = []feed.Story{joined(story(1, feed.Entry{
			Source: text, PublicID: id, Link: link, Title: text, Summary: text, Content: content, Language: language, Rights: text,
			Details: feed.Details{
				Authors: []feed.Person{{Name: text, URL: link}}, Categories: []feed.Category{{Term: text, Scheme: link, Label: content}},
				Enclosures: []feed.Enclosure{{URL: link, Type: text, Title: content}, {URL: "https://a.example/" + link, Title: content}},
				Image:      link, CommentsURL: link, License: link, ExternalURL: link,
			},
		}, time.Unix(unix, 0)), feed.Member{Source: text, Link: "https://b.example/" + link, Title: text})}
		ids := make([]string, 0, 3)
		for _, format := range render.Formats {
			got := rendered(t, format, d)
			if err := wellFormed(format, got); err != nil {
				t.Fatalf("%s: %v\n%s", format.Name, err, got)
			}
			ids = append(ids, firstID(t, format, got))
		}
		if ids = slices.Compact(ids); len(ids) > 1 {
			t.Errorf("ids differ between the formats: %q", ids)
		}
	})
}

// firstID returns the id of a document's first item as it is written; gofeed
// would make an URI of it.
func firstID(t *testing.T, f render.Format, document []byte) string {
	t.Helper()
	var doc struct {
		Items []struct{ ID string } `xml:"-"`                          // JSON
		GUID  string                `json:"-" xml:"channel>item>guid"` // RSS
		Entry string                `json:"-" xml:"entry>id"`          // Atom
	}
	if f.Name == "json" {
		if err := json.Unmarshal(document, &doc); err != nil {
			t.Fatal(err)
		}
		if len(doc.Items) == 0 {
			return ""
		}
		return doc.Items[0].ID
	}
	if err := xml.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.GUID + doc.Entry
}

// long is a channel of n stories, each with about size bytes of content.
func long(n, size int) render.Feed {
	d := base("long", "Long reads")
	d.Sources = sources()
	paragraph := `<p>The <a href="https://herald.example.com/a?b=1&amp;c=2">negotiators</a> met again; Переговоры продолжились — “as agreed”.</p>` + "\n"
	for i := range n {
		s := story(feed.ID(n-i), feed.Entry{
			Source: "herald", PublicID: feed.DerivedID("herald", fmt.Sprint(i)), Link: fmt.Sprintf("https://herald.example.com/%d", i), Title: fmt.Sprintf("Report %d", i),
			Language: "en", Summary: "The negotiators met again.", Content: strings.Repeat(paragraph, size/len(paragraph)),
			Details: feed.Details{Authors: []feed.Person{{Name: "Ani Petrosyan"}}, Categories: []feed.Category{{Term: "news"}, {Term: "talks"}}},
		}, at(12, 0).Add(-time.Duration(i)*time.Minute))
		d.Stories = append(d.Stories, joined(s, feed.Member{Source: "agency", Link: fmt.Sprintf("https://agency.example.net/%d", i)}))
	}
	return d
}

func BenchmarkRender(b *testing.B) {
	d := long(50, 4<<10)
	for _, f := range render.Formats {
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(rendered(b, f, d))))
			for b.Loop() {
				if err := f.Write(io.Discard, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
