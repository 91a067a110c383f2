package match

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxPattern is the longest word, phrase or regular expression that a rule may
// have, in bytes.
const maxPattern = 1000

// A pattern is one line of a word list: a word or a phrase, or a regular
// expression.
type pattern struct {
	text   string // as declared, for people
	group  int    // what it is looked for by, such as a topic
	words  []patternWord
	regexp *regexp.Regexp // instead of words
}

// A patternWord is a word of a phrase, folded.
type patternWord struct {
	folded []byte
	open   bool // with a star: any ending will do
}

func (w patternWord) matches(word []byte) bool {
	if w.open {
		return bytes.HasPrefix(word, w.folded)
	}
	return bytes.Equal(word, w.folded)
}

// parsePattern reads one line of a word list.
func parsePattern(text string) (pattern, error) {
	p := pattern{text: text}
	switch {
	case strings.TrimSpace(text) == "":
		return p, errors.New("is empty: write a word, or take the line out")
	case len(text) > maxPattern:
		return p, fmt.Errorf("has %d bytes: write at most %d, as several lines", len(text), maxPattern)
	case strings.HasPrefix(text, "/"):
		return parseRegexp(p)
	}
	for field := range strings.FieldsSeq(text) {
		part, open := strings.CutSuffix(field, "*")
		if strings.Contains(part, "*") {
			return p, fmt.Errorf("%q has a star before its end: a star stands for any ending of a word, /…/ can say more", field)
		}
		words := readProse(part)
		if open && len(words.words) == 0 {
			return p, fmt.Errorf("%q has a star without a word before it", field)
		}
		for i := range words.words {
			last := i == len(words.words)-1
			p.words = append(p.words, patternWord{bytes.Clone(words.word(i)), open && last})
		}
	}
	if len(p.words) == 0 {
		return p, fmt.Errorf("%q has neither letter nor digit: use a regular expression between slashes for signs", text)
	}
	return p, nil
}

func parseRegexp(p pattern) (pattern, error) {
	inner, ok := strings.CutSuffix(p.text[1:], "/")
	if !ok || inner == "" {
		return p, fmt.Errorf("%q begins like a regular expression: end it with a slash", p.text)
	}
	re, err := regexp.Compile("(?i)" + inner)
	if err != nil {
		return p, fmt.Errorf("%q is no regular expression (RE2): %w", p.text, err)
	}
	if re.MatchString("") {
		return p, fmt.Errorf("%q matches everything, even nothing: ask for at least one character", p.text)
	}
	p.regexp = re
	return p, nil
}

// words look for all patterns of some lists at once: each word of a text goes
// through a tree of the patterns' first words, and nearly all leave it after a
// letter or two.
type words struct {
	patterns []pattern
	nodes    []node // the tree; the first is its root
	root     [256]int32
	regexps  []int32 // patterns that are regular expressions
	groups   int
}

// A node of the tree stands for a beginning of first words.
type node struct {
	labels   []byte  // the next bytes
	children []int32 // the nodes behind them
	closed   []int32 // patterns whose first word ends here
	open     []int32 // patterns whose first word has a star here
}

// compileWords makes one search of several lists. Each is a group of its own.
func compileWords(lists ...[]string) (*words, error) {
	w := &words{nodes: make([]node, 1), groups: len(lists)}
	var problems []error
	for group, list := range lists {
		for _, text := range list {
			p, err := parsePattern(text)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			p.group = group
			w.add(p)
		}
	}
	return w, errors.Join(problems...)
}

func (w *words) add(p pattern) {
	id := int32(len(w.patterns))
	w.patterns = append(w.patterns, p)
	if p.regexp != nil {
		w.regexps = append(w.regexps, id)
		return
	}
	at := int32(0)
	for i, b := range p.words[0].folded {
		next := w.child(at, b)
		if next < 0 {
			next = int32(len(w.nodes))
			w.nodes = append(w.nodes, node{})
			w.nodes[at].labels = append(w.nodes[at].labels, b)
			w.nodes[at].children = append(w.nodes[at].children, next)
			if i == 0 {
				w.root[b] = next
			}
		}
		at = next
	}
	if p.words[0].open {
		w.nodes[at].open = append(w.nodes[at].open, id)
	} else {
		w.nodes[at].closed = append(w.nodes[at].closed, id)
	}
}

func (w *words) child(at int32, b byte) int32 {
	n := &w.nodes[at]
	if i := bytes.IndexByte(n.labels, b); i >= 0 {
		return n.children[i]
	}
	return -1
}

// find returns for each group the first of its patterns found in one of the
// texts, or -1.
func (w *words) find(texts ...*prose) []int {
	found := make([]int, w.groups)
	for i := range found {
		found[i] = -1
	}
	left := w.groups
	hit := func(id int32) {
		if g := w.patterns[id].group; found[g] < 0 {
			found[g] = int(id)
			left--
		}
	}
	for _, p := range texts {
		for i := 0; i < len(p.words) && left > 0; i++ {
			w.walk(p, i, hit)
		}
	}
	for _, id := range w.regexps {
		if found[w.patterns[id].group] >= 0 {
			continue
		}
		if slices.ContainsFunc(texts, func(p *prose) bool { return w.patterns[id].regexp.MatchString(p.source) }) {
			hit(id)
		}
	}
	return found
}

// walk reports the patterns that begin at a word of the text.
func (w *words) walk(p *prose, i int, hit func(int32)) {
	word := p.word(i)
	at := w.root[word[0]]
	if at == 0 {
		return
	}
	for depth := 1; ; depth++ {
		n := &w.nodes[at]
		for _, id := range n.open {
			if w.goesOn(id, p, i) {
				hit(id)
			}
		}
		if depth == len(word) {
			for _, id := range n.closed {
				if w.goesOn(id, p, i) {
					hit(id)
				}
			}
			return
		}
		if at = w.child(at, word[depth]); at < 0 {
			return
		}
	}
}

// goesOn reports whether the words after the i-th are the rest of the phrase.
func (w *words) goesOn(id int32, p *prose, i int) bool {
	rest := w.patterns[id].words[1:]
	if i+len(rest) >= len(p.words) && len(rest) > 0 {
		return false
	}
	for k, next := range rest {
		if !next.matches(p.word(i + 1 + k)) {
			return false
		}
	}
	return true
}
