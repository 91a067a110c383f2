package render

import (
	"encoding/xml"
	"strings"

	"serai/internal/feed"
)

// A mediaFile is media:content (Media RSS 1.5.1).
type mediaFile struct {
	XMLName  xml.Name    `xml:"media:content"`
	URL      string      `xml:"url,attr"`
	Type     string      `xml:"type,attr"`
	Size     int64       `xml:"fileSize,attr,omitempty"`
	Medium   string      `xml:"medium,attr"`
	Duration int64       `xml:"duration,attr,omitempty"`
	Title    *mediaTitle `xml:"media:title"`
}

type mediaTitle struct {
	Type string `xml:"type,attr"`
	rssText
}

// A mediaGroup holds the same content in several forms.
type mediaGroup struct {
	Files []mediaFile `xml:"media:content"`
}

type mediaImage struct {
	URL string `xml:"url,attr"`
}

func newMediaImage(address string) *mediaImage {
	if address == "" {
		return nil
	}
	return &mediaImage{address}
}

// media lists the files of an item; those that share a title are the same thing
// in several forms, and form a group.
func media(list []feed.Enclosure) (groups []mediaGroup, single []mediaFile) {
	forms := make(map[string]int)
	for _, f := range list {
		if f.Title != "" {
			forms[f.Title]++
		}
	}
	index := make(map[string]int)
	for _, f := range list {
		if forms[f.Title] < 2 {
			single = append(single, newMediaFile(f))
			continue
		}
		i, ok := index[f.Title]
		if !ok {
			i = len(groups)
			index[f.Title] = i
			groups = append(groups, mediaGroup{})
		}
		groups[i].Files = append(groups[i].Files, newMediaFile(f))
	}
	return groups, single
}

func newMediaFile(f feed.Enclosure) mediaFile {
	made := mediaFile{URL: f.URL, Type: f.Type, Size: f.Length, Medium: medium(f.Type), Duration: f.Duration}
	if f.Title != "" {
		made.Title = &mediaTitle{"plain", newRSSText(f.Title)}
	}
	return made
}

// medium names what kind of thing a media type is, in the words of Media RSS.
func medium(mediaType string) string {
	switch kind, _, _ := strings.Cut(mediaType, "/"); kind {
	case "image", "audio", "video":
		return kind
	}
	return "document"
}
