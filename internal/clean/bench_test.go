package clean

import (
	"strings"
	"testing"
	"time"

	"serai/internal/feed"
)

// article is some 5 KB of HTML as content management systems write it.
var article = strings.Repeat(`<p class="wp-block" style="margin:0">The president of the country said on Monday that the talks would go on, &ldquo;whatever the cost&rdquo;, and that
<a href="https://example.org/2026/11/a-longer-slug-of-an-article/?utm_source=feed&amp;utm_medium=rss" target="_blank">his ministers</a> had been told so; the opposition didn't agree.</p>
<figure class="wp-block-image size-large" id="attachment_1"><img decoding="async" class="alignnone" src="https://cdn.example.org/uploads/2026/11/photo-1024x683.jpg" alt="Photo: agency" width="1024" height="683" srcset="https://cdn.example.org/uploads/2026/11/photo-1024x683.jpg 1024w, https://cdn.example.org/uploads/2026/11/photo-300x200.jpg 300w" sizes="(max-width: 1024px) 100vw, 1024px"/><figcaption>A caption</figcaption></figure>
<p>Президент заявил в понедельник, что переговоры <strong>продолжатся</strong> при любых условиях, и что его министры об этом знают.</p>
`, 5)

func BenchmarkHTML(b *testing.B) {
	b.SetBytes(int64(len(article)))
	b.ReportAllocs()
	HTML(article, testBase)
	for b.Loop() {
		HTML(article, testBase)
	}
}

func BenchmarkText(b *testing.B) {
	b.SetBytes(int64(len(article)))
	b.ReportAllocs()
	for b.Loop() {
		Text(article)
	}
}

func BenchmarkEntry(b *testing.B) {
	raw := feed.RawEntry{
		GUID: "https://example.org/?p=1", Link: "https://example.org/2026/11/a-longer-slug/",
		Title: feed.Text{Body: "Talks to go on &#8220;whatever the cost&#8221;", HTML: true}, Summary: feed.Text{Body: "<p>The talks go on.</p>", HTML: true},
		Content: feed.Text{Body: article, HTML: true}, Published: time.Unix(1_790_000_000, 0),
		Details: feed.Details{Authors: []feed.Person{{Name: "A. Writer"}}, Categories: []feed.Category{{Term: "News"}, {Term: "Politics"}}},
	}
	b.SetBytes(int64(len(article)))
	b.ReportAllocs()
	Entry(raw, Options{})
	for b.Loop() {
		Entry(raw, Options{Base: "https://example.org/feed/", Language: "en"})
	}
}

func BenchmarkURL(b *testing.B) {
	for name, address := range map[string]string{
		"ordinary": "https://example.org/2026/11/a-longer-slug-of-an-article/?utm_source=feed&utm_medium=rss",
		"relative": "/2026/11/a-longer-slug-of-an-article/",
		"iri":      "https://пример.рф/новости/1",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				URL(address, testBase)
			}
		})
	}
}

func BenchmarkLanguage(b *testing.B) {
	for name, text := range map[string]string{"latin": Text(strings.Repeat("The president of the country said on Monday that the talks would go on. ", 30)), "cyrillic": strings.Repeat("Президент заявил в понедельник, что переговоры продолжатся. ", 30)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Language(text)
			}
		})
	}
}
