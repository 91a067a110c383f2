package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A walk is where in the tree we are.
type walk struct {
	depth   int
	aliased bool // below an alias
}

// value reads a node into out.
func (f *File) value(n *yaml.Node, key string, out reflect.Value, w walk) {
	if n.Kind == yaml.AliasNode {
		n, w.aliased = n.Alias, true
	}
	if w.aliased {
		f.expanded++
	}
	w.depth++
	if f.full() {
		return
	}
	if f.expanded > maxExpanded || w.depth > maxDepth {
		if f.expanded <= maxExpanded+1 {
			f.addAt(n, key, "its aliases (*name) expand to too much; write the values out")
			f.expanded = maxExpanded + 2
		}
		return
	}
	f.at[key] = position{n.Line + f.lines, n.Column}
	if n.Style&yaml.TaggedStyle != 0 {
		f.addAt(n, key, "has a tag (%s); remove it", cut(n.Tag))
		return
	}
	if short, ok := reflect.TypeAssert[Shortener](out.Addr()); ok && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
		short.Short(n.Value)
		return
	}
	switch out.Kind() {
	case reflect.Struct:
		f.mapping(n, key, out, w)
	case reflect.Map:
		f.table(n, key, out, w)
	case reflect.Slice:
		f.list(n, key, out, w)
	default:
		f.scalar(n, key, out)
	}
}

// pairs calls fn for every key and value of a mapping, except doubled keys.
func (f *File) pairs(n *yaml.Node, key string, fn func(name, key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		if !isNull(n) {
			f.addAt(n, key, "is %s; want keys with values", kindOf(n))
		}
		return
	}
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content) && !f.full(); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Style&yaml.TaggedStyle != 0 {
			f.addAt(k, key, "has a key that is no plain word")
			continue
		}
		path := k.Value
		if key != "" {
			path = key + "." + k.Value
		}
		if line, doubled := seen[k.Value]; doubled {
			f.addAt(k, path, "stands twice, first in line %d; keep one", line)
			continue
		}
		seen[k.Value] = k.Line + f.lines
		fn(k.Value, path, k, v)
	}
}

// mapping reads a node into a struct.
func (f *File) mapping(n *yaml.Node, key string, out reflect.Value, w walk) {
	fields := fieldsOf(out.Type())
	f.pairs(n, key, func(name, path string, k, v *yaml.Node) {
		i := slices.Index(fields, name)
		if i < 0 {
			f.addAt(k, path, "unknown key; %s", suggestion(name, fields))
			f.reported[key] = true // what is missing there may be this
			return
		}
		f.value(v, path, out.Field(i), w)
	})
}

// table reads a node into a map.
func (f *File) table(n *yaml.Node, key string, out reflect.Value, w walk) {
	m := reflect.MakeMap(out.Type())
	f.pairs(n, key, func(name, path string, _, v *yaml.Node) {
		elem := reflect.New(out.Type().Elem()).Elem()
		f.value(v, path, elem, w)
		m.SetMapIndex(reflect.ValueOf(name), elem)
	})
	out.Set(m)
}

// list reads a node into a slice. Its length is that of the list in the file,
// so that the index of a value is that of its key.
func (f *File) list(n *yaml.Node, key string, out reflect.Value, w walk) {
	switch {
	case isNull(n):
		return
	case n.Kind == yaml.MappingNode:
		f.addAt(n, key, "is a set of keys; want a list; begin each with a dash")
		return
	case n.Kind != yaml.SequenceNode:
		f.addAt(n, key, "is %s; want a list, also for a single value: [%s]", kindOf(n), cut(n.Value))
		return
	}
	out.Set(reflect.MakeSlice(out.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		f.value(item, fmt.Sprintf("%s[%d]", key, i), out.Index(i), w)
	}
}

// scalar reads a node into a plain value.
func (f *File) scalar(n *yaml.Node, key string, out reflect.Value) {
	tag := n.ShortTag()
	switch {
	case n.Kind != yaml.ScalarNode:
		f.addAt(n, key, "is %s; want %s", kindOf(n), wantOf(out))
		return
	case tag == "!!null":
		f.addAt(n, key, "has no value; give it one or remove the key")
		return
	}
	var err error
	switch out.Kind() {
	case reflect.String:
		// What looks like a number or a date is text where text is wanted.
		out.SetString(n.Value)
		return
	case reflect.Bool:
		if tag == "!!bool" {
			out.SetBool(strings.EqualFold(n.Value, "true"))
			return
		}
	case reflect.Int, reflect.Int64:
		var v int64
		if v, err = strconv.ParseInt(n.Value, 10, 64); err == nil && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
			out.SetInt(v)
			return
		}
	case reflect.Float64:
		var v float64
		if v, err = strconv.ParseFloat(n.Value, 64); err == nil && (tag == "!!float" || tag == "!!int") {
			out.SetFloat(v)
			return
		}
	default:
		panic("strict: no reading for " + out.Type().String())
	}
	f.addAt(n, key, "is %q; want %s", cut(n.Value), wantOf(out))
}

// fieldsOf returns the keys of a struct's fields, in order.
func fieldsOf(t reflect.Type) []string {
	fields := make([]string, t.NumField())
	for i := range fields {
		fields[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return fields
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// kindOf says what a node is, for people.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a set of keys"
	case yaml.SequenceNode:
		return "a list"
	default:
		return fmt.Sprintf("%q", cut(n.Value))
	}
}

// wantOf says what a value should be, for people.
func wantOf(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	default:
		return "one text"
	}
}
