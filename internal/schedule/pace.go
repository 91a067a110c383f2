package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"serai/internal/feed"
)

// A tempo is how long to wait for the next poll, and why.
type tempo struct {
	wait    time.Duration
	because string
}

// pace returns how long to wait after an answer, before chance and skipped
// hours. Least is how long the server wants to be left alone.
func pace(s feed.State, src feed.Source, a Answer, least bound, now time.Time) tempo {
	if src.Cadence.Clock != nil {
		return clockPace(src.Cadence, least, now)
	}
	t := adaptive(s, src, least, now)
	if a.Pushed && a.New == 0 {
		slow := min(max(pushFactor*t.wait, pushLeast), mostWait)
		t = tempo{slow, "a hub pushes its news: " + spell(slow)}
	}
	if least.wait > t.wait {
		return tempo{least.wait, fmt.Sprintf("%s > %s (adaptive)", least.by, spell(t.wait))}
	}
	return t
}

// clockPace gives the clock its way unless the server wants longer. A little
// before the end of that is as good as after it: "every day at six" must not
// become every other day because the answer was fresh until three past six.
func clockPace(c feed.Cadence, least bound, now time.Time) tempo {
	next := c.Clock.Next(now)
	slack := time.Duration(0)
	name := "cron " + c.Text
	if isCron(c) {
		slack = min(least.wait/10, mostJitter)
	} else {
		name = spell(next.Sub(now)) + " (cadence)"
	}
	if wait := least.wait - slack; now.Add(wait).After(next) {
		return tempo{wait, least.by + " > " + name}
	}
	if isCron(c) {
		return tempo{0, name}
	}
	return tempo{next.Sub(now), name}
}

// adaptive returns the wait that follows from what the source has done: half
// the usual gap between news, or a tenth of the silence so far if that is
// longer (the heuristic of RFC 9111 4.2.2), within bounds.
func adaptive(s feed.State, src feed.Source, least bound, now time.Time) tempo {
	floor, why := floorOf(s, src, least)
	if s.Polls <= newPolls {
		return tempo{floor, fmt.Sprintf("new source, poll %d: %s", s.Polls, spell(floor))}
	}
	since := s.LastChange
	if since.IsZero() {
		since = s.FirstPolled
	}
	silence := max(0, now.Sub(since))
	usual := usualGap(s.Arrivals)
	wait, because := usual/2, fmt.Sprintf("half the usual gap of %s", spell(usual))
	if silence/10 > wait || usual == 0 {
		wait, because = silence/10, fmt.Sprintf("a tenth of %s without news", spell(silence))
	}
	switch {
	case wait < floor:
		wait, because = floor, why
	case wait > mostWait:
		wait, because = mostWait, because+", but daily at the least"
	}
	return tempo{wait, fmt.Sprintf("adaptive %s: %s", spell(wait), because)}
}

// floorOf returns the shortest wait, and why it is that.
func floorOf(s feed.State, src feed.Source, least bound) (time.Duration, string) {
	if s.Polls > 1 && !answersNotModified(s, src.URL) {
		day := float64(mostWait)
		wait := time.Duration(day * float64(s.BodyBytes) / dailyBudget)
		if wait = min(max(wait, leastWait), mostWait); wait > leastWait {
			return wait, fmt.Sprintf("every answer is full, %d KiB, and a day has %d", s.BodyBytes>>10, dailyBudget>>10)
		}
	}
	if 0 < least.wait && least.wait < leastWait {
		return max(serverWait, least.wait), "as often as the server invites to: " + least.by
	}
	return leastWait, "the shortest wait"
}

// answersNotModified reports whether the source can be asked without having to
// send everything again, as far as is known.
func answersNotModified(s feed.State, address string) bool {
	if s.Mode == feed.ValidatorsIgnored {
		return false
	}
	if s.LastFull.Before(s.LastOK) {
		return true // the last answer was a 304
	}
	if v, ok := s.Validators[address]; ok && v != (feed.Validators{}) {
		return true
	}
	for _, v := range s.Validators {
		if v != (feed.Validators{}) {
			return true // redirected: the validators are the target's
		}
	}
	return false
}

// usualGap returns the median time between arrivals; zero when there are not
// two. These are moments at which we saw news, so no publisher's clock or
// invented date can bend it.
func usualGap(arrivals []time.Time) time.Duration {
	if len(arrivals) < 2 {
		return 0
	}
	gaps := make([]time.Duration, 0, len(arrivals)-1)
	for i, t := range arrivals[1:] {
		gaps = append(gaps, max(0, t.Sub(arrivals[i])))
	}
	slices.Sort(gaps)
	middle := len(gaps) / 2
	if len(gaps)%2 == 0 {
		return (gaps[middle-1] + gaps[middle]) / 2
	}
	return gaps[middle]
}

// The least that must be left of day and week for a feed's skipped hours and
// days to be believed.
const leastHours = 2

// outOfSkipped returns the first moment from t on that the feed does not ask to
// skip, and whether that is another one. All is UTC, as RSS 2.0 has it.
func outOfSkipped(t time.Time, hints feed.Hints) (time.Time, bool) {
	var hours [24]bool
	var days [7]bool
	openHours, openDays := 24, 7
	for _, h := range hints.SkipHours {
		if h %= 24; h >= 0 && !hours[h] {
			hours[h] = true
			openHours--
		}
	}
	for _, d := range hints.SkipDays {
		if 0 <= d && d < 7 && !days[d] {
			days[d] = true
			openDays--
		}
	}
	if openHours < leastHours || openDays == 0 {
		return t, false
	}
	open := t.UTC()
	for hours[open.Hour()] || days[open.Weekday()] {
		open = open.Truncate(time.Hour).Add(time.Hour)
	}
	return open, !open.Equal(t)
}

// spell writes a duration for people: 45s, 20m, 1h30m, 3d.
func spell(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		d = d.Round(time.Hour)
		days, rest := d/(24*time.Hour), d%(24*time.Hour)
		if rest == 0 || days >= 10 {
			return fmt.Sprintf("%dd", days)
		}
		return fmt.Sprintf("%dd%dh", days, rest/time.Hour)
	case d >= time.Hour:
		d = d.Round(time.Minute)
	default:
		d = d.Round(time.Second)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func seconds(d time.Duration) string { return fmt.Sprintf("%d", int64(d/time.Second)) }

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
