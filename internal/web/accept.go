package web

import (
	"strconv"
	"strings"

	"serai/internal/render"
)

// prefersGzip reports whether the reader would rather have gzip than nothing
// (RFC 9110 12.5.3). It allocates nothing.
func prefersGzip(accept []string) bool {
	const unsaid = -1
	coded, plain, rest := float32(unsaid), float32(unsaid), float32(unsaid)
	for _, list := range accept {
		for part := range strings.SplitSeq(list, ",") {
			name, parameters, _ := strings.Cut(part, ";")
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
				coded = quality(parameters)
			case strings.EqualFold(name, "identity"):
				plain = quality(parameters)
			case name == "*":
				rest = quality(parameters)
			}
		}
	}
	if coded == unsaid {
		coded = rest
	}
	// Who does not mention identity accepts it, but asked for gzip.
	return coded > 0 && coded >= plain
}

// quality reads the weight among parameters such as " q=0.5" (RFC 9110 12.4.2).
// What cannot be read weighs full: the reader did name the thing.
func quality(parameters string) float32 {
	for part := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 32)
		if err != nil || !(q >= 0 && q <= 1) {
			return 1
		}
		return float32(q)
	}
	return 1
}

// preferredFormat returns which format a reader would rather have (RFC 9110
// 12.5.1). It reports page where that is no feed but HTML, as browsers say.
func preferredFormat(accept []string) (f render.Format, page bool) {
	best := func(kinds ...string) (q float32) {
		for _, kind := range kinds {
			q = max(q, weigh(accept, kind))
		}
		return q
	}
	if len(accept) == 0 {
		return render.RSS, false
	}
	weights := []struct {
		format render.Format
		weight float32
	}{
		{render.RSS, best("application/rss+xml", "application/xml", "text/xml")},
		{render.Atom, best("application/atom+xml")},
		{render.JSON, best("application/feed+json", "application/json")},
	}
	top := weights[0]
	for _, w := range weights[1:] {
		if w.weight > top.weight {
			top = w
		}
	}
	return top.format, best("text/html", "application/xhtml+xml") > top.weight
}

// weigh returns how much the reader wants a media type: by its own name, else
// by the range that it falls in.
func weigh(accept []string, kind string) float32 {
	class, _, _ := strings.Cut(kind, "/")
	weight, precision := float32(0), 0
	for _, list := range accept {
		for part := range strings.SplitSeq(list, ",") {
			name, parameters, _ := strings.Cut(part, ";")
			name = strings.TrimSpace(name)
			p := 0
			switch {
			case strings.EqualFold(name, kind):
				p = 3
			case strings.EqualFold(name, class+"/*"):
				p = 2
			case name == "*/*":
				p = 1
			}
			if p > precision {
				weight, precision = quality(parameters), p
			}
		}
	}
	return weight
}
