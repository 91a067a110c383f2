package clean

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const testBase = "https://example.org/news/1.html"

func TestHTML(t *testing.T) {
	const rel = ` rel="` + linkRel + `"`
	const img = ` loading="lazy" referrerpolicy="no-referrer"`
	for _, test := range []struct{ name, in, want string }{
		{"plain_paragraphs_stay", `<p>One</p><p>Two</p>`, `<p>One</p><p>Two</p>`},
		{"text_stays_what_it_says", `use &lt;b> or 3 < 4 & "more"`, `use &lt;b&gt; or 3 &lt; 4 &amp; "more"`},
		{"links_are_absolute_and_disowned", `<a href="../a?b=1&c">x</a>`, `<a href="https://example.org/a?b=1&amp;c"` + rel + `>x</a>`},
		{"fragments_lead_to_the_page", `<a href="#n1">1</a>`, `<a href="https://example.org/news/1.html#n1"` + rel + `>1</a>`},
		{"mail_links_stay", `<a href="mailto:a@b.example">x</a>`, `<a href="mailto:a@b.example"` + rel + `>x</a>`},
		{"script_links_are_text", `<a href="javascript:alert(1)">x</a>`, `x`},
		{"own_rel_and_target_go", `<a href="/x" rel="prefetch" target="_blank" onclick="x">x</a>`, `<a href="https://example.org/x"` + rel + `>x</a>`},
		{"script_and_style_go_with_content", `a<script>b</script><style>c</style>d`, `ad`},
		{"class_style_id_name_go", `<p class="a" style="color:red" id="b" name="c">x</p>`, `<p>x</p>`},
		{"unknown_elements_leave_content", `<blink>a</blink><x-y>b</x-y><font color=red>c</font>`, `abc`},
		{"images_get_lazy", `<img src="a.jpg" alt="A &quot;b&quot;" width=10 height="20px" onload=x>`, `<img src="https://example.org/news/a.jpg" alt="A &#34;b&#34;" width="10" height="20"` + img + `/>`},
		{"srcset_is_resolved", `<img src=x.png srcset="x.png 1x, /y.png 2x">`, `<img src="https://example.org/news/x.png" srcset="https://example.org/news/x.png 1x, https://example.org/y.png 2x"` + img + `/>`},
		{"lazy_images_load_without_script", `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="/r.jpg"><noscript><img src="/r.jpg"></noscript>`, `<img src="https://example.org/r.jpg"` + img + `/>`},
		{"small_raster_data_stays", `<img src="data:image/png;base64,iVBORw0KGgo=">`, `<img src="data:image/png;base64,iVBORw0KGgo="` + img + `/>`},
		{"svg_data_goes", `<img src="data:image/svg+xml;base64,PHN2Zz4=">x`, `x`},
		{"pixels_go", `a<img src="https://x.example/p.gif" width="1" height="1">b`, `ab`},
		{"hidden_pixels_go", `a<img src="https://x.example/p.gif" style="display: none">b`, `ab`},
		{"trackers_go", `a<img src="https://mc.yandex.ru/watch/1">b`, `ab`},
		{"players_become_links", `<iframe src="https://www.youtube.com/embed/abc?rel=0" title="A talk"></iframe>`, `<a href="https://www.youtube.com/watch?v=abc"` + rel + `>▶ A talk (YouTube)</a>`},
		{"players_in_objects_become_one_link", `<object data="https://www.youtube.com/v/abc&hl=en"><embed src="https://www.youtube.com/v/abc&hl=en">`, `<a href="https://www.youtube.com/watch?v=abc"` + rel + `>▶ YouTube</a>`},
		{"other_frames_go", `a<iframe src="https://evil.example/">x</iframe>b`, `ab`},
		{"frames_of_players_must_be_web_addresses", `<iframe src="javascript://www.youtube.com/%0Aalert(1)"></iframe>x`, `x`},
		{"media_stay", `<video src=/v.mp4 poster=/p.jpg autoplay onplay=x><source src="javascript:x"><source src=/w.webm type=video/webm></video>`, `<video src="https://example.org/v.mp4" poster="https://example.org/p.jpg" controls="" preload="none"><source src="https://example.org/w.webm" type="video/webm"/></video>`},
		{"open_elements_are_closed", `<div><b>x`, `<div><b>x</b></div>`},
		{"stray_ends_go", `a</div></p></td></table>b`, `ab`},
		{"paragraphs_do_not_nest", `<p>a<p>b<div>c`, `<p>a</p><p>b</p><div>c</div>`},
		{"inline_goes_on_after_block", `<p><b>a<div>b</div></b>`, `<p><b>a</b></p><b><div>b</div></b>`},
		{"end_of_inline_does_not_cut_block", `<b><p>a</b>b</p>c`, `<b><p>ab</p></b>c`},
		{"links_do_not_nest", `<a href="/1">a<a href="/2">b</a>c`, `<a href="https://example.org/1"` + rel + `>a</a><a href="https://example.org/2"` + rel + `>b</a>c`},
		{"lone_items_get_a_list", `x<li>a<li>b</li> y`, `x<ul><li>a</li><li>b</li></ul> y`},
		{"nested_lists_stay", `<ul><li>a<ol><li>b</ol><li>c</ul>`, `<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>`},
		{"tables_are_completed", `<table><td>a<td>b<tr><th>c</table>d`, `<table><tbody><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></tbody></table>d`},
		{"text_in_tables_gets_a_cell", `<table>x<tr><td>a</table>`, `<table><tbody><tr><td>x</td></tr><tr><td>a</td></tr></tbody></table>`},
		{"cells_without_table_are_text", `<td>a</td><tr><td>b`, `ab`},
		{"old_names_become_new", `<menu><li>a</menu><image src=/i.png>`, `<ul><li>a</li></ul><img src="https://example.org/i.png"` + img + `/>`},
		{"line_feed_after_pre_is_not_text", "<pre>\na\n</pre><pre>\n\nb</pre>", "<pre>a\n</pre><pre>\n\nb</pre>"},
		{"svg_goes_with_content", `a<svg><desc>b</desc><style><a title="</style><img src=x onerror=y>"></svg>c`, `ac`},
		{"unclosed_svg_does_not_take_the_rest", `a<svg><p>b`, `a<p>b</p>`},
		{"math_leaves_its_text", `<math><mi>x</mi><annotation>no</annotation></math>`, `x`},
		{"comments_and_declarations_go", `a<!-- b --><!DOCTYPE x><?php c ?><![CDATA[d]]>e`, `ae`},
		{"c1_controls_are_windows_1252", "a \u0093b\u0094 &#150;", `a “b” –`},
		{"controls_go", "a&#1;b\x00c&#xFFFF;", `abc`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := HTML(test.in, testBase)
			if got != test.want {
				t.Errorf("HTML(%q)\n got %s\nwant %s", test.in, got, test.want)
			}
			check(t, got)
		})
	}
}

