package main

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// holds reports whether a document satisfies the check.
func (c check) holds(got any) bool {
	switch c.Is {
	case "parses", "survives":
		return true
	case "safe":
		return isSafe(got)
	case "tuple":
		return c.tuple(got)
	}
	for _, path := range c.Any {
		values := valuesAt(got, path)
		if c.Is == "absent" || c.Is == "absent-or-false" {
			if !slices.ContainsFunc(values, func(v any) bool { return v != "" && (c.Is == "absent" || !saysNo(v)) }) {
				return true
			}
			continue
		}
		for _, v := range values {
			if c.satisfied(v, path) {
				return true
			}
		}
	}
	return false
}

// satisfied reports whether one value is what one of the wanted ones says.
func (c check) satisfied(v any, path string) bool {
	if c.Is == "present" {
		return v != ""
	}
	if c.Is == "count" {
		list, ok := v.([]any)
		return ok && float64(len(list)) == c.Want
	}
	wants, ok := c.Want.([]any)
	if !ok {
		wants = []any{c.Want}
	}
	return slices.ContainsFunc(wants, func(want any) bool { return c.equal(asText(v), asText(want), path) })
}

func (c check) equal(got, want, path string) bool {
	isPlain := !strings.HasSuffix(path, "_html")
	switch c.Is {
	case "text":
		return squeeze(got) == squeeze(want)
	case "title":
		return squeeze(got) == squeeze(want) || normalHTML(got) == normalHTML(want) || squeeze(got) == squeeze(textOf(want))
	case "plain":
		return squeeze(got) == squeeze(want) && isPlain || normalHTML(got) == normalHTML(html.EscapeString(want))
	case "html":
		return normalHTML(got) == normalHTML(want) || isPlain && squeeze(got) == squeeze(textOf(want))
	case "same-text":
		return wordsOf(got) == wordsOf(want)
	case "safe-text":
		return squeeze(textOf(got)) == squeeze(textOf(want)) || isPlain && squeeze(got) == squeeze(textOf(want))
	case "html-link":
		return slices.Contains(linksIn(got), want) || isPlain && !strings.Contains(got, "<") && got != ""
	case "url":
		return evenURL(got) == evenURL(want)
	case "instant":
		return sameInstant(got, want)
	case "lang":
		return strings.EqualFold(strings.ReplaceAll(got, "_", "-"), strings.ReplaceAll(want, "_", "-"))
	case "mail":
		return strings.TrimPrefix(got, "mailto:") == strings.TrimPrefix(want, "mailto:")
	case "number":
		a, errA := strconv.ParseFloat(got, 64)
		b, errB := strconv.ParseFloat(want, 64)
		return errA == nil && errB == nil && a == b
	case "bool":
		return saysYes(got) == saysYes(want)
	case "contains":
		return strings.Contains(squeeze(got), squeeze(want))
	}
	return false
}

// tuple compares the values at all the paths, in order, with combinations.
func (c check) tuple(got any) bool {
	var values []string
	for _, p := range c.Any {
		v := ""
		if all := valuesAt(got, p); len(all) > 0 {
			v = asText(all[0])
		}
		values = append(values, squeeze(v))
	}
	combinations, _ := c.Want.([]any)
	return slices.ContainsFunc(combinations, func(one any) bool {
		parts, _ := one.([]any)
		if len(parts) != len(values) {
			return false
		}
		for i, p := range parts {
			if squeeze(asText(p)) != values[i] {
				return false
			}
		}
		return true
	})
}

// valuesAt returns what stands at a path such as items[0].authors[*].name, as
// far as something does. The path ** is the whole.
func valuesAt(v any, path string) []any {
	if path == "**" {
		return []any{v}
	}
	at := []any{v}
	for _, step := range strings.FieldsFunc(strings.ReplaceAll(path, "[", ".["), func(r rune) bool { return r == '.' }) {
		var next []any
		for _, v := range at {
			next = append(next, stepInto(v, step)...)
		}
		at = next
	}
	return slices.DeleteFunc(at, func(v any) bool {
		list, ok := v.([]any)
		return v == nil || ok && len(list) == 0 && !strings.HasSuffix(path, "items")
	})
}

func stepInto(v any, step string) []any {
	if !strings.HasPrefix(step, "[") {
		object, _ := v.(map[string]any)
		return []any{object[step]}
	}
	list, _ := v.([]any)
	if step == "[*]" {
		return list
	}
	n, err := strconv.Atoi(strings.Trim(step, "[]"))
	if err != nil || n >= len(list) {
		return nil
	}
	return list[n : n+1]
}

