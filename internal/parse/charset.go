package parse

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/saintfish/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decode returns body as UTF-8 that XML and JSON can hold, without its mark.
//
// Marks and shapes go first, then the bytes' own word: what is valid UTF-8
// with characters beyond ASCII is UTF-8, whatever is said about it. Then come
// the header (RFC 7303 3.2), the declaration, and a guess.
func decode(body []byte, contentType string, r *repairs) (string, error) {
	if len(body) == 0 {
		return "", &NotFeedError{Looks: LooksEmpty}
	}
	s, label := body, ""
	switch enc, name := byShape(body); {
	case enc != nil:
		label = name
		s = transcode(enc, body)
	case isBinaryData(body):
		return "", &NotFeedError{Looks: LooksBinary}
	case !utf8.Valid(body):
		s, label = byLabel(body, contentType, r)
	default:
		if enc := statefulLabel(body, contentType); enc != nil {
			s = transcode(enc, body)
		}
	}
	if label != "" && isBinaryData(s) {
		return "", &NotFeedError{Looks: LooksBinary}
	}
	for bytes.HasPrefix(s, []byte("\ufeff")) {
		s = s[len("\ufeff"):]
	}
	text := string(s)
	clean := cleanCharacters(text)
	if len(clean) != len(text) {
		r.add("characters", "%d bytes of characters that XML does not allow", len(text)-len(clean))
	}
	return clean, nil
}

// byShape recognises UTF-16 and UTF-32 by their marks, or by where the zero
// bytes of "<" and "{" and of the letter after them stand.
func byShape(b []byte) (encoding.Encoding, string) {
	le, be := utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)
	le16, be16 := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")):
		return le, "utf-32le"
	case bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff")):
		return be, "utf-32be"
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return le16, "utf-16le"
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return be16, "utf-16be"
	}
	if len(b) < 8 {
		return nil, ""
	}
	zero := [8]bool{}
	for i := range zero {
		zero[i] = b[i] == 0
	}
	switch zero {
	case [8]bool{false, true, true, true, false, true, true, true}:
		return le, "utf-32le"
	case [8]bool{true, true, true, false, true, true, true, false}:
		return be, "utf-32be"
	case [8]bool{false, true, false, true, false, true, false, true}:
		return le16, "utf-16le"
	case [8]bool{true, false, true, false, true, false, true, false}:
		return be16, "utf-16be"
	}
	return nil, ""
}

// byLabel decodes bytes that are not UTF-8.
func byLabel(body []byte, contentType string, r *repairs) ([]byte, string) {
	if mostlyUTF8(body) {
		r.add("charset", "UTF-8 with bytes that are not")
		return bytes.ToValidUTF8(body, []byte("\ufffd")), ""
	}
	declared := declaredLabel(body)
	for _, label := range []string{headerLabel(contentType), declared} {
		if enc := byName(label); enc != nil && !isUTF8(enc) {
			if s := transcode(enc, body); decodesWell(s) {
				return s, label
			}
		}
	}
	label := guess(body)
	enc := byName(label)
	if enc == nil || isUTF8(enc) {
		label = "windows-1252"
		enc = byName(label)
	}
	switch {
	case declared != "":
		r.add("charset", "it says %s, taken as %s", declared, label)
	default:
		r.add("charset", "nothing says which; taken as %s", label)
	}
	return transcode(enc, body), label
}

// mostlyUTF8 reports whether invalid bytes are few among valid sequences: a
// text that was cut or pasted together, not one in another character set.
func mostlyUTF8(b []byte) bool {
	valid, invalid := 0, 0
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			invalid++
		} else {
			valid++
		}
		b = b[size:]
	}
	return valid >= 4*invalid
}

// decodesWell reports whether a transcoded text has few replacements in it.
func decodesWell(s []byte) bool {
	n := bytes.Count(s, []byte("\ufffd"))
	return n == 0 || n*200 < len(s)
}

func transcode(enc encoding.Encoding, b []byte) []byte {
	s, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return bytes.ToValidUTF8(b, []byte("\ufffd"))
	}
	return s
}

// statefulLabel returns the character set of bytes that look like ASCII and
// are not, because escape sequences switch what they mean.
func statefulLabel(body []byte, contentType string) encoding.Encoding {
	if !bytes.Contains(body, []byte("\x1b$")) && !bytes.Contains(body, []byte("~{")) {
		return nil
	}
	for _, label := range []string{headerLabel(contentType), declaredLabel(body)} {
		if l := strings.ToLower(label); strings.HasPrefix(l, "iso-2022-jp") || l == "hz-gb-2312" {
			if strings.HasPrefix(l, "hz") {
				l = "hz-gb-2312"
			}
			if enc, err := ianaindex.IANA.Encoding(l); err == nil {
				return enc
			}
		}
	}
	return nil
}

// headerLabel returns the charset of a Content-Type. Parameters are repeated,
// quoted in both ways and left unfinished too often for the strict reader.
func headerLabel(contentType string) string {
	for part := range strings.SplitSeq(contentType, ";") {
		name, value, ok := strings.Cut(part, "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), "charset") {
			if label := strings.Trim(value, " \t\"'"); label != "" {
				return label
			}
		}
	}
	return ""
}

