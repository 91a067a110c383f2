package dedupe

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"serai/internal/feed"
)

// A pair is two texts made ready to be compared.
type pair struct {
	coverage float64
	noText   bool // one of them never had a text to speak of
	unknown  bool // one of them had one that is kept no more
}

func pairOf(a, b *feed.Entry) pair {
	dropped := func(e *feed.Entry) bool { return e.Words >= minWords && e.Text == "" && e.Summary == "" }
	if dropped(a) || dropped(b) {
		return pair{unknown: true}
	}
	wordsA, wordsB := tokens(text(a)), tokens(text(b))
	if len(wordsA) < minWords || len(wordsB) < minWords {
		return pair{noText: true}
	}
	if len(wordsA) > len(wordsB) {
		wordsA, wordsB = wordsB, wordsA
	}
	cover := coverage(wordsA, wordsB)
	if len(wordsA) == len(wordsB) {
		// Either may be called the smaller one; the order of arrival must not
		// decide.
		cover = max(cover, coverage(wordsB, wordsA))
	}
	return pair{coverage: cover}
}

func text(e *feed.Entry) string {
	if e.Text != "" {
		return e.Text
	}
	return e.Summary
}

// needs is the verdict that the texts must agree to the given degree.
func (p pair) needs(coverage float64, rule, reason string) Verdict {
	switch {
	case p.unknown || p.noText:
		return Verdict{false, rule, reason + ", but there is no text to compare", 0}
	case p.coverage < coverage:
		return Verdict{false, rule, fmt.Sprintf("%s, but only %.0f %% of the text in common", reason, 100*p.coverage), p.coverage}
	}
	return Verdict{true, rule, fmt.Sprintf("%s, %.0f %% of the text in common", reason, 100*p.coverage), p.coverage}
}

// coverage returns which share of the words of the smaller text lies in a run
// of three words that the larger has too. It moves less than a count of equal
// runs does when words are changed, and is what a reader would call "97 % the
// same".
func coverage(smaller, larger []string) float64 {
	type gram [3]string
	grams := make(map[gram]struct{}, len(larger))
	for i := 0; i+3 <= len(larger); i++ {
		grams[gram(larger[i:i+3])] = struct{}{}
	}
	covered, upTo := 0, 0 // words before upTo are counted
	for i := 0; i+3 <= len(smaller); i++ {
		if _, ok := grams[gram(smaller[i:i+3])]; ok {
			covered += i + 3 - max(upTo, i)
			upTo = i + 3
		}
	}
	return float64(covered) / float64(len(smaller))
}

// tokens returns the words of a text in the one spelling that is compared by:
// letters and digits without case, accents, and the letters that one language
// writes in two ways.
func tokens(s string) []string {
	folded := strings.Map(fold, norm.NFKD.String(s))
	return strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func fold(r rune) rune {
	switch {
	case r < unicode.MaxASCII:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case unicode.In(r, unicode.Mn, unicode.Cf):
		return -1 // accents, soft hyphens, zero-width characters
	}
	switch r = unicode.ToLower(r); r {
	case 'ı':
		return 'i'
	case 'ǝ', 'ә':
		return 'ə'
	}
	return r
}
