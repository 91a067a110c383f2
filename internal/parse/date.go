package parse

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxDate is how long a date may be; the longest honest one, JavaScript's with
// a zone spelled out, has about 90 letters.
const maxDate = 160

// readDate reads a date in any of the ways that feeds write them: RFC 822 and
// its descendants, RFC 3339 and ISO 8601, asctime, JavaScript, seconds since
// 1970, and what people write by hand in the languages of [words]. It reports
// false for what is no date, and for dates that cannot be. A time without a
// zone is taken as UTC.
func readDate(s string) (time.Time, bool) {
	if len(s) > maxDate {
		return time.Time{}, false
	}
	s = strings.TrimSpace(s)
	if t, ok := usualDate(s); ok {
		return plausible(t)
	}
	if t, ok := epoch(s); ok {
		return plausible(t)
	}
	if t, ok := compactDate(s); ok {
		return plausible(t)
	}
	d := dateReader{year: -1, month: -1, day: -1, hour: -1}
	if !d.read(s) {
		return time.Time{}, false
	}
	return d.time()
}

// usualDate reads the two spellings that nearly all feeds use.
func usualDate(s string) (time.Time, bool) {
	if len(s) >= 20 && s[4] == '-' {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return t, true
		}
		return time.Time{}, false
	}
	if len(s) == len(time.RFC1123Z) && s[3] == ',' && (s[26] == '+' || s[26] == '-') {
		if t, err := time.Parse(time.RFC1123Z, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// plausible refuses years that no publication has. They are kept within what
// RFC 3339 can write.
func plausible(t time.Time) (time.Time, bool) {
	t = t.UTC()
	if t.Year() < 1900 || t.Year() > 9998 {
		return time.Time{}, false
	}
	return t, true
}

// epoch reads seconds or milliseconds since 1970.
func epoch(s string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	n, ok := digits(whole)
	if _, fine := digits(fraction); !ok || fraction != "" && !fine {
		return time.Time{}, false
	}
	switch len(whole) {
	case 9, 10:
		return time.Unix(int64(n), 0), true
	case 13:
		return time.UnixMilli(int64(n)), true
	}
	return time.Time{}, false
}

// digits reads a number of nothing but digits, at most 15.
func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != "" && len(s) <= 15
}

// compactDate reads the forms of ISO 8601 without separators, and the ones
// with parts left out that its predecessors allowed.
func compactDate(s string) (time.Time, bool) {
	for _, layout := range []string{"20060102T150405Z07:00", "20060102T150405Z0700", "20060102T150405", "20060102T1504Z07:00", "20060102T1504", "20060102150405", "20060102", "2006-002", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if len(s) == 5 && s[0] == '-' { // -YYMM
		if yy, ok := digits(s[1:3]); ok {
			if mm, ok := digits(s[3:]); ok && mm >= 1 && mm <= 12 {
				return time.Date(fullYear(yy), time.Month(mm), 1, 0, 0, 0, 0, time.UTC), true
			}
		}
	}
	return time.Time{}, false
}

// fullYear completes a year of two digits as RFC 2822 4.3 does, but with the
// break where news begins.
func fullYear(yy int) int {
	switch {
	case yy >= 100:
		return yy
	case yy < 70:
		return 2000 + yy
	}
	return 1900 + yy
}

// A dateReader collects what the words and numbers of a date say.
type dateReader struct {
	year, month, day int // -1 while unknown
	hour             int // -1 while unknown
	minute, second   int
	nanos            int
	half             int   // 1 for a.m., 2 for p.m.
	zone             int   // seconds east of UTC
	named            bool  // a zone was named
	offset           bool  // and given as a number
	loose            []int // numbers that are day, month or year, in order
	dotted           bool  // a date stood there in one piece, its parts in the order of loose
}

// read takes the date apart.
func (d *dateReader) read(s string) bool {
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		var n int
		switch {
		case r >= '0' && r <= '9':
			n = d.number(s)
		case r == '(':
			// A comment, which repeats the zone in words (RFC 5322 3.2.2).
			if n = strings.IndexByte(s, ')') + 1; n == 0 {
				n = len(s)
			}
		case (r == '+' || r == '-' || r == '−') && d.hour >= 0:
			n = d.offsetAfter(s, size, r == '+')
		case unicode.IsLetter(r):
			n = d.word(s)
		default:
			if n = size; strings.ContainsRune("<>@#$%&{}=", r) {
				return false
			}
		}
		if n <= 0 {
			return false
		}
		s = s[n:]
	}
	return true
}

// word takes a word: month, weekday, zone, half of the day, or one that stands
// between them.
func (d *dateReader) word(s string) int {
	end := 0
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && (r != '/' && r != '_' || i == 0) {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	word := s[:end]
	if strings.HasPrefix(s[end:], ".m") && len(word) == 1 { // "a.m."
		end += 2
		word += "m"
	}
	key := foldWord(word)
	if key == "t" && d.hour < 0 && d.day >= 0 { // between date and time
		return end
	}
	if key == "gmt" || key == "utc" || key == "z" || key == "ut" || key == "uct" {
		d.named = true
		return end
	}
	switch w, ok := words[key]; {
	case !ok:
		return d.unknownWord(key, end)
	case w.kind == monthWord && d.month < 0:
		d.month = w.value
	case w.kind == zoneWord && d.hour >= 0:
		if !d.offset {
			d.zone = w.value * 60
		}
		d.named = true
	case w.kind == halfWord:
		d.half = w.value
	}
	return end
}

// unknownWord decides what to do with a word that no table has: weekdays come
// in too many forms to know all, but after the clock only a zone may stand.
func (d *dateReader) unknownWord(key string, end int) int {
	if m := monthByStem(key); m > 0 && d.month < 0 {
		d.month = m
		return end
	}
	if d.hour >= 0 {
		if d.offset && !d.dotted {
			return end // "+0400 Baku"
		}
		return 0
	}
	if len(d.loose) == 0 && d.day < 0 {
		return end // a weekday, in front
	}
	return 0
}

// time puts the parts together. It reports false when they are no date.
func (d *dateReader) time() (time.Time, bool) {
	d.place()
	if d.day < 0 && d.year >= 0 && d.month > 0 && d.hour < 0 {
		d.day = 1
	}
	if d.year < 0 || d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 {
		return time.Time{}, false
	}
	hour := max(d.hour, 0)
	switch {
	case d.half == 1 && hour == 12:
		hour = 0
	case d.half == 2 && hour < 12:
		hour += 12
	}
	// 24:00:00 is midnight (ISO 8601), 60 a leap second; neither goes further.
	if hour > 24 || hour == 24 && d.minute+d.second > 0 || d.minute > 59 || d.second > 60 {
		return time.Time{}, false
	}
	t := time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
	if t.Day() != d.day {
		return time.Time{}, false // 30 February
	}
	t = t.Add(time.Duration(hour)*time.Hour + time.Duration(d.minute)*time.Minute + time.Duration(d.second)*time.Second + time.Duration(d.nanos))
	return plausible(t.Add(-time.Duration(d.zone) * time.Second))
}

// place finds out which of the loose numbers is what.
func (d *dateReader) place() {
	for _, n := range d.loose {
		switch {
		case d.day < 0 && n >= 1 && n <= 31:
			d.day = n
		case d.month < 0 && n >= 1 && n <= 12:
			d.month = n
		case d.year < 0:
			d.year = fullYear(n)
		default:
			d.day = 99 // one too many
		}
	}
}
