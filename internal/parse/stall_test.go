package parse

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// hostile are the beginnings, the repeated parts and the ends of documents that
// a parser may choke on.
var hostile = []struct{ name, head, part, tail string }{
	{"nested_namespaces", "<rss><channel><item>", `<a:b xmlns:a="urn:%d">`, ""},
	{"nested_default_namespaces", "<rss><channel><item>", `<b xmlns="urn:%d">`, ""},
	{"nested_bases", "<feed><entry><content type='xhtml'>", `<b xml:base="http://a/%d/">`, ""},
	{"nested_relative_bases", "<feed xml:base='http://a.example/'>", `<entry xml:base="b%d/"><a>`, ""},
	{"sections_in_module", "<rss xmlns:media='http://search.yahoo.com/mrss/'><channel><item><media:keywords>", "<![CDATA[a]]>", "</media:keywords></item></channel></rss>"},
	{"empty_items", "<rss><channel>", "<item/>", "</channel></rss>"},
	{"open_items", "<rss><channel>", "<item>", "</channel></rss>"},
	{"items_in_unknown", "<rss><channel>", "<a><item><b>", "</channel></rss>"},
	{"items_in_titles", "<rss><channel>", "<item><title>", "</channel></rss>"},
	{"deep", "<rss><channel>", "<a>", ""},
	{"deep_markup", "<rss><channel><item><description>", "<b>", "</description></item></channel></rss>"},
	{"deep_xhtml", "<feed><entry><content type='xhtml'>", "<div>", "</content></entry></feed>"},
	{"deep_and_back", "<rss><channel><item><description>", "<b><i></b>", "</description></item></channel></rss>"},
	{"attributes", "<rss><channel><item><guid ", `a%d="b" `, ">x</guid></item></channel></rss>"},
	{"attributes_of_markup", "<rss><channel><item><description><p ", `a%d="b" `, ">x</p></description></item></channel></rss>"},
	{"repeated_attributes", "<feed ", `xmlns:a="urn:%d" `, "><title>x</title></feed>"},
	{"ampersands", "<rss><channel><title>", "&", "</title></channel></rss>"},
	{"half_references", "<rss><channel><title>", "&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "</title></channel></rss>"},
	{"entities", "<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]><rss><channel><title>", "&c;", "</title></channel></rss>"},
	{"entity_loop", "<!DOCTYPE rss [<!ENTITY a '&b;&b;'><!ENTITY b '&a;&a;'>]><rss><channel><title>", "&a;", "</title></channel></rss>"},
	{"declarations_of_entities", "<!DOCTYPE rss [", "<!ENTITY a%d 'b'>", "]><rss><channel><title>x</title></channel></rss>"},
	{"brackets", "<rss><channel><title>", "<", "</title></channel></rss>"},
	{"brackets_and_letters", "<rss><channel><title>", "<a ", "</title></channel></rss>"},
	{"half_tags", "<rss><channel><title>", "<a b='", "</title></channel></rss>"},
	{"half_tags_two_quotes", "<rss><channel><title>", `<a b='"><c d="'>`, "</title></channel></rss>"},
	{"half_tags_one_quote", "<rss><channel><title>", `<a b=">`, "</title></channel></rss>"},
	{"half_comments", "<rss><channel>", "<!--", ""},
	{"half_comments_and_ends", "<rss><channel>", "<!--><a>", ""},
	{"half_sections", "<rss><channel><title>", "<![CDATA[", ""},
	{"half_sections_in_items", "<rss><channel>", "<item><title><![CDATA[a</title></item>", "<item><title><![CDATA[b]]></title></item></channel></rss>"},
	{"half_declarations", "", "<!a [", "<rss><channel><title>x</title></channel></rss>"},
	{"half_declarations_quotes", "", "<!a '", "<rss><channel><title>x</title></channel></rss>"},
	{"instructions", "<rss><channel>", "<?", ""},
	{"end_tags", "<rss><channel>" + strings.Repeat("<a>", 480), "</b>", ""},
	{"end_tags_in_text", "<rss><channel><description>" + strings.Repeat("<b>", 480), "</i>", "</description></channel></rss>"},
	{"links", "<rss><channel><item>", "<link>a</link>", "</item></channel></rss>"},
	{"relative_links", "<feed xml:base='http://a.example/b/c/'><entry>", "<link href='../x%d'/>", "</entry></feed>"},
	{"categories", "<rss><channel><item>", "<category>%d</category>", "</item></channel></rss>"},
	{"modules", "<rss xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><item>", "<dc:creator>%d</dc:creator>", "</item></channel></rss>"},
	{"modules_in_items", "<rss xmlns:media='http://search.yahoo.com/mrss/'><channel>", "<item><media:group><media:content><media:title>a</media:title></media:content></media:group><media:group/><media:content/><media:content/></item>", "</channel></rss>"},
	{"one_letter_elements", "<feed><entry>", "<a/>", "</entry></feed>"},
	{"spaces_in_tags", "<rss><channel><a", " / ", "></channel></rss>"},
	{"title_markup", "<rss><channel><title>", "&lt;b&gt;", "</title></channel></rss>"},
	{"title_markup_closing", "<rss><channel><title>", "&lt;x%d&gt;&lt;/y&gt;", "</title></channel></rss>"},
	{"textual_markup", "<feed><title>", "x&amp;<b/>", "</title></feed>"},
	{"dates", "<rss><channel>", "<item><pubDate>Sun, 16 Dec zz 11:47:32 GMT</pubDate></item>", "</channel></rss>"},
	{"lead", "", "<p>x</p>", "<rss><channel><title>x</title></channel></rss>"},
	{"html", "<html><head>", "<link rel=alternate type=x href=y>", ""},
	{"json_deep", "", "[", ""},
	{"json_deep_objects", "", `{"a":`, ""},
	{"json_items", `{"version":"https://jsonfeed.org/version/1.1","items":[`, "{},", "{}]}"},
	{"json_nulls", `{"version":"https://jsonfeed.org/version/1.1","items":[`, "null,", "null]}"},
	{"json_numbers", `{"version":"https://jsonfeed.org/version/1.1","x":[`, "1,", "1],\"items\":[]}"},
	{"json_members", `{"version":"https://jsonfeed.org/version/1.1",`, `"a%d":"",`, `"items":[]}`},
	{"json_tags", `{"items":[{"tags":[`, `"a%d",`, `"b"]}]}`},
	{"json_escapes", `{"items":[{"title":"`, `\u0041\n`, `"}]}`},
	{"json_half_strings", `{"items":[`, `"`, ``},
	{"json_colons", `{"items":[`, `:}`, ``},
	{"json_deep_in_item", `{"items":[`, `{"a":{"a":[`, ``},
	{"bytes_of_no_charset", "<rss><channel><title>", "\xe0\xff\x81 \xc0", "</title></channel></rss>"},
	{"control_characters", "<rss><channel><title>", "a\x01", "</title></channel></rss>"},
	{"zeros", "<rss>", "\x00", ""},
	{"escapes", "<?xml version='1.0' encoding='iso-2022-jp'?><rss><channel><title>", "\x1b$B\x1b(B", "</title></channel></rss>"},
}

func build(head, part, tail string, size int) []byte {
	var b strings.Builder
	b.Grow(size + 1024)
	b.WriteString(head)
	for n := 0; b.Len() < size; n++ {
		if strings.Contains(part, "%d") {
			fmt.Fprintf(&b, part, n)
		} else {
			b.WriteString(part)
		}
	}
	b.WriteString(tail)
	return []byte(b.String())
}

// TestHostileDocumentsStayInProportion reads documents that are made to stall
// or to swell. Memory and the size of what comes out are bounded by the size
// of what goes in; the time follows, as nothing is looked at without being
// passed or copied.
func TestHostileDocumentsStayInProportion(t *testing.T) {
	const size = 1 << 20
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			body := build(h.head, h.part, h.tail, size)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			doc, err := Document(body, Options{URL: "http://x.example/"})
			runtime.ReadMemStats(&after)
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 96*size {
				t.Errorf("%d MB allocated for %d MB", spent>>20, size>>20)
			}
			if fault := outOfBounds(doc, err, len(body), DefaultMaxEntries); fault != "" {
				t.Error(fault)
			}
		})
	}
}

