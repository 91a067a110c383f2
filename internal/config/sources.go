package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"serai/internal/feed"
	"serai/internal/match"
	"serai/internal/schedule"
)

// plainID is the shape of ids, which stand in addresses.
var plainID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

func (b *builder) allTopics() []feed.Topic {
	topics := make([]feed.Topic, 0, len(b.raw.Topics))
	b.topics = make(map[string]bool, len(b.raw.Topics))
	for _, id := range slices.Sorted(maps.Keys(b.raw.Topics)) {
		key, words := "topics."+id, b.raw.Topics[id]
		b.topics[id] = true
		if !plainID.MatchString(id) {
			b.Problemf(key, "is no id; want a-z, 0-9 and -, at most 64 characters")
		}
		if len(words) == 0 && !b.Reported(key) {
			b.Problemf(key, "has no words; add some or remove the topic")
		}
		b.words(key, words)
		topics = append(topics, feed.Topic{ID: id, Words: words})
	}
	return topics
}

// Bounds of lists.
const (
	maxWords = 2_000
	maxTags  = 100
)

// words checks a list of words and regular expressions, one by one.
func (b *builder) words(key string, words []string) {
	if len(words) > maxWords {
		b.Problemf(key, "has %d words; the most is %d", len(words), maxWords)
		return
	}
	for i, word := range words {
		at := fmt.Sprintf("%s[%d]", key, i)
		if err := match.CheckWords(word); err != nil && !b.Reported(at) {
			b.Problemf(at, "%v", err)
		}
	}
}

func (b *builder) where(key, text string) string {
	if text != "" {
		if err := match.CheckWhere(text); err != nil {
			b.Problemf(key, "%v", err)
		}
	}
	return text
}

func (b *builder) allSources() []feed.Source {
	fallback := b.defaults()
	b.sources = map[string]string{feed.PostsSource: "posts"}
	addresses := make(map[string]string, len(b.raw.Sources))
	sources := make([]feed.Source, len(b.raw.Sources))
	for i, raw := range b.raw.Sources {
		key := fmt.Sprintf("sources[%d]", i)
		if !b.Has(key+".id") && !b.Has(key+".url") && b.Reported(key) {
			continue // no source at all, and said so
		}
		sources[i] = b.source(key, raw, fallback)
		b.unique(key, raw.ID)
		if address := sources[i].URL; address != "" && !b.Reported(key+".url") {
			canonical := feed.CanonicalURL(address)
			if first, taken := addresses[canonical]; taken {
				line, _ := b.Position(first)
				b.Problemf(key+".url", "is the address of %s in line %d too; keep one", first, line)
			} else {
				addresses[canonical] = key + ".url"
			}
		}
	}
	return sources
}

// unique notes the id of a source.
func (b *builder) unique(key, id string) {
	first, taken := b.sources[id]
	switch {
	case id == "":
	case id == feed.PostsSource:
		b.Problemf(key+".id", "%q is the site's own posts; choose another id", id)
	case taken:
		line, _ := b.Position(first + ".id")
		b.Problemf(key+".id", "%q is taken by the source in line %d; choose another id", clip(id), line)
	default:
		b.sources[id] = key
	}
}

// defaults returns a source that has nothing but what all have in common.
func (b *builder) defaults() feed.Source {
	raw := b.raw.Defaults
	return feed.Source{
		Cadence:   b.cadence("defaults.schedule", cmp.Or(raw.Schedule, "adaptive")),
		Timeout:   b.timeout("defaults.timeout", cmp.Or(raw.Timeout, "30s")),
		Keep:      b.keep("defaults.keep", raw.Keep, feed.Keep{Entries: 1000, Age: 730 * 24 * time.Hour}),
		FirstPoll: whole(b, "defaults.first_poll", raw.FirstPoll, 10, 0, 1000),
	}
}

func (b *builder) source(key string, raw source, fallback feed.Source) feed.Source {
	b.id(key, raw.ID)
	b.required(key+".url", raw.URL)
	src := feed.Source{
		ID:        raw.ID,
		Title:     b.line(key+".title", raw.Title, 500),
		Kind:      oneOf(b, key+".kind", raw.Kind, feed.Outlet, feed.Mirror, feed.Aggregator),
		Language:  b.language(key+".language", raw.Language),
		Tags:      b.tags(key+".tags", raw.Tags),
		Republish: oneOf(b, key+".republish", raw.Republish, feed.RepublishFull, feed.RepublishExcerpt, feed.RepublishLink),
		Cadence:   fallback.Cadence,
		Timeout:   fallback.Timeout,
		Keep:      b.keep(key+".keep", raw.Keep, fallback.Keep),
		FirstPoll: whole(b, key+".first_poll", raw.FirstPoll, fallback.FirstPoll, 0, 1000),
		MaxBytes:  whole(b, key+".max_bytes", raw.MaxBytes, 32<<20, 64<<10, 256<<20),
		Headers:   b.headers(key+".headers", raw.Headers),
		Drop:      b.rules(key+".drop", raw.Drop),
	}
	if raw.Schedule != "" {
		src.Cadence = b.cadence(key+".schedule", raw.Schedule)
	}
	if raw.Timeout != "" {
		src.Timeout = b.timeout(key+".timeout", raw.Timeout)
	}
	if raw.URL != "" {
		var secret bool
		src.URL, secret = b.sourceURL(key+".url", raw.URL)
		src.Private = raw.Private || secret
		if secret && !raw.Private && b.Has(key+".private") {
			b.warnf(key+".private", "stays true: the address holds a secret")
		}
	}
	return src
}

