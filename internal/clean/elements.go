package clean

// An element says how one element of HTML is treated. All that is not listed
// is taken out and leaves its content behind.
type element struct {
	name  string // as it is written; old names give way to living ones
	shape shape
	attrs map[string]value // besides those that every element may have
}

// A shape is what an element means for the tree that a browser builds (HTML
// Living Standard 13.2.6): which open elements it ends, and where it may stand.
type shape uint8

const (
	inline   shape = iota
	void           // no content
	block          // ends an open p
	heading        // a block that ends an open heading
	list           // ul, ol: the parent of items
	item           // li
	defs           // dl: the parent of terms
	term           // dt, dd
	table          // the parent of sections
	section        // thead, tbody, tfoot: in a table, the parent of rows
	row            // tr: in a section
	cell           // td, th: in a row
	caption        // in a table
	columns        // colgroup: in a table
	column         // col: in columns, no content
	ruby           // the parent of rubyPart
	rubyPart       // rt, rp
	anchor         // a: never within another
)

// A value is what an attribute may hold.
type value uint8

const (
	anyText    value = iota + 1 // alt, title
	linkTo                      // http, https, mailto, tel
	citation                    // http, https
	media                       // http, https
	image                       // likewise, or a small raster image as data
	imageSet                    // srcset
	number                      // digits
	language                    // a language tag
	direction                   // ltr, rtl, auto
	instant                     // date, time or duration
	mediaType                   // such as image/webp
	mediaQuery                  // such as (min-width: 40em)
	alignment                   // left, right, center, justify
	listStyle                   // 1, a, A, i, I
	flag                        // present or not
	cellScope                   // row, col, rowgroup, colgroup
)

// everywhere are the attributes that every element may have.
var everywhere = map[string]value{"title": anyText, "lang": language, "dir": direction}

// elements are the ones that are kept, by the name they come under.
var elements = func() map[string]*element {
	m := make(map[string]*element, 100)
	add := func(shape shape, attrs map[string]value, names ...string) {
		for _, name := range names {
			m[name] = &element{name, shape, attrs}
		}
	}
	cite := map[string]value{"cite": citation}
	align := map[string]value{"align": alignment}
	add(inline, nil, "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "dfn", "em", "i", "kbd", "mark", "s",
		"samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "picture")
	add(inline, cite, "q")
	add(inline, map[string]value{"cite": citation, "datetime": instant}, "del", "ins")
	add(inline, map[string]value{"datetime": instant}, "time")
	add(inline, map[string]value{"src": media, "loop": flag, "muted": flag}, "audio")
	add(inline, map[string]value{"src": media, "poster": media, "width": number, "height": number, "loop": flag, "muted": flag}, "video")
	add(anchor, map[string]value{"href": linkTo, "hreflang": language, "type": mediaType}, "a")
	add(ruby, nil, "ruby")
	add(rubyPart, nil, "rt", "rp")
	add(void, nil, "br", "wbr")
	add(void, map[string]value{"src": image, "srcset": imageSet, "sizes": mediaQuery, "alt": anyText, "width": number, "height": number}, "img")
	add(void, map[string]value{"src": media, "srcset": imageSet, "sizes": mediaQuery, "media": mediaQuery, "type": mediaType, "width": number, "height": number}, "source")
	add(block, nil, "address", "article", "aside", "center", "div", "figcaption", "figure", "footer", "header", "nav",
		"pre", "section", "summary")
	add(block, align, "p")
	add(block, cite, "blockquote")
	add(block, map[string]value{"open": flag}, "details")
	add(heading, nil, "h1", "h2", "h3", "h4", "h5", "h6")
	add(list, nil, "ul")
	add(list, map[string]value{"start": number, "reversed": flag, "type": listStyle}, "ol")
	add(item, map[string]value{"value": number}, "li")
	add(defs, nil, "dl")
	add(term, nil, "dt", "dd")
	add(table, nil, "table")
	add(section, nil, "thead", "tbody", "tfoot")
	add(row, align, "tr")
	add(cell, map[string]value{"colspan": number, "rowspan": number, "align": alignment, "scope": cellScope, "abbr": anyText}, "td", "th")
	add(caption, nil, "caption")
	add(columns, map[string]value{"span": number}, "colgroup")
	add(column, map[string]value{"span": number, "align": alignment}, "col")
	m["hr"] = &element{"hr", block, nil}
	for old, living := range map[string]string{"image": "img", "dir": "ul", "menu": "ul", "listing": "pre", "xmp": "pre", "plaintext": "pre"} {
		m[old] = m[living]
	}
	return m
}()

// Elements that the tree has to be mended with.
var (
	theP        = elements["p"]
	thePre      = elements["pre"]
	theHR       = elements["hr"]
	theBR       = elements["br"]
	theImg      = elements["img"]
	theSource   = elements["source"]
	theA        = elements["a"]
	theAudio    = elements["audio"]
	theVideo    = elements["video"]
	theUL       = elements["ul"]
	theDL       = elements["dl"]
	theTable    = elements["table"]
	theTbody    = elements["tbody"]
	theTr       = elements["tr"]
	theTd       = elements["td"]
	theColgroup = elements["colgroup"]
)

// A swallow says that an element goes with all that is in it, because it is
// not for reading, and how that is parsed. The other elements that go leave
// their content behind.
type swallow uint8

const (
	rawContent  swallow = iota + 1 // everything up to the end tag is text (HTML 13.2.5.2 to 13.2.5.5)
	treeContent                    // other elements
)

var swallowed = map[string]swallow{
	"script": rawContent, "style": rawContent, "title": rawContent, "textarea": rawContent, "iframe": rawContent,
	"noembed": rawContent, "noframes": rawContent, "noscript": rawContent,
	"template": treeContent, "svg": treeContent, "select": treeContent, "datalist": treeContent,
	"annotation": treeContent, "annotation-xml": treeContent,
}

// embedded are the elements that may be a player of media, with the attribute
// that says where it is.
var embedded = map[string]string{"iframe": "src", "embed": "src", "object": "data"}
