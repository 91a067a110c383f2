package schedule

import (
	"net/http"
	"slices"
	"time"

	"serai/internal/feed"
)

const (
	leastGap       = time.Second // between two requests to a host
	busyGap        = 2 * time.Second
	manySources    = 20 // from so many on, a host's gap is the longer one
	gapHeld        = 24 * time.Hour
	mostGap        = 5 * time.Minute
	hostPauseFirst = time.Hour
	hostPauseMost  = 24 * time.Hour

	brokenURLs   = 5 // addresses of a host that fail to connect, until the host rests
	breakerFirst = 15 * time.Minute
	breakerMost  = 6 * time.Hour

	together = 10 * time.Minute // within which answers of two hosts speak for their domain
)

// A Host is what a host and port did to us lately, whichever source asked. Its
// zero value is a host that did nothing.
type Host struct {
	PauseUntil time.Time     // no request goes out before
	Because    string        // why, for people
	Gap        time.Duration // between the starts of two requests; zero is the usual
	GapUntil   time.Time     // when Gap is forgotten

	Refused  time.Time // last 429
	Refusals int       // 429 without Retry-After in a row
	Busy     string    // the address that last said 503 with Retry-After; empty when none
	Broken   []string  // addresses to which no connection could be made, since one could
	Breaks   int       // rests because of that, in a row
}

// A Visit is one request to a host, as far as it bears on the others.
type Visit struct {
	URL           string
	Status        int // zero when no answer came
	Failure       *feed.Failure
	RetryAfter    time.Duration
	HasRetryAfter bool
	// Shared says that the host serves many publishers, or is one of our own
	// network: what one address says is not held against the others.
	Shared bool
}

// Space returns how far apart the starts of two requests to the host must be,
// where we read so many sources there.
func (h Host) Space(sources int, now time.Time) time.Duration {
	gap := leastGap
	if sources > manySources {
		gap = busyGap
	}
	if now.Before(h.GapUntil) {
		gap = max(gap, h.Gap)
	}
	return gap
}

// After returns the host after a visit.
func (h Host) After(v Visit, now time.Time) Host {
	switch {
	case v.Failure == nil:
		h.Refusals, h.Busy = 0, ""
		return h.reached()
	case v.Status == http.StatusTooManyRequests, v.Failure.Class == feed.FailBusy && v.Status == http.StatusForbidden:
		h = h.reached()
		if v.Shared {
			return h
		}
		return h.refused(v, now)
	case v.Status == http.StatusServiceUnavailable && v.HasRetryAfter:
		h = h.reached()
		if !v.Shared && h.Busy != "" && h.Busy != v.URL {
			h = h.pause(min(v.RetryAfter, mostAsked), now, "two of its addresses answered 503")
		}
		h.Busy = v.URL
		return h
	case v.Failure.Class == feed.FailNetwork && v.Status == 0 && slices.Contains([]string{"dns", "connect", "tls"}, v.Failure.Phase):
		return h.broke(v, now)
	case v.Status != 0:
		return h.reached()
	}
	return h
}

// reached forgets what was held against the way to the host.
func (h Host) reached() Host {
	h.Broken, h.Breaks = nil, 0
	return h
}

// refused takes in that the host wants fewer requests.
func (h Host) refused(v Visit, now time.Time) Host {
	h.Refused = now
	if v.HasRetryAfter {
		h.Refusals = 0
		return h.pause(min(v.RetryAfter, mostAsked), now, "it asked for that with "+http.StatusText(v.Status))
	}
	h.Refusals++
	h.Gap = min(2*h.Space(0, now), mostGap)
	h.GapUntil = now.Add(gapHeld)
	return h.pause(ladder{hostPauseFirst, hostPauseMost}.rung(h.Refusals), now, "it answered "+http.StatusText(v.Status))
}

// broke takes in that no connection could be made. When enough addresses agree,
// or the one that was to try again has failed, the host rests.
func (h Host) broke(v Visit, now time.Time) Host {
	if !slices.Contains(h.Broken, v.URL) && len(h.Broken) < brokenURLs {
		h.Broken = append(slices.Clone(h.Broken), v.URL)
	}
	if len(h.Broken) < brokenURLs || now.Before(h.PauseUntil) {
		return h
	}
	h.Breaks++
	return h.pause(ladder{breakerFirst, breakerMost}.rung(h.Breaks), now, "no connection to it could be made")
}

func (h Host) pause(d time.Duration, now time.Time, because string) Host {
	if until := now.Add(d); until.After(h.PauseUntil) {
		h.PauseUntil, h.Because = until, because
	}
	return h
}

// DomainPause returns until when all hosts of one registrable domain rest: until
// the last of their pauses ends, once two of them said 429 within ten minutes.
// The zero time means that they do not.
func DomainPause(hosts []Host, now time.Time) time.Time {
	said := 0
	var until time.Time
	for _, h := range hosts {
		if !h.Refused.IsZero() && now.Sub(h.Refused) < together {
			said++
			until = later(until, h.PauseUntil)
		}
	}
	if said < 2 {
		return time.Time{}
	}
	return until
}
