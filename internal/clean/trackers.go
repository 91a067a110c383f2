package clean

import "strings"

// isPixel reports whether the image is there to count its viewers: nobody can
// see it.
func isPixel(attrs []attribute) bool {
	small := 0
	for _, a := range attrs {
		switch a.key {
		case "width", "height":
			if v := strings.TrimSuffix(strings.TrimSpace(a.value), "px"); v == "0" || v == "1" {
				small++
			}
		case "style":
			style := strings.ToLower(strings.Join(strings.Fields(a.value), ""))
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") ||
				hasPixelSize(style, "width:") && hasPixelSize(style, "height:") {
				return true
			}
		}
	}
	return small == 2
}

func hasPixelSize(style, property string) bool {
	for rule := range strings.SplitSeq(style, ";") {
		if size, ok := strings.CutPrefix(rule, property); ok {
			return size == "0" || size == "0px" || size == "1px"
		}
	}
	return false
}

// trackers are the hosts and paths whose images count viewers, whatever their
// size is said to be. A name also covers what is below it.
var trackers = map[string][]string{
	"pixel.wp.com":                   nil,
	"stats.wordpress.com":            nil,
	"feeds.feedburner.com":           {"/~r/", "/~ff/"},
	"feeds.wordpress.com":            {"/1.0/"},
	"feedsportal.com":                nil,
	"google-analytics.com":           nil,
	"ssl.google-analytics.com":       nil,
	"googleadservices.com":           nil,
	"doubleclick.net":                nil,
	"googlesyndication.com":          nil,
	"facebook.com":                   {"/tr"},
	"mc.yandex.ru":                   {"/watch/", "/pixel/"},
	"mc.yandex.com":                  {"/watch/", "/pixel/"},
	"counter.yadro.ru":               nil,
	"top-fwz1.mail.ru":               nil,
	"top.mail.ru":                    nil,
	"counter.rambler.ru":             nil,
	"tns-counter.ru":                 nil,
	"openstat.net":                   nil,
	"scorecardresearch.com":          nil,
	"quantserve.com":                 nil,
	"statcounter.com":                nil,
	"hitwebcounter.com":              nil,
	"histats.com":                    nil,
	"amung.us":                       nil,
	"medium.com":                     {"/_/stat"},
	"blogger.googleusercontent.com":  {"/tracker/"},
	"px.ads.linkedin.com":            nil,
	"pixel.mathtag.com":              nil,
	"chartbeat.net":                  nil,
	"mailchimp.com":                  {"/track/"},
	"list-manage.com":                {"/track/"},
	"counter.theconversation.com":    nil,
	"counter.theconversation.edu.au": nil,
}

// isTracker reports whether a clean address is one of the known trackers'.
func isTracker(address string) bool {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return false
	}
	end := strings.IndexAny(rest, "/?#:")
	if end < 0 {
		return false
	}
	for host := rest[:end]; host != ""; {
		if paths, ok := trackers[host]; ok && (len(paths) == 0 || hasAnyPrefix(rest[end:], paths)) {
			return true
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return false
}

func hasAnyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
