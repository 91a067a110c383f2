package render

import (
	"encoding/json"
	"io"
	"time"

	"github.com/gorilla/feeds"

	"serai/internal/feed"
)

type jsonDocument struct {
	*feeds.JSONFeed
	Extension jsonFeedExtension `json:"_serai"`
	// Items shadows a member that the library leaves out when it is empty,
	// which JSON Feed does not allow.
	Items []jsonItem `json:"items"`
}

// jsonFeedExtension is ours; "about" is what JSON Feed wants an extension to
// explain itself by.
type jsonFeedExtension struct {
	About  string `json:"about"`
	ID     string `json:"id"`
	Rights string `json:"rights,omitempty"`
}

const aboutExtension = "Where items come from. Of the feed: id, the same in every format and on every page; rights. " +
	"Of an item: source, the feed it was first published in; via, whom it was read from; also_at, other places " +
	"that carry the same story; rights and license; contributors; comments."

type jsonItem struct {
	*feeds.JSONItem
	Language    string            `json:"language,omitempty"`
	BannerImage string            `json:"banner_image,omitempty"` // the library misspells it
	Attachments []jsonAttachment  `json:"attachments,omitempty"`
	Extension   jsonItemExtension `json:"_serai,omitzero"`
}

// A jsonAttachment is not the library's, whose size is misspelt and ends at two
// gigabytes, and whose own MarshalJSON would hide what is added to it.
type jsonAttachment struct {
	URL      string `json:"url"`
	MIMEType string `json:"mime_type"`
	Title    string `json:"title,omitempty"`
	Size     int64  `json:"size_in_bytes,omitempty"`
	Duration int64  `json:"duration_in_seconds,omitempty"`
}

type jsonItemExtension struct {
	Source       *jsonSource         `json:"source,omitempty"`
	Via          []jsonVia           `json:"via,omitempty"`
	AlsoAt       []jsonAlso          `json:"also_at,omitempty"`
	Rights       string              `json:"rights,omitempty"`
	License      string              `json:"license,omitempty"`
	Contributors []*feeds.JSONAuthor `json:"contributors,omitempty"`
	Comments     *jsonComments       `json:"comments,omitempty"`
}

// IsZero reports whether there is nothing to say.
func (x jsonItemExtension) IsZero() bool {
	return x.Source == nil && len(x.Via) == 0 && len(x.AlsoAt) == 0 && x.Rights == "" && x.License == "" &&
		len(x.Contributors) == 0 && x.Comments == nil
}

type jsonSource struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	URL     string `json:"url,omitempty"`
	FeedURL string `json:"feed_url,omitempty"`
}

type jsonVia struct {
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
}

type jsonAlso struct {
	URL       string    `json:"url"`
	Title     string    `json:"title,omitempty"`
	Source    string    `json:"source,omitempty"`
	Published time.Time `json:"published,omitzero"`
}

type jsonComments struct {
	URL   string `json:"url"`
	Count int    `json:"count,omitempty"`
}

func writeJSON(w io.Writer, doc *document) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(newJSON(doc))
}

func newJSON(doc *document) *jsonDocument {
	base := (&feeds.JSON{Feed: baseFeed(doc)}).JSONFeed()
	base.FeedUrl = doc.self
	base.NextUrl = doc.next
	base.Language = doc.language
	base.Authors = jsonPeople([]feed.Person{doc.author})
	base.UserComment = "This is a JSON Feed: give its address, " + doc.self + ", to a feed reader to follow it. What it says is also to be read at " +
		doc.home + ". Made by " + generatorName(doc) + "."
	if doc.hub != "" {
		base.Hubs = []*feeds.JSONHub{{Type: "WebSub", Url: doc.hub}}
	}
	made := &jsonDocument{
		JSONFeed:  base,
		Extension: jsonFeedExtension{aboutExtension, doc.id, doc.rights},
		Items:     make([]jsonItem, 0, len(doc.items)),
	}
	for i := range doc.items {
		made.Items = append(made.Items, newJSONItem(&doc.items[i], base.Items[i]))
	}
	return made
}

func newJSONItem(it *item, base *feeds.JSONItem) jsonItem {
	base.ExternalUrl = it.external
	base.Image = it.image
	base.Authors = jsonPeople(it.authors)
	for _, c := range it.categories {
		base.Tags = append(base.Tags, c.text)
	}
	if it.content == "" { // content_html or content_text has to be there
		base.ContentText, base.Summary = it.summary, ""
	}
	made := jsonItem{JSONItem: base, BannerImage: it.banner, Extension: newJSONExtension(it)}
	if it.language != nil {
		made.Language = *it.language
	}
	for _, f := range it.enclosures {
		made.Attachments = append(made.Attachments, jsonAttachment{f.URL, f.Type, f.Title, f.Length, f.Duration})
	}
	return made
}

func newJSONExtension(it *item) jsonItemExtension {
	made := jsonItemExtension{Rights: it.rights, License: it.license}
	if o := it.source; o != nil {
		made.Source = &jsonSource{o.id, o.title, o.home, o.feed}
	}
	for _, v := range it.via {
		made.Via = append(made.Via, jsonVia{v.href, v.title})
	}
	for _, a := range it.also {
		made.AlsoAt = append(made.AlsoAt, jsonAlso{a.url, a.title, a.source, a.published})
	}
	if len(it.contributors) > 0 {
		made.Contributors = jsonPeople(it.contributors)
	}
	if it.comments != "" {
		made.Comments = &jsonComments{it.comments, it.replies}
	}
	return made
}

func jsonPeople(list []feed.Person) []*feeds.JSONAuthor {
	var made []*feeds.JSONAuthor
	for _, p := range list {
		made = append(made, &feeds.JSONAuthor{Name: p.Name, Url: p.URL, Avatar: p.Avatar})
	}
	return made
}
