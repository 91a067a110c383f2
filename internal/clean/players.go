package clean

import (
	"net/url"
	"strings"
)

// A player is a site whose media are shown in frames. We keep no frames: the
// reader gets a link to where the same can be seen or heard.
type player struct {
	name string
	// page returns the address of the page for people; the address of the frame
	// serves where that can't be told.
	page func(frame *url.URL) string
}

// players are known by the host of the frame, without "www.".
var players = map[string]player{
	"youtube.com":              {"YouTube", youtubePage},
	"m.youtube.com":            {"YouTube", youtubePage},
	"youtube-nocookie.com":     {"YouTube", youtubePage},
	"youtu.be":                 {"YouTube", nil},
	"player.vimeo.com":         {"Vimeo", moved("/video/", "https://vimeo.com/")},
	"vimeo.com":                {"Vimeo", nil},
	"dailymotion.com":          {"Dailymotion", moved("/embed/video/", "https://www.dailymotion.com/video/")},
	"geo.dailymotion.com":      {"Dailymotion", nil},
	"w.soundcloud.com":         {"SoundCloud", named("url")},
	"open.spotify.com":         {"Spotify", moved("/embed/", "https://open.spotify.com/")},
	"embed.podcasts.apple.com": {"Apple Podcasts", moved("/", "https://podcasts.apple.com/")},
	"bandcamp.com":             {"Bandcamp", nil},
	"mixcloud.com":             {"Mixcloud", named("feed")},
	"player.mixcloud.com":      {"Mixcloud", named("feed")},
	"rutube.ru":                {"Rutube", moved("/play/embed/", "https://rutube.ru/video/")},
	"vk.com":                   {"VK", nil},
	"vkvideo.ru":               {"VK", nil},
	"ok.ru":                    {"OK", moved("/videoembed/", "https://ok.ru/video/")},
	"facebook.com":             {"Facebook", named("href")},
	"instagram.com":            {"Instagram", nil},
	"platform.twitter.com":     {"X", nil},
	"t.me":                     {"Telegram", nil},
	"tiktok.com":               {"TikTok", nil},
	"embed.ted.com":            {"TED", moved("/talks/", "https://www.ted.com/talks/")},
	"archive.org":              {"Internet Archive", moved("/embed/", "https://archive.org/details/")},
	"player.twitch.tv":         {"Twitch", nil},
	"embed.acast.com":          {"Acast", nil},
	"player.simplecast.com":    {"Simplecast", nil},
	"play.libsyn.com":          {"Libsyn", nil},
	"html5-player.libsyn.com":  {"Libsyn", nil},
	"buzzsprout.com":           {"Buzzsprout", nil},
	"podbean.com":              {"Podbean", nil},
	"castbox.fm":               {"Castbox", nil},
	"music.yandex.ru":          {"Yandex Music", nil},
	"datawrapper.dwcdn.net":    {"Datawrapper", nil},
	"flo.uri.sh":               {"Flourish", nil},
}

// youtubePage knows /embed/ID, /v/ID and playlists.
func youtubePage(frame *url.URL) string {
	for _, prefix := range []string{"/embed/", "/v/"} {
		id, ok := strings.CutPrefix(frame.Path, prefix)
		id, _, _ = strings.Cut(id, "&") // the old Flash player's way
		if ok && id != "" && id != "videoseries" && !strings.Contains(id, "/") {
			return "https://www.youtube.com/watch?v=" + url.QueryEscape(id)
		}
	}
	if list := frame.Query().Get("list"); list != "" {
		return "https://www.youtube.com/playlist?list=" + url.QueryEscape(list)
	}
	return ""
}

// moved is for players whose path has the page's path after a prefix.
func moved(prefix, page string) func(*url.URL) string {
	return func(frame *url.URL) string {
		rest, ok := strings.CutPrefix(frame.EscapedPath(), prefix)
		if !ok || rest == "" {
			return ""
		}
		return page + rest
	}
}

// named is for players that are told the page in a parameter.
func named(parameter string) func(*url.URL) string {
	return func(frame *url.URL) string { return frame.Query().Get(parameter) }
}

// addPlayer writes a link in the place of a frame, if it is a known player's.
func (b *builder) addPlayer(address, title string) {
	address = b.resolver.resolve(strings.TrimSpace(address))
	frame, err := url.Parse(address)
	if err != nil || address == "" {
		return
	}
	p, ok := players[strings.TrimPrefix(frame.Hostname(), "www.")]
	if !ok {
		return
	}
	if p.page != nil {
		if page := URL(p.page(frame), ""); page != "" {
			address = page
		}
	}
	if address == b.lastPlayer {
		return // an object and its embed
	}
	b.lastPlayer = address
	b.mediaCount++
	b.attrs = append(b.attrs[:0], attribute{"href", address})
	b.start(theA)
	if title = oneLine(title, maxAttribute); title == "" {
		title = p.name
	} else if !strings.Contains(title, p.name) {
		title += " (" + p.name + ")"
	}
	b.addText([]byte("▶ "+title), false)
	b.end(theA)
}
