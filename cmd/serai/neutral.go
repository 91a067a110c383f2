package main

import (
	"cmp"
	"strings"
	"time"

	"serai/internal/clean"
	"serai/internal/feed"
)

// A neutralFeed is what was read from a feed, whatever its format: JSON Feed
// 1.1, with what that has no field for in _ext. It is for people and programs
// that want to know what serai makes of a feed; nothing is published from it.
type neutralFeed struct {
	Version     string          `json:"version"`
	Title       *string         `json:"title,omitempty"`
	HomePageURL string          `json:"home_page_url,omitempty"`
	FeedURL     string          `json:"feed_url,omitempty"`
	Description *string         `json:"description,omitempty"`
	Language    string          `json:"language,omitempty"`
	Icon        string          `json:"icon,omitempty"`
	Authors     []neutralPerson `json:"authors,omitempty"`
	Hubs        []neutralHub    `json:"hubs,omitempty"`
	Ext         neutralFeedExt  `json:"_ext"`
	Items       []neutralItem   `json:"items"`
}

type neutralFeedExt struct {
	Format          string            `json:"format"`
	ID              string            `json:"id,omitempty"`
	Updated         time.Time         `json:"updated,omitzero"`
	Published       time.Time         `json:"published,omitzero"`
	Rights          string            `json:"rights,omitempty"`
	Generator       string            `json:"generator,omitempty"`
	TTL             int               `json:"ttl,omitempty"` // minutes
	Logo            string            `json:"logo,omitempty"`
	DescriptionHTML string            `json:"description_html,omitempty"`
	Categories      []neutralCategory `json:"categories,omitempty"`
	Contributors    []neutralPerson   `json:"contributors,omitempty"`
	Links           []neutralLink     `json:"links,omitempty"`
	ITunes          *neutralITunes    `json:"itunes,omitempty"`
	Repairs         []feed.Repair     `json:"repairs,omitempty"`
	Truncated       bool              `json:"truncated,omitempty"`
	Skipped         int               `json:"skipped,omitempty"`
}

type neutralItem struct {
	ID            string              `json:"id,omitempty"`
	URL           string              `json:"url,omitempty"`
	ExternalURL   string              `json:"external_url,omitempty"`
	Title         *string             `json:"title,omitempty"`
	ContentHTML   *string             `json:"content_html,omitempty"`
	ContentText   string              `json:"content_text,omitempty"`
	Summary       *string             `json:"summary,omitempty"`
	Image         string              `json:"image,omitempty"`
	BannerImage   string              `json:"banner_image,omitempty"`
	DatePublished time.Time           `json:"date_published,omitzero"`
	DateModified  time.Time           `json:"date_modified,omitzero"`
	Language      string              `json:"language,omitempty"`
	Tags          []string            `json:"tags,omitempty"`
	Authors       []neutralPerson     `json:"authors,omitempty"`
	Attachments   []neutralAttachment `json:"attachments,omitempty"`
	Ext           neutralItemExt      `json:"_ext"`
}

type neutralItemExt struct {
	Rights       string            `json:"rights,omitempty"`
	License      string            `json:"license,omitempty"`
	CommentsURL  string            `json:"comments_url,omitempty"`
	ContentSrc   string            `json:"content_src,omitempty"`
	SummaryHTML  string            `json:"summary_html,omitempty"`
	Canonical    string            `json:"canonical,omitempty"`
	Created      time.Time         `json:"created,omitzero"`
	Categories   []neutralCategory `json:"categories,omitempty"`
	Contributors []neutralPerson   `json:"contributors,omitempty"`
	Links        []neutralLink     `json:"links,omitempty"`
	ITunes       *neutralITunes    `json:"itunes,omitempty"`
	Media        *neutralMedia     `json:"media,omitempty"`
	Source       *neutralSource    `json:"source,omitempty"`
}

type neutralPerson struct {
	Name   string `json:"name,omitempty"`
	URL    string `json:"url,omitempty"`
	Avatar string `json:"avatar,omitempty"`
	Email  string `json:"_email,omitempty"`
}

type neutralHub struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type neutralCategory struct {
	Term   string `json:"term,omitempty"`
	Scheme string `json:"scheme,omitempty"`
	Label  string `json:"label,omitempty"`
}

