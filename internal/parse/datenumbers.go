package parse

import "strings"

// number takes a number with what is glued to it: a clock, a whole date, or
// only itself. It returns how much it took, 0 for nonsense.
func (d *dateReader) number(s string) int {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, ok := digits(s[:end])
	if !ok {
		return 0
	}
	if end < len(s) && end <= 2 && s[end] == ':' && d.hour < 0 {
		return d.clock(s, n, end)
	}
	if end < len(s) && strings.IndexByte("-/.", s[end]) >= 0 && len(d.loose) == 0 {
		if took := d.dateInOne(s, end); took > 0 {
			return took
		}
	}
	if end > 4 || len(d.loose) >= 3 {
		return 0
	}
	d.loose = append(d.loose, n)
	if end >= 3 && d.year < 0 {
		d.year = n
		d.loose = d.loose[:len(d.loose)-1]
	}
	return end + ordinal(s[end:])
}

// ordinal returns the length of the letters after a day: "2nd", "1er", "2-ci".
func ordinal(s string) int {
	for _, suffix := range []string{"st", "nd", "rd", "th", "er", "-го", "-е", "-ci", "-cı", "-cu", "-cü"} {
		if rest, ok := strings.CutPrefix(s, suffix); ok && (rest == "" || !isLetter(rest[0]) && rest[0] < 0x80) {
			return len(suffix)
		}
	}
	return 0
}

// dateInOne takes "2026-01-02", "02.01.2026", "2026/1/2", "2-Jan-2026".
func (d *dateReader) dateInOne(s string, end int) int {
	sep := s[end]
	var parts []string
	rest := s
	for len(parts) < 3 {
		n := 0
		for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9') {
			n++
		}
		if n == 0 {
			break
		}
		parts = append(parts, rest[:n])
		rest = rest[n:]
		if rest == "" || rest[0] != sep || len(parts) == 3 {
			break
		}
		rest = rest[1:]
	}
	took := len(s) - len(rest)
	var v [3]int
	for i, p := range parts {
		n, ok := digits(p)
		if !ok || len(p) > 4 {
			return 0
		}
		v[i] = n
	}
	switch {
	case len(parts) == 2 && len(parts[0]) == 4 && sep == '-':
		d.year, d.month, d.day = v[0], v[1], 1
	case len(parts) != 3:
		return 0
	case len(parts[0]) == 4:
		d.year, d.month, d.day = v[0], v[1], v[2]
	case len(parts[2]) == 4:
		d.year = v[2]
		d.dayAndMonth(v[0], v[1], sep)
	case len(parts[0]) == 2 && sep == '-': // 03-12-31
		d.year, d.month, d.day = fullYear(v[0]), v[1], v[2]
	default:
		d.year = fullYear(v[2])
		d.dayAndMonth(v[0], v[1], sep)
	}
	d.dotted = true
	return took
}

// dayAndMonth tells day and month apart: the day comes first, except between
// slashes, which Americans use, and where that cannot be.
func (d *dateReader) dayAndMonth(a, b int, sep byte) {
	if sep == '/' && a <= 12 || b > 12 {
		a, b = b, a
	}
	d.day, d.month = a, b
}

// clock takes "15:04", "15:04:05.000", "3:04:05PM".
func (d *dateReader) clock(s string, hour, end int) int {
	d.hour = hour
	for _, part := range []*int{&d.minute, &d.second} {
		if end >= len(s) || s[end] != ':' {
			break
		}
		from := end + 1
		end = from
		for end < len(s) && end < from+2 && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		n, ok := digits(s[from:end])
		if !ok {
			return 0
		}
		*part = n
	}
	if end < len(s) && (s[end] == '.' || s[end] == ',') {
		from := end + 1
		for end = from; end < len(s) && s[end] >= '0' && s[end] <= '9'; end++ {
			if end < from+9 {
				d.nanos = d.nanos*10 + int(s[end]-'0')
			}
		}
		for n := end - from; n < 9; n++ {
			d.nanos *= 10
		}
		if end == from { // a full stop
			d.nanos = 0
		}
	}
	return end
}

// offsetAfter takes "+04:00", "-0330", "+4", after a zone name or alone.
func (d *dateReader) offsetAfter(s string, sign int, east bool) int {
	rest := strings.TrimLeft(s[sign:], "+-")
	end := len(s) - len(rest)
	from := end
	for end < len(s) && end-from < 4 && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, ok := digits(s[from:end])
	if !ok {
		return sign // a dash between words
	}
	hours, minutes := n, 0
	switch {
	case end-from > 2:
		hours, minutes = n/100, n%100
	case end < len(s) && s[end] == ':':
		m := end + 1
		for end = m; end < len(s) && end < m+2 && s[end] >= '0' && s[end] <= '9'; end++ {
			minutes = minutes*10 + int(s[end]-'0')
		}
	}
	if hours > 15 || minutes > 59 || d.offset {
		return 0
	}
	d.zone = hours*3600 + minutes*60
	if !east {
		d.zone = -d.zone
	}
	d.offset = true
	return end
}
