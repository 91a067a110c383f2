package match

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"serai/internal/feed"
)

const (
	// maxExpression is the longest expression, in bytes.
	maxExpression = 2000
	// maxExpressionNodes is the most that one may consist of.
	maxExpressionNodes = 500
)

// A view is an entry as expressions see it. Nothing in it depends on the clock:
// what an expression said once it says for ever.
type view struct {
	Title     string    `expr:"title"`
	Text      string    `expr:"text"`    // the plain text of the content
	Summary   string    `expr:"summary"` // plain text
	Link      string    `expr:"link"`
	Source    string    `expr:"source"`   // its ID
	Kind      string    `expr:"kind"`     // outlet, mirror, aggregator or authored
	Language  string    `expr:"language"` // such as "en" or "pt-BR"; empty when unknown
	Words     int       `expr:"words"`    // how many words the content has
	Tags      []string  `expr:"tags"`     // categories, the source's tags and topics, in lower case
	Topics    []string  `expr:"topics"`
	Authors   []string  `expr:"authors"`   // names
	Published time.Time `expr:"published"` // as its publisher claims; the zero time when nothing is claimed
}

// viewNames are the variables of [view], for messages.
const viewNames = "title, text, summary, link, source, kind, language, words, tags, topics, authors, published"

// functions are those that expressions may use. Left out are those that read
// the clock, and those that make much out of little.
var functions = strings.Fields("all none any one filter map count len abs int float string trim trimPrefix trimSuffix upper lower indexOf lastIndexOf hasPrefix hasSuffix max min duration date first last")

// compileWhere compiles an expression over a [view].
func compileWhere(expression string) (*vm.Program, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, errors.New("is empty: write a condition, or leave the key out")
	}
	if len(expression) > maxExpression {
		return nil, fmt.Errorf("has %d bytes: write at most %d", len(expression), maxExpression)
	}
	options := []expr.Option{expr.Env(view{}), expr.AsBool(), expr.MaxNodes(maxExpressionNodes), expr.DisableAllBuiltins()}
	for _, name := range functions {
		options = append(options, expr.EnableBuiltin(name))
	}
	program, err := compileExpr(expression, options)
	if err != nil {
		// The first line says what and where, those after it draw it.
		what, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("%q: %s; it has to be true or false over %s", expression, what, viewNames)
	}
	return program, nil
}

// compileExpr keeps a fault of the compiler from ending the program.
func compileExpr(expression string, options []expr.Option) (program *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			program, err = nil, fmt.Errorf("cannot be compiled: %v", r)
		}
	}()
	return expr.Compile(expression, options...)
}

// holds evaluates an expression. An expression that cannot be evaluated for
// this entry does not hold; the error says why.
func holds(program *vm.Program, v *view) (bool, error) {
	result, err := expr.Run(program, v)
	if err != nil {
		what, _, _ := strings.Cut(err.Error(), "\n")
		return false, errors.New(what)
	}
	held, ok := result.(bool)
	return held && ok, nil
}

// view returns the entry as expressions see it.
func (r *Rules) view(e *feed.Entry, topics []string) *view {
	v := &view{
		Title: e.Title, Text: e.Text, Summary: e.Summary, Link: e.Link, Source: e.Source, Language: e.Language, Words: e.Words,
		Tags: r.tags(e, topics), Topics: topics, Published: e.Published,
	}
	if s, ok := r.sources[e.Source]; ok {
		v.Kind = string(s.kind)
	} else if e.Source == feed.PostsSource {
		v.Kind = string(feed.Authored)
	}
	for _, p := range e.Authors {
		if p.Name != "" {
			v.Authors = append(v.Authors, p.Name)
		}
	}
	return v
}

// tags returns what the entry is about, in lower case and each once: its
// categories, its source's tags and its topics.
func (r *Rules) tags(e *feed.Entry, topics []string) []string {
	var list []string
	seen := make(map[string]bool)
	add := func(tag string) {
		if tag = foldTag(tag); tag != "" && !seen[tag] {
			seen[tag] = true
			list = append(list, tag)
		}
	}
	for _, c := range e.Categories {
		add(c.Term)
		add(c.Label)
	}
	for _, tag := range r.sources[e.Source].tags {
		add(tag)
	}
	for _, topic := range topics {
		add(topic)
	}
	return list
}

// foldTag returns the spelling by which two tags are the same.
func foldTag(tag string) string { return strings.ToLower(strings.Join(strings.Fields(tag), " ")) }