type neutralLink struct {
	Href     string `json:"href"`
	Rel      string `json:"rel,omitempty"`
	Type     string `json:"type,omitempty"`
	Hreflang string `json:"hreflang,omitempty"`
	Title    string `json:"title,omitempty"`
	Length   string `json:"length,omitempty"`
}

type neutralITunes struct {
	Explicit string `json:"explicit,omitempty"`
	Duration string `json:"duration,omitempty"`
	Subtitle string `json:"subtitle,omitempty"`
}

type neutralThumbnail struct {
	URL string `json:"url"`
}

type neutralMedia struct {
	Thumbnails []neutralThumbnail `json:"thumbnails"`
}

type neutralAttachment struct {
	URL      string `json:"url"`
	MIMEType string `json:"mime_type,omitempty"`
	Title    string `json:"title,omitempty"`
	Size     int64  `json:"size_in_bytes,omitempty"`
	Duration int64  `json:"duration_in_seconds,omitempty"`
}

type neutralSource struct {
	ID           string            `json:"id,omitempty"`
	Title        string            `json:"title,omitempty"`
	HomePageURL  string            `json:"home_page_url,omitempty"`
	FeedURL      string            `json:"feed_url,omitempty"`
	Updated      time.Time         `json:"updated,omitzero"`
	Description  string            `json:"description,omitempty"`
	Rights       string            `json:"rights,omitempty"`
	Icon         string            `json:"icon,omitempty"`
	Logo         string            `json:"logo,omitempty"`
	Generator    string            `json:"generator,omitempty"`
	Authors      []neutralPerson   `json:"authors,omitempty"`
	Contributors []neutralPerson   `json:"contributors,omitempty"`
	Categories   []neutralCategory `json:"categories,omitempty"`
	Links        []neutralLink     `json:"links,omitempty"`
}

// neutral tells a document as it would be published. Addresses that are still
// relative are resolved against base, the address of the document.
func neutral(doc feed.Document, base string) neutralFeed {
	if doc.Base != "" {
		base = doc.Base
	}
	origin := clean.Origin(doc)
	f := neutralFeed{
		Version:     "https://jsonfeed.org/version/1.1",
		Title:       said(origin.Title, doc.Title),
		HomePageURL: addressOr(origin.HomeURL, doc.HomeURL, base),
		FeedURL:     addressOr(origin.FeedURL, doc.SelfURL, base),
		Description: said(clean.Plain(doc.Description), doc.Description),
		Language:    clean.Chars(doc.Language),
		Icon:        addressOr(origin.Icon, doc.Icon, base),
		Authors:     neutralPeople(origin.Authors),
		Items:       []neutralItem{},
		Ext: neutralFeedExt{
			Format: doc.Format, ID: clean.Chars(doc.ID), Updated: doc.Updated, Published: doc.Published,
			Rights: clean.Plain(doc.Rights), Generator: origin.Generator, TTL: int(doc.Hints.TTL / time.Minute), Logo: addressOr(origin.Logo, doc.Logo, base),
			Categories: neutralCategories(origin.Categories), Contributors: neutralPeople(origin.Contributors),
			Links: neutralLinks(origin.Links), Repairs: doc.Repairs, Truncated: doc.Truncated, Skipped: doc.Skipped,
		},
	}
	if doc.Description.HTML {
		f.Ext.DescriptionHTML = clean.HTML(doc.Description.Body, base)
	}
	for _, h := range doc.Hubs {
		if h = clean.URL(h, base); h != "" {
			f.Hubs = append(f.Hubs, neutralHub{"WebSub", h})
		}
	}
	if doc.Explicit != "" {
		f.Ext.ITunes = &neutralITunes{Explicit: clean.Chars(doc.Explicit)}
	}
	for i := range doc.Entries {
		item := neutralEntry(doc.Entries[i], base)
		item.Language = cmp.Or(item.Language, f.Language)
		f.Items = append(f.Items, item)
	}
	return f
}

