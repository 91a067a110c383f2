package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// minLetters is how many letters a text must have before its language is
	// guessed.
	minLetters = 20
	// maxLetters is how many letters of a text are looked at.
	maxLetters = 400
)

// Language guesses the language of a plain text, as a BCP 47 tag, or returns ""
// rather than a doubtful guess. It knows the languages of the region, their
// neighbours, and the large ones of western Europe: the script decides where it
// can, then letters that only some alphabets have, then frequent words and
// three-letter sequences.
func Language(text string) string {
	g := guess{table: languages()}
	g.read(text)
	letters := g.latin + g.cyrillic + g.armenian + g.georgian + g.other
	switch most := max(g.latin, g.cyrillic, g.armenian, g.georgian, g.other); {
	case letters < minLetters, 2*most < letters, most == g.other:
		return ""
	case most == g.armenian:
		return "hy"
	case most == g.georgian:
		return "ka"
	case most == g.cyrillic:
		return g.inCyrillic()
	default:
		return g.inLatin()
	}
}

// entryLanguage returns the language of an entry: its own mark, else what its
// text is written in, else the source's. Where text and source agree on the
// language, the source's tag says more ("en-GB").
func entryLanguage(own, title, text, summary, source string) string {
	if own = languageTag(own); own != "" {
		return own
	}
	source = languageTag(source)
	if text == "" {
		text = summary
	}
	seen := Language(text)
	if seen == "" {
		seen = Language(title + "\n" + text)
	}
	if seen == "" || strings.HasPrefix(source+"-", seen+"-") {
		return source
	}
	return seen
}

// languageTag returns a tag in the usual spelling (RFC 5646 2.1.1), or "" for
// what is none.
func languageTag(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "-")
	if s == "" || len(s) > 35 {
		return ""
	}
	parts := strings.Split(s, "-")
	for i, part := range parts {
		if part == "" || len(part) > 8 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			return ""
		}
		part = strings.ToLower(part)
		switch {
		case i == 0 && (len(part) < 2 || strings.ContainsAny(part, "0123456789")):
			return ""
		case i > 0 && len(part) == 2:
			part = strings.ToUpper(part)
		case i > 0 && len(part) == 4 && part[0] > '9':
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		parts[i] = part
	}
	return strings.Join(parts, "-")
}

// A guess is what was counted in a text.
type guess struct {
	table *languageTable

	latin, cyrillic, armenian, georgian, other int // letters
	qAndX                                      int // which Azerbaijani has and Turkish has not

	marks  [256]uint16           // of the letters that tell something, by their place in the table
	scores [numLanguages]float64 // of words and sequences
}

// read counts the letters of a text, its words and the sequences in them.
func (g *guess) read(text string) {
	var word [48]byte // the current word in lower case
	n := 0
	letters := 0
	for _, r := range text {
		if !isLetter(r) {
			if r != '\'' && r != '’' && r != 'ʼ' && r != '\u0307' {
				g.word(word[:n])
				n = 0
				if letters >= maxLetters {
					return
				}
			}
			continue
		}
		letters++
		switch {
		case r < 0x250 || r == 'ə' || r == 'ǝ' || r >= 0x1e00 && r < 0x1f00:
			g.latin++
		case r >= 0x400 && r < 0x530:
			g.cyrillic++
		case r >= 0x530 && r < 0x590:
			g.armenian++
		case r >= 0x10a0 && r < 0x1100 || r >= 0x1c90 && r < 0x1cc0 || r >= 0x2d00 && r < 0x2d30:
			g.georgian++
		default:
			g.other++
		}
		if r|0x20 == 'q' || r|0x20 == 'x' {
			g.qAndX++
		}
		if r >= utf8.RuneSelf && r < maxMark {
			g.marks[g.table.marks[r]]++
		}
		if r = lower(r); n+utf8.RuneLen(r) <= len(word) {
			n += utf8.EncodeRune(word[n:], r)
		}
	}
	g.word(word[:n])
}

// isLetter is unicode.IsLetter with a short way for the scripts we know.
func isLetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'А' && r <= 'ё' || r >= 'ա' && r <= 'ֆ' || r >= 'ა' && r <= 'ჰ' || unicode.IsLetter(r)
}

// lower is unicode.ToLower with a short way for the letters of most texts.
func lower(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'а' && r <= 'ё':
		return r
	case r >= 'А' && r <= 'Я':
		return r + ('а' - 'А')
	}
	return unicode.ToLower(r)
}