func TestHTMLIsBounded(t *testing.T) {
	for name, in := range map[string]string{
		"depth":                 strings.Repeat("<div>", 100_000) + "x",
		"depth_of_tables":       strings.Repeat("<table><td>", 50_000) + "x",
		"depth_of_lists":        strings.Repeat("<ul><li>", 50_000) + "x",
		"reopened_inlines":      strings.Repeat("<b><i><u><s><em><p>", 50_000),
		"links":                 strings.Repeat(`<a href=/>`, 100_000),
		"ends":                  strings.Repeat("<b>", 90) + strings.Repeat("</p>", 200_000),
		"unclosed_svg":          strings.Repeat("<svg>", 200_000),
		"unclosed_svg_ends":     strings.Repeat("<svg></sv", 200_000),
		"attributes":            "<p " + strings.Repeat("title=x a", 200_000) + ">",
		"text":                  strings.Repeat("<", 3<<20),
		"ampersands":            strings.Repeat("&", 3<<20),
		"paragraphs":            strings.Repeat("<p>", 700_000),
		"one_long_tag":          "<a href=\"" + strings.Repeat("x", 3<<20),
		"comments":              strings.Repeat("<!--", 300_000),
		"items":                 strings.Repeat("<li>", 400_000),
		"cells":                 strings.Repeat("<table>x", 300_000),
		"implied_lists":         strings.Repeat("<li>a</li>b", 100_000),
		"ended_inlines":         strings.Repeat("<b><p></b>", 100_000),
		"srcset":                "<img src=x srcset=\"" + strings.Repeat("a 1x,", 300_000) + "\">",
		"unknown_elements":      strings.Repeat("<x>", 500_000),
		"nested_frames":         strings.Repeat("<iframe src=//youtu.be/a>", 50_000),
		"one_word":              strings.Repeat("я", 2<<20),
		"noscript":              strings.Repeat("<noscript>", 100_000),
		"select_never_closed":   strings.Repeat("<select><option>", 100_000),
		"long_lines_in_a_title": "<p title=\"" + strings.Repeat("a b ", 300_000) + "\">x",
	} {
		t.Run(name, func(t *testing.T) {
			once := HTML(in, testBase)
			if len(once) > maxContent {
				t.Errorf("%d bytes", len(once))
			}
			if twice := HTML(once, testBase); twice != once {
				t.Errorf("not idempotent: %d and %d bytes", len(once), len(twice))
			}
			depth, deepest := 0, 0
			for rest := once; ; {
				i := strings.IndexByte(rest, '<')
				if i < 0 {
					break
				}
				end := strings.IndexByte(rest[i:], '>')
				switch {
				case rest[i+1] == '/':
					depth--
				case rest[i+end-1] != '/':
					depth++
				}
				deepest = max(deepest, depth)
				rest = rest[i+1:]
			}
			if depth != 0 || deepest > maxDepth {
				t.Errorf("depth %d at the end, %d at most", depth, deepest)
			}
		})
	}
}

