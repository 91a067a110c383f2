package clean

import (
	"slices"
	"strings"

	"serai/internal/feed"
)

// How many of each kind an entry or a document may have. More is an accident or
// an attack, and all of them are published again.
const (
	maxPersons    = 50
	maxCategories = 100
	maxEnclosures = 50
	maxLinks      = 100
	maxThumbnails = 50
)

// details cleans the parts of an entry that are only carried along.
func details(d feed.Details, r *resolver) feed.Details {
	return feed.Details{
		Authors:      persons(d.Authors, r),
		Contributors: persons(d.Contributors, r),
		Categories:   categories(d.Categories),
		Enclosures:   enclosures(d.Enclosures, r),
		Links:        links(d.Links, r),
		Image:        r.resolve(d.Image),
		BannerImage:  r.resolve(d.BannerImage),
		Thumbnails:   addresses(d.Thumbnails, r, maxThumbnails),
		ExternalURL:  r.resolve(d.ExternalURL),
		CommentsURL:  r.resolve(d.CommentsURL),
		Comments:     max(d.Comments, 0),
		License:      r.resolve(d.License),
		ContentSrc:   r.resolve(d.ContentSrc),
		Explicit:     oneLine(d.Explicit, maxName),
		Duration:     oneLine(d.Duration, maxName),
		Canonical:    r.resolve(d.Canonical),
		Origin:       origin(d.Origin, r),
		Post:         d.Post,
	}
}

// Origin returns a document's feed as it describes itself. Addresses that it
// gives relative are relative to its base, or to its own.
func Origin(doc feed.Document) feed.Origin {
	o := feed.Origin{
		ID:           doc.ID,
		HomeURL:      doc.HomeURL,
		FeedURL:      doc.SelfURL,
		Icon:         doc.Icon,
		Logo:         doc.Logo,
		Generator:    doc.Generator,
		Updated:      doc.Updated,
		Authors:      doc.Authors,
		Contributors: doc.Contributors,
		Categories:   doc.Categories,
		Links:        doc.Links,
	}
	o = *origin(&o, &resolver{base: firstBase(doc.Base, doc.SelfURL)})
	o.Title = plain(doc.Title, maxTitle)
	o.Description = plain(doc.Description, maxSummary)
	o.Rights = plain(doc.Rights, maxSummary)
	return o
}

func origin(o *feed.Origin, r *resolver) *feed.Origin {
	if o == nil {
		return nil
	}
	return &feed.Origin{
		ID:           cut(Chars(o.ID), maxGUID),
		Title:        oneLine(o.Title, maxTitle),
		HomeURL:      r.resolve(o.HomeURL),
		FeedURL:      r.resolve(o.FeedURL),
		Description:  oneLine(o.Description, maxSummary),
		Rights:       oneLine(o.Rights, maxSummary),
		Icon:         r.resolve(o.Icon),
		Logo:         r.resolve(o.Logo),
		Generator:    oneLine(o.Generator, maxName),
		Updated:      plausible(o.Updated),
		Authors:      persons(o.Authors, r),
		Contributors: persons(o.Contributors, r),
		Categories:   categories(o.Categories),
		Links:        links(o.Links, r),
	}
}

// Each of the following returns what is left of a list: items that say nothing
// once they are clean are left out.

func persons(list []feed.Person, r *resolver) []feed.Person {
	var out []feed.Person
	for _, p := range atMost(list, maxPersons) {
		p = feed.Person{
			Name:   oneLine(p.Name, maxName),
			URL:    r.resolve(p.URL),
			Email:  mailbox(p.Email),
			Avatar: r.resolve(p.Avatar),
		}
		if p != (feed.Person{}) {
			out = append(out, p)
		}
	}
	return out
}

// mailbox returns what looks like a mail address, or nothing.
func mailbox(s string) string {
	s = oneLine(s, 0)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || domain == "" || len(s) > 254 || strings.ContainsAny(s, " <>\"'()[],;:\\") || strings.Contains(domain, "@") {
		return ""
	}
	return s
}

func categories(list []feed.Category) []feed.Category {
	var out []feed.Category
	for _, c := range atMost(list, maxCategories) {
		c = feed.Category{
			Term:   oneLine(c.Term, maxName),
			Scheme: schemeName(c.Scheme),
			Label:  oneLine(c.Label, maxName),
		}
		if (c.Term != "" || c.Label != "") && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// schemeName returns the name of a set of categories (RFC 4287 4.2.2.2): often
// an address, never one that does something.
func schemeName(s string) string {
	s = oneLine(s, maxGUID)
	head, _, ok := strings.Cut(strings.ToLower(s), ":")
	if ok && !slices.Contains([]string{"http", "https", "urn", "tag"}, head) {
		return ""
	}
	return s
}

func enclosures(list []feed.Enclosure, r *resolver) []feed.Enclosure {
	var out []feed.Enclosure
	for _, f := range atMost(list, maxEnclosures) {
		f.URL = r.resolve(f.URL)
		f.Type = contentType(f.Type)
		f.Title = oneLine(f.Title, maxName)
		f.Length, f.Duration = max(f.Length, 0), max(f.Duration, 0)
		if f.URL != "" {
			out = append(out, f)
		}
	}
	return out
}

func links(list []feed.Link, r *resolver) []feed.Link {
	var out []feed.Link
	for _, l := range atMost(list, maxLinks) {
		l = feed.Link{
			Href:     r.resolve(l.Href),
			Rel:      oneLine(l.Rel, maxName),
			Type:     contentType(l.Type),
			Language: languageTag(l.Language),
			Title:    oneLine(l.Title, maxName),
			Length:   oneLine(l.Length, 20),
		}
		if l.Href != "" {
			out = append(out, l)
		}
	}
	return out
}

func addresses(list []string, r *resolver, limit int) []string {
	var out []string
	for _, s := range atMost(list, limit) {
		if s = r.resolve(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func atMost[T any](list []T, n int) []T { return list[:min(len(list), n)] }

// contentType returns a media type without its parameters (RFC 9110 8.3.1), or
// nothing.
func contentType(s string) string {
	s, _, _ = strings.Cut(oneLine(s, maxName), ";")
	s = strings.ToLower(strings.TrimSpace(s))
	if !isPlainValue(mediaType, s) {
		return ""
	}
	return s
}

// cut returns at most the first n bytes of a string, in whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