func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func saysYes(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	return s == "true" || s == "yes" || s == "1" || s == "explicit"
}

func saysNo(v any) bool {
	b, isBool := v.(bool)
	s := strings.ToLower(asText(v))
	return isBool && !b || s == "false" || s == "no" || s == "clean"
}

func sameInstant(got, want string) bool {
	a, errA := time.Parse(time.RFC3339, got)
	b, errB := time.Parse(time.RFC3339, want)
	return errA == nil && errB == nil && a.Unix() == b.Unix()
}

func evenURL(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		return s
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if u.Path == "" && u.Host != "" {
		u.Path = "/"
	}
	return u.String()
}

func fragment(s string) []*html.Node {
	nodes, err := html.ParseFragment(strings.NewReader(s), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return nil
	}
	for len(nodes) == 1 && nodes[0].DataAtom == atom.Div {
		var inner []*html.Node
		for c := range nodes[0].ChildNodes() {
			inner = append(inner, c)
		}
		nodes = inner
	}
	return nodes
}

// ignored are attributes that say nothing about the text.
var ignored = []string{"rel", "target", "referrerpolicy", "loading", "decoding", "xmlns"}

// normalHTML writes HTML in one spelling.
func normalHTML(s string) string {
	var b strings.Builder
	var write func(n *html.Node)
	write = func(n *html.Node) {
		switch n.Type {
		case html.TextNode:
			b.WriteString(html.EscapeString(strings.Join(strings.Fields(" "+n.Data+" "), " ")))
			b.WriteByte(' ')
		case html.ElementNode:
			b.WriteString("<" + n.Data)
			var attrs []string
			for _, a := range n.Attr {
				if !slices.Contains(ignored, a.Key) {
					attrs = append(attrs, a.Key+"="+strconv.Quote(strings.TrimSpace(a.Val)))
				}
			}
			slices.Sort(attrs)
			b.WriteString(strings.Join(attrs, " ") + ">")
			for c := range n.ChildNodes() {
				write(c)
			}
			b.WriteString("</>")
		default: // comments
		}
	}
	for _, n := range fragment(s) {
		write(n)
	}
	return squeeze(strings.ReplaceAll(b.String(), " <", "<"))
}

// textOf returns what a reader sees of HTML.
func textOf(s string) string {
	var b strings.Builder
	for _, n := range fragment(s) {
		for d := range n.Descendants() {
			if d.Type == html.TextNode && d.Parent.DataAtom != atom.Script && d.Parent.DataAtom != atom.Style {
				b.WriteString(d.Data)
			}
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

var notWords = regexp.MustCompile(`[^\pL\pN]+`)

// wordsOf returns the letters and digits of a text, whatever its markup and
// however often it is escaped.
func wordsOf(s string) string {
	for range 3 {
		s = html.UnescapeString(textOf(s))
	}
	return notWords.ReplaceAllString(strings.ToLower(s), "")
}

func linksIn(s string) []string {
	var out []string
	for _, top := range fragment(s) {
		for n := range top.Descendants() {
			out = append(out, hrefs(n)...)
		}
		out = append(out, hrefs(top)...)
	}
	return out
}

func hrefs(n *html.Node) []string {
	var out []string
	for _, a := range n.Attr {
		if a.Key == "href" || a.Key == "src" {
			out = append(out, a.Val)
		}
	}
	return out
}

// isSafe reports whether no string of a document does anything in a browser.
func isSafe(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, one := range v {
			if !isSafe(one) {
				return false
			}
		}
	case []any:
		return !slices.ContainsFunc(v, func(one any) bool { return !isSafe(one) })
	case string:
		return safeString(v)
	}
	return true
}

var activeElements = []string{"script", "object", "embed", "style", "meta"}

func safeString(s string) bool {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(s)), "javascript:") {
		return false
	}
	for _, top := range fragment(s) {
		if !safeNode(top) {
			return false
		}
		for n := range top.Descendants() {
			if !safeNode(n) {
				return false
			}
		}
	}
	return true
}

func safeNode(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return true
	}
	sandboxed := false
	for _, a := range n.Attr {
		value := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
		if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(value, "javascript:") {
			return false
		}
		sandboxed = sandboxed || a.Key == "sandbox"
	}
	return !slices.Contains(activeElements, n.Data) && (n.Data != "iframe" || sandboxed)
}
