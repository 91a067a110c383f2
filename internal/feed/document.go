package feed

import "time"

// A Text is a string from outside with its source's own word on what it is.
// Text that is not HTML says what it says, also where it looks like markup.
type Text struct {
	Body string
	HTML bool
}

// A Document is one fetched and parsed feed: what the source says, decoded and
// with absolute addresses, but nothing in it is safe yet.
type Document struct {
	Format       string // "rss", "atom" or "json"; RDF counts as rss; "posts" for our own
	ID           string // the feed's own, character by character; may be empty
	Title        Text
	Description  Text
	HomeURL      string
	SelfURL      string // what the feed calls its own address
	Base         string // address that relative links in its texts are resolved against; may be empty
	Language     string
	Icon         string
	Logo         string
	Rights       Text
	Generator    string
	Published    time.Time
	Updated      time.Time
	Authors      []Person
	Contributors []Person
	Categories   []Category
	Links        []Link
	Hubs         []string // WebSub hubs it names
	Explicit     string   // itunes:explicit
	Hints        Hints
	Entries      []RawEntry
	Repairs      []Repair // what had to be mended to read it; empty when nothing
	Truncated    bool     // it ended early: the entries read are whole, but more were meant
	Skipped      int      // entries beyond the limit that were not read
}

// Hints are a document's own words on how often to come back.
type Hints struct {
	TTL         time.Duration  // RSS ttl; zero when absent
	UpdateEvery time.Duration  // sy:updatePeriod over sy:updateFrequency; zero when absent
	SkipHours   []int          // 0 to 23, UTC
	SkipDays    []time.Weekday // UTC
}

// A Repair is one thing that had to be mended in a document.
type Repair struct {
	Kind   string `json:"kind"`             // a short fixed word: charset, tree, namespace, entity, …
	Detail string `json:"detail,omitempty"` // for people
}

// A RawEntry is one item as its source wrote it. Addresses are absolute, dates
// are read, and every text is as hostile as it came.
type RawEntry struct {
	GUID       string // character by character; empty when the source gives none
	Link       string // the article's address; may be empty
	Title      Text
	Summary    Text
	Content    Text
	Published  time.Time // zero when not claimed or not readable
	Updated    time.Time // likewise
	Created    time.Time // likewise
	Language   string    // the source's own mark; may be empty
	Base       string    // address that relative links in its texts are resolved against; may be empty
	Subtitle   Text      // itunes:subtitle
	RightsText Text
	Details
}

// Details are the parts of an entry that are the same for source and store:
// carried along, cleaned, and published, but never decided by. They are stored
// as JSON.
type Details struct {
	Authors      []Person    `json:"authors,omitempty"`
	Contributors []Person    `json:"contributors,omitempty"`
	Categories   []Category  `json:"categories,omitempty"`
	Enclosures   []Enclosure `json:"enclosures,omitempty"`
	Links        []Link      `json:"links,omitempty"` // in document order, with their relations
	Image        string      `json:"image,omitempty"`
	BannerImage  string      `json:"banner_image,omitempty"`
	Thumbnails   []string    `json:"thumbnails,omitempty"`
	ExternalURL  string      `json:"external_url,omitempty"` // what a link post points to
	CommentsURL  string      `json:"comments_url,omitempty"`
	Comments     int         `json:"comments,omitempty"` // how many
	License      string      `json:"license,omitempty"`  // an address
	ContentSrc   string      `json:"content_src,omitempty"`
	Explicit     string      `json:"explicit,omitempty"`  // itunes:explicit
	Duration     string      `json:"duration,omitempty"`  // itunes:duration, as written
	Canonical    string      `json:"canonical,omitempty"` // where the source says the original is
	Origin       *Origin     `json:"origin,omitempty"`    // the feed it was taken from, where the source says so
	Post         *Post       `json:"post,omitempty"`      // only of our own posts
}

// A Person is an author or a contributor.
type Person struct {
	Name   string `json:"name,omitempty"`
	URL    string `json:"url,omitempty"`
	Email  string `json:"email,omitempty"`
	Avatar string `json:"avatar,omitempty"`
}

// A Category is a tag as its source gives it.
type Category struct {
	Term   string `json:"term"`
	Scheme string `json:"scheme,omitempty"`
	Label  string `json:"label,omitempty"`
}

// An Enclosure is a file that comes with an entry, such as a podcast episode.
type Enclosure struct {
	URL      string `json:"url"`                // absolute
	Type     string `json:"type,omitempty"`     // media type, such as "audio/mpeg"; may be empty
	Title    string `json:"title,omitempty"`    // equal titles mark alternatives
	Length   int64  `json:"length,omitempty"`   // in bytes; zero when unknown
	Duration int64  `json:"duration,omitempty"` // in seconds; zero when unknown
}

// A Link is a link of a document or an entry with its relation (RFC 4287 4.2.7).
type Link struct {
	Href     string `json:"href"`
	Rel      string `json:"rel,omitempty"`
	Type     string `json:"type,omitempty"`
	Language string `json:"hreflang,omitempty"`
	Title    string `json:"title,omitempty"`
	Length   string `json:"length,omitempty"` // as written
}

// An Origin is a feed as another document describes it (RFC 4287 4.2.11), and
// also how our own documents describe where an entry came from.
type Origin struct {
	ID           string     `json:"id,omitempty"`
	Title        string     `json:"title,omitempty"` // plain text
	HomeURL      string     `json:"home_url,omitempty"`
	FeedURL      string     `json:"feed_url,omitempty"`
	Description  string     `json:"description,omitempty"`
	Rights       string     `json:"rights,omitempty"`
	Icon         string     `json:"icon,omitempty"`
	Logo         string     `json:"logo,omitempty"`
	Generator    string     `json:"generator,omitempty"`
	Updated      time.Time  `json:"updated,omitzero"`
	Authors      []Person   `json:"authors,omitempty"`
	Contributors []Person   `json:"contributors,omitempty"`
	Categories   []Category `json:"categories,omitempty"`
	Links        []Link     `json:"links,omitempty"`
}

// A Post is what an authored entry has besides: where its file is, and the
// address that it keeps.
type Post struct {
	Path     string `json:"path"`                // below the posts folder, with slashes
	Slug     string `json:"slug"`                // last part of its address, fixed when first published
	FileHash string `json:"file_hash,omitempty"` // of the file's bytes, to know a renamed file again
	Section  string `json:"section,omitempty"`   // the section line of a plain-text post
	Minor    bool   `json:"minor,omitempty"`     // the last edit does not move updated
}