// word scores a word by itself and by its sequences.
func (g *guess) word(word []byte) {
	if len(word) == 0 {
		return
	}
	g.add(g.table.words[string(word)], 3)
	if word[0] >= 0xcd { // Greek, Cyrillic and all behind
		return
	}
	for i := 0; i+3 <= len(word); i++ {
		// All sequences of the table are ASCII: others cannot be found in it.
		key := uint32(word[i])<<16 | uint32(word[i+1])<<8 | uint32(word[i+2])
		if key&0x808080 == 0 {
			g.add(g.table.sequences[key], 1)
		}
	}
	if len(word) > 4 {
		g.add(g.table.endings[string(word[len(word)-3:])], 1)
	}
}

// add gives weight to the languages of a set. What speaks for many says little.
func (g *guess) add(set languageSet, weight float64) {
	if set == 0 {
		return
	}
	weight /= float64(set.size())
	for l := range numLanguages {
		if set&(1<<l) != 0 {
			g.scores[l] += weight
		}
	}
}

func (g *guess) marked(letters string) int {
	n := 0
	for _, r := range letters {
		n += int(g.marks[g.table.marks[r]])
	}
	return n
}

func (g *guess) inCyrillic() string {
	var (
		kazakh      = g.marked("құңҚҰҢ")
		azerbaijani = g.marked("ҹҝҸҜ") + g.marked("јЈ")
		turkic      = g.marked("әөүғһӘӨҮҒҺ")
		ukrainian   = g.marked("їєґЇЄҐ")
		dottedI     = g.marked("іІ")
		russian     = g.marked("ыэёЫЭЁ")
		slavicSouth = g.marked("љњђћџЉЊЂЋЏѓќѕ")
	)
	switch {
	case g.marked("ўЎ") > 0, slavicSouth > 0, g.marked("ҷӣӯҳҶӢӮҲ") > 0:
		return "" // Belarusian, Serbian, Macedonian, Tajik
	case azerbaijani > 0 && azerbaijani+turkic >= 2 && azerbaijani >= kazakh:
		return "az-Cyrl"
	case kazakh+turkic > 0 && dottedI+kazakh > 0:
		return "kk"
	case turkic > 0:
		return "" // Tatar, Bashkir, Kyrgyz, Mongolian
	case ukrainian > 0 && russian == 0, dottedI > 0 && russian == 0:
		return "uk"
	case dottedI > 0 && ukrainian == 0:
		return "kk" // "ы" and "і" in one text
	case ukrainian > russian:
		return "uk"
	case russian == 0 && g.marked("ъЪ") > 2:
		return "" // Bulgarian
	case russian == 0 && g.scores[uk] > g.scores[ru]:
		return "uk"
	}
	return "ru"
}

func (g *guess) inLatin() string {
	if schwa := g.marked("əƏǝƎ"); schwa > 0 && schwa*60 >= g.latin {
		return "az"
	}
	for _, m := range latinMarks {
		g.scores[m.language] += m.weight * float64(g.marked(m.letters))
	}
	// The letters of Azerbaijani are the Turkish ones and ə, q, x. Every
	// eleventh is a ə: the longer a text is without one, the surer it is none.
	if g.marked("ğıİşŞ") > 0 && g.qAndX*50 >= g.latin {
		g.scores[az] += 2 * float64(g.qAndX)
	}
	if g.marked("əƏǝƎ") == 0 {
		g.scores[az] *= 20 / float64(max(g.latin, 20))
	}
	if g.marked("ăâțșŢţőűěřůčšžžđćōūāēīģķļņŗåøæþð") > 1+g.latin/50 {
		return "" // Romanian, Hungarian, Czech, the Balkans, the Baltic, the North
	}
	best, second := en, 0.0
	for l := range numLanguages {
		if languageNames[l].script != 'L' {
			continue
		}
		switch s := g.scores[l]; {
		case l == best:
		case s > g.scores[best]:
			second = g.scores[best]
			best = l
		case s > second:
			second = s
		}
	}
	// Of the letters, so many speak for the best: a text in none of these
	// languages has chance hits only.
	score := g.scores[best]
	if score < 1.5 || score < 0.025*float64(g.latin) || score < 1.15*second {
		return ""
	}
	return languageNames[best].tag
}
