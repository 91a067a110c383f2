package parse

import (
	"maps"
	"strings"
)

// A rule says how an element is carried over.
type rule struct {
	kind  ruleKind
	as    string   // its name in the outline
	attrs []string // attributes that are carried along; those with a ! at the end are addresses
	kids  vocabulary
	// loose is what text stands for in an element that should have none: an
	// attribute where the first attribute is missing, or the name of a child.
	loose string
	once  bool // only the first one that is not empty counts
}

type ruleKind uint8

const (
	skipped    ruleKind = iota
	plainValue          // characters, whatever markup they come in
	address             // characters that are an address
	richText            // a text that may be HTML
	leaf                // attributes only
	group               // elements, by the rules of its kids
	entry               // an item
	wrapper             // what is in it stands as if it were not there
)

// unknown is the rule for elements that nothing is read from.
var unknown = &rule{kind: skipped}

// A vocabulary is what may stand in one place: names as the namespace's name,
// a colon and the local name in lower case; without a colon for native ones.
type vocabulary map[string]*rule

func plain(as string, attrs ...string) *rule { return &rule{kind: plainValue, as: as, attrs: attrs} }
func first(as string, attrs ...string) *rule {
	return &rule{kind: plainValue, as: as, attrs: attrs, once: true}
}
func link(as string) *rule    { return &rule{kind: address, as: as} }
func oneLink(as string) *rule { return &rule{kind: address, as: as, once: true} }
func rich(as string, attrs ...string) *rule {
	return &rule{kind: richText, as: as, attrs: attrs, once: true}
}
func attrs(as string, attrs ...string) *rule {
	return &rule{kind: leaf, as: as, attrs: attrs, loose: attrs[0]}
}
func nest(as string, kids vocabulary, attrs ...string) *rule {
	return &rule{kind: group, as: as, kids: kids, attrs: attrs}
}

// with returns a vocabulary of both.
func (v vocabulary) with(more vocabulary) vocabulary {
	all := maps.Clone(more)
	maps.Copy(all, v)
	return all
}

// under returns the vocabulary as it is spelled in documents of another format.
func (v vocabulary) under(prefix string) vocabulary {
	out := make(vocabulary, len(v))
	for k, r := range v {
		c := *r
		if !strings.Contains(r.as, ":") {
			c.as = prefix + ":" + r.as
		}
		c.kids = r.kids.bothWays(prefix)
		out[prefix+":"+k] = &c
	}
	return out
}

// bothWays returns the vocabulary with each element also under the prefix.
func (v vocabulary) bothWays(prefix string) vocabulary {
	all := make(vocabulary, 2*len(v))
	for k, r := range v {
		c := *r
		c.kids = r.kids.bothWays(prefix)
		all[k], all[prefix+":"+k] = &c, &c
	}
	return all
}

