package parse

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"testing"
	"time"
)

// article is about 5 KB of HTML with links and pictures, as outlets write it.
func article(n int) string {
	var b strings.Builder
	for p := range 16 {
		fmt.Fprintf(&b, `<p>Paragraph %d of article %d: the ministry said on Tuesday that talks would go on, <a href="https://example.org/more/%d/%d">people said</a> &amp; others did not. Переговоры продолжаются.</p>`, p, n, n, p)
		fmt.Fprintf(&b, "\n<figure><img src=\"https://cdn.example.org/%d/%d.jpg\" alt=\"picture\"/></figure>\n", n, p)
	}
	return b.String()
}

func rssOf(items int) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>News &amp; views</title>
<link>https://example.org/</link><atom:link href="https://example.org/feed" rel="self"/><description>All of it</description>`)
	for n := range items {
		fmt.Fprintf(&b, `<item><title>Article %d &amp; what follows</title><link>https://example.org/%d</link><guid isPermaLink="false">urn:example:%d</guid>
<pubDate>%s</pubDate><dc:creator>Anna Petrova</dc:creator><category>Politics</category><category>Region</category>
<description>In short: talks go on.</description><content:encoded><![CDATA[%s]]></content:encoded></item>
`, n, n, n, time.Unix(1767000000+int64(n)*60, 0).UTC().Format(time.RFC1123Z), article(n))
	}
	b.WriteString("</channel></rss>")
	return b.Bytes()
}

func atomOf(items int) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>urn:example</id>
<updated>2026-01-02T03:04:05Z</updated><link href="https://example.org/"/><link rel="self" href="https://example.org/feed"/>`)
	for n := range items {
		fmt.Fprintf(&b, `<entry><title type="html">Article %d &amp;amp; what follows</title><link href="https://example.org/%d"/><id>urn:example:%d</id>
<updated>%s</updated><author><name>Anna Petrova</name></author><category term="Politics"/><category term="Region"/>
<summary>In short: talks go on.</summary><content type="html">%s</content></entry>
`, n, n, n, time.Unix(1767000000+int64(n)*60, 0).UTC().Format(time.RFC3339), html.EscapeString(article(n)))
	}
	b.WriteString("</feed>")
	return b.Bytes()
}

// damaged is a feed in another character set with everything wrong that is
// wrong in the wild.
func damaged(feed []byte) []byte {
	s := string(feed)
	s = strings.ReplaceAll(s, "</category><category>", "</Category><category>")
	s = strings.ReplaceAll(s, "talks go on.", "talks go on & on < \x01 &nbsp; --")
	s = strings.ReplaceAll(s, "Anna Petrova", "Anna <b>Petrova")
	return []byte("<br />\n<b>Notice</b>: x\n" + s[:len(s)-20])
}

func BenchmarkDocument(b *testing.B) {
	for _, items := range []int{20, 200, 5000} {
		for _, c := range []struct {
			name string
			body []byte
		}{
			{"rss", rssOf(items)},
			{"atom", atomOf(items)},
			{"rss_damaged", damaged(rssOf(items))},
			{"atom_damaged", damaged(atomOf(items))},
		} {
			b.Run(fmt.Sprintf("%s_%d", c.name, items), func(b *testing.B) {
				b.SetBytes(int64(len(c.body)))
				b.ReportAllocs()
				for b.Loop() {
					doc, err := Document(c.body, Options{URL: "https://example.org/feed"})
					if err != nil || len(doc.Entries) < items-1 {
						b.Fatal(err, len(doc.Entries))
					}
				}
			})
		}
	}
}

func BenchmarkReadDate(b *testing.B) {
	for _, s := range []string{"Fri, 02 Jan 2026 03:04:05 +0400", "2026-01-02T03:04:05Z", "Пт, 02 янв 2026 03:04:05 MSK"} {
		b.Run(s, func(b *testing.B) {
			for b.Loop() {
				if _, ok := readDate(s); !ok {
					b.Fatal(s)
				}
			}
		})
	}
}
