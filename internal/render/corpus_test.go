package render_test

import (
	"fmt"
	"strings"
	"time"

	"serai/internal/feed"
	"serai/internal/render"
)

var site = feed.Site{
	Title:       "South Caucasus Analysis",
	URL:         "https://analysis.example.org",
	Description: "What the region's analysts publish, in one place",
	Language:    "en",
	Author:      feed.Person{Name: "The editors", Email: "editors@analysis.example.org", URL: "https://analysis.example.org/about"},
	Rights:      "Each article belongs to its author",
	Hub:         "self",
}

// at returns a moment of the day that the corpus takes place on.
func at(hour, minute int) time.Time { return time.Date(2026, 9, 25, hour, minute, 0, 0, time.UTC) }

// corpus are the feeds that the golden files show, by name.
func corpus(f render.Format) map[string]render.Feed {
	return map[string]render.Feed{
		"normal":  normal(),
		"empty":   empty(),
		"one":     one(),
		"summary": summary(),
		"archive": archive(f),
		"hostile": hostile(),
	}
}

func base(id, title string) render.Feed {
	return render.Feed{
		Site:    site,
		Channel: feed.Channel{ID: id, Title: title, Limit: 50, Content: feed.FullContent, Attribution: feed.NoAttribution},
		Updated: at(0, 0),
		MaxAge:  15 * time.Minute,
		Version: "1.0.0",
	}
}

func empty() render.Feed {
	d := base("quiet", "Nothing yet")
	d.Channel.Description = "A channel that waits for its first story"
	return d
}

func one() render.Feed {
	d := base("own", "Our own analysis")
	d.Channel.Language = "en"
	d.Stories = []feed.Story{post()}
	return d
}

// post is a story of the site's own.
func post() feed.Story {
	return story(7, feed.Entry{
		Source: feed.PostsSource, PublicID: "tag:analysis.example.org,2026-09-25:ceasefire", Title: "The ceasefire, a year on",
		Language: "en", Summary: "Who kept to it, & who did not.", Content: "<p>Who kept to it, &amp; who did not.</p>\n<p>The long answer.</p>",
		Details: feed.Details{
			Authors: []feed.Person{{Name: "Aytən Məmmədova", URL: "https://analysis.example.org/authors/ayten"}},
			Post:    &feed.Post{Path: "2026/ceasefire.md", Slug: "ceasefire"},
		},
	}, at(7, 0))
}

// story makes a story of its lead, published at t and seen ten minutes later.
func story(id feed.ID, lead feed.Entry, t time.Time) feed.Story {
	seen := t.Add(10 * time.Minute)
	lead.ID, lead.Story, lead.Published, lead.FirstSeen, lead.Changed = id, id, t, seen, seen
	return feed.Story{
		ID: id, PublicID: lead.PublicID, Link: lead.Link, Published: t, Sort: t, FirstSeen: seen, Updated: t, Lead: lead,
		Members: []feed.Member{{Entry: id, Source: lead.Source, Link: lead.Link, Title: lead.Title, Published: t, FirstSeen: seen}},
	}
}

// joined adds another place where the story stands.
func joined(s feed.Story, members ...feed.Member) feed.Story {
	for i, m := range members {
		m.Entry = s.ID*1000 + feed.ID(i)
		m.Published = s.Published.Add(time.Duration(i+1) * time.Hour)
		s.Members = append(s.Members, m)
	}
	return s
}

func sources() map[string]render.Source {
	return map[string]render.Source{
		"herald": {Kind: feed.Outlet, Republish: feed.RepublishFull, Origin: feed.Origin{
			ID: "tag:herald.example.com,2019:feed", Title: "The Herald", HomeURL: "https://herald.example.com/", FeedURL: "https://herald.example.com/feed.atom",
			Rights: "© The Herald", Icon: "https://herald.example.com/icon.png", Authors: []feed.Person{{Name: "Herald staff", Email: "desk@herald.example.com"}},
		}},
		"agency": {Kind: feed.Outlet, Republish: feed.RepublishExcerpt, Origin: feed.Origin{
			Title: "Agency <b>24</b> & Co", HomeURL: "https://agency.example.net/", FeedURL: "https://agency.example.net/rss?lang=ka&full=1",
		}},
		"paper": {Kind: feed.Outlet, Republish: feed.RepublishLink, Origin: feed.Origin{
			Title: "Qəzet", HomeURL: "https://qezet.example.az/", FeedURL: "https://qezet.example.az/rss",
		}},
		"planet": {Kind: feed.Aggregator, Republish: feed.RepublishFull, Origin: feed.Origin{
			Title: "Planet Caucasus", HomeURL: "https://planet.example.org/", FeedURL: "https://planet.example.org/atom.xml",
		}},
		"letters": {Kind: feed.Outlet, Republish: feed.RepublishFull, Private: true, Origin: feed.Origin{
			ID: "https://letters.example.com/feed/s3cr3t", Title: "Letters", HomeURL: "https://letters.example.com/", FeedURL: "https://letters.example.com/feed/s3cr3t",
		}},
	}
}

