package config

// This file is the shape of feeds.yaml. The comment at each field says what
// the key means, its default and its bounds; the JSON Schema that editors
// complete and check by is made of these comments.

//go:generate go test -run ^TestSchema$ . -update

// file is feeds.yaml: what is read, from whom, and what is made of it.
type file struct {
	// What all that is published has in common. Required.
	Site site `yaml:"site" jsonschema:"required"`
	// Address to serve on, as HOST:PORT; without a host on all of this
	// machine's. Default :8080.
	Listen string `yaml:"listen" jsonschema:"default=:8080"`
	// Time zone of cron expressions and of dates without one, such as
	// Asia/Baku. Default UTC.
	Timezone string `yaml:"timezone" jsonschema:"default=UTC"`
	// Where fetches may go besides the public internet.
	Network network `yaml:"network"`
	// The admin pages.
	Admin admin `yaml:"admin"`
	// What holds for every source that does not say otherwise.
	Defaults defaults `yaml:"defaults"`
	// Which entries are the same article.
	Dedup dedup `yaml:"dedup"`
	// Tags that entries get by what their text says: for each tag the words,
	// in any language and script, of which one must occur. A trailing *
	// matches endings, /…/ is a regular expression.
	Topics map[string][]string `yaml:"topics"`
	// The feeds that are read.
	Sources []source `yaml:"sources"`
	// The site's own posts. As a source they are called posts.
	Posts posts `yaml:"posts"`
	// The feeds that are published. The first one is also /rss.xml, /atom.xml
	// and /feed.json. Required: at least one.
	Channels []channel `yaml:"channels" jsonschema:"required,minItems=1"`
}

// site is what all that is published has in common.
type site struct {
	// Name of the site. Required.
	Title string `yaml:"title" jsonschema:"required,minLength=1,maxLength=500"`
	// Public address, where all links and ids start. It should not change once
	// there are readers. Required.
	URL string `yaml:"url" jsonschema:"required,format=uri"`
	// One sentence on what the site is. Default: the title.
	Description string `yaml:"description" jsonschema:"maxLength=4000"`
	// Language of the pages, as in en or az (BCP 47). Default en.
	Language string `yaml:"language" jsonschema:"default=en"`
	// Who publishes the site.
	Author person `yaml:"author"`
	// Sentence on whose the texts are.
	Rights string `yaml:"rights" jsonschema:"maxLength=4000"`
	// WebSub hub that tells subscribers of news at once: self for the built-in
	// one, an address, or none. Default self.
	Hub string `yaml:"hub" jsonschema:"default=self"`
}

// person is a name, or a name with ways to reach its bearer.
type person struct {
	// Name, as shown. Required.
	Name string `yaml:"name" jsonschema:"required,minLength=1,maxLength=200"`
	// Mail address; it is published.
	Email string `yaml:"email" jsonschema:"format=email"`
	// Address of a page about them.
	URL string `yaml:"url" jsonschema:"format=uri"`
}

// Short reads a person of whom only the name is given.
func (p *person) Short(text string) { p.Name = text }

// network says where fetches may go besides the public internet.
type network struct {
	// Private addresses that a fetch may reach, as CIDR or CIDR:port, such as
	// 10.1.0.0/16, 127.0.0.0/8:9700 or [fd00::/8]:80. Default: none.
	Allow []string `yaml:"allow"`
}

// admin is how the admin pages are reached.
type admin struct {
	// Secret that opens the admin pages, best as env:NAME. Default: none, and
	// the admin pages are off; they are off too where the variable is not set.
	Token string `yaml:"token"`
}

// keep is how much of a source is kept. What still stands in the source's feed
// is never dropped, and what was dropped is never taken for new.
type keep struct {
	// The newest so many entries, 1 to 1000000. Default 1000.
	Entries int `yaml:"entries" jsonschema:"minimum=1,maximum=1000000,default=1000"`
	// Entries first seen within this time, such as 730d. Default 730d.
	Age string `yaml:"age" jsonschema:"default=730d"`
}

// defaults hold for every source that does not say otherwise.
type defaults struct {
	// When sources are polled: adaptive follows what each one does; or a cron
	// expression such as "*/30 * * * *" or "TZ=Asia/Baku 0 6 * * *", or an
	// interval such as "@every 20m". Default adaptive.
	Schedule string `yaml:"schedule" jsonschema:"default=adaptive"`
	// How long one whole fetch may take, 1s to 10m. Default 30s.
	Timeout string `yaml:"timeout" jsonschema:"default=30s"`
	// How much is kept.
	Keep keep `yaml:"keep"`
	// How many of its old entries a new source may publish at once, 0 to 1000.
	// Default 10.
	FirstPoll int `yaml:"first_poll" jsonschema:"minimum=0,maximum=1000,default=10"`
}

// dedup says which entries are the same article.
type dedup struct {
	// Share of the smaller text that must stand in the larger where no address
	// tells, 0.5 to 1. Default 0.72.
	Threshold float64 `yaml:"threshold" jsonschema:"minimum=0.5,maximum=1,default=0.72"`
	// How long after an entry another one may join its story by its text, 1d
	// to 3650d. Default 400d.
	Window string `yaml:"window" jsonschema:"default=400d"`
	// Pairs of addresses that are one article, whatever their texts say.
	Same [][]string `yaml:"same"`
	// Pairs of addresses that are not one article.
	Apart [][]string `yaml:"apart"`
}

