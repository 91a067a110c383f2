package clean

import (
	"encoding/base64"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

const (
	// linkRel is what every link says: the page it leads to gets no handle on
	// ours, no referrer and no endorsement.
	linkRel = "noopener noreferrer nofollow ugc"
	// maxImageData is the largest image that may stand in an address, in bytes.
	maxImageData = 32 << 10
	// maxAttribute is the longest text of an attribute, in characters.
	maxAttribute = 2000
	// maxCandidates is the most images that a srcset may offer.
	maxCandidates = 16
	// maxAttributes is the most attributes of one tag that are looked at.
	maxAttributes = 64
)

// An attribute is one of the tag at hand.
type attribute struct {
	key, value string
}

// readAttributes takes the attributes of the current tag that are of any use.
// Of two with one name the first counts (HTML 13.2.5.33).
func (b *builder) readAttributes(z *html.Tokenizer) {
	b.attrs = b.attrs[:0]
	for more := true; more && len(b.attrs) < maxAttributes; {
		var key, value []byte
		key, value, more = z.TagAttr()
		if name, ok := knownAttributes[string(key)]; ok && !b.hasAttr(name) {
			b.attrs = append(b.attrs, attribute{name, Chars(string(value))})
		}
	}
}

// knownAttributes are those of the tables, and those that help to decide. The
// values are the keys, so that a name needs no memory of its own.
var knownAttributes = func() map[string]string {
	m := make(map[string]string)
	for _, name := range []string{"style", "data", "data-src", "data-lazy-src", "data-original", "data-srcset", "data-lazy-srcset"} {
		m[name] = name
	}
	for name := range everywhere {
		m[name] = name
	}
	for _, e := range elements {
		for name := range e.attrs {
			m[name] = name
		}
	}
	return m
}()

func (b *builder) hasAttr(key string) bool {
	return slices.ContainsFunc(b.attrs, func(a attribute) bool { return a.key == key })
}

// attr returns the value of an attribute of the tag at hand.
func (b *builder) attr(key string) string {
	for _, a := range b.attrs {
		if a.key == key {
			return a.value
		}
	}
	return ""
}

// cleanAttributes leaves only attributes that may be published. It reports
// false for elements that are nothing without what was taken from them.
func (b *builder) cleanAttributes(e *element) bool {
	if e == theImg {
		b.unlazy()
		if isPixel(b.attrs) {
			return false
		}
	}
	kept := b.attrs[:0]
	for _, a := range b.attrs {
		kind, ok := e.attrs[a.key]
		if !ok {
			if kind, ok = everywhere[a.key]; !ok {
				continue
			}
		}
		if a.value, ok = b.clean(kind, a.value); ok && (a.value != "" || a.key != "title") {
			kept = append(kept, a)
		}
	}
	b.attrs = kept
	switch e {
	case theA:
		if !b.hasAttr("href") {
			return false
		}
		b.attrs = append(b.attrs, attribute{"rel", linkRel})
	case theImg:
		if !b.hasAttr("src") {
			first, _, _ := strings.Cut(b.attr("srcset"), " ")
			if first = strings.TrimSuffix(first, ","); first == "" {
				return false
			}
			b.attrs = append(b.attrs, attribute{"src", first})
		}
		if isTracker(b.attr("src")) {
			return false
		}
		b.attrs = append(b.attrs, attribute{"loading", "lazy"}, attribute{"referrerpolicy", "no-referrer"})
	case theSource:
		return b.hasAttr("src") || b.hasAttr("srcset")
	case theAudio, theVideo:
		b.attrs = append(b.attrs, attribute{"controls", ""}, attribute{"preload", "none"})
	}
	return true
}

// unlazy gives an image that a script would load later its address now.
func (b *builder) unlazy() {
	for _, lazy := range []struct{ late, now string }{
		{"data-src", "src"}, {"data-lazy-src", "src"}, {"data-original", "src"},
		{"data-srcset", "srcset"}, {"data-lazy-srcset", "srcset"},
	} {
		value := b.attr(lazy.late)
		if value == "" {
			continue
		}
		if old := b.attr(lazy.now); lazy.now == "src" && (b.resolver.resolve(value) == "" || old != "" && !strings.HasPrefix(old, "data:")) {
			continue
		}
		b.attrs = slices.DeleteFunc(b.attrs, func(a attribute) bool { return a.key == lazy.now })
		b.attrs = append(b.attrs, attribute{lazy.now, value})
	}
}

// clean returns the value of an attribute as it may be published, and whether
// it may.
func (b *builder) clean(kind value, s string) (string, bool) {
	switch kind {
	case anyText:
		s = oneLine(s, maxAttribute)
		return s, true
	case linkTo:
		s = b.link(s)
		return s, s != ""
	case citation, media:
		s = b.resolver.resolve(s)
		return s, s != ""
	case image:
		if data, ok := imageAsData(s); ok {
			return data, true
		}
		s = b.resolver.resolve(s)
		return s, s != ""
	case imageSet:
		s = b.imageSet(s)
		return s, s != ""
	case flag:
		return "", true
	default:
		s = strings.TrimSpace(s)
		if kind == number {
			s = strings.TrimSuffix(s, "px")
		}
		if kind == alignment || kind == direction || kind == cellScope {
			s = strings.ToLower(s)
		}
		return s, isPlainValue(kind, s)
	}
}

// link returns the address that a link leads to.
func (b *builder) link(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "#") {
		r := resolver{base: b.permalink}
		return r.resolve(s)
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") && len(s) <= maxAddress {
		return "mailto:" + encodeStray(s[7:], 0)
	}
	if len(s) > 4 && strings.EqualFold(s[:4], "tel:") && strings.Trim(s[4:], "+0123456789().-") == "" {
		return "tel:" + s[4:]
	}
	return b.resolver.resolve(s)
}