// normal is a day's river as it should be.
func normal() render.Feed {
	d := base("all", "Everything")
	d.Sources = sources()
	d.Channel.Topics = []string{"karabakh"}
	d.Stories = []feed.Story{
		joined(story(20, feed.Entry{
			Source: "herald", PublicID: "tag:herald.example.com,2026:1042", Link: "https://herald.example.com/2026/pipeline", Title: "A pipeline & its price",
			Language: "en", Content: `<p>The <a href="https://herald.example.com/deal">deal</a> was signed at noon; 3 &lt; 4.</p>` + "\n" + `<p><img src="https://herald.example.com/p.jpg" alt="Pipes"/></p>`,
			Topics: []string{"energy"},
			Details: feed.Details{
				Authors:      []feed.Person{{Name: "Ani Petrosyan", URL: "https://herald.example.com/ani"}, {Name: "Giorgi (giorgi@herald.example.com)"}},
				Contributors: []feed.Person{{Name: "A photographer"}},
				Categories:   []feed.Category{{Term: "news", Scheme: "https://herald.example.com/tags", Label: "News"}, {Term: "NEWS"}, {Term: " "}},
				Enclosures:   []feed.Enclosure{{URL: "https://cdn.herald.example.com/pipeline.mp3", Type: "audio/mpeg", Length: 12345, Duration: 600}},
				Image:        "https://herald.example.com/p.jpg", CommentsURL: "https://herald.example.com/2026/pipeline#comments", Comments: 3,
				License: "https://creativecommons.org/licenses/by/4.0/",
			},
		}, at(12, 0)),
			feed.Member{Source: "agency", Link: "https://agency.example.net/pipeline?x=1&y=2", Title: "Pipeline"},
			feed.Member{Source: "planet", Link: "https://herald.example.com/2026/pipeline", Title: "Herald: A pipeline"},
		),
		story(19, feed.Entry{
			Source: "agency", PublicID: "https://agency.example.net/?p=55", Link: "https://agency.example.net/?p=55", Title: "მოლაპარაკება გაგრძელდა",
			Language: "ka", Summary: strings.Repeat("მოლაპარაკება გაგრძელდა და ", 20), Content: "<p>…</p>",
		}, at(11, 0)),
		story(18, feed.Entry{
			Source: "paper", PublicID: "urn:uuid:00000000-0000-5000-8000-000000000018", Link: "https://qezet.example.az/xəbər/18", Title: "Gömrük qaydaları dəyişir",
			Language: "az", Content: "<p>Only the title and the link may be shown of this.</p>",
		}, at(10, 0)),
		story(17, feed.Entry{
			Source: "planet", PublicID: "tag:blog.example.am,2026:9", Link: "https://blog.example.am/9", Title: "Notes from Syunik", Language: "en",
			Content: "<p>Snow on the pass.</p>", Details: feed.Details{Origin: &feed.Origin{ID: "tag:blog.example.am,2026:feed", Title: "A blog", HomeURL: "https://blog.example.am/", FeedURL: "https://blog.example.am/atom"}},
		}, at(9, 0)),
		story(16, feed.Entry{
			Source: "letters", PublicID: "urn:uuid:00000000-0000-5000-8000-000000000016", Link: "https://letters.example.com/p/16", Title: "Letter 16", Content: "<p>Dear reader.</p>",
		}, at(8, 0)),
		post(),
	}
	d.Stories[0].Updated = at(12, 45)
	return d
}

// summary is a channel that shows summaries, and names its sources in titles.
func summary() render.Feed {
	d := normal()
	d.Channel.ID, d.Channel.Content, d.Channel.Attribution = "brief", feed.SummaryContent, feed.TitlePrefix
	return d
}

// archive is an archive document.
func archive(f render.Format) render.Feed {
	d := normal()
	d.Channel.Attribution = feed.FooterAttribution
	d.MaxAge = 0
	d.Pages = render.Pages{
		Self: site.URL + "/feeds/all/archive/2." + f.Extension, Current: site.URL + "/feeds/all." + f.Extension,
		PrevArchive: site.URL + "/feeds/all/archive/1." + f.Extension, NextArchive: site.URL + "/feeds/all/archive/3." + f.Extension, Archive: true,
	}
	return d
}

