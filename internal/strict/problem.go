package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxProblems is how many problems of one file are listed.
const maxProblems = 200

// A Problem is one mistake in a file.
type Problem struct {
	File         string
	Line, Column int    // from 1
	Key          string // such as "sources[2].schedule"; empty for the file as a whole
	Text         string // what is wrong; what to do
}

// Error says where the mistake is, what is wrong, and what to do.
func (p *Problem) Error() string {
	if p.Key == "" {
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.File, p.Line, p.Column, p.Key, p.Text)
}

// Problems are all mistakes in a file, in the order of their places.
type Problems struct {
	List []*Problem // not empty
	More bool       // there may be more, which were not looked for
}

// Error has a line for each mistake.
func (p *Problems) Error() string {
	var b strings.Builder
	for i, problem := range p.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(problem.Error())
	}
	if p.More {
		fmt.Fprintf(&b, "\n%s: there may be more: mend these first", p.List[0].File)
	}
	return b.String()
}

// Unwrap returns each mistake as an error.
func (p *Problems) Unwrap() []error {
	errs := make([]error, len(p.List))
	for i, problem := range p.List {
		errs[i] = problem
	}
	return errs
}

func newProblems(list []*Problem, more bool) *Problems {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Problems{List: list, More: more}
}

// full reports whether so much is wrong that nothing more is noted.
func (f *File) full() bool { return len(f.problems) >= maxProblems }

func (f *File) add(line, column int, key, text string) {
	f.reported[key] = true
	if f.full() {
		return
	}
	f.problems = append(f.problems, &Problem{File: f.name, Line: line, Column: column, Key: Clip(key, 200), Text: Clip(text, 600)})
}

func (f *File) addAt(n *yaml.Node, key, format string, args ...any) {
	f.add(n.Line+f.lines, n.Column, key, fmt.Sprintf(format, args...))
}

// suggestion helps with an unknown key: the key that was meant, else all there
// are.
func suggestion(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "known here: " + strings.Join(known, ", ")
}

// Nearest returns the name that somebody who typed name most likely meant, or
// "" when none is near.
func Nearest(name string, names []string) string {
	if len(name) > 64 {
		return ""
	}
	nearest, least := "", 1+max(1, utf8.RuneCountInString(name)/3)
	for _, candidate := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			nearest, least = candidate, d
		}
	}
	return nearest
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}

// cut shortens a value for a message.
func cut(value string) string { return Clip(value, 60) }

// Clip makes one line of a text, without what would upset a terminal, and of
// at most n characters.
func Clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
