package publish

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"serai/internal/feed"
	"serai/internal/render"
)

// compose renders a document, reads it back as a subscriber would, and makes a
// snapshot of it. Last is the snapshot whose place it takes, or nil: a revision
// that shows nothing new leaves the document as it is.
func compose(f render.Format, d render.Feed, now feed.Revision, last *Snapshot) (*Snapshot, error) {
	body, err := f.Render(d)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{}
	if last != nil && bytes.Equal(last.Body, body) {
		*s = *last
	} else {
		items, err := countItems(f, body)
		if err == nil && items > len(d.Stories) {
			err = fmt.Errorf("%d items of %d stories", items, len(d.Stories))
		}
		if err != nil {
			return nil, fmt.Errorf("read back %s: %w", f.Name, err)
		}
		s = compressed(body)
		s.MediaType = f.MediaType
		s.Modified = modified(now, last)
		s.items = items
	}
	s.Revision = now
	s.Links = links(f, d.Site, d.Channel.ID)
	s.MaxAge = d.MaxAge
	return s, nil
}

// countItems reads a whole document, so that one that is not well-formed is an
// error, and counts the items in it.
func countItems(f render.Format, body []byte) (int, error) {
	if f.Name == render.JSON.Name {
		var document struct {
			Items []json.RawMessage `json:"items"`
		}
		err := json.Unmarshal(body, &document)
		return len(document.Items), err
	}
	items, depth := 0, 0
	for decoder := xml.NewDecoder(bytes.NewReader(body)); ; {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF):
			return items, nil
		case err != nil:
			return 0, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			// rss > channel > item, feed > entry
			if depth == 3 && token.Name.Local == "item" || depth == 2 && token.Name.Local == "entry" {
				items++
			}
		case xml.EndElement:
			depth--
		}
	}
}