// source is one feed that is read.
type source struct {
	// Short name of a-z, 0-9 and -, at most 64 characters. It should not
	// change: what was read is kept by it. Required.
	ID string `yaml:"id" jsonschema:"required,pattern=^[a-z0-9][a-z0-9-]{0\\,63}$"`
	// Address of the feed, http or https; env:NAME takes it from the
	// environment and keeps it out of everything published. Required.
	URL string `yaml:"url" jsonschema:"required"`
	// Name, as shown. Default: what the feed calls itself.
	Title string `yaml:"title" jsonschema:"maxLength=500"`
	// What it is, which decides whose copy of an article is shown: outlet,
	// mirror or aggregator. Default outlet.
	Kind string `yaml:"kind" jsonschema:"enum=outlet,enum=mirror,enum=aggregator,default=outlet"`
	// Language of its entries (BCP 47). Default: as the feed says, else by
	// looking at the text.
	Language string `yaml:"language"`
	// Tags for the rules of channels and the list of sources.
	Tags []string `yaml:"tags"`
	// How much of its entries may be published: full, excerpt (title, link and
	// at most 300 characters) or link. Default full.
	Republish string `yaml:"republish" jsonschema:"enum=full,enum=excerpt,enum=link,default=full"`
	// Whether its address stays out of everything published. Default false,
	// but true where the address holds a secret.
	Private bool `yaml:"private"`
	// When it is polled; see defaults.
	Schedule string `yaml:"schedule"`
	// How long one whole fetch may take, 1s to 10m.
	Timeout string `yaml:"timeout"`
	// How much of it is kept.
	Keep keep `yaml:"keep"`
	// How many old entries its first poll may publish, 0 to 1000.
	FirstPoll int `yaml:"first_poll" jsonschema:"minimum=0,maximum=1000"`
	// Header fields sent with each request. Values may be env:NAME, and a
	// variable that is not set is a mistake.
	Headers map[string]string `yaml:"headers"`
	// Entries to leave out: those that one of these rules fits.
	Drop []rule `yaml:"drop"`
	// The largest document taken, in bytes after decompression, 65536 to
	// 268435456. Default 33554432 (32 MiB).
	MaxBytes int64 `yaml:"max_bytes" jsonschema:"minimum=65536,maximum=268435456,default=33554432"`
}

// rule is a condition on an entry. All that is given must hold; of a list, one.
// Words match whole words in any script and case, a trailing * matches endings,
// /…/ is a regular expression.
type rule struct {
	// Words in the title.
	Title []string `yaml:"title"`
	// Words in title or content.
	Text []string `yaml:"text"`
	// Words in the name of an author.
	Author []string `yaml:"author"`
	// Words in the address.
	Link []string `yaml:"link"`
	// Tags.
	Tag []string `yaml:"tag"`
	// An expression, as at channels.
	Where string `yaml:"where"`
}

// posts are the site's own texts.
type posts struct {
	// Folder with the posts, below the folder of this file. Default posts.
	Dir string `yaml:"dir" jsonschema:"default=posts"`
	// Author of posts that name none. Default: the site's.
	Author person `yaml:"author"`
}

// channel is one feed that is published: a named selection of stories. Of each
// list that is given, an entry must have one.
type channel struct {
	// Short name of a-z, 0-9 and -, at most 64 characters, as in the address
	// /feeds/ID.rss. It should not change once there are readers. Required.
	ID string `yaml:"id" jsonschema:"required,pattern=^[a-z0-9][a-z0-9-]{0\\,63}$"`
	// Name, as shown. Required.
	Title string `yaml:"title" jsonschema:"required,minLength=1,maxLength=500"`
	// One sentence on what it holds. Default: the site's.
	Description string `yaml:"description" jsonschema:"maxLength=4000"`
	// Language of its entries, if they have one in common (BCP 47).
	Language string `yaml:"language"`
	// Sources, by id; posts are the site's own. Default: all.
	Sources []string `yaml:"sources"`
	// Topics, as declared above.
	Topics []string `yaml:"topics"`
	// Tags, of entries or of their sources.
	Tags []string `yaml:"tags"`
	// Languages, such as en.
	Languages []string `yaml:"languages"`
	// An expression over the entry for what the keys above cannot say, such as
	// words > 800 && !("wire" in tags).
	Where string `yaml:"where"`
	// How many stories its documents hold, 1 to 500. Default 50.
	Limit int `yaml:"limit" jsonschema:"minimum=1,maximum=500,default=50"`
	// How much of each story they hold: full or summary. Default full.
	Content string `yaml:"content" jsonschema:"enum=full,enum=summary,default=full"`
	// How entries of others name their source to readers that do not show it:
	// none, title-prefix or footer. Default none.
	Attribution string `yaml:"attribution" jsonschema:"enum=none,enum=title-prefix,enum=footer,default=none"`
}
