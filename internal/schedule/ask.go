package schedule

import (
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"serai/internal/feed"
)

const (
	// So many full answers in a row with the same body, to requests that could
	// have been answered 304, show that a server does not honour what it gave.
	sameBodies      = 5
	sameBodiesAgain = 2 // for the second and third way of asking
	mostAddresses   = 4 // whose validators are kept

	doubtAfter  = 8 * 24 * time.Hour // silence that is looked through by asking in full
	doubtSooner = 24 * time.Hour     // the same, where there is reason to doubt
	overdue     = 5                  // usual gaps without news that are such a reason
	deltaFull   = 30 * 24 * time.Hour
)

// keepValidators takes over what the answer gave to ask with next time. What a
// 200 came with replaces what was kept, also when it came with nothing.
func keepValidators(s *feed.State, a Answer) {
	if a.URL != "" {
		if a.Validators == (feed.Validators{}) {
			delete(s.Validators, a.URL)
		} else {
			s.Validators[a.URL] = a.Validators
		}
		for _, address := range slices.Sorted(maps.Keys(s.Validators)) {
			if len(s.Validators) > mostAddresses && address != a.URL {
				delete(s.Validators, address)
			}
		}
	}
	switch {
	case a.NotModified:
		if s.Mode == feed.ValidatorsIgnored {
			s.Mode = feed.BothValidators
		}
	case a.Conditional && s.SameBodies >= patienceOf(s.Mode):
		s.Mode = nextMode(s.Mode)
		s.SameBodies = 0
	}
}

func patienceOf(m feed.ValidatorMode) int {
	if m == feed.BothValidators {
		return sameBodies
	}
	return sameBodiesAgain
}

func nextMode(m feed.ValidatorMode) feed.ValidatorMode {
	switch m {
	case feed.BothValidators:
		return feed.ModifiedSinceOnly
	case feed.ModifiedSinceOnly:
		return feed.NoneMatchOnly
	case feed.NoneMatchOnly, feed.ValidatorsIgnored:
	}
	return feed.ValidatorsIgnored
}

// Ask returns the validators to send with the next poll of the source: those
// kept, as far as its server honours them. It returns none about every eighth
// day of a source that has answered 304 all that time, because some servers do
// so for ever; after a day already if it dates itself in the future, or has been
// silent for much longer than is usual.
func Ask(s feed.State, source string, now time.Time) map[string]feed.Validators {
	if doubtful(s, source, now) {
		return nil
	}
	asked := make(map[string]feed.Validators, len(s.Validators))
	for address, v := range s.Validators {
		switch {
		case s.Mode == feed.ModifiedSinceOnly && v.LastModified != "":
			v.ETag = ""
		case s.Mode == feed.NoneMatchOnly && v.ETag != "":
			v.LastModified = ""
		}
		asked[address] = v
	}
	return asked
}

// Delta reports whether the poll may ask for changed entries only. Now and then
// the whole feed is wanted, to see what is gone from it.
func Delta(s feed.State, now time.Time) bool {
	return s.Polls > 0 && now.Sub(s.LastFull) < deltaFull
}

func doubtful(s feed.State, source string, now time.Time) bool {
	if s.LastFull.IsZero() || now.Sub(s.LastFull) < doubtSooner || now.Sub(s.LastChange) < doubtSooner {
		return false
	}
	// A day more or less, by the source, so that not all are looked through
	// on the same day after an import.
	h := fnv.New32a()
	_, _ = h.Write([]byte(source)) // a hash never fails
	after := doubtAfter + time.Duration(h.Sum32()%49)*time.Hour - 24*time.Hour
	if usual := usualGap(s.Arrivals); usual > 0 && now.Sub(s.LastChange) > overdue*usual {
		after = doubtSooner
	}
	for _, v := range s.Validators {
		if t, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", v.LastModified); err == nil && t.After(now.Add(time.Hour)) {
			after = doubtSooner
		}
	}
	return now.Sub(s.LastFull) >= after && now.Sub(s.LastChange) >= after
}