// id checks the id of a source or a channel.
func (b *builder) id(key, id string) {
	b.required(key+".id", id)
	if id != "" && !plainID.MatchString(id) {
		b.Problemf(key+".id", "%q is no id; want a-z, 0-9 and -, at most 64 characters, such as jam-news", clip(id))
	}
}

func (b *builder) cadence(key, text string) feed.Cadence {
	cadence, err := schedule.Parse(text, b.cfg.Zone)
	if err != nil {
		b.Problemf(key, "%v", err)
	}
	return cadence
}

func (b *builder) timeout(key, text string) time.Duration {
	return b.duration(key, text, time.Second, 10*time.Minute)
}

func (b *builder) keep(key string, raw keep, fallback feed.Keep) feed.Keep {
	k := feed.Keep{
		Entries: whole(b, key+".entries", raw.Entries, fallback.Entries, 1, 1_000_000),
		Age:     fallback.Age,
	}
	if raw.Age != "" {
		k.Age = b.duration(key+".age", raw.Age, 24*time.Hour, 36500*24*time.Hour)
	}
	return k
}

// maxTag is the length of the longest tag, in characters.
const maxTag = 100

func (b *builder) tags(key string, raw []string) []string {
	var tags []string
	if len(raw) > maxTags {
		b.Problemf(key, "has %d tags; the most is %d", len(raw), maxTags)
		return nil
	}
	for i, tag := range raw {
		at := fmt.Sprintf("%s[%d]", key, i)
		tag = b.line(at, tag, maxTag)
		switch {
		case tag == "" && !b.Reported(at):
			b.Problemf(at, "is empty; remove it")
		case !slices.Contains(tags, tag):
			tags = append(tags, tag)
		}
	}
	return tags
}

// Names of header fields (RFC 9110 5.1), and those that are not the admin's to
// set: the connection, the validators and the encodings are kept by fetch.
var (
	fieldName  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")
	ownHeaders = []string{
		"accept-encoding", "connection", "content-length", "expect", "host", "if-match", "if-modified-since",
		"if-none-match", "if-range", "if-unmodified-since", "keep-alive", "proxy-authorization", "proxy-connection",
		"range", "te", "trailer", "transfer-encoding", "upgrade",
	}
	secretHeader = regexp.MustCompile(`(?i)auth|cookie|token|secret|key|password`)
)

// headers checks header fields and fills in their secrets.
func (b *builder) headers(key string, raw map[string]string) map[string]string {
	if len(raw) == 0 {
		return nil
	}
	headers := make(map[string]string, len(raw))
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		at, value := key+"."+name, raw[name]
		switch {
		case !fieldName.MatchString(name):
			b.Problemf(at, "is no name of a header field; want one such as Accept-Language")
		case slices.Contains(ownHeaders, strings.ToLower(name)):
			b.Problemf(at, "is set by serai itself; remove it")
		}
		if variable, fromEnv := strings.CutPrefix(value, "env:"); fromEnv {
			value, _ = b.secret(at, variable)
		} else if value != "" && secretHeader.MatchString(name) {
			b.literalSecret(at)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) || len(value) > 8192 {
			b.Problemf(at, "has a line break or a control character, or more than 8192 bytes; no server takes it")
		}
		headers[name] = value
	}
	return headers
}

func (b *builder) rules(key string, raw []rule) []feed.Rule {
	var rules []feed.Rule
	for i, r := range raw {
		at := fmt.Sprintf("%s[%d]", key, i)
		if len(r.Title)+len(r.Text)+len(r.Author)+len(r.Link)+len(r.Tag) == 0 && r.Where == "" {
			if !b.Reported(at) {
				b.Problemf(at, "has no condition and would drop everything; add title, text, author, link, tag or where")
			}
			continue
		}
		b.words(at+".title", r.Title)
		b.words(at+".text", r.Text)
		b.words(at+".author", r.Author)
		b.words(at+".link", r.Link)
		rules = append(rules, feed.Rule{
			Title: r.Title, Text: r.Text, Author: r.Author, Link: r.Link,
			Tag: b.tags(at+".tag", r.Tag), Where: b.where(at+".where", r.Where),
		})
	}
	return rules
}
