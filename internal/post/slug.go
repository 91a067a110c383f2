package post

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxSlug is the length of the longest slug.
const maxSlug = 100

// Slug writes a text in the letters that stand in addresses: a-z, 0-9, and -
// for what is between words. Cyrillic, Armenian and Georgian are written in
// Latin letters, and accents are left off. It is empty if nothing remains.
func Slug(text string) string {
	var b strings.Builder
	text = strings.NewReplacer("ու", "u", "Ու", "u", "ՈՒ", "u", "և", "ev").Replace(text)
	gap := false
	// Composed first, so that й is a letter of its own; then letter by letter.
	for _, r := range norm.NFC.String(text) {
		letters := latin(unicode.ToLower(r))
		if letters == "" {
			// Marks and apostrophes stand within words.
			gap = gap || !unicode.IsMark(r) && !strings.ContainsRune("'’ʼʻ`´ьъЬЪ", r)
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteString(letters)
		if b.Len() > 2*maxSlug {
			break
		}
	}
	return shorten(b.String())
}

// shorten cuts a slug, between words where it can.
func shorten(slug string) string {
	if len(slug) <= maxSlug {
		return slug
	}
	cut := slug[:maxSlug]
	if i := strings.LastIndexByte(cut, '-'); i > maxSlug/2 && slug[maxSlug] != '-' {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, "-")
}

// latin returns the letters that one lower-case character is written in.
func latin(r rune) string {
	if isPlain(r) {
		return string(r)
	}
	if letters, ok := letters[r]; ok {
		return letters
	}
	// What is left of an accented letter without its accents.
	base := []rune(norm.NFD.String(string(r)))
	if len(base) < 2 {
		return ""
	}
	return latin(unicode.ToLower(base[0]))
}

func isPlain(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

// letters are the characters that are no Latin letter with an accent, each
// before what it is written as.
var letters = pairs(
	// Latin
	"ə e ı i ø o ł l đ d ð d þ th ß ss æ ae œ oe",
	// Russian, Ukrainian and others in Cyrillic
	"а a б b в v г g д d е e ё yo ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh щ shch ы y э e ю yu я ya",
	"і i ї yi є ye ґ g ў u қ q ғ gh ө o ү u ұ u ң ng һ h ә a җ j ҙ dh ҫ s ҡ q ӣ i ӯ u ҷ j ҳ h",
	// Armenian
	"ա a բ b գ g դ d ե e զ z է e ը y թ t ժ zh ի i լ l խ kh ծ ts կ k հ h ձ dz ղ gh ճ ch մ m յ y ն n շ sh ո o չ ch պ p ջ j ռ r ս s վ v տ t ր r ց ts ւ v փ p ք k օ o ֆ f",
	// Georgian
	"ა a ბ b გ g დ d ე e ვ v ზ z თ t ი i კ k ლ l მ m ნ n ო o პ p ჟ zh რ r ს s ტ t უ u ფ p ქ k ღ gh ყ q შ sh ჩ ch ც ts ძ dz წ ts ჭ ch ხ kh ჯ j ჰ h",
)

func pairs(lists ...string) map[rune]string {
	table := map[rune]string{}
	for _, list := range lists {
		words := strings.Fields(list)
		for i := 0; i+1 < len(words); i += 2 {
			table[[]rune(words[i])[0]] = words[i+1]
		}
	}
	return table
}
