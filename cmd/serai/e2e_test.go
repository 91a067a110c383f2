package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// formats are the endings of a channel's addresses.
var formats = []string{"rss", "atom", "json"}

// TestEveryEntryIsPublishedOnce takes the built program through what its readers
// rely on: every entry of sixty-six feeds from the wild and three posts is there
// once, in each format, and keeps its id and its date when feeds change and when
// the daemon starts again. What there is to find is decided by another reader,
// gofeed on its own.
func TestEveryEntryIsPublishedOnce(t *testing.T) {
	publishers := publish(t, filepath.Join(sharedData(t), "feeds", "real"))
	site := newSite(t, publishers)

	site.poll(t)
	for _, p := range publishers {
		if full, _ := p.served(); full != 1 {
			t.Errorf("%s was fetched %d times", p.name, full)
		}
	}
	first := site.read(t, nil)
	site.checkComplete(t, publishers, first.pages)

	added, corrected := change(t, publishers)
	site.append(t, "posts/reading-many-feeds.md", "\nA sentence more.\n")
	site.poll(t, "--again")
	for i, p := range publishers {
		full, unmod := p.served()
		if changed := i%3 != 2; full+unmod != 1 || !changed && unmod != 1 {
			t.Errorf("%s, changed %t: %d full answers and %d unchanged ones", p.name, changed, full, unmod)
		}
	}
	second := site.read(t, nil)
	site.checkComplete(t, publishers, second.pages)
	checkStable(t, first, second, added)
	site.checkCorrected(t, corrected, second)

	third := site.read(t, second.etags)
	if diff := cmp.Diff(second.pages, third.pages); diff != "" {
		t.Errorf("a restart changed what is published (-before +after):\n%s", diff)
	}
}

// checkComplete compares what is published with what the publishers serve.
func (s *site) checkComplete(t *testing.T, publishers []*publisher, pages map[string][]shown) {
	t.Helper()
	for _, p := range publishers {
		items, stories := p.items(t), s.stories(t, p.id)
		if n := membersOf(stories, p.id); n != len(items) {
			t.Errorf("%s has %d items, serai keeps %d", p.name, len(items), n)
		}
		for _, it := range items {
			if !slices.ContainsFunc(stories, func(st story) bool { return st.has(p.id, it) }) {
				t.Errorf("%s: serai has no entry for guid %q, link %q", p.name, it.guid, it.link)
			}
		}
		// An entry with neither link nor content has nothing to publish. Where
		// the other reader found none, there may still be some.
		shown := pages["/feeds/"+p.id+".atom"]
		stories = slices.DeleteFunc(stories, func(st story) bool {
			bare := func(it item) bool { return it.link == "" && it.text == "" && st.has(p.id, it) }
			return st.Link == "" && slices.ContainsFunc(items, bare) && !st.isAmong(shown)
		})
		s.checkChannel(t, p.id, stories, pages)
	}
	own := s.stories(t, "posts")
	if len(own) != 3 {
		t.Errorf("%d posts, want 3", len(own))
	}
	s.checkChannel(t, "own", own, pages)
}

// checkChannel expects every story once, in each of the channel's documents,
// and the same of it in all.
func (s *site) checkChannel(t *testing.T, channel string, stories []story, pages map[string][]shown) {
	t.Helper()
	var want []string
	for _, st := range stories {
		want = append(want, st.PublicID)
	}
	slices.Sort(want)
	for _, format := range formats {
		var got []string
		for _, it := range pages["/feeds/"+channel+"."+format] {
			got = append(got, it.ID)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s as %s (-stories +published):\n%s", channel, format, diff)
		}
	}
	atom, json, rss := pages["/feeds/"+channel+".atom"], pages["/feeds/"+channel+".json"], pages["/feeds/"+channel+".rss"]
	for i := range min(len(atom), len(json), len(rss)) {
		fromRSS := rss[i]
		fromRSS.Updated = atom[i].Updated // RSS has no place for it
		if diff := cmp.Diff(atom[i].dates(), json[i].dates()) + cmp.Diff(atom[i].dates(), fromRSS.dates()); diff != "" {
			t.Errorf("%s: the formats differ:\n%s", channel, diff)
		}
	}
}

// dates is what the formats have to agree on.
func (s shown) dates() string {
	return fmt.Sprintf("%s %s %s %s", s.ID, s.Link, s.Published, s.Updated)
}

func membersOf(stories []story, source string) (n int) {
	for _, st := range stories {
		for _, m := range st.Members {
			if m.Source == source {
				n++
			}
		}
	}
	return n
}

