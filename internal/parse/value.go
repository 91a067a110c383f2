package parse

import (
	"encoding/base64"
	"slices"
	"strings"
)

// startTag writes an element's start tag with the attributes that its rule
// carries over.
func (o *outline) startTag(t token, r *rule, f *frame) {
	o.out = append(append(o.out, '<'), r.as...)
	for _, name := range r.attrs {
		if v, ok := o.attribute(t, name, f.base); ok {
			o.writeAttr(strings.TrimSuffix(name, "!"), v)
		}
	}
	o.out = append(o.out, '>')
}

func (o *outline) writeAttr(name, value string) {
	o.out = append(append(append(o.out, ' '), name...), `="`...)
	if strings.HasPrefix(value, textMark) {
		o.refer(text{body: value})
	} else {
		o.out = escape(o.out, value)
	}
	o.out = append(o.out, '"')
}

func (o *outline) attribute(t token, name, base string) (string, bool) {
	local, isAddress := strings.CutSuffix(name, "!")
	if t.attrs == "" {
		return "", false
	}
	v := o.attr(t.attrs, local)
	if isAddress {
		v = resolve(base, v)
	}
	return v, v != "" && len(v) <= maxAddress
}

// leaf carries over an element that says all in its attributes. Text in it
// stands for the first one where that is missing.
func (o *outline) leaf(t token, r *rule, f *frame) {
	o.out = append(append(o.out, '<'), r.as...)
	first, isAddress := strings.CutSuffix(r.loose, "!")
	missing := true
	for _, name := range r.attrs {
		if v, ok := o.attribute(t, name, f.base); ok {
			name = strings.TrimSuffix(name, "!")
			o.writeAttr(name, v)
			missing = missing && name != first
		}
	}
	if body, _ := o.capture(t, flat, f); missing && body != "" && len(body) <= maxAddress {
		if isAddress {
			body = resolve(f.base, body)
		}
		o.writeAttr(first, body)
	}
	o.out = append(o.out, "/>"...)
}

// value carries over an element that says something in its content.
func (o *outline) value(t token, r *rule, f *frame) {
	from := len(o.out)
	texts := len(o.texts)
	if r.kind == richText {
		o.rich(t, r, f)
	} else {
		body, _ := o.capture(t, flat, f)
		if r.kind == address {
			body = resolve(f.base, o.orHref(body, t))
		}
		if body != "" || r.as == "source" {
			o.startTag(t, r, f)
			o.plain(body, r)
			o.out = append(append(append(o.out, "</"...), r.as...), '>')
		}
	}
	if len(o.out) == from || !r.once {
		return
	}
	if slices.Contains(o.seen[o.seenFrom():], r.as) {
		o.out, o.texts = o.out[:from], o.texts[:texts]
		return
	}
	o.seen = append(o.seen, r.as)
}

// seenFrom returns where the open element's names begin in seen.
func (o *outline) seenFrom() int {
	for i := len(o.stack) - 1; i > 0; i-- {
		if o.stack[i].seen >= 0 {
			return min(o.stack[i].seen, len(o.seen))
		}
	}
	return 0
}

// orHref returns what a link says in its attribute when its content is empty,
// as in <link href="…"/> without Atom's namespace.
func (o *outline) orHref(body string, t token) string {
	if body == "" && strings.Contains(t.attrs, "href") {
		if rel := o.attr(t.attrs, "rel"); rel == "" || rel == "alternate" {
			return o.attr(t.attrs, "href")
		}
	}
	return body
}

// plain writes a value in its place when it is short and nothing in it can be
// misread, else its number.
func (o *outline) plain(body string, r *rule) {
	if r.kind == plainValue && r.as != "id" && len(body) <= maxPlainHere && !strings.HasPrefix(body, textMark) && isTame(body) {
		o.out = append(o.out, body...)
		return
	}
	o.refer(text{body: body})
}

func isTame(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isNameByte(c) && c != ' ' && c != ',' && c != '+' && c != '/' {
			return false
		}
	}
	return true
}

// rich carries over a text with its source's word on what it is.
func (o *outline) rich(t token, r *rule, f *frame) {
	parent := o.top()
	v := text{}
	if f.base != parent.base {
		v.base = f.base
	}
	if f.lang != parent.lang {
		v.lang = f.lang
	}
	declared, mode := "", ""
	if t.attrs != "" {
		declared, mode = strings.ToLower(o.attr(t.attrs, "type")), strings.ToLower(o.attr(t.attrs, "mode"))
	}
	isAtom := o.format == "atom" && !strings.Contains(r.as, ":") || strings.HasPrefix(r.as, "atom:")
	switch {
	case isAtom || r.as == "own:body":
		v.body, v.html = o.atomText(t, f, declared, mode, r.as == "own:body")
	default:
		var markup bool
		v.body, markup = o.capture(t, escaped, f)
		v.html = markup || o.saysHTML(v.body, r, declared)
	}
	if v.body == "" && (r.as != "content" || !strings.Contains(t.attrs, "src")) {
		return
	}
	o.startTag(t, r, f)
	o.refer(v)
	o.out = append(append(append(o.out, "</"...), r.as...), '>')
}

// saysHTML decides what a text of RSS is, whose specification leaves it open.
// A title is HTML only on good evidence, for "a <b> c" is also a title.
func (o *outline) saysHTML(body string, r *rule, declared string) bool {
	switch declared {
	case "plain", "text", "text/plain":
		return false
	case "html", "text/html":
		return true
	}
	if r.as == "title" || strings.HasSuffix(r.as, ":title") || strings.HasSuffix(r.as, ":subtitle") {
		return isSurelyHTML(body)
	}
	return mayBeHTML(body)
}

// atomText reads a text construct (RFC 4287 3.1), or one of Atom 0.3 with its
// mode. Elements in it are markup whatever it says it is.
func (o *outline) atomText(t token, f *frame, declared, mode string, inline bool) (string, bool) {
	how := textual
	switch {
	case inline || strings.Contains(declared, "xhtml") || mode == "xml" && declared != "":
		how = markedUp
	case strings.Contains(declared, "html"):
		how = escaped
	}
	body, markup := o.capture(t, how, f)
	switch {
	case markup || how == markedUp:
		return body, true
	case mode == "base64" || isBinary(declared):
		if raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), "")); err == nil {
			body = cleanCharacters(string(raw))
		}
		return body, strings.Contains(declared, "html") || isSurelyHTML(body)
	case strings.Contains(declared, "html"):
		return body, true
	case declared == "text" || declared == "text/plain":
		return body, false
	case mode == "escaped":
		return body, isSurelyHTML(body)
	}
	return body, false
}

// isBinary reports whether content of that type travels as base64 (RFC 4287
// 4.1.3.3).
func isBinary(declared string) bool {
	return strings.Contains(declared, "/") && !strings.HasPrefix(declared, "text/") &&
		!strings.HasSuffix(declared, "/xml") && !strings.HasSuffix(declared, "+xml")
}
