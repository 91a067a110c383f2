// Package schedule decides when a source is polled next, and says why.
//
// It is told the time and the chance, never waits, and does no I/O: the same
// question has the same answer. Three voices are heard: the admin's cadence,
// the server's word (freshness, Retry-After, the hints in the feed), and what
// the source has done so far. The admin sets the pace, the server can only slow
// it down, and a source that fails is asked less and less but never given up.
package schedule

import (
	"maps"
	"slices"
	"time"

	"serai/internal/feed"
)

// The bounds of the pace.
const (
	leastWait  = time.Hour        // between polls of a source that answers "not modified"
	serverWait = 15 * time.Minute // the same, where the server itself asks to be polled more often
	mostWait   = 24 * time.Hour
	mostJitter = 10 * time.Minute

	newPolls    = 3       // so many polls are made at the least wait, to get to know a source
	dailyBudget = 1 << 20 // bytes a day that a source may cost which never answers "not modified"
	mostGaps    = 20      // arrivals that are remembered
	mostAsked   = 7 * 24 * time.Hour

	pushFactor = 8 // a source whose hub pushes is polled so many times more rarely
	pushLeast  = 6 * time.Hour
)

// An Answer is what a poll learned, as far as it bears on the next one.
type Answer struct {
	Outcome feed.Outcome
	Failure *feed.Failure // set when the outcome is Failed or Gone
	// Ours says that the failure is our own network's: many sources fail at
	// once. It is not held against this one.
	Ours bool

	NotModified bool // 304
	Conditional bool // validators were sent
	// URL is the address that answered, and Validators what is to be kept for
	// it; an empty URL leaves what is kept alone.
	URL        string
	Validators feed.Validators

	// Fresh is how long the answer's headers say it stays fresh, by max-age or
	// expires; without such headers FreshBy is empty.
	Fresh         time.Duration
	FreshBy       string
	RetryAfter    time.Duration
	HasRetryAfter bool

	BodyHash  string // of the decoded body; empty on 304
	BodyBytes int64
	Hints     feed.Hints // of the document; ignored on 304, which leaves the old ones standing
	New       int        // entries not seen before

	// Pushed says that a hub has pushed this source's news within its lease,
	// and that this poll found nothing that it had not announced.
	Pushed bool
	// HostPause is until when the source's host rests; zero when it does not.
	HostPause time.Time
}

// Advance returns the state of a source after a poll: what it learned, when it
// is due next and why. Random gives numbers from 0 up to 1.
//
// LastAttempt, MovedTo, and all that describes the document itself (Repairs,
// Origin, Hubs, Format) are the caller's to set.
func Advance(s feed.State, src feed.Source, a Answer, now time.Time, random func() float64) feed.State {
	s = clone(s)
	if a.Failure != nil {
		return fail(s, src, a, now, random)
	}
	return succeed(s, src, a, now, random)
}

// clone makes a state that can be changed without touching the old one.
func clone(s feed.State) feed.State {
	s.Arrivals = slices.Clone(s.Arrivals)
	kept := make(map[string]feed.Validators, len(s.Validators)+1)
	maps.Copy(kept, s.Validators)
	s.Validators = kept
	return s
}

// succeed takes in an answer that was a document, or "not modified".
func succeed(s feed.State, src feed.Source, a Answer, now time.Time, random func() float64) feed.State {
	learn(&s, a, now)
	keepValidators(&s, a)
	least := lifetime(&s, a, now)
	p := pace(s, src, a, least, now)
	if a.HasRetryAfter && a.RetryAfter > 0 {
		s.NotBefore = now.Add(min(a.RetryAfter, mostAsked))
	}
	s.Next, s.Because = place(s, src, a, p, now, random)
	return s
}

// learn counts the poll.
func learn(s *feed.State, a Answer, now time.Time) {
	s.Failures, s.FailClass, s.FailSince, s.FailText = 0, "", time.Time{}, ""
	s.Refusals, s.Gone, s.NotBefore = 0, time.Time{}, time.Time{}
	s.LastOK = now
	if s.FirstPolled.IsZero() {
		s.FirstPolled = now
	}
	if a.New > 0 {
		// What a first poll brings was there before: it says nothing about
		// how often news comes.
		if s.Polls > 0 {
			s.Arrivals = append(s.Arrivals, now)
			s.Arrivals = s.Arrivals[max(0, len(s.Arrivals)-mostGaps):]
		}
		s.LastChange = now
	}
	s.Polls++
	if a.NotModified {
		s.SameBodies = 0
		return
	}
	s.LastFull = now
	s.Hints = a.Hints
	if a.BodyHash != "" && a.BodyHash == s.BodyHash {
		s.SameBodies++
	} else {
		s.SameBodies = 0
	}
	s.BodyHash, s.BodyBytes = a.BodyHash, a.BodyBytes
}

