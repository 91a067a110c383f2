// Package match decides by the rules of feeds.yaml: which entries are left out,
// which topics they have, and which channels take them. Every verdict comes with
// the rule that gave it, for people.
//
// Verdicts depend on the entry and the rules alone, never on the clock or on
// other entries, so that an entry judged again is judged the same.
package match

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"

	"serai/internal/feed"
)

// Rules are the compiled rules of one configuration. They do not change, and
// any number of goroutines may use them at once.
type Rules struct {
	topics   *words
	topicIDs []string
	sources  map[string]source
	channels []channel
}

// A source is what matters of a declared source.
type source struct {
	kind feed.Kind
	tags []string
	drop []rule
}

// Compile makes rules of what is declared. An error lists all that is wrong.
func Compile(topics []feed.Topic, sources []feed.Source, channels []feed.Channel) (*Rules, error) {
	var problems []error
	r := &Rules{sources: make(map[string]source, len(sources))}
	lists := make([][]string, len(topics))
	for i, t := range topics {
		r.topicIDs = append(r.topicIDs, t.ID)
		lists[i] = t.Words
	}
	var err error
	if r.topics, err = compileWords(lists...); err != nil {
		problems = append(problems, fmt.Errorf("topics: %w", err))
	}
	for _, s := range sources {
		compiled := source{kind: s.Kind, tags: s.Tags}
		for i, declared := range s.Drop {
			rule, err := compileRule(declared)
			if err != nil {
				problems = append(problems, fmt.Errorf("source %s: drop rule %d: %w", s.ID, i+1, err))
				continue
			}
			compiled.drop = append(compiled.drop, rule)
		}
		r.sources[s.ID] = compiled
	}
	for _, ch := range channels {
		compiled, err := compileChannel(ch)
		if err != nil {
			problems = append(problems, fmt.Errorf("channel %s: where: %w", ch.ID, err))
			continue
		}
		r.channels = append(r.channels, compiled)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return r, nil
}

// CheckWords says what is wrong with a line of a word list, and what to do.
func CheckWords(word string) error {
	_, err := parsePattern(word)
	return err
}

// CheckWhere says what is wrong with an expression, and what to do.
func CheckWhere(expression string) error {
	_, err := compileWhere(expression)
	return err
}

// CheckRule says what is wrong with a rule, and what to do.
func CheckRule(r feed.Rule) error {
	_, err := compileRule(r)
	return err
}

// Drop reports whether a rule of the entry's source leaves it out, and which
// rule that is and what it found.
func (r *Rules) Drop(e *feed.Entry) (reason string, drop bool) {
	rules := r.sources[e.Source].drop
	if len(rules) == 0 {
		return "", false
	}
	p := parts{rules: r, entry: e}
	for i := range rules {
		if found, ok := rules[i].holds(&p); ok {
			return fmt.Sprintf("drop rule %d of %s: %s", i+1, e.Source, found), true
		}
	}
	return "", false
}

// Topics returns the topics that the entry's title and text speak of, in the
// order of their declaration.
func (r *Rules) Topics(e *feed.Entry) []string {
	if len(r.topicIDs) == 0 {
		return nil
	}
	var topics []string
	for i, id := range r.topics.find(readProse(e.Title), readProse(body(e))) {
		if id >= 0 {
			topics = append(topics, r.topicIDs[i])
		}
	}
	return topics
}

// body returns the plain text of the entry, which is its summary where it has
// no content.
func body(e *feed.Entry) string {
	if e.Text == "" {
		return e.Summary
	}
	return e.Text
}

// Channels returns the channels that take the entry, in the order of their
// declaration. The entry's topics have to be set. A dropped entry is in none.
func (r *Rules) Channels(e *feed.Entry) []feed.Membership {
	if e.Dropped != "" {
		return nil
	}
	var taken []feed.Membership
	v := r.view(e, e.Topics)
	for i := range r.channels {
		if reason, ok := r.channels[i].takes(v); ok {
			taken = append(taken, feed.Membership{Channel: r.channels[i].id, Reason: reason})
		}
	}
	return taken
}

// Explain reports whether a channel takes the entry, and why or why not.
func (r *Rules) Explain(e *feed.Entry, channel string) (taken bool, reason string) {
	for i := range r.channels {
		if r.channels[i].id != channel {
			continue
		}
		if e.Dropped != "" {
			return false, "dropped: " + e.Dropped
		}
		reason, taken = r.channels[i].takes(r.view(e, e.Topics))
		return taken, reason
	}
	return false, fmt.Sprintf("there is no channel %q", channel)
}

// A channel is a compiled selection.
type channel struct {
	id        string
	sources   []string
	topics    []string
	tags      []string // folded
	languages []string
	where     *vm.Program // nil takes all
	text      string      // of where
}

func compileChannel(ch feed.Channel) (channel, error) {
	c := channel{id: ch.ID, sources: ch.Sources, topics: ch.Topics, languages: ch.Languages, text: ch.Where}
	for _, tag := range ch.Tags {
		c.tags = append(c.tags, foldTag(tag))
	}
	if ch.Where == "" {
		return c, nil
	}
	var err error
	c.where, err = compileWhere(ch.Where)
	return c, err
}

// takes reports whether the channel takes an entry, and why or why not.
func (c *channel) takes(v *view) (reason string, ok bool) {
	var why []string
	for _, selector := range []struct {
		name string
		want []string
		have []string
		same func(want, have string) bool
	}{
		{"source", c.sources, []string{v.Source}, equal},
		{"topic", c.topics, v.Topics, equal},
		{"tag", c.tags, v.Tags, equal},
		{"language", c.languages, []string{v.Language}, sameLanguage},
	} {
		if len(selector.want) == 0 {
			continue
		}
		found := slices.IndexFunc(selector.want, func(want string) bool {
			return slices.ContainsFunc(selector.have, func(have string) bool { return selector.same(want, have) })
		})
		if found < 0 {
			return fmt.Sprintf("%s is %s, wanted is %s", selector.name, listed(selector.have, "and"), listed(selector.want, "or")), false
		}
		why = append(why, selector.name+" "+selector.want[found])
	}
	if c.where != nil {
		switch held, err := holds(c.where, v); {
		case err != nil:
			return fmt.Sprintf("where: %s cannot be told: %v", c.text, err), false
		case !held:
			return fmt.Sprintf("where: %s is false", c.text), false
		}
		why = append(why, "where: "+c.text)
	}
	if len(why) == 0 {
		return "takes everything", true
	}
	return strings.Join(why, "; "), true
}

func equal(a, b string) bool { return a == b }

// sameLanguage reports whether a language is the wanted one or a kind of it:
// "en" wants "en-GB", too (RFC 4647 3.3.1).
func sameLanguage(want, have string) bool {
	return have != "" && len(have) >= len(want) && strings.EqualFold(have[:len(want)], want) && (len(have) == len(want) || have[len(want)] == '-')
}

// listed writes a list for people.
func listed(list []string, last string) string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	switch len(list) {
	case 0:
		return "none"
	case 1:
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + last + " " + list[len(list)-1]
}
