package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"serai/internal/feed"
)

// Adaptive is the cadence that follows what a source does.
const Adaptive = "adaptive"

const (
	maxCadence = 200 // bytes of a cadence's text
	leastEvery = time.Minute
	mostEvery  = 366 * 24 * time.Hour
)

var errForm = errors.New(`write "adaptive", "@every 20m", or a cron expression of five fields such as "0 6 * * *"`)

// Parse reads a cadence as the admin wrote it: "adaptive", "@every 20m", a cron
// expression of five fields, a descriptor such as "@daily", the last two also
// after "TZ=Asia/Baku ". Without one the clock is that of zone; nil is UTC. What
// it returns always fires, and at most once a minute.
func Parse(text string, zone *time.Location) (feed.Cadence, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxCadence {
		return feed.Cadence{}, fmt.Errorf("the schedule is longer than %d characters: %w", maxCadence, errForm)
	}
	if text == "" {
		return feed.Cadence{}, fmt.Errorf("the schedule is empty: %w", errForm)
	}
	if strings.EqualFold(text, Adaptive) {
		return feed.Cadence{Text: Adaptive}, nil
	}
	if zone == nil {
		zone = time.UTC
	}
	spec, zone, err := cutZone(text, zone)
	if err != nil {
		return feed.Cadence{}, err
	}
	c := feed.Cadence{Text: text}
	if interval, ok := strings.CutPrefix(spec, "@every"); ok {
		c.Clock, err = parseEvery(interval)
	} else {
		c.Clock, err = parseCron(spec, zone)
	}
	if err != nil {
		return feed.Cadence{}, err
	}
	return c, nil
}

// cutZone takes the zone off the front. The cron library panics where nothing
// follows it.
func cutZone(text string, zone *time.Location) (string, *time.Location, error) {
	rest, ok := strings.CutPrefix(text, "CRON_TZ=")
	if !ok {
		if rest, ok = strings.CutPrefix(text, "TZ="); !ok {
			return text, zone, nil
		}
	}
	i := strings.IndexAny(rest, " \t")
	if i < 0 {
		return "", nil, errors.New(`nothing follows the time zone: write "TZ=Asia/Baku 0 6 * * *"`)
	}
	name := rest[:i]
	if name == "" || strings.EqualFold(name, "local") {
		return "", nil, errors.New(`the schedule's time zone has no name: write "TZ=Asia/Baku 0 6 * * *"`)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return "", nil, fmt.Errorf(`there is no time zone %q: names are like "Asia/Baku" and "UTC"`, name)
	}
	return strings.TrimSpace(rest[i:]), zone, nil
}

// An every fires a fixed time after it is asked.
type every time.Duration

// Next is part of [feed.Cadence].
func (e every) Next(t time.Time) time.Time { return t.Add(time.Duration(e)) }

func parseEvery(text string) (every, error) {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	switch {
	case err != nil:
		return 0, fmt.Errorf(`@every needs a duration such as "20m" or "1h30m", not %q`, strings.TrimSpace(text))
	case d < leastEvery:
		return 0, fmt.Errorf("@every %s is too often: the least is %s", d, spell(leastEvery))
	case d > mostEvery:
		return 0, fmt.Errorf("@every %s is too rare: the most is %s", d, spell(mostEvery))
	}
	return every(d), nil
}

// isCron reports whether the cadence names hours of the day.
func isCron(c feed.Cadence) bool {
	switch c.Clock.(type) {
	case nil, every:
		return false
	}
	return true
}

// A wallClock fires by a cron expression as a clock on the wall of a zone shows
// it. The library skips a moment that falls into the hour that is left out in
// spring, or a whole day where that hour has midnight in it, and fires twice in
// autumn. So it is only asked about a clock without seasons, and its answer is
// looked up in the zone here.
type wallClock struct {
	spec *cron.SpecSchedule // in UTC, which stands for the wall
	zone *time.Location
}

var fields = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

func parseCron(text string, zone *time.Location) (c wallClock, err error) {
	// The library has panicked on input before.
	defer func() {
		if cause := recover(); cause != nil {
			c, err = wallClock{}, fmt.Errorf("the schedule cannot be read: %w", errForm)
		}
	}()
	spec, err := prepare(text)
	if err != nil {
		return wallClock{}, err
	}
	schedule, err := fields.Parse("TZ=UTC " + spec)
	if err != nil {
		return wallClock{}, fmt.Errorf("the schedule cannot be read: %s: %w", strings.TrimPrefix(err.Error(), "failed to "), errForm)
	}
	s, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return wallClock{}, errForm
	}
	c = wallClock{s, zone}
	if c.wall(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return wallClock{}, fmt.Errorf("%q never comes: no month has such a day", text)
	}
	return c, nil
}

