package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"serai/internal/feed"
)

func failing(url string, status int, class feed.Class, phase string) Visit {
	return Visit{URL: url, Status: status, Failure: &feed.Failure{Class: class, Phase: phase}}
}

func asking(v Visit, wait time.Duration) Visit {
	v.RetryAfter, v.HasRetryAfter = wait, true
	return v
}

// TestHostTimelines plays visits to a host, ten minutes apart.
func TestHostTimelines(t *testing.T) {
	good := Visit{URL: "/a", Status: 200}
	tooMany := failing("/a", 429, feed.FailBusy, "header")
	unavailable := func(url string) Visit { return asking(failing(url, 503, feed.FailBusy, "header"), 30*time.Minute) }
	shared := tooMany
	shared.Shared = true
	unreachable := func(n int) Visit { return failing(fmt.Sprint("/", n), 0, feed.FailNetwork, "connect") }
	tests := []struct {
		name   string
		visits []Visit
	}{
		{"host_429_with_retry_after", []Visit{good, asking(tooMany, 3*time.Hour), good}},
		{"host_429_without", []Visit{tooMany, tooMany, tooMany, tooMany, tooMany, tooMany, good, tooMany}},
		{"host_429_shared", []Visit{shared, shared}},
		{"host_403_with_retry_after", []Visit{asking(failing("/a", 403, feed.FailBusy, "header"), time.Hour)}},
		{"host_503", []Visit{unavailable("/a"), unavailable("/a"), unavailable("/b"), good, unavailable("/b")}},
		{"host_500", []Visit{failing("/a", 500, feed.FailServer, "header"), failing("/b", 500, feed.FailServer, "header")}},
		{"host_unreachable", []Visit{unreachable(1), unreachable(1), unreachable(2), unreachable(3), unreachable(4), unreachable(5), unreachable(6), unreachable(7), unreachable(8), good, unreachable(1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			var h Host
			now := start
			for _, v := range tt.visits {
				h = h.After(v, now)
				pause := "goes on"
				if h.PauseUntil.After(now) {
					pause = "rests " + spell(h.PauseUntil.Sub(now)) + ": " + h.Because
				}
				class := "ok"
				if v.Failure != nil {
					class = string(v.Failure.Class)
				}
				fmt.Fprintf(&b, "%s  %-3s %3d %-8s gap %-3s  %s\n", now.Format("15:04"), v.URL, v.Status, class, h.Space(1, now), pause)
				now = later(now, h.PauseUntil).Add(10 * time.Minute)
			}
			golden(t, b.String())
		})
	}
}

func TestHostsWithManySourcesAreGivenMoreTime(t *testing.T) {
	var h Host
	if h.Space(20, start) != time.Second || h.Space(21, start) != 2*time.Second {
		t.Errorf("gaps are %s and %s", h.Space(20, start), h.Space(21, start))
	}
}

func TestTwoHostsSpeakForTheirDomain(t *testing.T) {
	refused := Host{}.After(asking(failing("/a", 429, feed.FailBusy, "header"), time.Hour), start)
	later := Host{}.After(asking(failing("/b", 429, feed.FailBusy, "header"), time.Hour), start.Add(5*time.Minute))
	if got := DomainPause([]Host{refused, {}}, start.Add(5*time.Minute)); !got.IsZero() {
		t.Errorf("one host alone pauses its domain until %s", got)
	}
	if got := DomainPause([]Host{refused, {}, later}, start.Add(5*time.Minute)); !got.Equal(later.PauseUntil) {
		t.Errorf("two hosts pause their domain until %s", got)
	}
	if got := DomainPause([]Host{refused, later}, start.Add(12*time.Minute)); !got.IsZero() {
		t.Errorf("what was said long ago pauses the domain until %s", got)
	}
}

func TestOurOwnOutageIsNoticed(t *testing.T) {
	down, gone := &feed.Failure{Class: feed.FailNetwork}, &feed.Failure{Class: feed.FailMissing}
	type fetch struct {
		host    string
		failure *feed.Failure
	}
	many := []fetch{{"a", down}, {"b", down}, {"c", down}, {"d", down}, {"d", down}}
	tests := []struct {
		name    string
		fetches []fetch
		every   time.Duration
		want    bool
	}{
		{"five_of_four_hosts", many, time.Second, true},
		{"four_of_four_hosts", many[:4], time.Second, false},
		{"five_of_three_hosts", append([]fetch{{"b", down}}, many[:3]...), time.Second, false},
		{"over_a_long_time", many, 2 * time.Minute, false},
		{"with_an_answer_between", append(append([]fetch{}, many[:3]...), fetch{"x", gone}, fetch{"d", down}, fetch{"e", down}), time.Second, false},
		{"and_on_through_the_probes", append(append([]fetch{}, many...), fetch{"a", down}, fetch{"a", down}, fetch{"a", down}), time.Minute, true},
		{"until_one_answers", append(append([]fetch{}, many...), fetch{"a", nil}), time.Second, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o Outage
			now := start
			for _, f := range tt.fetches {
				o = o.After(f.host, f.failure, now)
				now = now.Add(tt.every)
			}
			if o.Down() != tt.want {
				t.Errorf("down is %v", o.Down())
			}
		})
	}
}
