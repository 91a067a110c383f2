package parse

import "strings"

// findRoot passes over what stands before the feed: declarations, and what a
// server's programs said before it.
func (o *outline) findRoot() (token, bool) {
	for o.lead < maxLead {
		t := o.lex.next()
		switch t.kind {
		case endOfInput:
			return t, false
		case declaration:
			o.ent.declare(t.text)
		case openTag:
			_, local := cutName(t.text)
			if local = strings.ToLower(local); local == "html" {
				return t, false
			}
			if o.format = o.formatOf(local); o.format != "" {
				return t, !t.cut
			}
			if o.otherRoot == "" || !isHTML(local) {
				o.otherRoot = t.text
			}
			o.lead += o.lex.pos - t.start
		default:
			if strings.TrimSpace(t.text) != "" {
				o.lead += o.lex.pos - t.start
			}
		}
	}
	return token{}, false
}

// formatOf returns the format that a root element of that name begins. Parts of
// a feed count as one only where nothing stands before them but HTML: other
// vocabularies have items and entries too.
func (o *outline) formatOf(local string) string {
	switch local {
	case "rss", "rdf":
		return "rss"
	case "feed":
		return "atom"
	}
	if o.otherRoot != "" && !isHTML(o.otherRoot) {
		return ""
	}
	switch local {
	case "channel", "item":
		return "rss"
	case "entry":
		return "atom"
	}
	return ""
}

func (o *outline) openRoot(t token, base string) {
	o.ns.own = o.format
	f := frame{name: t.text, base: base}
	prefix, local := cutName(t.text)
	o.scope(&f, t.attrs, true)
	if o.ns.of(prefix) != native {
		o.ns.bindings = append(o.ns.bindings, binding{prefix, native})
	}
	f.bindings = 0
	if o.format == "rss" {
		o.out = append(o.out, "<rss><channel>"...)
		f.kids = rssChannel
	} else {
		o.out = append(o.out, "<feed>"...)
		f.kids = atomFeed
	}
	o.stack = append(o.stack, f)
	switch local = strings.ToLower(local); local {
	case "channel":
		o.about(t.attrs)
	case "item", "entry":
		// A document that is one item: let a feed stand around it.
		o.stack[0].name = ""
		o.open(t)
		return
	}
	o.context(f.base != base, &f)
	o.closed = t.empty
}

// end takes the end of the input with elements open. An item that has not
// ended is left out: nobody knows what it would have said.
func (o *outline) end() {
	if o.stack[0].name == "" && len(o.stack) == 1 {
		o.finish()
		return
	}
	o.cut = true
	if o.item > 0 {
		f := o.stack[o.item-1]
		o.out = o.out[:f.out]
		o.texts = o.texts[:o.texted]
		o.items--
		o.stack = o.stack[:o.item-1]
	}
	o.popTo(1)
	o.finish()
}

func (o *outline) finish() {
	if o.format == "rss" {
		o.out = append(o.out, "</channel></rss>"...)
	} else {
		o.out = append(o.out, "</feed>"...)
	}
}
