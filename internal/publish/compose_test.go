package publish

import (
	"testing"

	"serai/internal/render"
)

func TestCountItems(t *testing.T) {
	for _, tt := range []struct {
		name string
		f    render.Format
		body string
		want int
		bad  bool
	}{
		{name: "rss", f: render.RSS, body: `<rss><channel><title>t</title><item><title>a</title></item><item/></channel></rss>`, want: 2},
		{name: "atom", f: render.Atom, body: `<feed><title>t</title><entry><source><title>s</title></source></entry></feed>`, want: 1},
		{name: "json", f: render.JSON, body: `{"items":[{},{},{}]}`, want: 3},
		{name: "xml_that_ends_early", f: render.RSS, body: `<rss><channel><item>`, bad: true},
		{name: "xml_with_a_control_character", f: render.RSS, body: "<rss><channel><title>\x00</title></channel></rss>", bad: true},
		{name: "xml_that_is_not_utf_8", f: render.Atom, body: "<feed>\xff</feed>", bad: true},
		{name: "json_that_ends_early", f: render.JSON, body: `{"items":[{}`, bad: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := countItems(tt.f, []byte(tt.body))
			if (err != nil) != tt.bad || err == nil && got != tt.want {
				t.Errorf("countItems = %d, %v; want %d", got, err, tt.want)
			}
		})
	}
}