// imageAsData returns the address of a small raster image that is written in
// the address itself (RFC 2397), in one spelling. SVG is not among them: it is
// a document.
func imageAsData(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 5 || !strings.EqualFold(s[:5], "data:") || len(s) > 2*maxImageData {
		return "", false
	}
	head, data, ok := strings.Cut(s[5:], ",")
	if !ok {
		return "", false
	}
	kind, ok := strings.CutSuffix(strings.ToLower(strings.ReplaceAll(head, " ", "")), ";base64")
	if !ok {
		return "", false
	}
	if kind == "image/jpg" {
		kind = "image/jpeg"
	}
	if !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"}, kind) {
		return "", false
	}
	data = strings.NewReplacer(" ", "", "\n", "", "\t", "", "\r", "", "%2B", "+", "%2b", "+", "%2F", "/", "%2f", "/", "%3D", "=", "%3d", "=").Replace(data)
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(data, "="))
	if err != nil || len(decoded) == 0 || len(decoded) > maxImageData {
		return "", false
	}
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(decoded), true
}

// imageSet returns a srcset with absolute addresses (HTML 4.8.4.2.1), without
// the candidates that can't be read.
func (b *builder) imageSet(s string) string {
	var out []byte
	for range maxCandidates {
		s = strings.TrimLeft(s, " \t\n\f,")
		if s == "" {
			break
		}
		end := strings.IndexAny(s, " \t\n\f")
		if end < 0 {
			end = len(s)
		}
		address, descriptor := s[:end], ""
		s = s[end:]
		if trimmed := strings.TrimRight(address, ","); trimmed != address {
			address = trimmed
		} else {
			descriptor, s, _ = strings.Cut(s, ",")
			descriptor = strings.TrimSpace(descriptor)
		}
		address = b.resolver.resolve(address)
		if address == "" || descriptor != "" && !isImageDescriptor(descriptor) || len(out)+len(address) > 2*maxAddress {
			continue
		}
		// A comma at the end would be read as the end of the candidate.
		for strings.HasSuffix(address, ",") {
			address = strings.TrimSuffix(address, ",") + "%2C"
		}
		if len(out) > 0 {
			out = append(out, ", "...)
		}
		out = append(out, address...)
		if descriptor != "" {
			out = append(append(out, ' '), descriptor...)
		}
	}
	return string(out)
}

func isImageDescriptor(s string) bool {
	unit := s[len(s)-1]
	number := s[:len(s)-1]
	return (unit == 'w' || unit == 'x') && number != "" && len(number) <= 10 && strings.Trim(number, "0123456789.") == ""
}

// isPlainValue reports whether an attribute of few possible values has one.
func isPlainValue(kind value, s string) bool {
	const digits, upper, lower = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
	of := func(limit int, chars string) bool { return s != "" && len(s) <= limit && strings.Trim(s, chars) == "" }
	switch kind {
	case number:
		s = strings.TrimPrefix(s, "-")
		return of(6, digits)
	case language:
		return of(35, digits+upper+lower+"-")
	case direction:
		return s == "ltr" || s == "rtl" || s == "auto"
	case instant:
		return of(40, digits+upper+":.+ -")
	case mediaType:
		major, minor, ok := strings.Cut(s, "/")
		const token = digits + upper + lower + "_.+-"
		return ok && major != "" && minor != "" && of(100, token+"/") && !strings.Contains(minor, "/")
	case mediaQuery:
		return of(500, digits+upper+lower+" ():.,%*/+-")
	case alignment:
		return s == "left" || s == "right" || s == "center" || s == "justify"
	case listStyle:
		return len(s) == 1 && strings.Contains("1aAiI", s)
	case cellScope:
		return s == "row" || s == "col" || s == "rowgroup" || s == "colgroup"
	default:
		return false
	}
}

// writeTag writes the start tag of e with the attributes at hand.
func (b *builder) writeTag(e *element) {
	b.out = append(append(b.out, '<'), e.name...)
	for _, a := range b.attrs {
		b.out = append(append(append(b.out, ' '), a.key...), `="`...)
		b.out = append(appendEscaped(b.out, a.value, true), '"')
	}
	if e.shape == void || e.shape == column || e == theHR {
		b.out = append(b.out, '/')
	}
	b.out = append(b.out, '>')
}

// appendEscaped writes text so that it says what it says, in a place where tags
// may stand or between double quotes.
func appendEscaped(out []byte, s string, quoted bool) []byte {
	from := 0
	for i := range len(s) {
		var entity string
		switch s[i] {
		case '&':
			entity = "&amp;"
		case '<':
			entity = "&lt;"
		case '>':
			entity = "&gt;"
		case '"':
			if !quoted {
				continue
			}
			entity = "&#34;"
		default:
			continue
		}
		out = append(append(out, s[from:i]...), entity...)
		from = i + 1
	}
	return append(out, s[from:]...)
}
