package schedule

import (
	"slices"
	"time"

	"serai/internal/feed"
)

const (
	leastSpread = 10 * time.Minute
	spreadStep  = time.Second / 2
	handPause   = 15 * time.Minute // between polls by hand
)

// First returns when the nth of the sources that are new, counted from zero, is
// polled first: one after the other, a second apart.
func First(n int, now time.Time) time.Time {
	return wholeSecond(now.Add(time.Duration(n) * time.Second))
}

// Spread returns when overdue sources are polled after a start, in an order left
// to chance: over ten minutes, or half a second for each if that is longer. A
// restart is no reason to hurry, and the moment they all fell due may be one.
func Spread(overdue []string, now time.Time, random func() float64) map[string]time.Time {
	order := slices.Clone(overdue)
	for i := len(order) - 1; i > 0; i-- {
		j := min(int(random()*float64(i+1)), i)
		order[i], order[j] = order[j], order[i]
	}
	window := max(leastSpread, time.Duration(len(order))*spreadStep)
	due := make(map[string]time.Time, len(order))
	for i, source := range order {
		due[source] = wholeSecond(now.Add(time.Duration(float64(window) * float64(i) / float64(len(order)))))
	}
	return due
}

// ByHand returns when the source may be polled because somebody asks for it,
// and why not sooner; a moment not after now means at once. Again sets aside our
// own quarter of an hour, and never the server's word or its host's rest.
func ByHand(s feed.State, hostPause time.Time, again bool, now time.Time) (time.Time, string) {
	at, because := now, ""
	if last := s.LastAttempt.Add(handPause); !again && last.After(at) {
		at, because = last, "polled less than "+spell(handPause)+" ago"
	}
	if s.NotBefore.After(at) {
		at, because = s.NotBefore, "the server asks to wait until "+moment(s.NotBefore)
	}
	if hostPause.After(at) {
		at, because = hostPause, "its host rests until "+moment(hostPause)
	}
	return at, because
}