// TestManyEntries has more entries than are read.
func TestManyEntries(t *testing.T) {
	body := build("<rss><channel>", "<item><guid>%d</guid></item>", "</channel></rss>", 1<<20)
	doc, err := Document(body, Options{MaxEntries: 100})
	if err != nil || len(doc.Entries) != 100 || doc.Skipped < 30_000 || doc.Truncated {
		t.Errorf("got %d entries, %d skipped, truncated %t, %v", len(doc.Entries), doc.Skipped, doc.Truncated, err)
	}
	if doc.Entries[0].GUID != "0" || doc.Entries[99].GUID != "99" {
		t.Errorf("not the first ones: %q to %q", doc.Entries[0].GUID, doc.Entries[99].GUID)
	}
}

// TestLongTexts cuts what is too long, and says so.
func TestLongTexts(t *testing.T) {
	body := build("<rss><channel><item><guid>1</guid><title>", "ə", "</title><description>x</description></item></channel></rss>", 1<<20)
	doc, err := Document(body, Options{})
	if err != nil || len(doc.Entries) != 1 {
		t.Fatal(err, len(doc.Entries))
	}
	if n := len(doc.Entries[0].Title.Body); n > maxTitle || n < maxTitle-4 {
		t.Errorf("the title has %d bytes", n)
	}
	if len(doc.Repairs) != 1 || doc.Repairs[0].Kind != "limit" {
		t.Errorf("repairs: %v", doc.Repairs)
	}
}
