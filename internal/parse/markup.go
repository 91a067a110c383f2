package parse

import (
	"html"
	"strings"
)

// htmlElements are the elements of HTML that texts are made of.
var htmlElements = setOf(`a abbr acronym address area article aside audio b base basefont bdi bdo big blink
blockquote body br button canvas caption center cite code col colgroup command data datalist dd del details dfn dialog
dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup
hr html i iframe img input ins kbd label legend li link main map mark marquee math menu meta meter nav nobr noscript
object ol optgroup option output p param picture pre progress q rp rt ruby s samp script section select small source
span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u
ul var video wbr`)

var voidElements = setOf("area base br col embed hr img input link meta param source track wbr")

func setOf(words string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

func isHTML(local string) bool { return isIn(htmlElements, local) }
func isVoid(local string) bool { return isIn(voidElements, local) }

// isIn looks a name up in any case, without making another string of it.
func isIn(set map[string]bool, name string) bool {
	var low [12]byte
	if len(name) > len(low) {
		return false
	}
	for i := range len(name) {
		low[i] = name[i]
		if c := name[i]; c >= 'A' && c <= 'Z' {
			low[i] |= 0x20
		}
	}
	return set[string(low[:len(name)])]
}

// isSurelyHTML reports whether a text can hardly be anything else: a reference
// that HTML knows, an element that is closed, or one that has no end.
func isSurelyHTML(s string) bool {
	return hasReference(s) || hasElement(s)
}

// mayBeHTML reports whether there is anything in a text that HTML would read
// as more than characters.
func mayBeHTML(s string) bool {
	for rest := s; ; {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			return hasReference(s)
		}
		if beginsMarkup(rest[i:]) {
			return true
		}
		rest = rest[i+1:]
	}
}

func hasReference(s string) bool {
	for i := strings.IndexByte(s, '&'); i >= 0; {
		rest := s[i+1:]
		end := strings.IndexByte(rest[:min(len(rest), maxEntityName)], ';')
		if end > 0 {
			ref := s[i : i+end+2]
			if text := html.UnescapeString(ref); text != ref && !strings.HasSuffix(text, ";") {
				return true
			}
		}
		next := strings.IndexByte(rest, '&')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return false
}

func hasElement(s string) bool {
	opened := make(map[string]bool)
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return false
		}
		s = s[i+1:]
		closing := strings.HasPrefix(s, "/")
		s = strings.TrimPrefix(s, "/")
		end := 0
		for end < len(s) && end < 12 && (isLetter(s[end]) || s[end] >= '0' && s[end] <= '9') {
			end++
		}
		if !isHTML(s[:end]) || end >= len(s) || !isSpace(s[end]) && s[end] != '>' && s[end] != '/' {
			continue
		}
		name := strings.ToLower(s[:end])
		if !closing && isVoid(name) && strings.Contains(s, ">") || closing && opened[name] {
			return true
		}
		opened[name] = opened[name] || !closing
	}
}
