package schedule

import (
	"fmt"
	"time"

	"serai/internal/feed"
)

const (
	week       = 7 * 24 * time.Hour
	longFailed = 30 * 24 * time.Hour // after so long, a source is asked once a week
	goneCheck  = 30 * 24 * time.Hour // a 410 is looked at once more after this
)

// A ladder is how long to wait after the first failure, doubled with each
// further one, and the most that comes to.
type ladder struct{ first, most time.Duration }

// ladders by the class of failure: what mends itself is asked again soon, what
// needs a person is not.
var ladders = map[feed.Class]ladder{
	feed.FailNetwork:   {15 * time.Minute, 24 * time.Hour},
	feed.FailServer:    {15 * time.Minute, 24 * time.Hour},
	feed.FailMissing:   {6 * time.Hour, 24 * time.Hour},
	feed.FailForbidden: {24 * time.Hour, week},
	feed.FailRequest:   {24 * time.Hour, 24 * time.Hour},
	feed.FailBusy:      {time.Hour, 24 * time.Hour},
	feed.FailProtocol:  {6 * time.Hour, 24 * time.Hour},
	feed.FailRefused:   {24 * time.Hour, week},
	feed.FailTooLarge:  {24 * time.Hour, 24 * time.Hour},
	feed.FailEmpty:     {time.Hour, 24 * time.Hour},
	feed.FailFormat:    {time.Hour, 24 * time.Hour},
	feed.FailStore:     {5 * time.Minute, time.Hour},
}

// rung returns the wait after the nth failure in a row.
func (l ladder) rung(n int) time.Duration {
	return min(l.most, l.first<<min(max(n-1, 0), 12))
}

// fail takes in an answer that was no document. Validators and freshness stay
// as they are: they belong to a document that is still the latest we have.
func fail(s feed.State, src feed.Source, a Answer, now time.Time, random func() float64) feed.State {
	f := a.Failure
	s.NotBefore = notBefore(a, now)
	switch {
	case a.Ours:
		s.Next = wholeSecond(now.Add(5*time.Minute + fraction(5*time.Minute, random)))
		s.Because = "our own network seems to be down: not counted"
		return s
	case f.Class == feed.FailGone:
		return rest(s, f, now)
	case f.Class == feed.FailBusy:
		return yield(s, src, a, now, random)
	}
	note(&s, f, now)
	l, ok := ladders[f.Class]
	if !ok {
		l = ladders[feed.FailServer]
	}
	wait := l.rung(s.Failures)
	if passing := f.Class == feed.FailNetwork || f.Class == feed.FailServer; passing && src.Cadence.Clock == nil {
		// A quiet source is not worth more haste than half its usual wait.
		wait = min(l.most, max(wait, adaptive(s, src, bound{}, now).wait/2))
	}
	if now.Sub(s.FailSince) > longFailed {
		wait = week
	}
	p := tempo{wait, fmt.Sprintf("%s failure in a row (%s): waits %s", ordinal(s.Failures), f.Class, spell(wait))}
	// A quarter more or less, so that what failed together is not asked together.
	p.wait = wait*3/4 + fraction(wait/2, random)
	if until := s.FreshUntil.Sub(now); until > p.wait {
		p.wait = until
	}
	s.Next, s.Because = placeFailed(s, src, a, p, now, random)
	return s
}

// note counts a failure.
func note(s *feed.State, f *feed.Failure, now time.Time) {
	if s.Failures == 0 {
		s.FailSince = now
	}
	s.Failures++
	s.FailClass, s.FailText = f.Class, f.Text
}

// yield takes in that the server wants to be left alone, which is no failure.
func yield(s feed.State, src feed.Source, a Answer, now time.Time, random func() float64) feed.State {
	s.Refusals++
	s.FailClass, s.FailText = a.Failure.Class, a.Failure.Text
	p := tempo{}
	if a.HasRetryAfter {
		wait := min(a.RetryAfter, mostAsked)
		p.because = "the server is busy and asks to wait " + spell(wait)
		p.wait = max(wait, serverWait)
		p.wait += fraction(p.wait/10, random)
	} else {
		p.wait = ladders[feed.FailBusy].rung(s.Refusals)
		p.because = fmt.Sprintf("the server is busy for the %s time: waits %s", ordinal(s.Refusals), spell(p.wait))
		s.NotBefore = later(s.NotBefore, now.Add(p.wait))
		p.wait += fraction(min(p.wait/10, mostJitter), random)
	}
	s.Next, s.Because = placeFailed(s, src, a, p, now, random)
	return s
}

// rest takes in that the source is gone. It is looked at once more, in case
// that was a mistake, and then left alone until somebody resumes it.
func rest(s feed.State, f *feed.Failure, now time.Time) feed.State {
	note(&s, f, now)
	if s.Gone.IsZero() {
		s.Gone = now
		s.Next = wholeSecond(now.Add(goneCheck))
		s.Because = "gone (410): rests, and is looked at once more after " + spell(goneCheck)
		return s
	}
	if check := s.Gone.Add(goneCheck); now.Before(check) {
		s.Next = wholeSecond(check) // asked by hand meanwhile
		return s
	}
	s.Next = time.Time{}
	s.Because = "gone (410) since " + moment(s.Gone) + ": rests until resumed"
	return s
}

// placeFailed turns the wait after a failure into a moment. The feed's own
// wishes are not asked: they are about its news, and there was none.
func placeFailed(s feed.State, src feed.Source, a Answer, p tempo, now time.Time, random func() float64) (time.Time, string) {
	next := onClock(src.Cadence, now, now.Add(p.wait))
	return giveWay(s, src, a, next, p.because, now, random)
}

// notBefore returns what the server's own word forbids after a failure: its
// Retry-After, or the freshness of an answer that speaks for the address.
func notBefore(a Answer, now time.Time) time.Time {
	var until time.Time
	if a.HasRetryAfter {
		until = now.Add(min(a.RetryAfter, mostAsked))
	}
	switch a.Failure.Class {
	case feed.FailBusy, feed.FailMissing, feed.FailGone, feed.FailServer:
		if a.Fresh > 0 && a.FreshBy == "max-age" {
			until = later(until, now.Add(min(a.Fresh, mostWait)))
		}
	default:
	}
	return until
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ordinal writes 1st, 2nd, 3rd, 4th.
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