// A bound is a time that somebody wants to pass before the next poll.
type bound struct {
	wait time.Duration
	by   string // for people; empty when nobody wants one
}

// lifetime returns how long the server wants the answer to be kept: the longest
// of what headers and document say, each at most a day. More is taken for a
// mistake: caches of years have been seen on live feeds.
func lifetime(s *feed.State, a Answer, now time.Time) bound {
	fresh, by := a.Fresh, a.FreshBy
	switch {
	case by == "max-age":
		s.FreshFor = fresh
	case by == "" && a.NotModified && s.FreshFor > 0:
		// A 304 renews what was stored, its max-age included (RFC 9111 4.3.4).
		fresh, by = s.FreshFor, "max-age"
	default:
		s.FreshFor = 0
	}
	longest := bound{}
	s.FreshBy = ""
	for _, hint := range []struct {
		wait time.Duration
		name string
		text string
	}{
		{fresh, by, by + "=" + seconds(fresh) + " (server)"},
		{s.Hints.TTL, "ttl", "ttl " + spell(s.Hints.TTL) + " (feed)"},
		{s.Hints.UpdateEvery, "sy", "update period " + spell(s.Hints.UpdateEvery) + " (feed)"},
	} {
		if hint.name == "" || hint.wait <= 0 {
			continue
		}
		if hint.wait > mostWait {
			hint.wait, hint.text = mostWait, hint.text+", held to "+spell(mostWait)+","
		}
		if hint.wait > longest.wait {
			longest = bound{hint.wait, hint.text}
			s.FreshBy = hint.name
		}
	}
	s.FreshUntil = time.Time{}
	if longest.wait > 0 {
		s.FreshUntil = now.Add(longest.wait)
	}
	return longest
}

// place turns the wait after an answer into a moment.
func place(s feed.State, src feed.Source, a Answer, p tempo, now time.Time, random func() float64) (time.Time, string) {
	next := onClock(src.Cadence, now, now.Add(p.wait))
	if src.Cadence.Clock == nil {
		next = next.Add(fraction(min(p.wait/10, mostJitter), random)) // only ever later
	}
	because := p.because
	if !isCron(src.Cadence) {
		// A cron expression is the admin's word on the hours themselves.
		if open, moved := outOfSkipped(next, s.Hints); moved {
			next = open.Add(fraction(mostJitter, random))
			because += "; the feed's skipHours or skipDays put it off until " + open.Format("Mon 15:04 UTC")
		}
	}
	return giveWay(s, src, a, next, because, now, random)
}

// giveWay moves a poll behind what no poll goes before: the server's own word
// and the rest of its host.
func giveWay(s feed.State, src feed.Source, a Answer, next time.Time, because string, now time.Time, random func() float64) (time.Time, string) {
	if s.NotBefore.After(next) {
		next = onClock(src.Cadence, now, s.NotBefore)
		because += "; the server asks to wait until " + moment(s.NotBefore)
	}
	if a.HostPause.After(next) {
		next = a.HostPause.Add(fraction(time.Minute, random))
		because += "; its host rests until " + moment(a.HostPause)
	}
	return wholeSecond(next), because
}

// wholeSecond is how moments are stored. It rounds up: a second early is early.
func wholeSecond(t time.Time) time.Time {
	return t.Add(time.Second - time.Nanosecond).UTC().Truncate(time.Second)
}

// onClock returns the first moment of the cadence after now and not before
// bound. An adaptive source, and one with a fixed interval, has no moments of
// its own.
func onClock(c feed.Cadence, now, bound time.Time) time.Time {
	if c.Clock == nil {
		return bound
	}
	next := c.Clock.Next(now)
	switch {
	case !next.Before(bound):
		return next
	case isCron(c):
		return c.Clock.Next(bound.Add(-time.Nanosecond))
	}
	return bound
}

// fraction returns a random part of d.
func fraction(d time.Duration, random func() float64) time.Duration {
	return time.Duration(random() * float64(d))
}
