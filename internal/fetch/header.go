package fetch

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"serai/internal/feed"
)

// maxSeconds is what a number of seconds too large to keep counts as (RFC 9111
// 1.2.2).
const maxSeconds = 1<<31 - 1

// freshness returns how long the answer stays fresh for a private cache, and
// which header says so (RFC 9111 4.2.1): s-maxage is for shared ones.
func freshness(h http.Header, now time.Time) (time.Duration, string) {
	age := time.Duration(0)
	if seconds, ok := parseSeconds(first(h, "Age")); ok {
		age = seconds
	}
	control := parseCacheControl(h["Cache-Control"])
	if control.noCache {
		return 0, ""
	}
	if control.hasMaxAge {
		return max(0, control.maxAge-age), "max-age"
	}
	expires, ok := parseDate(first(h, "Expires"))
	if !ok {
		return 0, ""
	}
	// Both by the server's clock, so it does not matter that it is wrong.
	date, ok := parseDate(first(h, "Date"))
	if !ok {
		date = now
	}
	return min(max(0, expires.Sub(date)-age), maxSeconds*time.Second), "expires"
}

type cacheControl struct {
	maxAge    time.Duration
	hasMaxAge bool
	noCache   bool // no-cache or no-store: nothing is fresh
}

// parseCacheControl reads the directives that matter here. The first of
// duplicates counts; what cannot be read counts as absent.
func parseCacheControl(lines []string) cacheControl {
	var c cacheControl
	for _, line := range lines {
		for line != "" {
			var directive string
			directive, line = cutList(line)
			name, value, _ := strings.Cut(directive, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "max-age":
				if age, ok := parseSeconds(unquote(strings.TrimSpace(value))); ok && !c.hasMaxAge {
					c.maxAge, c.hasMaxAge = age, true
				}
			case "no-cache":
				// With field names it concerns only these.
				c.noCache = c.noCache || value == ""
			case "no-store":
				c.noCache = true
			}
		}
	}
	return c
}

// parseSeconds reads a non-negative number of seconds.
func parseSeconds(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxSeconds {
		n = maxSeconds
	}
	return time.Duration(n) * time.Second, true
}

// retryAfter reads a Retry-After header (RFC 9110 10.2.3): seconds, or a date,
// which is taken against the server's own clock. What is past counts as absent.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	value := first(h, "Retry-After")
	if wait, ok := parseSeconds(value); ok {
		return wait, true
	}
	at, ok := parseDate(value)
	if !ok {
		return 0, false
	}
	if date, ok := parseDate(first(h, "Date")); ok {
		now = date
	}
	wait := at.Sub(now)
	return min(wait, maxSeconds*time.Second), wait >= 0
}

// dateLayouts are the three of RFC 9110 5.6.7 and what servers write instead.
var dateLayouts = []string{
	http.TimeFormat, time.RFC850, time.ANSIC, time.RFC1123, time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 MST",
}

func parseDate(s string) (time.Time, bool) {
	if s = strings.TrimSpace(s); len(s) < len("Mon Jan _2 15:04:05 2006") || len(s) > 64 {
		return time.Time{}, false
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// maxLinks bounds how many links an answer's headers may give.
const maxLinks = 32

// parseLinks reads Link headers (RFC 8288 3), one link a relation. Links about
// something else than the document (anchor) are left out.
func parseLinks(lines []string, base target) []feed.Link {
	var links []feed.Link
	for _, line := range lines {
		for line != "" && len(links) < maxLinks {
			var value string
			value, line = cutList(line)
			links = append(links, parseLink(value, base)...)
		}
	}
	return links[:min(len(links), maxLinks)]
}

func parseLink(value string, base target) []feed.Link {
	value = strings.TrimSpace(value)
	if !strings.HasPrefix(value, "<") {
		return nil
	}
	href, rest, ok := strings.Cut(value[1:], ">")
	if !ok {
		return nil
	}
	t, err := resolve(base, href)
	if err != nil {
		return nil
	}
	link := feed.Link{Href: t.text}
	relations := ""
	for rest != "" {
		var param string
		param, rest = cutParam(rest)
		name, value, _ := strings.Cut(param, "=")
		value = unquote(strings.TrimSpace(value))
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "rel":
			if relations == "" {
				relations = value
			}
		case "type":
			link.Type = value
		case "hreflang":
			link.Language = value
		case "title":
			link.Title = value
		case "anchor":
			return nil
		}
	}
	var links []feed.Link
	for rel := range strings.FieldsSeq(relations) {
		link.Rel = strings.ToLower(rel)
		links = append(links, link)
	}
	return links
}

// cutList cuts the first element from a comma-separated list; commas inside
// quotes or angle brackets do not count.
func cutList(s string) (element, rest string) { return cut(s, ',') }

// cutParam cuts the first parameter from a list parted by semicolons.
func cutParam(s string) (param, rest string) { return cut(strings.TrimLeft(s, "; \t"), ';') }

func cut(s string, separator byte) (head, rest string) {
	quoted, bracketed := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !bracketed:
			quoted = !quoted
		case quoted:
		case c == '<':
			bracketed = true
		case c == '>':
			bracketed = false
		case c == separator && !bracketed:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// unquote takes the quotes off a quoted-string (RFC 9110 5.6.4), also where the
// closing one is missing.
func unquote(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	s = strings.TrimSuffix(s[1:], `"`)
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// first returns the first value of a header, whose name must be canonical.
func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// has reports whether a list header holds the token.
func has(h http.Header, name, token string) bool {
	for _, line := range h[name] {
		for line != "" {
			var element string
			element, line = cutList(line)
			element, _, _ = strings.Cut(element, ";")
			if strings.EqualFold(strings.TrimSpace(element), token) {
				return true
			}
		}
	}
	return false
}

// sendable reports whether a value may stand in a request header. Servers do
// send validators with control characters; sent back they would make every
// later request fail.
func sendable(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return value != ""
}