// has reports whether the item is one of the story's entries: by its guid, also
// where that stands with several links, else by its link. An entry that shares
// its guid with another one under the same link has a key of its own.
func (st story) has(source string, it item) bool {
	for _, m := range st.Members {
		if m.Source != source {
			continue
		}
		switch {
		case it.guid == "" && (m.Key == it.link || m.Link == it.link),
			it.guid != "" && (m.Key == it.guid || m.Key == it.guid+"|"+m.Link),
			strings.HasPrefix(it.guid, "/") && strings.HasSuffix(m.Key, it.guid), // an id in Atom that is relative
			strings.HasPrefix(m.Key, "sha256:"):
			return true
		}
	}
	return false
}

// isAmong reports whether the story is one of those that are shown.
func (st story) isAmong(list []shown) bool {
	return slices.ContainsFunc(list, func(s shown) bool { return s.ID == st.PublicID })
}

// correction is what a publisher puts before the title of an item that it mends.
const correction = "Corrected: "

// change lets a third of the publishers add an item and another third correct
// one. It returns the guids of the former by source, and the latter.
func change(t *testing.T, publishers []*publisher) (added map[string]string, corrected []*publisher) {
	t.Helper()
	added = map[string]string{}
	for i, p := range publishers {
		switch i % 3 {
		case 0:
			guid := p.add()
			if slices.ContainsFunc(p.items(t), func(it item) bool { return it.guid == guid }) {
				added[p.id] = guid
			}
		case 1:
			p.correct(correction)
			if slices.ContainsFunc(p.items(t), isCorrected) {
				corrected = append(corrected, p)
			}
		}
	}
	if len(added) < 15 || len(corrected) < 15 {
		t.Fatalf("only %d feeds have a new item and %d a corrected one", len(added), len(corrected))
	}
	return added, corrected
}

func isCorrected(it item) bool { return strings.HasPrefix(strings.TrimSpace(it.title), correction) }

// checkStable expects all that was published before to be there still, in the
// same order, under its id and with its dates, and besides it what was added. A
// correction changes the title, and may move the date of the update.
func checkStable(t *testing.T, before, after reading, added map[string]string) {
	t.Helper()
	for path, want := range before.pages {
		channel := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		if channel == "all" || channel == "own" {
			continue // the oldest of all made room for the new; the posts follow below
		}
		got := slices.Clone(after.pages[path])
		if guid, ok := added[channel]; ok {
			got = slices.DeleteFunc(got, func(s shown) bool { return s.ID == guid })
			if len(got) != len(after.pages[path])-1 {
				t.Errorf("%s: the new item %s is there %d times", path, guid, len(after.pages[path])-len(got))
			}
		}
		for i := range got {
			if title, ok := strings.CutPrefix(got[i].Title, correction); ok && i < len(want) {
				got[i].Title, got[i].Updated = title, want[i].Updated
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, beside what was changed (-first +second poll):\n%s", path, diff)
		}
	}
	checkPosts(t, before.pages["/feeds/own.atom"], after.pages["/feeds/own.atom"])
}

// checkCorrected expects corrections to be shown. Where another source has the
// same article, its copy may be the one that is shown.
func (s *site) checkCorrected(t *testing.T, publishers []*publisher, r reading) {
	t.Helper()
	alone := 0
	for _, p := range publishers {
		it := p.items(t)[slices.IndexFunc(p.items(t), isCorrected)]
		stories := s.stories(t, p.id)
		i := slices.IndexFunc(stories, func(st story) bool { return len(st.Members) == 1 && st.has(p.id, it) })
		if i < 0 {
			continue
		}
		alone++
		for _, format := range formats {
			path := "/feeds/" + p.id + "." + format
			if !slices.ContainsFunc(r.pages[path], func(s shown) bool {
				return s.ID == stories[i].PublicID && strings.HasPrefix(s.Title, correction)
			}) {
				t.Errorf("%s: %s is not corrected", path, stories[i].PublicID)
			}
		}
	}
	if alone < 10 {
		t.Errorf("only %d corrected articles stand alone", alone)
	}
}

// checkPosts expects the post that was edited to have a later update, and
// nothing else of any post to be different.
func checkPosts(t *testing.T, before, after []shown) {
	t.Helper()
	if len(before) != len(after) {
		t.Errorf("%d posts before an edit, %d after it", len(before), len(after))
		return
	}
	for i, want := range before {
		got := after[i]
		if edited := strings.Contains(want.Link, "reading-many-feeds"); edited != got.Updated.After(want.Updated) {
			t.Errorf("%s: edited %t, updated %s, then %s", want.Title, edited, want.Updated, got.Updated)
		}
		got.Updated = want.Updated
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("a post after an edit (-before +after):\n%s", diff)
		}
	}
}

// sharedData returns the folder of the test data that is not part of this
// repository.
func sharedData(t *testing.T) string {
	t.Helper()
	folder := filepath.Join("..", "..", "..", "shared")
	if named := os.Getenv("SERAI_SHARED"); named != "" {
		folder = named
	}
	folder = filepath.Join(folder, "testdata")
	if _, err := os.Stat(folder); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no test data: %v", err)
		}
		t.Skipf("the feeds from the wild are not here: %v", err)
	}
	return folder
}
