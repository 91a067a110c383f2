package storetest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

// subscribe adds two subscriptions to topic t and one to another.
func (f *fixture) subscribe(t *testing.T) {
	t.Helper()
	for _, s := range []store.Subscription{
		{Topic: "t", Callback: "https://a.example/", Secret: "s", Until: start.Add(24 * time.Hour)},
		{Topic: "t", Callback: "https://b.example/", Until: start.Add(time.Hour)},
		{Topic: "u", Callback: "https://a.example/", Until: start.Add(24 * time.Hour)},
	} {
		check(t, f.s.Subscribe(t.Context(), s))
	}
}

func (f *fixture) deliveries(t *testing.T, at time.Time) []store.Subscription {
	t.Helper()
	subs, err := f.s.Deliveries(t.Context(), at, time.Minute, 10)
	check(t, err)
	return subs
}

var hubTests = []test{
	{"subscriptions_are_counted_until_they_expire", func(t *testing.T, f *fixture) {
		f.subscribe(t)
		f.subscribe(t)
		for at, want := range map[time.Duration]int{0: 3, time.Hour: 2, 24 * time.Hour: 0} {
			n, err := f.s.Subscriptions(t.Context(), start.Add(at))
			check(t, err)
			same(t, at.String(), n, want)
		}
		check(t, f.s.Unsubscribe(t.Context(), "t", "https://a.example/"))
		check(t, f.s.Unsubscribe(t.Context(), "t", "https://nobody.example/"))
		n, err := f.s.Subscriptions(t.Context(), start)
		check(t, err)
		same(t, "after one has ended", n, 2)
	}},
	{"announced_topics_are_delivered_to_each_once", func(t *testing.T, f *fixture) {
		f.subscribe(t)
		same(t, "nothing announced", len(f.deliveries(t, start)), 0)
		check(t, f.s.Announce(t.Context(), []string{"t", "nobody's"}, start))
		subs := f.deliveries(t, start)
		if len(subs) != 2 || subs[0].Secret+subs[1].Secret != "s" || !subs[0].Since.Equal(start) || subs[0].Topic != "t" {
			t.Errorf("deliveries: %+v", subs)
		}
		same(t, "again", len(f.deliveries(t, start)), 0)
		for _, s := range subs {
			check(t, f.s.Delivered(t.Context(), s.Topic, s.Callback, time.Time{}))
		}
		same(t, "when delivered", len(f.deliveries(t, start.Add(time.Hour-1))), 0)
	}},
	{"a_delivery_of_a_dead_process_is_handed_out_again", func(t *testing.T, f *fixture) {
		f.subscribe(t)
		check(t, f.s.Announce(t.Context(), []string{"u"}, start))
		f.deliveries(t, start)
		same(t, "within the lease", len(f.deliveries(t, start.Add(time.Minute-1))), 0)
		same(t, "after it", len(f.deliveries(t, start.Add(time.Minute))), 1)
	}},
	{"a_failed_delivery_is_retried_when_told", func(t *testing.T, f *fixture) {
		f.subscribe(t)
		check(t, f.s.Announce(t.Context(), []string{"u"}, start))
		s := f.deliveries(t, start)[0]
		check(t, f.s.Delivered(t.Context(), s.Topic, s.Callback, start.Add(10*time.Minute)))
		check(t, f.s.Announce(t.Context(), []string{"u"}, start.Add(time.Minute)))
		same(t, "before", len(f.deliveries(t, start.Add(9*time.Minute))), 0)
		subs := f.deliveries(t, start.Add(10*time.Minute))
		if len(subs) != 1 || subs[0].Tries != 1 || !subs[0].Since.Equal(start) {
			t.Errorf("deliveries: %+v", subs)
		}
		check(t, f.s.Delivered(t.Context(), s.Topic, s.Callback, time.Time{}))
		same(t, "when delivered", len(f.deliveries(t, start.Add(time.Hour))), 0)
		check(t, f.s.Announce(t.Context(), []string{"u"}, start.Add(time.Hour)))
		same(t, "tries", f.deliveries(t, start.Add(time.Hour))[0].Tries, 0)
	}},
	{"what_is_announced_during_a_delivery_is_delivered_too", func(t *testing.T, f *fixture) {
		f.subscribe(t)
		check(t, f.s.Announce(t.Context(), []string{"u"}, start))
		s := f.deliveries(t, start)[0]
		check(t, f.s.Announce(t.Context(), []string{"u"}, start))
		check(t, f.s.Delivered(t.Context(), s.Topic, s.Callback, time.Time{}))
		same(t, "due", len(f.deliveries(t, start)), 1)
	}},
	{"expired_subscriptions_get_nothing", func(t *testing.T, f *fixture) {
		f.subscribe(t)
		check(t, f.s.Announce(t.Context(), []string{"t"}, start))
		subs := f.deliveries(t, start.Add(time.Hour))
		if len(subs) != 1 || subs[0].Callback != "https://a.example/" {
			t.Errorf("deliveries: %+v", subs)
		}
	}},
}

var upkeepTests = []test{
	{"a_healthy_store_has_no_problems", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.fill(t)
		one := f.entry("b", "x")
		f.poll(t, "b", one)
		f.poll(t, "c", sharing(f.entry("c", "y"), one))
		r := f.record("a")
		r.Withdrawn = []string{"3"}
		f.put(t, r)
		_, err := f.s.Trim(t.Context(), "a", feed.Keep{Entries: 4}, f.now, 100)
		check(t, err)
		f.declare(t, all, odd)
		_, err = f.s.Rebuild(t.Context(), odd, 3, takeOdd)
		check(t, err)
		before := f.everything(t)
		for _, repair := range []bool{false, true} {
			problems, err := f.s.Check(t.Context(), repair)
			check(t, err)
			same(t, "problems", problems, []string{})
		}
		same(t, "store", f.everything(t), before)
	}},
	{"a_backup_goes_to_a_new_file_while_others_go_on", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.fill(t)
		path := filepath.Join(t.TempDir(), "backup")
		check(t, f.s.Backup(t.Context(), path))
		info, err := os.Stat(path)
		check(t, err)
		if info.Size() == 0 || info.Mode().Perm() != 0o600 {
			t.Errorf("%d bytes, mode %s", info.Size(), info.Mode())
		}
		if err := f.s.Backup(t.Context(), path); err == nil {
			t.Error("a file that was there was overwritten")
		}
		f.poll(t, "a", f.entry("a", "after"))
	}},
	{"close_waits_for_calls_under_way", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		entered, leave := make(chan struct{}), make(chan struct{})
		recorded, closed := make(chan error, 1), make(chan error, 1)
		r := f.record("a", f.entry("a", "1"))
		r.Place = func(feed.Entry, []feed.Candidate) feed.Placement { close(entered); <-leave; return feed.Placement{} }
		go func() {
			_, err := f.s.Record(t.Context(), r)
			recorded <- err
		}()
		<-entered
		go func() { closed <- f.s.Close() }()
		select {
		case <-closed: //nolint:errcheck // too early, whatever it says
			t.Error("closed while a record was under way")
		default:
		}
		close(leave)
		check(t, <-recorded)
		check(t, <-closed)
	}},
}
