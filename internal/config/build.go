package config

import (
	"cmp"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"serai/internal/feed"
	"serai/internal/strict"
)

// A builder makes a Config of what the file says, noting every mistake.
type builder struct {
	*strict.File
	raw      *file
	around   Surroundings
	cfg      Config
	sources  map[string]string // id to its key
	topics   map[string]bool
	channels map[string]string // id to its key
}

// config builds everything. What depends on other parts comes after them.
func (b *builder) config() *Config {
	b.cfg.Zone = b.zone()
	b.cfg.Listen = b.listen()
	b.cfg.Network = b.network()
	b.cfg.Site = b.site()
	b.cfg.Admin = b.admin()
	b.cfg.Posts = b.posts()
	b.cfg.Dedup = b.dedup()
	b.cfg.Topics = b.allTopics()
	b.cfg.Sources = b.allSources()
	b.cfg.Channels = b.allChannels()
	return &b.cfg
}

func (b *builder) site() feed.Site {
	raw := b.raw.Site
	site := feed.Site{
		Title:       b.line("site.title", raw.Title, 500),
		URL:         b.publicURL("site.url", raw.URL),
		Description: b.line("site.description", raw.Description, 4000),
		Language:    b.language("site.language", cmp.Or(raw.Language, "en")),
		Author:      b.person("site.author", raw.Author),
		Rights:      b.line("site.rights", raw.Rights, 4000),
		Hub:         cmp.Or(raw.Hub, "self"),
	}
	if !b.Has("site") {
		b.Problemf("site", "is missing; add it with at least title and url")
		return site
	}
	b.required("site.title", site.Title)
	b.required("site.url", raw.URL)
	if site.Hub != "self" && site.Hub != "none" {
		if reason := badAddress(site.Hub); reason != "" {
			b.Problemf("site.hub", "%s; want self, none, or the address of a hub", reason)
		}
	}
	return site
}

// listen reads an address to serve on.
func (b *builder) listen() string {
	address := cmp.Or(b.raw.Listen, ":8080")
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		b.Problemf("listen", "%q is no address to serve on; want HOST:PORT or :PORT, such as \":8080\"", clip(address))
	}
	return address
}

func (b *builder) zone() *time.Location {
	name := cmp.Or(b.raw.Timezone, "UTC")
	zone, err := time.LoadLocation(name)
	// The machine's own zone would make the same file mean other times elsewhere.
	if err != nil || name == "Local" {
		b.Problemf("timezone", "%q is no time zone; want a name such as Asia/Baku or UTC", clip(name))
		return time.UTC
	}
	return zone
}

func (b *builder) network() feed.Network {
	var n feed.Network
	for i, text := range b.raw.Network.Allow {
		allowed, ok := parseAllowed(text)
		if !ok {
			b.Problemf(fmt.Sprintf("network.allow[%d]", i), "%q is no network; want CIDR or CIDR:port, such as 10.1.0.0/16 or 127.0.0.0/8:9700", clip(text))
			continue
		}
		n.Allow = append(n.Allow, allowed)
	}
	return n
}

// parseAllowed reads CIDR or CIDR:port; IPv6 with a port has brackets.
func parseAllowed(text string) (feed.AllowedNet, bool) {
	var allowed feed.AllowedNet
	prefix := text
	if slash := strings.LastIndexByte(text, '/'); slash >= 0 {
		if bits, port, found := strings.Cut(text[slash:], ":"); found {
			n, err := strconv.ParseUint(port, 10, 16)
			if err != nil || n == 0 {
				return allowed, false
			}
			allowed.Port, prefix = uint16(n), text[:slash]+bits
		}
	}
	prefix = strings.NewReplacer("[", "", "]", "").Replace(prefix)
	p, err := netip.ParsePrefix(prefix)
	allowed.Prefix = p.Masked()
	return allowed, err == nil
}

func (b *builder) admin() Admin {
	const key = "admin.token"
	text := b.raw.Admin.Token
	if name, fromEnv := strings.CutPrefix(text, "env:"); fromEnv {
		token, ok := b.env(name)
		if !ok || token == "" {
			b.warnf(key, "the variable %s is not set: the admin pages are off", clip(name))
			return Admin{}
		}
		text = token
	} else if text != "" {
		b.literalSecret(key)
	}
	if text != "" && utf8.RuneCountInString(text) < 16 {
		b.warnf(key, "is short enough to be guessed; 16 characters or more are better")
	}
	return Admin{Token: Secret(text)}
}

func (b *builder) posts() Posts {
	dir := filepath.FromSlash(cmp.Or(b.raw.Posts.Dir, "posts"))
	if !filepath.IsLocal(dir) {
		b.Problemf("posts.dir", "%q leads out of the folder of this file; want a folder below it, such as posts", clip(dir))
	}
	author := b.person("posts.author", b.raw.Posts.Author)
	if author.Name == "" {
		author = b.cfg.Site.Author
	}
	return Posts{Dir: filepath.Join(b.around.Dir, dir), Author: author}
}

func (b *builder) dedup() feed.Dedup {
	const day = 24 * time.Hour
	raw := b.raw.Dedup
	d := feed.Dedup{Threshold: 0.72, Window: b.duration("dedup.window", cmp.Or(raw.Window, "400d"), day, 3650*day)}
	if b.Has("dedup.threshold") {
		if d.Threshold = raw.Threshold; !(d.Threshold >= 0.5 && d.Threshold <= 1) {
			b.Problemf("dedup.threshold", "%v is out of range; want 0.5 to 1", d.Threshold)
		}
	}
	d.Same = b.addressPairs("dedup.same", raw.Same)
	d.Apart = b.addressPairs("dedup.apart", raw.Apart)
	return d
}

func (b *builder) addressPairs(key string, raw [][]string) [][2]string {
	var pairs [][2]string
	for i, pair := range raw {
		at := fmt.Sprintf("%s[%d]", key, i)
		if len(pair) != 2 {
			b.Problemf(at, "has %d addresses; want two: [ADDRESS, ADDRESS]", len(pair))
			continue
		}
		for j, address := range pair {
			if reason := badAddress(address); reason != "" {
				b.Problemf(fmt.Sprintf("%s[%d]", at, j), "%s; want the address of an article", reason)
			}
		}
		if feed.CanonicalURL(pair[0]) == feed.CanonicalURL(pair[1]) {
			b.Problemf(at, "has the same address twice; want two different ones")
		}
		pairs = append(pairs, [2]string{pair[0], pair[1]})
	}
	return pairs
}

func (b *builder) person(key string, raw person) feed.Person {
	if b.Has(key) && strings.TrimSpace(raw.Name) == "" {
		b.Problemf(key, "has no name; add name")
	}
	if b.Has(key + ".email") {
		if a, err := mail.ParseAddress(raw.Email); err != nil || a.Address != raw.Email {
			b.Problemf(key+".email", "%q is no mail address", clip(raw.Email))
		}
	}
	if b.Has(key + ".url") {
		if reason := badAddress(raw.URL); reason != "" {
			b.Problemf(key+".url", "%s", reason)
		}
	}
	return feed.Person{Name: b.line(key+".name", raw.Name, 200), Email: raw.Email, URL: raw.URL}
}
