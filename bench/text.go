package bench

import (
	"fmt"
	"html"
	"math/rand/v2"
	"strings"
	"time"
)

// newest is the date of the newest entry of every feed. It is fixed, so that a
// run measures the same bytes as the last one.
var newest = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// Feed returns a feed as RSS 2.0: a real one's make-up with words that mean
// nothing. The same numbers give the same bytes.
func Feed(address string, feed int, shape Shape) string {
	base := strings.TrimSuffix(address, "/feed.xml")
	var b strings.Builder
	b.Grow(shape.Entries*(shape.Bytes+1024) + 1024)
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
<title>Outlet %d</title>
<link>%s/</link>
<description>A feed of outlet %d</description>
<language>%s</language>
`, feed, base, feed, scripts[feed%len(scripts)].language)
	for i := range shape.Entries {
		writeItem(&b, base, Make(feed, i, shape.Bytes))
	}
	b.WriteString("</channel>\n</rss>\n")
	return b.String()
}

func writeItem(b *strings.Builder, base string, it Item) {
	fmt.Fprintf(b, `<item>
<title>%s</title>
<link>%s%s</link>
<guid isPermaLink="false">%s</guid>
<pubDate>%s</pubDate>
<dc:creator>%s</dc:creator>
<category>%s</category>
<description>%s</description>
<content:encoded><![CDATA[%s]]></content:encoded>
</item>
`, it.Title, base, it.Path, it.GUID, it.Published.Format(time.RFC1123Z), it.Author, it.Tag, it.Summary, it.Content)
}

// An Item is an entry that was made up.
type Item struct {
	Path, GUID             string
	Title, Summary, Author string // plain text without markup
	Tag                    string
	Content                string // HTML
	Language               string
	Published              time.Time
}

// Make makes up the nth item of a feed, with about size bytes of content.
// Items differ from each other in all that they say, as articles do.
func Make(feed, n, size int) Item {
	rnd := rand.New(rand.NewPCG(uint64(feed), uint64(n))) // the same bytes at every run
	s := &scripts[feed%len(scripts)]
	it := Item{
		Path:      fmt.Sprintf("/%d/%d/%s-%d", 2026, rnd.IntN(12)+1, word(rnd, &scripts[0]), n),
		GUID:      fmt.Sprintf("outlet-%d-item-%d", feed, n),
		Title:     sentence(rnd, s, 8),
		Author:    word(rnd, s) + " " + word(rnd, s),
		Tag:       word(rnd, s),
		Language:  s.language,
		Published: newest.Add(-time.Duration(n)*7*time.Hour - time.Duration(feed)*time.Minute),
	}
	var b strings.Builder
	b.Grow(size + 512)
	for b.Len() < size-blockBytes/2 {
		block(&b, rnd, s)
	}
	it.Content = b.String()
	it.Summary = sentence(rnd, s, 25)
	return it
}

// blockBytes is about how long a block is.
const blockBytes = 600

// block writes one block of an article: mostly paragraphs, as a content
// management system writes them.
func block(b *strings.Builder, rnd *rand.Rand, s *script) {
	switch n := rnd.IntN(12); n {
	case 0:
		fmt.Fprintf(b, "<h2>%s</h2>\n", sentence(rnd, s, 5))
	case 1:
		fmt.Fprintf(b, `<figure class="wp-block-image"><img src="/img/%d.jpg?w=1024" srcset="/img/%d-300.jpg 300w" alt="%s" width="1024" height="683"/><figcaption>%s</figcaption></figure>`+"\n",
			rnd.IntN(1e6), rnd.IntN(1e6), html.EscapeString(sentence(rnd, s, 4)), sentence(rnd, s, 9))
	case 2:
		fmt.Fprintf(b, "<blockquote><p>“%s”</p></blockquote>\n", sentence(rnd, s, 20))
	case 3:
		b.WriteString("<ul>\n")
		for range 3 + rnd.IntN(3) {
			fmt.Fprintf(b, "<li>%s</li>\n", sentence(rnd, s, 6))
		}
		b.WriteString("</ul>\n")
	default:
		b.WriteString(`<p style="text-align:justify">`)
		for range 2 + rnd.IntN(3) {
			b.WriteString(sentence(rnd, s, 10+rnd.IntN(10)))
			b.WriteByte(' ')
		}
		fmt.Fprintf(b, `<a href="https://example.org/%d?utm_source=rss&amp;id=%d" target="_blank">%s</a> &amp; <strong>%s</strong>&nbsp;<em>%s</em></p>`+"\n",
			rnd.IntN(1e6), n, sentence(rnd, s, 3), word(rnd, s), word(rnd, s))
	}
}

// A script is a language to make up words in.
type script struct {
	language    string
	onset, rime []string
	words       []string // the vocabulary, most frequent first
}

// scripts stand for the languages of the region, in their byte lengths and in
// what they ask of case folding.
var scripts = vocabulary([]script{
	{language: "en", onset: strings.Fields("b br c d f g gr h k l m n p pr r s st t tr v w"), rime: strings.Fields("a e i o u an en ing or at es ion ay ee")},
	{language: "az", onset: strings.Fields("b c ç d f g ğ x k q l m n p r s ş t v y"), rime: strings.Fields("a ə e i ı o ö u ü ar ər lıq dir an")},
	{language: "ru", onset: strings.Fields("б в г д ж з к л м н п р с т ф х ц ч ш щ"), rime: strings.Fields("а е и о у ы я ю ов ени ость ать ский ом")},
	{language: "ka", onset: strings.Fields("ბ გ დ ვ ზ თ კ ლ მ ნ პ რ ს ტ ფ ქ ღ ყ შ ჩ"), rime: strings.Fields("ა ე ი ო უ ები ან ის ური ობა ად ში")},
})

// vocabulary gives each script as many words as a newspaper uses.
func vocabulary(scripts []script) []script {
	for i := range scripts {
		s := &scripts[i]
		rnd := rand.New(rand.NewPCG(1, uint64(i))) // the same words at every run
		for range 8000 {
			var b strings.Builder
			for range 1 + rnd.IntN(4) {
				b.WriteString(s.onset[rnd.IntN(len(s.onset))])
				b.WriteString(s.rime[rnd.IntN(len(s.rime))])
			}
			s.words = append(s.words, b.String())
		}
	}
	return scripts
}

// word picks one as writers do: the more frequent the more often (Zipf's law).
func word(rnd *rand.Rand, s *script) string {
	return s.words[rand.NewZipf(rnd, 1.1, 4, uint64(len(s.words)-1)).Uint64()]
}

func sentence(rnd *rand.Rand, s *script, words int) string {
	var b strings.Builder
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word(rnd, s))
	}
	b.WriteByte('.')
	return b.String()
}
