package parse

import (
	"slices"
	"strings"
)

// native is the vocabulary of the format itself: RSS in an RSS document, Atom
// in an Atom one.
const native = ""

// foreign is a vocabulary that nothing is read from.
const foreign = "?"

// maxBindings bounds the namespace declarations that are in force at once.
const maxBindings = 128

// vocabularies names the namespaces we read from, by their address without
// scheme, case and trailing marks: publishers misspell all of these.
var vocabularies = map[string]string{
	"www.w3.org/2005/atom":                                    "atom",
	"purl.org/atom/ns":                                        "atom",
	"purl.org/atom/app":                                       "app",
	"purl.org/echo":                                           "atom",
	"example.com/newformat":                                   "atom",
	"example.com/necho":                                       "atom",
	"uri/of/echo/namespace":                                   "atom",
	"purl.org/rss/1.0":                                        "rss",
	"my.netscape.com/rdf/simple/0.9":                          "rss",
	"channel.netscape.com/rdf/simple/0.9":                     "rss",
	"my.netscape.com/publish/formats/rss-0.91.dtd":            "rss",
	"purl.org/net/rss1.1":                                     "rss",
	"purl.org/rss/2.0":                                        "rss",
	"blogs.law.harvard.edu/tech/rss":                          "rss",
	"cyber.law.harvard.edu/rss":                               "rss",
	"cyber.law.harvard.edu/rss/rss.html":                      "rss",
	"backend.userland.com/rss":                                "rss",
	"backend.userland.com/rss2":                               "rss",
	"backend.userland.com/rss091":                             "rss",
	"backend.userland.com/rss092":                             "rss",
	"www.w3.org/1999/02/22-rdf-syntax-ns":                     "rdf",
	"purl.org/dc/elements/1.1":                                "dc",
	"purl.org/dc/elements/1.0":                                "dc",
	"purl.org/dc/terms":                                       "dcterms",
	"purl.org/rss/1.0/modules/content":                        "content",
	"purl.org/rss/1.0/modules/syndication":                    "sy",
	"purl.org/rss/1.0/modules/slash":                          "slash",
	"purl.org/syndication/thread/1.0":                         "thr",
	"purl.org/syndication/history/1.0":                        "fh",
	"search.yahoo.com/mrss":                                   "media",
	"video.search.yahoo.com/mrss":                             "media",
	"www.rssboard.org/media-rss":                              "media",
	"tools.search.yahoo.com/mrss":                             "media",
	"www.itunes.com/dtds/podcast-1.0.dtd":                     "itunes",
	"itunes.com/dtds/podcast-1.0.dtd":                         "itunes",
	"www.itunes.com/dtds/podcast-1.0":                         "itunes",
	"example.com/dtds/podcast-1.0.dtd":                        "itunes",
	"www.google.com/schemas/play-podcasts/1.0":                "googleplay",
	"rssnamespace.org/feedburner/ext/1.0":                     "feedburner",
	"www.pheedo.com/namespace/pheedo":                         "pheedo",
	"news.yandex.ru":                                          "yandex",
	"turbo.yandex.ru":                                         "turbo",
	"backend.userland.com/creativecommonsrssmodule":           "creativecommons",
	"cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
	"web.resource.org/cc":                                     "cc",
	"creativecommons.org/ns":                                  "cc",
	"creativecommons.org/ns#license":                          "cc",
	"www.w3.org/1999/xhtml":                                   "xhtml",
	"www.w3.org/xml/1998/namespace":                           "xml",
	"webfeeds.org/rss/1.0":                                    "webfeeds",
	"wellformedweb.org/commentapi":                            "wfw",
}

// prefixes are the ones that mean what they say where nobody declared them, or
// where the declaration names something unknown.
var prefixes = map[string]string{
	"rss": "rss", "rdf": "rdf", "rss10": "rss",
	"atom": "atom", "atom10": "atom", "atom03": "atom", "a10": "atom",
	"dc": "dc", "dcterms": "dcterms", "dct": "dcterms", "content": "content", "sy": "sy", "slash": "slash",
	"thr": "thr", "media": "media", "itunes": "itunes", "googleplay": "googleplay",
	"feedburner": "feedburner", "pheedo": "pheedo", "yandex": "yandex", "turbo": "turbo",
	"creativecommons": "creativecommons", "cc": "cc", "xhtml": "xhtml", "xml": "xml", "webfeeds": "webfeeds", "wfw": "wfw",
}

// A binding is a prefix and the vocabulary it stands for.
type binding struct {
	prefix string
	name   string
}

// namespaces knows what the prefixes in force mean.
type namespaces struct {
	own       string // the vocabulary of the format: "rss" or "atom"
	bindings  []binding
	misspelt  string // the first address that had to be read as another one
	forgotten string // the first prefix that nobody declared
}

// declare takes xmlns declarations into force. The root's default namespace is
// native whatever it is: many put another one there, and mean nothing by it.
func (n *namespaces) declare(prefix, address string, isRoot bool) {
	if len(n.bindings) >= maxBindings || len(address) > 512 {
		return
	}
	known, exact := lookUp(address)
	switch {
	case known == n.own:
		if !exact {
			n.note(address)
		}
		known = native
	case isRoot && prefix == "":
		if n.own == "atom" && known != "atom" {
			n.note(address)
		}
		known = native
	case known == "" && prefix == "":
		known = foreign
	case known == "":
		if known = prefixes[strings.ToLower(prefix)]; known == "" {
			known = foreign
		} else {
			n.note(address)
		}
		if known == n.own {
			known = native
		}
	}
	if !exact && known != foreign && known != native {
		n.note(address)
	}
	n.bindings = append(n.bindings, binding{prefix, known})
}

func (n *namespaces) note(address string) {
	if n.misspelt == "" {
		n.misspelt = address
	}
}

// lookUp returns the vocabulary at an address, and whether it was spelled in
// one of the ways that every reader knows.
func lookUp(address string) (name string, exact bool) {
	address = strings.TrimSpace(address)
	key := strings.ToLower(address)
	scheme, rest, ok := strings.Cut(key, "://")
	if !ok || scheme != "http" && scheme != "https" {
		rest = key
	}
	name = vocabularies[strings.TrimRight(rest, "/# ")]
	return name, name == "" || scheme == "http" && (name != "atom" || !strings.HasSuffix(rest, "/"))
}

// of returns the vocabulary of a name's prefix.
func (n *namespaces) of(prefix string) string {
	for _, b := range slices.Backward(n.bindings) {
		if b.prefix == prefix {
			return b.name
		}
	}
	if prefix == "" {
		return native
	}
	known := prefixes[strings.ToLower(prefix)]
	switch known {
	case "":
		return foreign
	case n.own:
		return native
	}
	if n.forgotten == "" && prefix != "xml" {
		n.forgotten = prefix
	}
	return known
}

// cutName splits a name into prefix and local part.
func cutName(name string) (prefix, local string) {
	if prefix, local, ok := strings.Cut(name, ":"); ok {
		return prefix, local
	}
	return "", name
}
