package match

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/vm"

	"serai/internal/feed"
)

// A rule is a compiled [feed.Rule]. All of its conditions must hold.
type rule struct {
	conditions []condition
	where      *vm.Program // nil is true
	text       string      // of where
}

// A condition is that one of some words stands in a part of the entry.
type condition struct {
	part  part
	words *words
}

// A part of an entry, as rules name it.
type part string

const (
	title  part = "title"
	text   part = "text"
	author part = "author"
	link   part = "link"
	tag    part = "tag"
)

func compileRule(declared feed.Rule) (rule, error) {
	var r rule
	var problems []error
	for _, c := range []struct {
		part part
		list []string
	}{{title, declared.Title}, {text, declared.Text}, {author, declared.Author}, {link, declared.Link}, {tag, declared.Tag}} {
		if len(c.list) == 0 {
			continue
		}
		w, err := compileWords(c.list)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", c.part, err))
		}
		r.conditions = append(r.conditions, condition{c.part, w})
	}
	if declared.Where != "" {
		program, err := compileWhere(declared.Where)
		if err != nil {
			problems = append(problems, fmt.Errorf("where: %w", err))
		}
		r.where, r.text = program, declared.Where
	}
	if len(r.conditions) == 0 && declared.Where == "" {
		problems = append(problems, errors.New("has no condition and would drop everything: give it title, text, author, link, tag or where"))
	}
	return r, errors.Join(problems...)
}

// holds reports whether a rule applies to an entry, and by what.
func (r *rule) holds(p *parts) (found string, ok bool) {
	var hits []string
	for _, c := range r.conditions {
		id := c.words.find(p.of(c.part)...)[0]
		if id < 0 {
			return "", false
		}
		hits = append(hits, fmt.Sprintf("%s has %q", c.part, c.words.patterns[id].text))
	}
	if r.where != nil {
		// An expression that cannot be evaluated drops nothing.
		if held, err := holds(r.where, p.view()); err != nil || !held {
			return "", false
		}
		hits = append(hits, "where: "+r.text)
	}
	return strings.Join(hits, " and "), true
}

// parts are an entry cut up for rules, each part when it is first asked for.
type parts struct {
	rules  *Rules
	entry  *feed.Entry
	cut    map[part][]*prose
	viewed *view
}

// of returns the texts that a part consists of. A phrase is not looked for
// across them.
func (p *parts) of(name part) []*prose {
	if cut, ok := p.cut[name]; ok {
		return cut
	}
	if p.cut == nil {
		p.cut = make(map[part][]*prose)
	}
	var list []string
	switch e := p.entry; name {
	case title:
		list = []string{e.Title}
	case text:
		list = []string{e.Title, body(e)}
	case author:
		for _, a := range e.Authors {
			list = append(list, a.Name)
		}
	case link:
		list = []string{e.Link}
	case tag:
		list = p.view().Tags
	}
	cut := make([]*prose, len(list))
	for i, s := range list {
		cut[i] = readProse(s)
	}
	p.cut[name] = cut
	return cut
}

// view returns the entry as expressions see it, with its topics: rules are
// asked before these are set.
func (p *parts) view() *view {
	if p.viewed == nil {
		topics := p.entry.Topics
		if len(topics) == 0 {
			topics = p.rules.Topics(p.entry)
		}
		p.viewed = p.rules.view(p.entry, topics)
	}
	return p.viewed
}