// The vocabularies of modules, and the elements they have in common.
var (
	person = vocabulary{
		"name": first("name"), "email": first("email"),
		"uri": oneLink("uri"), "url": oneLink("uri"), "homepage": oneLink("uri"),
	}

	atomPerson = func(as string) *rule {
		return &rule{kind: group, as: as, kids: person, loose: "name"}
	}

	dublinCore = vocabulary{
		"dc:title": rich("dc:title"), "dc:description": rich("dc:description"),
		"dc:creator": plain("dc:creator"), "dc:author": plain("dc:creator"), "dc:contributor": plain("dc:contributor"),
		"dc:subject": plain("dc:subject"), "dc:language": first("dc:language"),
		"dc:rights": rich("dc:rights"), "dc:date": first("dc:date"), "dc:identifier": first("dc:identifier"),
		"dcterms:issued": first("dcterms:issued"), "dcterms:created": first("dcterms:created"),
		"dcterms:modified": first("dcterms:modified"), "dcterms:available": first("dcterms:issued"),
		"dcterms:creator": plain("dc:creator"), "dcterms:contributor": plain("dc:contributor"),
		"dcterms:rights": rich("dc:rights"), "dcterms:subject": plain("dc:subject"),
	}

	licences = vocabulary{
		"creativecommons:license": attrs("own:license", "resource!", "href!"),
		"cc:license":              attrs("own:license", "resource!", "href!"),
	}

	podcast = vocabulary{
		"itunes:author": first("itunes:author"), "itunes:explicit": first("itunes:explicit"),
		"itunes:image":    attrs("itunes:image", "href!", "url!"),
		"itunes:subtitle": rich("itunes:subtitle"), "itunes:summary": rich("itunes:summary"),
		"itunes:keywords": first("itunes:keywords"), "itunes:title": rich("itunes:title"),
		"googleplay:author": first("itunes:author"), "googleplay:description": rich("itunes:summary"),
		"googleplay:image": attrs("itunes:image", "href!", "url!"), "googleplay:explicit": first("itunes:explicit"),
	}

	mediaParts = vocabulary{
		"media:title": rich("media:title", "type"), "media:description": rich("media:description", "type"),
		"media:thumbnail": attrs("media:thumbnail", "url!"),
		"media:keywords":  first("media:keywords"), "media:category": plain("media:category", "scheme", "label"),
		"media:credit":    plain("media:credit", "role"),
		"media:copyright": rich("media:copyright"),
	}
	mediaContent = nest("media:content", mediaParts, "url!", "type", "medium", "filesize", "duration")
	mediaGroup   = nest("media:group", mediaParts.with(vocabulary{"media:content": mediaContent}))
	media        = mediaParts.with(vocabulary{"media:content": mediaContent, "media:group": mediaGroup})

	atomLink     = attrs("link", "href!", "rel", "type", "hreflang", "title", "length")
	atomCategory = attrs("category", "term", "scheme", "label")

	// atomHead is what an Atom feed and the source of an entry have in common.
	atomHead = vocabulary{
		"title": rich("title"), "id": first("id"), "link": atomLink, "category": atomCategory,
		"updated": first("own:updated"), "modified": first("own:modified"),
		"subtitle": rich("subtitle"), "tagline": rich("subtitle"), "rights": rich("rights"), "copyright": rich("rights"),
		"generator": first("generator", "uri!", "url!"), "icon": oneLink("icon"), "logo": oneLink("logo"),
		"author": atomPerson("author"), "contributor": atomPerson("contributor"),
	}

	atomEntryOwn = vocabulary{
		"title": rich("title"), "id": first("id"), "link": atomLink, "category": atomCategory,
		"updated": first("own:updated"), "modified": first("own:modified"), "published": first("own:published"),
		"issued": first("own:issued"), "created": first("own:created"),
		"summary": rich("summary"), "content": {kind: richText, as: "content", attrs: []string{"src!"}, once: true},
		"rights": rich("rights"), "copyright": rich("rights"),
		"author": atomPerson("author"), "contributor": atomPerson("contributor"),
		"source": nest("source", atomHead),
	}

	// entryModules is what items of both formats may carry besides.
	entryModules = dublinCore.with(licences).with(podcast).with(media).with(vocabulary{
		"content:encoded":     rich("content:encoded"),
		"itunes:duration":     first("itunes:duration"),
		"slash:comments":      first("slash:comments"),
		"thr:total":           first("slash:comments"),
		"feedburner:origlink": oneLink("own:original"), "pheedo:origlink": oneLink("own:original"),
		"yandex:full-text": rich("own:fulltext"),
		"turbo:content":    rich("own:fulltext"),
		"xhtml:body":       rich("own:body"),
		"xhtml:div":        rich("own:body"),
	})

	headModules = dublinCore.with(licences).with(podcast).with(vocabulary{
		"itunes:owner": nest("itunes:owner", vocabulary{
			"itunes:name": first("name"), "itunes:email": first("email"), "name": first("name"), "email": first("email"),
		}),
		"itunes:category": nest("itunes:category", vocabulary{"itunes:category": attrs("itunes:category", "text")}, "text"),
		"sy:updateperiod": first("sy:updateperiod"), "sy:updatefrequency": first("sy:updatefrequency"),
		"webfeeds:icon": oneLink("webfeeds:icon"), "webfeeds:logo": oneLink("webfeeds:logo"),
		"media:thumbnail": attrs("media:thumbnail", "url!"), "media:category": plain("media:category", "scheme", "label"),
		"media:keywords": first("media:keywords"), "media:copyright": rich("media:copyright"),
	})
)

// The two formats.
var (
	rssItem = vocabulary{
		"title": rich("title"), "link": link("link"), "description": rich("description"),
		"author": plain("own:author"), "managingeditor": plain("own:author"),
		"comments": oneLink("comments"), "pubdate": first("own:published"),
		"source": first("source", "url!"), "guid": first("guid", "isPermaLink"),
		"enclosure": attrs("enclosure", "url!", "type", "length"),
		"category":  plain("category", "domain"),
		"encoded":   rich("content:encoded"), "fullitem": rich("own:fulltext"), "body": rich("own:body"),
		"copyright": rich("own:rights"), "rights": rich("own:rights"),
		"summary": rich("own:summary"), "content": rich("own:content"),
		"published": first("own:issued"), "date": first("own:issued"), "updated": first("own:modified"),
		"modified": first("own:modified"), "lastbuilddate": first("own:modified"),
		"image": {kind: group, as: "own:image", kids: rssImage, attrs: []string{"url!", "href!"}, loose: "url"},
	}.with(entryModules).with(atomEntryOwn.under("atom"))

	rssImage = vocabulary{"url": oneLink("url"), "title": first("title"), "link": oneLink("link")}

	rssChannel = vocabulary{
		"title": rich("title"), "link": link("link"), "description": rich("description"),
		"language": first("language"), "copyright": rich("copyright"), "rights": rich("copyright"),
		"managingeditor": plain("own:author"), "author": plain("own:author"),
		"pubdate": first("own:published"), "lastbuilddate": first("own:updated"), "generator": first("generator"),
		"ttl": first("ttl"), "category": plain("category", "domain"), "image": nest("image", rssImage),
		"skiphours": nest("skipHours", vocabulary{"hour": plain("hour")}),
		"skipdays":  nest("skipDays", vocabulary{"day": plain("day")}),
		"tagline":   rich("own:summary"), "subtitle": rich("own:summary"), "updated": first("own:modified"),
		"item": {kind: entry, as: "item"}, "entry": {kind: entry, as: "item"},
		"channel": {kind: wrapper}, "items": {kind: wrapper},
	}.with(headModules).with(atomHead.under("atom"))

	atomFeed = atomHead.with(vocabulary{
		"published": first("own:issued"), "created": first("own:issued"), "language": first("dc:language"),
		"description": rich("own:summary"), "info": rich("own:summary"),
		"entry": {kind: entry, as: "entry"}, "item": {kind: entry, as: "entry"},
	}).with(headModules)

	atomEntry = atomEntryOwn.with(vocabulary{
		"description": rich("own:summary"), "pubdate": first("own:issued"), "guid": first("own:guid", "isPermaLink"),
		"enclosure": attrs("own:enclosure", "url!", "type", "length"),
	}).with(entryModules)
)