func neutralEntry(raw feed.RawEntry, base string) neutralItem {
	e := clean.Entry(raw, clean.Options{Base: base})
	if raw.Base != "" {
		base = raw.Base
	}
	item := neutralItem{
		ID: e.GUID, URL: addressOr(e.Link, raw.Link, base), ExternalURL: e.ExternalURL, Title: said(e.Title, raw.Title),
		ContentHTML: said(e.Content, raw.Content), Summary: said(e.Summary, raw.Summary),
		Image: addressOr(e.Image, raw.Image, base), BannerImage: addressOr(e.BannerImage, raw.BannerImage, base), DatePublished: raw.Published, DateModified: raw.Updated,
		Language: clean.Chars(raw.Language), Tags: e.Tags(), Authors: neutralPeople(e.Authors),
		Ext: neutralItemExt{
			Rights: e.Rights, License: e.License, CommentsURL: e.CommentsURL, ContentSrc: e.ContentSrc, Canonical: e.Canonical,
			Created: raw.Created, Categories: neutralCategories(e.Categories), Contributors: neutralPeople(e.Contributors),
			Links: neutralLinks(e.Links), Source: neutralOrigin(e.Origin),
		},
	}
	if body := cmp.Or(raw.Content, raw.Summary); !body.HTML {
		item.ContentText = e.Text
	}
	if raw.Summary.HTML {
		item.Ext.SummaryHTML = clean.HTML(raw.Summary.Body, base)
	}
	for _, enc := range e.Enclosures {
		item.Attachments = append(item.Attachments, neutralAttachment{enc.URL, enc.Type, enc.Title, enc.Length, enc.Duration})
	}
	for _, enc := range raw.Enclosures { // those that no base can make absolute
		if clean.URL(enc.URL, base) == "" && addressOr("", enc.URL, base) != "" {
			item.Attachments = append(item.Attachments, neutralAttachment{URL: clean.Chars(enc.URL), Size: enc.Length, Duration: enc.Duration})
		}
	}
	if it := (neutralITunes{clean.Chars(e.Explicit), clean.Chars(e.Duration), clean.Plain(raw.Subtitle)}); it != (neutralITunes{}) {
		item.Ext.ITunes = &it
	}
	for _, t := range e.Thumbnails {
		if item.Ext.Media == nil {
			item.Ext.Media = &neutralMedia{}
		}
		item.Ext.Media.Thumbnails = append(item.Ext.Media.Thumbnails, neutralThumbnail{t})
	}
	return item
}

// said returns what is left of a text once it is clean. Where a source said
// something and nothing of it is left, that is an empty text, and no absent one.
func said(cleaned string, raw feed.Text) *string {
	if cleaned == "" && raw.Body == "" {
		return nil
	}
	return &cleaned
}

// addressOr returns an address that is clean, or, where there is no base to
// make it absolute with, what the source wrote, if that is relative.
func addressOr(cleaned, raw, base string) string {
	if cleaned != "" || base != "" || strings.ContainsAny(raw, ":\\<>\"' \t\r\n") {
		return cleaned
	}
	return clean.Chars(raw)
}

func neutralPeople(of []feed.Person) []neutralPerson {
	var out []neutralPerson
	for _, p := range of {
		out = append(out, neutralPerson{Name: p.Name, URL: p.URL, Avatar: p.Avatar, Email: p.Email})
	}
	return out
}

func neutralCategories(of []feed.Category) []neutralCategory {
	var out []neutralCategory
	for _, c := range of {
		out = append(out, neutralCategory(c))
	}
	return out
}

func neutralLinks(of []feed.Link) []neutralLink {
	var out []neutralLink
	for _, l := range of {
		out = append(out, neutralLink{Href: l.Href, Rel: l.Rel, Type: l.Type, Hreflang: l.Language, Title: l.Title, Length: l.Length})
	}
	return out
}

func neutralOrigin(o *feed.Origin) *neutralSource {
	if o == nil {
		return nil
	}
	return &neutralSource{
		ID: o.ID, Title: o.Title, HomePageURL: o.HomeURL, FeedURL: o.FeedURL, Updated: o.Updated, Description: o.Description,
		Rights: o.Rights, Icon: o.Icon, Logo: o.Logo, Generator: o.Generator, Authors: neutralPeople(o.Authors),
		Contributors: neutralPeople(o.Contributors), Categories: neutralCategories(o.Categories), Links: neutralLinks(o.Links),
	}
}
