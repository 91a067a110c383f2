package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"serai/internal/feed"
	"serai/internal/fetch"
	"serai/internal/strict"
)

// publicURL reads the address that the site is known by.
func (b *builder) publicURL(key, text string) string {
	if text == "" {
		return ""
	}
	if reason := badAddress(text); reason != "" {
		b.Problemf(key, "%s; want the public address of the site, such as https://news.example.org", reason)
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil {
		b.Problemf(key, "has more than host and path; want an address such as https://news.example.org")
	}
	return strings.TrimRight(text, "/")
}

// badAddress returns why a text is no http or https address, or "". It says
// nothing about where the address leads: nobody fetches it.
func badAddress(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>"\`, r) }):
		return fmt.Sprintf("%q is no address", clip(text))
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.Hostname() == "":
		return fmt.Sprintf("%q is no absolute http or https address", clip(text))
	case len(text) > 2048:
		return "the address is longer than 2048 bytes"
	}
	return ""
}

// sourceURL checks the address of a feed and returns it with its secrets filled
// in, and whether it has any.
func (b *builder) sourceURL(key, text string) (address string, secret bool) {
	name, fromEnv := strings.CutPrefix(text, "env:")
	if !fromEnv {
		if err := fetch.CheckURL(text, b.cfg.Network.Allow); err != nil {
			b.Problemf(key, "%v", err)
			return text, false
		}
		if secret = feed.HasSecret(text); secret {
			b.literalSecret(key)
		}
		return text, secret
	}
	address, ok := b.secret(key, name)
	if !ok {
		return "", true
	}
	if err := fetch.CheckURL(address, b.cfg.Network.Allow); err != nil {
		b.Problemf(key, "the address in the variable %s cannot be used: %v", clip(name), err)
	}
	return address, true
}

// secret returns the value of a variable; that it is not set is a mistake.
func (b *builder) secret(key, name string) (string, bool) {
	value, ok := b.env(name)
	if !ok || value == "" {
		b.Problemf(key, "the variable %s is not set; set it in the environment that serai runs in", clip(name))
	}
	return value, ok && value != ""
}

func (b *builder) env(name string) (string, bool) {
	if b.around.Env == nil || name == "" {
		return "", false
	}
	return b.around.Env(name)
}

// literalSecret warns of a secret that others can read.
func (b *builder) literalSecret(key string) {
	if b.around.Readable {
		b.warnf(key, "a secret in a file that everybody on this machine can read; take it from the environment (env:NAME), or chmod 600 the file")
	}
}

func (b *builder) warnf(key, format string, args ...any) {
	b.cfg.Warnings = append(b.cfg.Warnings, b.Notice(key, fmt.Sprintf(format, args...)))
}

// required notes that a value is missing where it must not be.
func (b *builder) required(key, value string) {
	if strings.TrimSpace(value) == "" && !b.Reported(key) {
		b.Problemf(key, "is missing; add it")
	}
}

// line checks a text that is shown: one line, of at most so many characters.
func (b *builder) line(key, text string, most int) string {
	text = strings.TrimSpace(text)
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		b.Problemf(key, "has a line break or a control character; write it in one line")
	case utf8.RuneCountInString(text) > most:
		b.Problemf(key, "is longer than %d characters; shorten it", most)
	}
	return text
}

// languageTag is the shape of a language tag (RFC 5646 2.1), without the
// grandfathered ones.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`)

func (b *builder) language(key, text string) string {
	if text != "" && (len(text) > 35 || !languageTag.MatchString(text)) {
		b.Problemf(key, "%q is no language; want a tag such as en, az or zh-Hant", clip(text))
	}
	return text
}

// duration reads a time span within bounds.
func (b *builder) duration(key, text string, least, most time.Duration) time.Duration {
	d, ok := parseDuration(text)
	switch {
	case !ok:
		b.Problemf(key, "%q is no time span; want a number with unit, such as 30s, 20m, 12h or 730d", clip(text))
	case d < least || d > most:
		b.Problemf(key, "%s is out of range; want %s to %s", clip(text), days(least), days(most))
	}
	return d
}

// parseDuration reads what time.ParseDuration reads, and whole days and weeks.
func parseDuration(text string) (time.Duration, bool) {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if digits, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseUint(digits, 10, 16)
			return time.Duration(n) * length, err == nil
		}
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}

// days writes a duration as people write it in the file.
func days(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return d.String()
	}
}

// whole checks that a number is within bounds, and gives it a default.
func whole[T int | int64](b *builder, key string, value, fallback, least, most T) T {
	if !b.Has(key) {
		return fallback
	}
	if !b.Reported(key) && (value < least || value > most) {
		b.Problemf(key, "%d is out of range; want %d to %d", value, least, most)
	}
	return value
}

// oneOf checks that a text is one of a fixed list, and gives it a default.
func oneOf[T ~string](b *builder, key, text string, fallback T, rest ...T) T {
	names := []string{string(fallback)}
	for _, r := range rest {
		names = append(names, string(r))
	}
	if text == "" && !b.Has(key) {
		return fallback
	}
	if slices.Contains(names, text) {
		return T(text)
	}
	if !b.Reported(key) {
		b.Problemf(key, "%q is none of %s%s", clip(text), strings.Join(names, ", "), didYouMean(text, names))
	}
	return fallback
}

// didYouMean is the end of a message about a name that is not known.
func didYouMean(name string, known []string) string {
	if near := strict.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// clip shortens a value for a message.
func clip(text string) string { return strict.Clip(text, 60) }