// prepare checks what the library lets pass, and writes Sunday as 0.
func prepare(text string) (string, error) {
	if strings.HasPrefix(text, "@") {
		return strings.ToLower(text), nil
	}
	parts := strings.Fields(text)
	switch {
	case len(parts) == 6:
		return "", errors.New("the schedule has six fields: leave out the one for seconds, five are minute, hour, day, month and weekday")
	case len(parts) != 5:
		return "", fmt.Errorf("the schedule has %d of the five fields minute, hour, day, month and weekday: %w", len(parts), errForm)
	}
	for _, part := range parts {
		for item := range strings.SplitSeq(part, ",") {
			if item == "" || strings.HasPrefix(item, "*-") || strings.HasPrefix(item, "?-") {
				return "", fmt.Errorf("%q in the schedule is no list of numbers and ranges: %w", part, errForm)
			}
		}
	}
	parts[4] = weekdays(parts[4])
	return strings.Join(parts, " "), nil
}

// weekdays rewrites what uses 7 for Sunday, or ends a range with it, as people
// do and cron daemons allow. What it cannot read it leaves to the library.
func weekdays(field string) string {
	items := strings.Split(field, ",")
	for i, item := range items {
		span, step, stepped := strings.Cut(item, "/")
		from, to, ranged := strings.Cut(span, "-")
		first, ok := weekday(from, 0)
		if !ok {
			continue
		}
		last := first
		if ranged {
			if last, ok = weekday(to, first); !ok {
				continue
			}
		}
		by := 1
		if stepped {
			n, err := strconv.Atoi(step)
			if err != nil || n < 1 {
				continue
			}
			by = n
			if !ranged {
				last = max(first, 6)
			}
		}
		if last < 7 || first > last {
			continue
		}
		var days []string
		for day := first; day <= last; day += by {
			days = append(days, strconv.Itoa(day%7))
		}
		items[i] = strings.Join(days, ",")
	}
	return strings.Join(items, ",")
}

// weekday reads a day as a number from 0 to 7; after a later day, Sunday is 7.
func weekday(s string, after int) (int, bool) {
	for i, name := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		if strings.EqualFold(s, name) {
			if i == 0 && after > 0 {
				return 7, true
			}
			return i, true
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 7 || len(s) != 1 {
		return 0, false
	}
	return n, true
}

// wall returns the next moment after t by a clock without seasons; zero when
// there is none within some twenty years. The library looks ahead for five,
// and the 29th of February can be eight away.
func (c wallClock) wall(t time.Time) time.Time {
	for range 4 {
		if next := c.spec.Next(t); !next.IsZero() {
			return next
		}
		t = t.AddDate(5, 0, 0)
	}
	return time.Time{}
}

// Next is part of [feed.Cadence]. A moment that the zone leaves out comes when
// the clock has been put forward; of one that comes twice, the first counts.
func (c wallClock) Next(t time.Time) time.Time {
	local := t.In(c.zone)
	_, offset := local.Zone()
	wall := local.Add(time.Duration(offset) * time.Second).UTC()
	for {
		wall = c.wall(wall)
		if next := c.instant(wall, t); next.After(t) {
			return next.In(t.Location())
		}
	}
}

// instant returns the moment after t at which the zone's clocks show wall, or
// jump over it; a moment not after t when all that is past.
func (c wallClock) instant(wall, t time.Time) time.Time {
	var before, after int // offsets a day before and after
	_, before = wall.Add(-24 * time.Hour).In(c.zone).Zone()
	_, after = wall.Add(24 * time.Hour).In(c.zone).Zone()
	shown := false
	for _, offset := range []int{max(before, after), min(before, after)} { // the greater offset is the earlier moment
		moment := wall.Add(-time.Duration(offset) * time.Second)
		if _, really := moment.In(c.zone).Zone(); really == offset {
			shown = true
			if moment.After(t) {
				return moment
			}
		}
	}
	if shown {
		return t
	}
	// Left out: by the offset that held before the jump, the moment lies
	// behind it, and the jump is where that zone's time began.
	begun, _ := wall.Add(-time.Duration(min(before, after)) * time.Second).In(c.zone).ZoneBounds()
	return begun
}