// declaredLabel returns the encoding of an XML declaration.
func declaredLabel(b []byte) string {
	i := bytes.Index(b[:min(len(b), 1024)], []byte("<?xml"))
	if i < 0 {
		return ""
	}
	head := b[i:min(len(b), i+512)]
	if j := bytes.Index(head, []byte("?>")); j >= 0 {
		head = head[:j]
	}
	j := bytes.Index(head, []byte("encoding"))
	if j < 0 {
		return ""
	}
	rest := strings.TrimLeft(string(head[j+len("encoding"):]), " \t\r\n=")
	if rest == "" {
		return ""
	}
	if q := rest[0]; q == '"' || q == '\'' {
		label, _, _ := strings.Cut(rest[1:], string(q))
		return strings.TrimSpace(label)
	}
	label, _, _ := strings.Cut(rest, " ")
	return label
}

// aliases are labels that no registry knows.
var aliases = map[string]string{
	"utf8": "utf-8", "utf-8-sig": "utf-8", "utf8mb4": "utf-8", "unicode": "utf-8", "utf": "utf-8",
	"ansi": "windows-1252", "latin": "iso-8859-1", "latin-1": "iso-8859-1", "ascii-us": "us-ascii",
	"cyrillic-windows": "windows-1251", "koi8r": "koi8-r", "koi8u": "koi8-u", "koi": "koi8-r",
	"mac-cyrillic": "x-mac-cyrillic", "maccyrillic": "x-mac-cyrillic", "dos-866": "cp866", "alt": "cp866",
	"sjis": "shift_jis", "shiftjis": "shift_jis", "eucjp": "euc-jp", "euckr": "euc-kr", "gb18030-0": "gb18030",
	"gb-18030": "gb18030", "iso-8859-8-i": "iso-8859-8-i",
}

// byName returns the character set of a label: as browsers read it (WHATWG
// Encoding Standard), by a known alias, as IANA registered it.
func byName(label string) encoding.Encoding {
	label = strings.ToLower(strings.Trim(label, " \t\r\n\"'"))
	if label == "" || len(label) > 60 {
		return nil
	}
	dashed := strings.ReplaceAll(label, "_", "-")
	for _, prefix := range []string{"win-", "win", "cp-", "windows", "windows-cp"} {
		if digits, ok := strings.CutPrefix(dashed, prefix); ok && len(digits) == 4 {
			dashed = "windows-" + digits
		}
	}
	for _, name := range []string{label, dashed, aliases[dashed]} {
		if enc, err := htmlindex.Get(name); err == nil {
			return enc
		}
	}
	for _, name := range []string{label, dashed} {
		if enc, err := ianaindex.IANA.Encoding(name); err == nil && enc != nil {
			return enc
		}
	}
	return nil
}

func isUTF8(enc encoding.Encoding) bool {
	name, err := htmlindex.Name(enc)
	return err == nil && name == "utf-8"
}

// maxGuess is how much of a document is looked at to guess its character set.
const maxGuess = 64 << 10

// guess tells the character set from how often letters follow each other. Of
// equal guesses the one that is commoner in the wild is taken, so that the
// answer does not depend on chance.
func guess(b []byte) string {
	results, err := chardet.NewHtmlDetector().DetectAll(sample(b))
	if err != nil {
		return ""
	}
	best, rank := "", -1
	for _, r := range results {
		if r.Confidence < 10 || strings.HasPrefix(r.Charset, "UTF-") || strings.HasPrefix(r.Charset, "IBM") {
			continue
		}
		if of := r.Confidence*100 - preference(r.Charset); of > rank {
			best, rank = r.Charset, of
		}
	}
	return best
}

// sample returns the part of b in which there is something to guess by.
func sample(b []byte) []byte {
	if len(b) <= maxGuess {
		return b
	}
	from := bytes.IndexFunc(b, func(r rune) bool { return r == utf8.RuneError })
	from = max(0, min(from, len(b)-maxGuess))
	return b[from : from+maxGuess]
}

func preference(charset string) int {
	for i, name := range []string{"windows-1251", "KOI8-R", "windows-1254", "ISO-8859-9", "ISO-8859-5", "ISO-8859-1", "Shift_JIS", "EUC-JP", "GB-18030", "Big5", "EUC-KR"} {
		if strings.EqualFold(name, charset) {
			return i
		}
	}
	return 50
}

// isBinaryData reports whether bytes are no text at all.
func isBinaryData(b []byte) bool {
	for _, magic := range []string{"\x1f\x8b", "PK\x03\x04", "%PDF-", "\x89PNG", "GIF8", "\xff\xd8\xff", "RIFF", "\x28\xb5\x2f\xfd", "ID3"} {
		if bytes.HasPrefix(b, []byte(magic)) {
			return true
		}
	}
	head := b[:min(len(b), 1024)]
	control := 0
	for _, c := range head {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b {
			control++
		}
	}
	return control*10 > len(head)
}

// cleanCharacters leaves out what XML 1.0 (2.2) has no place for. A text
// without such characters is returned as it is.
func cleanCharacters(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	at, size := illegalAt(s)
	if at < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for at >= 0 {
		b.WriteString(s[:at])
		s = s[at+size:]
		at, size = illegalAt(s)
	}
	b.WriteString(s)
	return b.String()
}

// illegalAt returns where the first such character of valid UTF-8 is, and its
// length.
func illegalAt(s string) (at, size int) {
	for i := range len(s) {
		switch c := s[i]; {
		case c < 0x20 && c != '\n' && c != '\t' && c != '\r':
			return i, 1
		case c == 0xef && i+2 < len(s) && s[i+1] == 0xbf && s[i+2] >= 0xbe: // U+FFFE, U+FFFF
			return i, 3
		}
	}
	return -1, 0
}
