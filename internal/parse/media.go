package parse

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	ext "github.com/mmcdole/gofeed/extensions"

	"serai/internal/feed"
)

// media maps Media RSS: pictures to the entry's image and thumbnails, what
// plays to its enclosures.
func (m *mapping) media(e *feed.RawEntry, x modules) {
	contents := x.all("media:content")
	thumbnails := x.all("media:thumbnail")
	for _, g := range x.all("media:group") {
		contents = append(slices.Clip(contents), g.Children["content"]...)
		thumbnails = append(slices.Clip(thumbnails), g.Children["thumbnail"]...)
		if c := g.Children["title"]; e.Title.Body == "" && len(c) > 0 {
			e.Title = m.title(c[0].Value)
		}
		if c := g.Children["description"]; e.Summary.Body == "" && len(c) > 0 {
			e.Summary = m.rich(m.text(c[0].Value), maxContent)
		}
	}
	for _, c := range contents {
		thumbnails = append(slices.Clip(thumbnails), c.Children["thumbnail"]...)
		m.mediaContent(e, c)
	}
	for _, t := range thumbnails {
		addThumbnail(e, m.str(t.Attrs["url"]))
	}
}

func (m *mapping) mediaContent(e *feed.RawEntry, c ext.Extension) {
	address := m.str(c.Attrs["url"])
	kind := cmp.Or(m.str(c.Attrs["type"]), m.str(c.Attrs["medium"]))
	switch {
	case address == "":
	case strings.HasPrefix(kind, "image"):
		e.Image = cmp.Or(e.Image, address)
		addThumbnail(e, address)
	default:
		enc := feed.Enclosure{URL: address, Type: m.str(c.Attrs["type"]), Length: readSize(c.Attrs["filesize"])}
		if seconds, err := strconv.ParseFloat(c.Attrs["duration"], 64); err == nil && seconds > 0 && seconds < 1e8 {
			enc.Duration = int64(seconds)
		}
		if t := c.Children["title"]; len(t) > 0 {
			enc.Title = m.limit(m.str(t[0].Value), maxTitle)
		}
		e.Enclosures = addEnclosure(e.Enclosures, enc)
	}
}

func addThumbnail(e *feed.RawEntry, address string) {
	if address != "" && len(e.Thumbnails) < maxEach && !slices.Contains(e.Thumbnails, address) {
		e.Thumbnails = append(e.Thumbnails, address)
	}
}
