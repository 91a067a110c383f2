package match

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// tableSize is where the table of folded characters ends: behind Latin, Greek,
// Cyrillic and Armenian.
const tableSize = 0x590

// foldTable holds what characters are for comparing; empty for those that part
// words. It is made when first needed.
var foldTable = sync.OnceValue(func() *[tableSize]string {
	var table [tableSize]string
	for r := range rune(tableSize) {
		table[r] = foldRune(r)
	}
	return &table
})

// singleFolds are characters that are the same for readers, though Unicode does
// not decompose the one to the other.
var singleFolds = map[rune]string{
	'ı': "i", 'İ': "i", 'ǝ': "ə", 'Ǝ': "ə", 'ә': "ə", 'Ә': "ə", 'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe",
	'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d", 'և': "եւ",
	// Letters of their own, which only look like one with a mark.
	'й': "й", 'Й': "й", 'ї': "ї", 'Ї': "ї",
}

// foldRune returns what a character is for comparing: in lower case, without
// marks, in its plain form. It is empty for what is not part of a word.
func foldRune(r rune) string {
	if s, ok := singleFolds[r]; ok {
		return s
	}
	if !isWordRune(r) {
		return ""
	}
	var out []byte
	for _, part := range norm.NFKD.String(string(r)) {
		if s, ok := singleFolds[part]; ok {
			out = append(out, s...)
		} else if isWordRune(part) {
			out = utf8.AppendRune(out, unicode.ToLower(part))
		}
	}
	return string(out)
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// A prose is a text cut into folded words, ready to be looked through.
type prose struct {
	folded []byte
	words  []span
	source string // the text itself, for regular expressions
}

// A span is a word's place in prose.folded.
type span struct{ from, to int32 }

func (p *prose) word(i int) []byte { return p.folded[p.words[i].from:p.words[i].to] }

// readProse cuts a text into words: runs of letters and digits in any script.
func readProse(text string) *prose {
	p := &prose{
		folded: make([]byte, 0, len(text)+8),
		words:  make([]span, 0, len(text)/6+4),
		source: text,
	}
	table := foldTable()
	from := 0 // where the current word begins
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			if f := table[c]; f != "" {
				p.folded = append(p.folded, f[0])
				continue
			}
			from = p.endWord(from)
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch {
		case r < tableSize && len(table[r]) == 2: // nearly always
			p.folded = append(p.folded, table[r][0], table[r][1])
		case r < tableSize && table[r] != "":
			p.folded = append(p.folded, table[r]...)
		case unicode.Is(unicode.Mn, r):
			p.addMark(r, from)
		case r >= tableSize && isWordRune(r):
			p.folded = append(p.folded, foldRune(r)...)
		case r == 0xad || r == 0x200b || r == 0x200c || r == 0x200d || r == 0x2060 || r == 0xfeff:
			// Soft hyphens and the like are within words.
		default:
			from = p.endWord(from)
		}
	}
	p.endWord(from)
	return p
}

func (p *prose) endWord(from int) int {
	if len(p.folded) > from {
		p.words = append(p.words, span{int32(from), int32(len(p.folded))})
	}
	return len(p.folded)
}

// addMark leaves marks out, except where they make another letter: texts write
// й and ї in two characters, too.
func (p *prose) addMark(r rune, from int) {
	last, size := utf8.DecodeLastRune(p.folded[from:])
	switch {
	case last == 'и' && r == '\u0306':
		p.folded = append(p.folded[:len(p.folded)-size], "й"...)
	case last == 'і' && r == '\u0308':
		p.folded = append(p.folded[:len(p.folded)-size], "ї"...)
	}
}
