// Package strict reads the YAML that people write by hand: feeds.yaml and the
// front matter of posts. A file is either understood in full or refused with
// every mistake in it at once, each with line, column, key, and what to do.
//
// It is YAML as people use it: one document of mappings, lists and plain
// values. Aliases are followed within bounds; tags and merge keys are refused.
// No input makes it slow: size, depth and what aliases expand to are limited.
package strict

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Bounds of what is read. People's files stay far below all of them.
const (
	maxDepth    = 16     // levels of nesting
	maxExpanded = 10_000 // values read through aliases
)

// A Shortener is a value with a short form: where a mapping or a list is
// wanted and a plain value is given, Short is called with it.
type Shortener interface{ Short(text string) }

// A File is a text that was read, and what is wrong with it. It knows where
// each key stands, so that later checks can say it too.
type File struct {
	name     string
	lines    int // lines of the file before the text
	at       map[string]position
	read     bool // there is a tree
	problems []*Problem
	reported map[string]bool
	expanded int // values read through aliases
}

type position struct{ line, column int }

// Limits bound what is read, and say where it stands.
type Limits struct {
	Bytes int // the longest text
	Lines int // lines that stand before the text in its file
}

// Read reads a text into the struct that into points to. Fields are named by
// their yaml tags; their types are strings, integers, floats, booleans, and
// lists, maps and structs of these. What is wrong is kept in the File, and a
// value that is wrong is left as it was.
func Read(name string, data []byte, limits Limits, into any) *File {
	f := &File{name: name, lines: limits.Lines, reported: map[string]bool{}, at: map[string]position{"": {1 + limits.Lines, 1}}}
	if root := f.load(data, limits.Bytes); root != nil {
		f.read = true
		f.value(root, "", reflect.ValueOf(into).Elem(), walk{})
	}
	return f
}

// Has reports whether the file has a value for the key, such as
// "sources[2].schedule".
func (f *File) Has(key string) bool {
	_, ok := f.at[key]
	return ok
}

// Position returns line and column of the key's value, or of the nearest thing
// around it where there is none.
func (f *File) Position(key string) (line, column int) {
	for {
		if p, ok := f.at[key]; ok {
			return p.line, p.column
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
}

// Problemf notes that something is wrong with the value of the key.
func (f *File) Problemf(key, format string, args ...any) {
	line, column := f.Position(key)
	f.add(line, column, key, fmt.Sprintf(format, args...))
}

// Reported reports whether something is noted as wrong with the key itself, so
// that nobody says a second time what follows from it.
func (f *File) Reported(key string) bool { return f.reported[key] }

// Notice writes a line like those of problems on something that is none.
func (f *File) Notice(key, text string) string {
	line, column := f.Position(key)
	return (&Problem{File: f.name, Line: line, Column: column, Key: key, Text: text}).Error()
}

// Usable reports whether so much was understood that it makes sense to look at
// what the values mean.
func (f *File) Usable() bool { return f.read && !f.full() }

// Err returns the problems in the order of their places as a [*Problems], or
// nil if there are none.
func (f *File) Err() error {
	if len(f.problems) == 0 {
		return nil
	}
	return newProblems(f.problems, f.full())
}

// load makes a tree of the text. It returns nil where there is none.
func (f *File) load(data []byte, limit int) *yaml.Node {
	if len(data) > limit {
		f.add(1+f.lines, 1, "", fmt.Sprintf("is larger than %d bytes, which is the most that is read", limit))
		return nil
	}
	if i := invalidUTF8(data); i >= 0 {
		line := 1 + strings.Count(string(data[:i]), "\n") + f.lines
		f.add(line, 1, "", "is not UTF-8 text; save it as UTF-8")
		return nil
	}
	// Doubled keys are found by the walk, which goes on after them.
	loader, err := yaml.NewLoader(strings.NewReader(string(data)), yaml.WithUniqueKeys(false),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth), loaderlimits.AliasNone())))
	if err != nil {
		f.add(1+f.lines, 1, "", err.Error())
		return nil
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err != nil {
		f.syntax(err)
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		f.add(second.Line+f.lines, second.Column, "", "begins a second document; remove it, and the --- before it")
	case !errors.Is(err, io.EOF):
		f.syntax(err)
	}
	if len(doc.Content) == 0 {
		f.syntax(io.EOF)
		return nil
	}
	return doc.Content[0]
}

// syntax notes an error of the YAML reader.
func (f *File) syntax(err error) {
	if errors.Is(err, io.EOF) {
		f.add(1+f.lines, 1, "", "is empty")
		return
	}
	line, column, text := 1, 1, err.Error()
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		line, column, text = max(e.Mark.Line, 1), max(e.Mark.Column, 1), e.Message
		if e.ContextMsg != "" {
			text += " " + e.ContextMsg
		}
	}
	f.add(line+f.lines, column, "", "is not YAML: "+text)
}

// invalidUTF8 returns where the text stops being UTF-8, or -1.
func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
