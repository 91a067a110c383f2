package schedule

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"serai/internal/feed"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// start is a Monday.
var start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// middle is chance without surprises: every jitter is half of what it may be.
func middle() float64 { return 0.5 }

// same is a 304, fresh a 200 with so many new entries, down a failure.
func same() Answer {
	return Answer{Outcome: feed.Unchanged, NotModified: true, Conditional: true, URL: address, Validators: validators}
}

func fresh(entries int) Answer {
	a := Answer{Outcome: feed.Unchanged, URL: address, Validators: validators, New: entries, BodyHash: "a", BodyBytes: 20 << 10, Conditional: true}
	if entries > 0 {
		a.Outcome, a.BodyHash = feed.New, fmt.Sprint(entries)
	}
	return a
}

func down(class feed.Class) Answer {
	return Answer{Outcome: feed.Failed, Failure: &feed.Failure{Class: class, Text: "it is down"}}
}

const address = "https://outlet.example/feed"

var validators = feed.Validators{ETag: `"1"`}

// TestTimelines plays what servers do against the schedule. The golden files
// have a line a poll: when it was, what it brought, how long until the next one,
// and why. They are meant to be read.
func TestTimelines(t *testing.T) {
	always := func(a Answer) func(int, time.Time) Answer { return func(int, time.Time) Answer { return a } }
	// from plays the answers one after the other, and the last for ever.
	from := func(answers ...Answer) func(int, time.Time) Answer {
		return func(n int, _ time.Time) Answer { return answers[min(n, len(answers)-1)] }
	}
	with := func(a Answer, change func(*Answer)) Answer { change(&a); return a }
	tests := []struct {
		name    string
		cadence string
		span    time.Duration
		lines   int // at most so many are shown
		answer  func(n int, now time.Time) Answer
	}{
		{"steady", "adaptive", 2 * 24 * time.Hour, 60, func(n int, now time.Time) Answer {
			if n == 0 || now.Hour() >= 8 && now.Hour() < 18 && n%3 == 0 {
				return fresh(1 + n%2)
			}
			return same()
		}},
		{"busy_outlet", "adaptive", 24 * time.Hour, 60, func(n int, _ time.Time) Answer { return fresh(n + 1) }},
		{"quiet_blog", "adaptive", 60 * 24 * time.Hour, 60, from(fresh(10), same())},
		{"max_age_slows_down", "adaptive", 24 * time.Hour, 20, func(n int, _ time.Time) Answer {
			a := fresh(n + 1)
			a.Fresh, a.FreshBy = 3*time.Hour, "max-age"
			return a
		}},
		{"max_age_invites", "adaptive", 6 * time.Hour, 20, func(n int, _ time.Time) Answer {
			a := fresh(n + 1)
			a.Fresh, a.FreshBy = 20*time.Minute, "max-age"
			return a
		}},
		{"max_age_of_years_is_held_to_a_day", "adaptive", 3 * 24 * time.Hour, 20, always(with(fresh(0), func(a *Answer) { a.Fresh, a.FreshBy = 16*8760*time.Hour, "max-age" }))},
		{"a_304_without_max_age_renews_the_last", "adaptive", 24 * time.Hour, 20, from(with(fresh(3), func(a *Answer) { a.Fresh, a.FreshBy = 4*time.Hour, "max-age" }), same())},
		{"ttl_and_update_period", "adaptive", 24 * time.Hour, 20, from(with(fresh(3), func(a *Answer) { a.Hints = feed.Hints{TTL: 2 * time.Hour, UpdateEvery: 5 * time.Hour} }), same())},
		{"skip_hours_and_days", "adaptive", 6 * 24 * time.Hour, 40, from(with(fresh(3), func(a *Answer) {
			a.Hints = feed.Hints{SkipHours: []int{0, 1, 2, 3, 4, 5, 18, 19, 20, 21, 22, 23}, SkipDays: []time.Weekday{time.Wednesday, time.Thursday}}
		}), same())},
		{"failing", "adaptive", 60 * 24 * time.Hour, 60, func(n int, _ time.Time) Answer {
			if n < 4 {
				return fresh(n + 1)
			}
			return down(feed.FailNetwork)
		}},
		{"not_found", "adaptive", 45 * 24 * time.Hour, 60, always(down(feed.FailMissing))},
		{"forbidden", "adaptive", 40 * 24 * time.Hour, 20, always(down(feed.FailForbidden))},
		{"gone", "adaptive", 90 * 24 * time.Hour, 20, from(fresh(1), down(feed.FailGone))},
		{"gone_by_mistake", "adaptive", 32 * 24 * time.Hour, 5, from(fresh(1), down(feed.FailGone), fresh(2))},
		{"too_many_requests", "adaptive", 4 * 24 * time.Hour, 20, from(fresh(1), with(down(feed.FailBusy), func(a *Answer) { a.RetryAfter, a.HasRetryAfter = 5*time.Hour, true }), same(), down(feed.FailBusy))},
		{"unavailable_and_fresh_for_two_days", "adaptive", 3 * 24 * time.Hour, 20, always(with(down(feed.FailBusy), func(a *Answer) { a.Fresh, a.FreshBy = 48*time.Hour, "max-age" }))},
		{"recovery", "adaptive", 24 * time.Hour, 20, from(fresh(1), down(feed.FailServer), down(feed.FailServer), down(feed.FailServer), fresh(2), same())},
		{"our_own_network_is_down", "adaptive", 3 * time.Hour, 20, from(fresh(1), with(down(feed.FailNetwork), func(a *Answer) { a.Ours = true }))},
		{"no_validators", "adaptive", 4 * 24 * time.Hour, 20, func(n int, _ time.Time) Answer {
			a := fresh(n + 1)
			a.Validators, a.Conditional, a.BodyBytes = feed.Validators{}, false, 300<<10
			return a
		}},
		{"validators_are_ignored", "adaptive", 5 * 24 * time.Hour, 40, always(with(fresh(0), func(a *Answer) { a.BodyBytes = 700 << 10 }))},
		{"a_hub_pushes", "adaptive", 3 * 24 * time.Hour, 20, func(n int, _ time.Time) Answer {
			a := same()
			a.Pushed = n > 0
			if n == 6 {
				a = fresh(1) // a pull finds what no push announced
			}
			return a
		}},
		{"its_host_rests", "adaptive", 12 * time.Hour, 20, func(_ int, now time.Time) Answer {
			a := same()
			if pause := start.Add(5 * time.Hour); now.Before(pause) {
				a.HostPause = pause
			}
			return a
		}},
		{"cron_with_zone", "TZ=Asia/Baku 0 6,18 * * *", 4 * 24 * time.Hour, 20, from(fresh(1), same())},
		{"cron_and_max_age", "*/30 * * * *", 8 * time.Hour, 20, always(with(fresh(1), func(a *Answer) { a.Fresh, a.FreshBy = time.Hour, "max-age" }))},
		{"cron_daily_and_max_age_of_a_day", "0 6 * * *", 4 * 24 * time.Hour, 20, always(with(fresh(1), func(a *Answer) { a.Fresh, a.FreshBy = 24*time.Hour, "max-age" }))},
		{"cron_failing", "*/30 * * * *", 5 * 24 * time.Hour, 20, from(fresh(1), down(feed.FailServer))},
		{"every_and_max_age", "@every 30m", 4 * time.Hour, 20, from(fresh(1), same(), with(same(), func(a *Answer) { a.Fresh, a.FreshBy = time.Hour, "max-age" }))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cadence, err := Parse(tt.cadence, nil)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, timeline(feed.Source{ID: "outlet", URL: address, Cadence: cadence}, tt.span, tt.lines, tt.answer))
		})
	}
}