func FuzzHTML(f *testing.F) {
	for _, payload := range payloads(f) {
		f.Add(payload)
	}
	f.Add(`<p>a<table><tr><td><ul><li>b<dl><dt>c<ruby>d<rt>e<pre>` + "\n\n" + `f<h1><a href=x><h2>`)
	f.Add(`<details><summary>a<picture><source srcset="a 1x"><img src=b><caption><col><colgroup>`)
	f.Fuzz(func(t *testing.T, in string) {
		once := HTML(in, testBase)
		if twice := HTML(once, testBase); twice != once {
			t.Errorf("HTML(%q)\n once %s\ntwice %s", in, once, twice)
		}
		check(t, once)
		if text := Text(in); text != Chars(text) {
			t.Errorf("Text(%q) has bad characters: %q", in, text)
		}
	})
}

// check fails the test if a published fragment is active, or if a browser would
// read another tree than the one written.
func check(t *testing.T, fragment string) {
	t.Helper()
	if bad := active(fragment); bad != "" {
		t.Errorf("active: %s in %s", bad, fragment)
	}
	page := "<!DOCTYPE html><html><head></head><body><div>" + fragment + "</div><hr/></body></html>"
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("parse %s: %v", fragment, err)
	}
	body := doc.LastChild.LastChild
	container := body.FirstChild
	if container == nil || container.DataAtom != atom.Div || container.NextSibling == nil || container.NextSibling.DataAtom != atom.Hr || container.NextSibling.NextSibling != nil {
		t.Errorf("leaves its container: %s", fragment)
		return
	}
	var b strings.Builder
	for n := container.FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&b, n); err != nil {
			t.Fatal(err)
		}
	}
	if tree := sorted(b.String()); tree != sorted(fragment) {
		t.Errorf("a browser reads another tree\nwrote %s\n read %s", fragment, tree)
	}
}

// sorted writes a fragment with the attributes of each tag in alphabetic order,
// which is how the parser keeps some of them.
func sorted(fragment string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(fragment))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		slices.SortFunc(token.Attr, func(a, b html.Attribute) int { return strings.Compare(a.Key, b.Key) })
		b.WriteString(token.String())
	}
	return b.String()
}

// active names what in a fragment may do something, judged by lists of its own.
func active(fragment string) string {
	z := html.NewTokenizer(strings.NewReader(fragment))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		switch token.Type {
		case html.TextToken, html.EndTagToken:
			continue
		case html.StartTagToken, html.SelfClosingTagToken:
		default:
			return "a " + token.Type.String()
		}
		for name := range strings.FieldsSeq("script style iframe object embed applet svg math form input button textarea select option base meta link template title noscript xmp plaintext frame frameset marquee dialog slot portal") {
			if token.Data == name {
				return "<" + name + ">"
			}
		}
		for _, a := range token.Attr {
			value := strings.ToLower(strings.Map(func(r rune) rune {
				if r <= ' ' {
					return -1
				}
				return r
			}, a.Val))
			switch a.Key {
			case "href", "src", "cite", "poster":
				if !hasAnyPrefix(value, []string{"http://", "https://"}) && (a.Key != "href" || !hasAnyPrefix(value, []string{"mailto:", "tel:"})) &&
					(token.Data != "img" || !hasAnyPrefix(value, []string{"data:image/png;", "data:image/gif;", "data:image/jpeg;", "data:image/webp;", "data:image/avif;"})) {
					return fmt.Sprintf("%s=%q", a.Key, a.Val)
				}
			case "srcset":
				for candidate := range strings.SplitSeq(a.Val, ", ") {
					if !hasAnyPrefix(candidate, []string{"http://", "https://"}) {
						return fmt.Sprintf("%s=%q", a.Key, a.Val)
					}
				}
			case "style", "class", "id", "name", "srcdoc", "action", "formaction", "background", "ping", "target", "xmlns":
				return a.Key
			}
			if strings.HasPrefix(a.Key, "on") || strings.ContainsAny(a.Key, ":<>\"'=/") || a.Namespace != "" {
				return a.Key
			}
		}
	}
	return ""
}
