package parse

import "strings"

// scope reads what an element says about all that is in it: namespaces, base,
// language.
func (o *outline) scope(f *frame, attrs string, isRoot bool) {
	f.bindings = len(o.ns.bindings)
	if !strings.Contains(attrs, "xml") && !strings.Contains(attrs, "lang") {
		return
	}
	eachAttr(attrs, func(name, value string) {
		prefix, local := cutName(name)
		switch {
		case name == "xmlns":
			o.ns.declare("", o.ent.decode(value), isRoot)
		case prefix == "xmlns":
			o.ns.declare(local, o.ent.decode(value), isRoot)
		case name == "xml:base":
			f.base = nestBase(f.base, o.ent.decode(value))
		case name == "xml:lang" || name == "lang":
			if f.lang = strings.TrimSpace(value); len(f.lang) > 40 {
				f.lang = ""
			}
		}
	})
}

// eachAttr calls f for the attributes of a tag, each name once.
func eachAttr(attrs string, f func(name, value string)) {
	for i, n := 0, 0; n < maxAttrs; n++ {
		name, value, next := nextAttr(attrs, i)
		if next == i {
			return
		}
		i = next
		f(name, value)
	}
}

// attr returns the decoded value of the attribute with that local name, in any
// case; the first one counts, and one without a prefix before one with.
func (o *outline) attr(attrs, local string) string {
	var plain, prefixed string
	eachAttr(attrs, func(name, value string) {
		p, l := cutName(name)
		if !strings.EqualFold(l, local) {
			return
		}
		if p == "" && plain == "" {
			plain = value
		} else if p != "" && p != "xmlns" && prefixed == "" {
			prefixed = value
		}
	})
	if plain == "" {
		plain = prefixed
	}
	return strings.TrimSpace(o.ent.decode(plain))
}
