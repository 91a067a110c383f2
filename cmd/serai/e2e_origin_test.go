package main_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mmcdole/gofeed"
)

// A publisher serves one feed from a server of its own, as in life: with an
// ETag, and 304 for whoever names it.
type publisher struct {
	id   string // of the source that reads it
	name string // of the file the feed came from
	url  string

	mu          sync.Mutex // guards the fields below
	body        []byte
	full, unmod int // answers with the feed, and without
}

// publish serves every feed below the folder until the test ends.
func publish(t *testing.T, folder string) []*publisher {
	t.Helper()
	var list []*publisher
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".expect.json") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		p := &publisher{id: sourceID(name), name: name, body: body}
		server := httptest.NewServer(p)
		t.Cleanup(server.Close)
		p.url = server.URL + "/" + filepath.Base(path)
		list = append(list, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatalf("%s holds no feeds", folder)
	}
	return list
}

// sourceID makes an id of a file's name.
func sourceID(name string) string {
	id := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-")
	return strings.Trim(id[:min(len(id), 64)], "-")
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	etag := fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(p.body)))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		p.unmod++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	p.full++
	contentType := "application/xml"
	if strings.HasSuffix(p.name, ".json") {
		contentType = "application/feed+json"
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(p.body) // a reader that hangs up fails the test elsewhere
}

// served returns how often the feed was given, and how often that was spared,
// since it was last asked.
func (p *publisher) served() (full, unmod int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	full, unmod = p.full, p.unmod
	p.full, p.unmod = 0, 0
	return full, unmod
}

// An item is an entry as an independent reader sees it.
type item struct {
	guid, link, title, text, date string
}

// items reads the feed with gofeed alone. Items that do not differ in anything
// are one.
func (p *publisher) items(t *testing.T) []item {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	doc, err := gofeed.NewParser().Parse(bytes.NewReader(p.body))
	if err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	var list []item
	seen := map[item]bool{}
	for _, i := range doc.Items {
		it := item{i.GUID, i.Link, i.Title, i.Description + i.Content, i.Published}
		if !seen[it] {
			seen[it] = true
			list = append(list, it)
		}
	}
	return list
}

// add puts a new item above the others, in whatever the feed is written in, and
// returns its guid. A feed without items stays as it is.
func (p *publisher) add() (guid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	guid = "tag:example.org,2026:" + p.id
	link := "https://example.org/second-round/" + p.id
	text := "News of " + p.id
	forms := []struct {
		place *regexp.Regexp
		after bool // the place, not before it
		text  string
	}{
		{regexp.MustCompile(`<item>`), false, `<item><title>` + text + `</title><link>` + link + `</link><guid isPermaLink="false">` + guid + `</guid></item>`},
		{regexp.MustCompile(`<entry>`), false, `<entry><title>` + text + `</title><link href="` + link + `"/><id>` + guid + `</id><updated>2026-01-02T03:04:05Z</updated></entry>`},
		{regexp.MustCompile(`"items"\s*:\s*\[`), true, fmt.Sprintf(`{"id": %q, "url": %q, "title": %q, "content_text": ""},`, guid, link, text)},
	}
	for _, f := range forms {
		at := f.place.FindIndex(p.body)
		if at == nil {
			continue
		}
		cut := at[0]
		if f.after {
			cut = at[1]
		}
		p.body = slices.Insert(p.body, cut, []byte(f.text)...)
		break
	}
	return guid
}

// correct puts a word before the title of the first item, where there is one.
func (p *publisher) correct(word string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := regexp.MustCompile(`(?s)<(item|entry)[ >].*?<title[^>/]*>(\s*<!\[CDATA\[)?`).FindIndex(p.body)
	if first != nil {
		p.body = slices.Insert(p.body, first[1], []byte(word)...)
	}
}
