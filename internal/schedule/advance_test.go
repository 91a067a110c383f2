package schedule

import (
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"serai/internal/feed"
)

func TestValidatorsAreKeptAsTheAnswerSays(t *testing.T) {
	old := feed.State{Validators: map[string]feed.Validators{address: {ETag: `"old"`, LastModified: "then"}}}
	tests := []struct {
		name   string
		answer Answer
		want   feed.Validators
	}{
		{"a_200_replaces", Answer{URL: address, Validators: feed.Validators{ETag: `"new"`}}, feed.Validators{ETag: `"new"`}},
		{"a_200_without_any_clears", Answer{URL: address}, feed.Validators{}},
		{"the_same_body_replaces_too", Answer{URL: address, BodyHash: "a", Validators: feed.Validators{ETag: `"new"`}}, feed.Validators{ETag: `"new"`}},
		{"a_failure_leaves_them", Answer{URL: address, Outcome: feed.Failed, Failure: &feed.Failure{Class: feed.FailFormat}}, old.Validators[address]},
		{"no_address_leaves_them", Answer{}, old.Validators[address]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Advance(old, feed.Source{}, tt.answer, start, middle)
			if got.Validators[address] != tt.want {
				t.Errorf("keeps %v, want %v", got.Validators[address], tt.want)
			}
			if old.Validators[address].ETag != `"old"` {
				t.Error("the old state has changed")
			}
		})
	}
}

func TestOnlyAFewAddressesAreRemembered(t *testing.T) {
	var s feed.State
	for _, path := range []string{"a", "b", "c", "d", "e", "f"} {
		s = Advance(s, feed.Source{}, Answer{URL: address + path, Validators: validators}, start, middle)
		if s.Validators[address+path] != validators {
			t.Errorf("the latest address %s is not among %v", path, s.Validators)
		}
	}
	if len(s.Validators) != mostAddresses {
		t.Errorf("%d addresses are kept", len(s.Validators))
	}
}

func TestServersThatIgnoreValidatorsAreAskedInOtherWays(t *testing.T) {
	both := feed.Validators{ETag: `"1"`, LastModified: "then"}
	full := Answer{URL: address, Validators: both, Conditional: true, BodyHash: "same"}
	var s feed.State
	var sent []feed.Validators
	for n := range 14 {
		sent = append(sent, Ask(s, "outlet", start)[address])
		s = Advance(s, feed.Source{}, full, start.Add(time.Duration(n)*time.Hour), middle)
	}
	modified, etag := feed.Validators{LastModified: "then"}, feed.Validators{ETag: `"1"`}
	want := []feed.Validators{{}, both, both, both, both, both, modified, modified, etag, etag, both, both, both, both}
	for i := range want {
		if sent[i] != want[i] {
			t.Errorf("poll %d sent %v, want %v", i, sent[i], want[i])
		}
	}
	s = Advance(s, feed.Source{}, same(), start.Add(20*time.Hour), middle)
	if s.Mode != feed.BothValidators {
		t.Errorf("after a 304 the mode is %q", s.Mode)
	}
}

func TestEndless304sAreDoubted(t *testing.T) {
	day := 24 * time.Hour
	state := func(change func(*feed.State)) feed.State {
		s := feed.State{Polls: 9, LastFull: start, LastChange: start, Validators: map[string]feed.Validators{address: validators}}
		change(&s)
		return s
	}
	tests := []struct {
		name  string
		state feed.State
		after time.Duration
		asks  bool // with validators
	}{
		{"first_week", state(func(*feed.State) {}), 6 * day, true},
		{"second_week", state(func(*feed.State) {}), 10 * day, false},
		{"not_while_news_comes", state(func(s *feed.State) { s.LastChange = start.Add(9 * day) }), 10 * day, true},
		{"a_date_in_the_future_sooner", state(func(s *feed.State) {
			s.Validators[address] = feed.Validators{LastModified: "Wed, 21 Oct 2041 07:28:00 GMT"}
		}), 25 * time.Hour, false},
		{"long_overdue_sooner", state(func(s *feed.State) {
			s.Arrivals = []time.Time{start.Add(-2 * time.Hour), start.Add(-time.Hour), start}
		}), 25 * time.Hour, false},
		{"never_polled", feed.State{}, 10 * day, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Ask(tt.state, "outlet", start.Add(tt.after))
			if asks := got != nil; asks != tt.asks {
				t.Errorf("asks with %v", got)
			}
			if tt.asks && !maps.Equal(got, tt.state.Validators) && len(tt.state.Validators) > 0 {
				t.Errorf("asks with %v, want %v", got, tt.state.Validators)
			}
		})
	}
	if s := (feed.State{Polls: 1, LastFull: start}); !Delta(s, start.Add(29*day)) || Delta(s, start.Add(30*day)) || Delta(feed.State{}, start) {
		t.Error("changed entries are asked for at the wrong time")
	}
}