// timeline plays a source for a while and writes a line a poll.
func timeline(src feed.Source, span time.Duration, lines int, answer func(int, time.Time) Answer) string {
	var b strings.Builder
	var s feed.State
	now := start
	for n := 0; now.Before(start.Add(span)); n++ {
		if n == lines {
			fmt.Fprintln(&b, "…")
			break
		}
		a := answer(n, now)
		s = Advance(s, src, a, now, middle)
		what := fmt.Sprint(a.Outcome)
		switch {
		case a.Failure != nil:
			what = string(a.Failure.Class)
		case a.New > 0:
			what = "new"
		}
		next := "never"
		if !s.Next.IsZero() {
			next = "+" + spell(s.Next.Sub(now))
		}
		fmt.Fprintf(&b, "%s  %-9s  %-8s  %s\n", now.Format("Jan 02 Mon 15:04"), what, next, s.Because)
		if s.Next.IsZero() {
			break
		}
		// A poll takes three seconds, and so does not end when it began.
		now = s.Next.Add(3 * time.Second)
	}
	return b.String()
}

// golden compares got with the file named after the running test.
func golden(t *testing.T, got string) {
	t.Helper()
	name := filepath.Join("testdata", filepath.Base(t.Name())+".golden")
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; to accept it, run with -update\ngot:\n%swant:\n%s", name, got, want)
	}
}
