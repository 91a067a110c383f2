package storetest

import (
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

var storyTests = []test{
	{"candidates_share_a_key", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		url := feed.KeyOf(feed.KeyURL, "https://x.example/")
		guid := feed.KeyOf(feed.KeyGUID, "urn:x")
		one, two, other := f.entry("a", "1"), f.entry("b", "2"), f.entry("b", "3")
		one.Keys, two.Keys = []feed.Key{url, guid}, []feed.Key{feed.KeyOf(feed.KeyCanonical, "https://x.example/")}
		f.poll(t, "a", one)
		f.poll(t, "b", two, other)
		var got []feed.Candidate
		three := f.entry("c", "3")
		three.Keys = []feed.Key{url, guid}
		r := f.record("c", three)
		r.Place = func(e feed.Entry, candidates []feed.Candidate) feed.Placement {
			got = candidates
			return joinFirst(e, candidates)
		}
		f.put(t, r)
		if len(got) != 2 || got[0].Entry.Key != "1" || got[1].Entry.Key != "2" {
			t.Fatalf("candidates: %+v", got)
		}
		same(t, "content", got[0].Entry.Content, one.Entry.Content)
		same(t, "shared by 1", len(got[0].Shared), 2)
		same(t, "shared by 2", got[1].Shared, []feed.Key{feed.KeyOf(feed.KeyCanonical, "https://x.example/")})
	}},
	{"entries_of_one_poll_find_each_other", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		out := f.poll(t, "a", one, sharing(f.entry("a", "2"), one))
		if out.New[0].Story != out.New[1].Story {
			t.Errorf("stories: %+v", out.New)
		}
	}},
	{"an_address_shared_by_thousands_is_no_burden", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		first := f.entry("a", "first")
		var entries []store.NewEntry
		for i := range 300 {
			entries = append(entries, sharing(f.entry("a", string(rune('0'+i))), first))
		}
		most := 0
		r := f.record("a", entries...)
		r.Place = func(_ feed.Entry, candidates []feed.Candidate) feed.Placement {
			most = max(most, len(candidates))
			return feed.Placement{}
		}
		f.put(t, r)
		if most == 0 || most > 100 {
			t.Errorf("up to %d candidates", most)
		}
	}},
	{"a_story_keeps_id_link_date_and_place", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		f.poll(t, "a", one)
		f.poll(t, "a", f.entry("a", "later"))
		before := f.channel(t, "all")[1]
		same(t, "public id", before.PublicID, one.Entry.PublicID)
		same(t, "date", before.Published, one.Entry.Shown())
		same(t, "place", before.Sort, one.Sort)
		same(t, "updated", before.Updated, one.Entry.Shown())
		two := sharing(f.entry("b", "2"), one)
		two.Entry.Link = "https://b.example/copy"
		r := f.record("b", two)
		r.Lead = func(members []feed.Member) feed.ID { return members[len(members)-1].Entry }
		out := f.put(t, r)
		same(t, "changed", out.Channels, []string{"all"})
		after := f.channel(t, "all")[1]
		same(t, "lead", after.Lead.ID, two.Entry.ID)
		same(t, "content", after.Lead.Content, two.Entry.Content)
		if after.Updated.Before(before.Updated) || len(after.Members) != 2 || after.Members[0].Entry != two.Entry.ID {
			t.Errorf("after: %+v", after)
		}
		same(t, "placement", after.Members[0].Placement, feed.Placement{Story: before.ID, With: one.Entry.ID, Rule: "address", Reason: "same address as 1"})
		after.Lead, after.Members, after.Updated = before.Lead, before.Members, before.Updated
		same(t, "the rest", after, before)
	}},
	{"updated_moves_with_what_is_shown_and_never_back", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		one.Entry.Published = time.Time{}
		f.poll(t, "a", one)
		f.now = f.now.Add(time.Hour)
		changed := f.edited(one, "Other")
		at := f.now
		f.poll(t, "a", changed)
		same(t, "updated", f.channel(t, "all")[0].Updated, at)
		changed = f.edited(one, "Another")
		changed.Entry.Changed = start
		f.poll(t, "a", changed)
		same(t, "updated, after an older change", f.channel(t, "all")[0].Updated, at)
		minor := f.edited(one, "Typo mended")
		minor.Entry.Post = &feed.Post{Path: "1.md", Slug: "one", Minor: true}
		f.poll(t, "a", minor)
		same(t, "updated, after a minor edit", f.channel(t, "all")[0].Updated, at)
	}},
	{"lead_is_asked_when_there_is_a_choice", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		asked := 0
		lead := func(members []feed.Member) feed.ID { asked += len(members); return oldest(members) }
		r := f.record("a", one)
		r.Lead = lead
		f.put(t, r)
		two := sharing(f.entry("b", "2"), one)
		r = f.record("b", two)
		r.Lead = lead
		f.put(t, r)
		same(t, "asked when it grew", asked, 2)
		r = f.record("b", f.edited(two, "Other"))
		r.Lead = lead
		f.put(t, r)
		same(t, "asked when a member changed", asked, 4)
	}},
	{"what_rules_drop_does_not_lead", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		one.Entry.Dropped = "title: Sponsored"
		f.poll(t, "a", one)
		two := sharing(f.entry("b", "2"), one)
		f.poll(t, "b", two)
		same(t, "channel", f.titles(t, "all"), []string{two.Entry.Title})
	}},
	{"what_has_lost_its_content_does_not_lead", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		f.poll(t, "a", one)
		f.poll(t, "a", f.entry("a", "later"))
		_, err := f.s.Trim(t.Context(), "a", feed.Keep{Entries: 1}, f.now, 10)
		check(t, err)
		two := sharing(f.entry("b", "2"), one)
		f.poll(t, "b", two)
		same(t, "lead", f.story(t, f.known(t, "a", "1")["1"].Story).Lead.ID, two.Entry.ID)
		same(t, "found", list(t, f, store.Query{Search: "title", Source: "b", Limit: 10}), []string{two.Entry.Title})
	}},
	{"a_story_is_found_by_address_and_by_id", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		two := sharing(f.entry("b", "2"), one)
		two.Keys = append(two.Keys, feed.KeyOf(feed.KeyURL, feed.CanonicalURL("https://b.example/2")))
		f.poll(t, "a", one)
		f.poll(t, "b", two)
		for _, address := range []string{one.Entry.Link, "https://b.example/2", one.Entry.PublicID} {
			s, err := f.s.StoryAt(t.Context(), address)
			check(t, err)
			same(t, address, s.Lead.ID, one.Entry.ID)
		}
		same(t, "channels", memberships(t, f, f.story(t, f.channel(t, "all")[0].ID).ID), []feed.Membership{{Channel: "all", Reason: "takes everything"}})
	}},
	{"a_story_goes_with_its_last_entry_and_comes_back_with_it", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		f.poll(t, "a", one)
		two := sharing(f.entry("b", "2"), one)
		f.poll(t, "b", two)
		id := f.channel(t, "all")[0].ID
		withdraw := func(source, key string) store.Recorded {
			r := f.record(source)
			r.Standing, r.Withdrawn = []string{}, []string{key}
			return f.put(t, r)
		}
		same(t, "changed by the lead", withdraw("a", "1").Channels, []string{"all"})
		s := f.channel(t, "all")[0]
		if s.Lead.ID != two.Entry.ID || len(s.Members) != 1 || !s.Withdrawn.IsZero() {
			t.Errorf("after the lead went: %+v", s)
		}
		same(t, "changed by the last", withdraw("b", "2").Channels, []string{"all"})
		same(t, "channel", f.titles(t, "all"), []string{})
		s = f.story(t, id)
		if s.Withdrawn.IsZero() || len(s.Members) == 0 {
			t.Errorf("after the last went: %+v", s)
		}
		if k := f.known(t, "a", "1")["1"]; !k.Withdrawn || k.Standing {
			t.Errorf("known: %+v", k)
		}
		listed, err := f.s.Stories(t.Context(), store.Query{Limit: 10})
		check(t, err)
		found, err := f.s.Stories(t.Context(), store.Query{Search: "title", Limit: 10})
		check(t, err)
		if len(listed)+len(found)+len(collect(t, f.s.Members(t.Context()))) != 0 {
			t.Error("a withdrawn story is listed")
		}
		same(t, "nothing changes twice", len(withdraw("b", "2").Channels), 0)
		out := f.poll(t, "a", f.edited(one, "Back"))
		same(t, "changed by its return", out.Channels, []string{"all"})
		s = f.channel(t, "all")[0]
		if s.ID != id || s.Lead.Title != "Back" || s.PublicID != one.Entry.PublicID || len(s.Members) != 1 || !f.known(t, "a")["1"].Standing {
			t.Errorf("after it came back: %+v", s)
		}
		found, err = f.s.Stories(t.Context(), store.Query{Search: "back", Limit: 10})
		check(t, err)
		same(t, "found", len(found), 1)
	}},
	{"what_was_taken_back_attracts_nothing", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		f.poll(t, "a", one)
		r := f.record("a")
		r.Withdrawn = []string{"1"}
		f.put(t, r)
		two := sharing(f.entry("b", "2"), one)
		out := f.poll(t, "b", two)
		if out.New[0].Story == one.Entry.Story {
			t.Error("joined a withdrawn story")
		}
		same(t, "channel", f.titles(t, "all"), []string{two.Entry.Title})
	}},
	{"a_post_is_found_by_its_slug_also_when_deleted", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		post := f.entry("a", "p")
		post.Entry.Post = &feed.Post{Path: "x/p.md", Slug: "p", FileHash: "h"}
		f.poll(t, "a", post)
		s, err := f.s.Post(t.Context(), "p")
		check(t, err)
		same(t, "post", s.Lead.Post, post.Entry.Post)
		same(t, "known", f.known(t, "a")["p"].Post, post.Entry.Post)
		r := f.record("a")
		r.Withdrawn = []string{"p"}
		f.put(t, r)
		s, err = f.s.Post(t.Context(), "p")
		check(t, err)
		if s.Withdrawn.IsZero() || s.Lead.Post.Slug != "p" {
			t.Errorf("deleted: %+v", s)
		}
	}},
	{"members_are_walked_oldest_story_first_the_lead_first", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		var firsts []store.NewEntry
		for i := range 1100 {
			firsts = append(firsts, f.entry("a", "k"+string(rune('一'+i))))
		}
		f.poll(t, "a", firsts...)
		copied := sharing(f.entry("b", "copy"), firsts[700])
		r := f.record("b", copied)
		r.Lead = func([]feed.Member) feed.ID { return copied.Entry.ID }
		f.put(t, r)
		walked := collect(t, f.s.Members(t.Context()))
		if len(walked) != 1100 {
			t.Fatalf("%d stories of 1100", len(walked))
		}
		for i, members := range walked {
			want := []string{firsts[i].Entry.Key}
			if i == 700 {
				want = []string{"copy", firsts[i].Entry.Key}
			}
			var got []string
			for _, m := range members {
				got = append(got, m.Key)
			}
			same(t, "members", got, want)
		}
	}},
}

func memberships(t *testing.T, f *fixture, story feed.ID) []feed.Membership {
	t.Helper()
	list, err := f.s.Memberships(t.Context(), story)
	check(t, err)
	return list
}