// hostile is what no publisher should send and some do.
func hostile() render.Feed {
	d := base("hostile", "Tom & Jerry <b>bold</b> \x00 ]]> \xff")
	d.Channel.Description = "a <script>alert(1)</script> &amp; b"
	d.Sources = map[string]render.Source{
		"a": {Kind: feed.Outlet, Origin: feed.Origin{ID: "not an id", Title: "A\x0b </title>", HomeURL: "javascript:alert(1)", FeedURL: "https://user:pass@a.example.org/feed", Icon: "data:image/png;base64,AA"}},
		"b": {Kind: "", Origin: feed.Origin{}},
	}
	add := func(e feed.Entry, t time.Time) {
		id := feed.ID(100 - len(d.Stories))
		if e.PublicID == "" {
			e.PublicID = feed.DerivedID(e.Source, fmt.Sprint(len(d.Stories)))
		}
		if e.Link == "" {
			e.Link = fmt.Sprintf("https://a.example.org/%d", id)
		}
		d.Stories = append(d.Stories, story(id, e, t))
	}
	add(feed.Entry{Source: "a", Title: "control \x00\x01\x1f\x7f\u0080\u0092\ufffe characters", Content: "<p>a\x00b\x0cc\ufffd ]]> \u0085 \ufdd0</p>"}, at(20, 0))
	add(feed.Entry{Source: "a", Title: "invalid \xc3\x28 UTF-8 \xff", Content: "<p>\xf0\x28\x8c\xbc and \xed\xa0\x80 end</p>", Summary: "\xfe\xff"}, at(19, 0))
	add(feed.Entry{Source: "a", Title: "use </div> and <img src=x onerror=alert(1)>", Content: "<p>]]>]]&gt; ]]]]&gt;</p>"}, at(18, 0))
	add(feed.Entry{Source: "a", Title: "AT&T, 3 < 4, &amp; and &lt;script&gt;", Summary: "1 < 2 & <script>alert(1)</script>", Rights: "© <me> & co"}, at(17, 0))
	add(feed.Entry{Source: "a", Title: "no dates"}, time.Time{})
	add(feed.Entry{Source: "a", Title: "year 12024"}, time.Date(12024, 1, 1, 0, 0, 0, 0, time.UTC))
	add(feed.Entry{Source: "a", Title: "year zero"}, time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
	add(feed.Entry{Source: "a", Title: "odd offset", PublicID: feed.PublicID("a", "12345", "12345")}, time.Date(2026, 9, 25, 5, 0, 0, 999, time.FixedZone("", 5*3600+45*60)))
	add(feed.Entry{Source: "b", Title: "same number elsewhere", PublicID: feed.PublicID("b", "12345", "12345")}, at(15, 0))
	add(feed.Entry{Source: "b", Title: "three enclosures", Details: feed.Details{Enclosures: []feed.Enclosure{
		{URL: "https://a.example.org/1.mp3", Title: "Talk", Length: 1 << 40}, {URL: "https://a.example.org/1.ogg", Title: "Talk", Type: "audio/ogg; codecs=opus"},
		{URL: "https://a.example.org/notes.pdf", Title: "Notes & <i>more</i>", Length: -1}, {URL: "http://localhost/x.mp3"}, {URL: "file:///etc/passwd"}, {URL: "https://a.example.org/1.mp3"},
		{URL: "https://a.example.org/what?is=this", Type: "not a type"},
	}}}, at(14, 0))
	add(feed.Entry{Source: "unknown", Title: "source and author unknown"}, at(13, 0))
	add(feed.Entry{Source: "a", Title: "authors without names", Details: feed.Details{Authors: []feed.Person{
		{Email: "x@example.org"}, {Name: "joe@example.org (Joe)"}, {Name: "<b>Bob</b> <bob@example.org>"}, {URL: "https://carol.example.org/"}, {Name: "Eve", URL: "javascript:alert(1)"},
	}}}, at(12, 0))
	add(feed.Entry{Source: "a", Link: "https://a.example.org/ü/[x]{y}|z^\"<>` %zz?q=a b#c#d", Content: "<p>link with everything</p>"}, at(11, 0))
	add(feed.Entry{Source: "a", Title: "tags", Link: "javascript:alert(1)", Summary: "no link", Language: "en\" x=\"", Details: feed.Details{Categories: []feed.Category{
		{Term: "<b>x</b>"}, {Term: "\x00"}, {Label: "R&D", Scheme: "not a scheme"}, {Term: "a\nb"}, {Term: "A b", Scheme: "urn:x"}, {Term: "t", Label: "L </i>", Scheme: "urn:example:tags"},
	}}}, at(10, 0))
	add(feed.Entry{Source: "a", PublicID: "bad\x00id", Content: `<p><img src="https://a.example.org/x.png" alt=""/></p>`}, at(9, 0))
	add(feed.Entry{Source: "a", Link: "about:blank", Content: `<p><img src="https://a.example.org/y.png" alt=""/></p>`}, at(8, 30))
	add(feed.Entry{Source: "a", PublicID: "https://a.example.org/ünicode?a=1&b=2", Link: "https://a.example.org/twice", Title: "kept id\r\nwith a\ttab"}, at(8, 0))
	add(feed.Entry{Source: "a", PublicID: "https://a.example.org/ünicode?a=1&b=2", Title: "the same id again"}, at(7, 0))
	add(feed.Entry{Source: "a", Title: "neither link nor content", Link: "mailto:x@example.org"}, at(6, 0))
	return d
}