// TestNextIsNeverTooEarly plays random answers and looks at what must hold for
// each: no poll goes before the server's word or the host's rest, or sooner than
// a quarter of an hour where nobody but chance decides.
func TestNextIsNeverTooEarly(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 1))
	classes := []feed.Class{"", "", "", feed.FailNetwork, feed.FailServer, feed.FailMissing, feed.FailForbidden, feed.FailBusy, feed.FailEmpty, "unheard-of"}
	cadences := []feed.Cadence{{Text: Adaptive}}
	for _, text := range []string{"*/30 * * * *", "@every 45m", "TZ=Asia/Baku 0 6 * * *"} {
		c, err := Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		cadences = append(cadences, c)
	}
	for _, cadence := range cadences {
		var s feed.State
		now := start
		for range 3000 {
			a := same()
			if class := classes[chance.IntN(len(classes))]; class != "" {
				a = down(class)
			}
			if chance.IntN(4) == 0 {
				a.RetryAfter, a.HasRetryAfter = time.Duration(chance.Int64N(int64(20*24*time.Hour))), true
			}
			if chance.IntN(4) == 0 {
				a.Fresh, a.FreshBy = time.Duration(chance.Int64N(int64(100*time.Hour))), "max-age"
			}
			if chance.IntN(4) == 0 {
				a.HostPause = now.Add(time.Duration(chance.Int64N(int64(48 * time.Hour))))
			}
			a.New = chance.IntN(2)
			s = Advance(s, feed.Source{ID: "x", URL: address, Cadence: cadence}, a, now, chance.Float64)
			wait := s.Next.Sub(now)
			switch {
			case s.Next.Before(s.NotBefore), s.Next.Before(a.HostPause):
				t.Fatalf("next %s, not before %s, host rests until %s: %s", s.Next, s.NotBefore, a.HostPause, s.Because)
			case cadence.Clock == nil && wait < 11*time.Minute, wait <= 0, wait > 32*24*time.Hour:
				t.Fatalf("waits %s: %s", wait, s.Because)
			case s.Because == "" || len(s.Arrivals) > mostGaps:
				t.Fatalf("because %q, %d arrivals", s.Because, len(s.Arrivals))
			}
			now = s.Next.Add(time.Second)
		}
	}
}

func TestStart(t *testing.T) {
	if got := First(0, start); !got.Equal(start) {
		t.Errorf("the first new source is polled at %s", got)
	}
	if got := First(90, start).Sub(start); got != 90*time.Second {
		t.Errorf("the 91st new source is polled after %s", got)
	}
	for n, window := range map[int]time.Duration{1: 10 * time.Minute, 100: 10 * time.Minute, 3000: 25 * time.Minute} {
		overdue := make([]string, n)
		for i := range overdue {
			overdue[i] = string(rune('a' + i))
		}
		due := Spread(overdue, start, rand.New(rand.NewPCG(1, 1)).Float64)
		first, last := start.Add(window), start
		for _, at := range due {
			first, last = earlier(first, at), later(last, at)
		}
		if len(due) != n || !first.Equal(start) || last.Sub(start) > window || n > 1 && last.Sub(start) < window*9/10 {
			t.Errorf("%d of %d sources from %s to %s", len(due), n, first, last)
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func TestByHand(t *testing.T) {
	polled := feed.State{LastAttempt: start}
	tests := []struct {
		name  string
		state feed.State
		pause time.Time
		again bool
		after time.Duration
		wait  time.Duration
	}{
		{"never_polled", feed.State{}, time.Time{}, false, 0, 0},
		{"just_polled", polled, time.Time{}, false, 5 * time.Minute, 10 * time.Minute},
		{"just_polled_and_again", polled, time.Time{}, true, 5 * time.Minute, 0},
		{"polled_a_while_ago", polled, time.Time{}, false, 15 * time.Minute, 0},
		{"not_before_holds_again", feed.State{NotBefore: start.Add(time.Hour)}, time.Time{}, true, 0, time.Hour},
		{"host_holds_again", polled, start.Add(time.Hour), true, 0, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := start.Add(tt.after)
			at, because := ByHand(tt.state, tt.pause, tt.again, now)
			if at.Sub(now) != tt.wait || (because == "") != (tt.wait == 0) {
				t.Errorf("waits %s (%s), want %s", at.Sub(now), because, tt.wait)
			}
		})
	}
}
