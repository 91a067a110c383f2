// Package post makes entries of the files that the site's own authors write:
// Markdown, HTML and plain text.
//
// A post's id and address never change once it is published. What is known of
// the posts that went out is handed in, so the package itself remembers
// nothing. A file that cannot be understood is reported and leaves what was
// published of it as it is; the others go out.
//
// What it returns is as its author wrote it and may hold any markup: it is
// cleaned later, by the same rules as what others write.
package post

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"time"

	"serai/internal/feed"
)

// A Library is a folder of posts.
type Library struct {
	Dir      string         // the folder; it need not exist until there are posts
	Author   feed.Person    // of posts that name none
	Language string         // BCP 47, of posts that name none; empty leaves it to be found out
	Zone     *time.Location // of dates without one; nil is UTC
	SiteURL  string         // public base, no slash at the end
}

// Known is what is remembered of a post that went out.
type Known struct {
	Key       string
	Path      string // below the folder, with slashes
	Slug      string
	FileHash  string
	Title     string
	Published time.Time
	Minor     bool // as [feed.Post] has it
	Withdrawn bool
}

// A Reading is what a look at the folder found.
type Reading struct {
	Entries    []Entry   // what stands published, oldest first
	Withdrawn  []string  // keys of posts whose files are gone
	Kept       []string  // keys of posts that stay as they were published: their files cannot be read now
	Waiting    []Waiting // what is written and does not go out yet
	Problems   []Problem
	NextChange time.Time // when looking again is worth it though no file changed; zero is never
}

// An Entry is a post that goes out.
type Entry struct {
	Key string // its name for ever
	feed.RawEntry
}

// Waiting is a post that does not go out yet.
type Waiting struct {
	Path  string
	Title string
	Until time.Time // zero for a draft
}

// A Problem is something wrong with a file.
type Problem struct {
	Path string // below the folder
	Line int    // zero for the file as a whole
	Text string // what is wrong; what to do
}

// String writes the problem in one line.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Path + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.Path, p.Line, p.Text)
}

// A draft is a file that was understood, and what becomes of it.
type draft struct {
	path     string
	hash     string
	title    string
	summary  string
	content  string // HTML
	section  string
	language string
	authors  []feed.Person
	tags     []string
	date     time.Time // zero when the file has none
	updated  time.Time
	hold     bool // draft: true
	id       string
	slug     string
	line     map[string]int // where keys of the front matter stand
	original string         // canonical_url
	files    []feed.Enclosure

	known *Known // the post that it is, if it went out before
}

// Read looks at all files. now is when that is, by which posts with a date in
// the future wait.
func (l Library) Read(now time.Time, known []Known) (Reading, error) {
	r := reader{Library: l, now: now, kept: map[string]bool{}}
	err := r.readFolder()
	if errors.Is(err, fs.ErrNotExist) && !slices.ContainsFunc(known, func(k Known) bool { return !k.Withdrawn }) {
		return Reading{}, nil // no folder because there is nothing to keep in it
	}
	if err != nil {
		return Reading{}, fmt.Errorf("read posts folder: %w", err)
	}
	r.identify(known)
	r.holdBack()
	r.name(known)
	r.address(known)
	r.publish()
	r.withdraw(known)
	slices.SortFunc(r.Problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return r.Reading, nil
}

// A reader is one look at the folder under way.
type reader struct {
	Library
	Reading
	now    time.Time
	drafts []*draft        // by path
	files  int             // seen, with those that could not be read
	kept   map[string]bool // paths that say nothing now, and leave what went out as it is
}

func (r *reader) problem(path string, line int, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{Path: path, Line: line, Text: fmt.Sprintf(format, args...)})
}

// holdBack takes the drafts aside that do not go out yet. They have neither id
// nor address: another post may be first.
func (r *reader) holdBack() {
	r.drafts = slices.DeleteFunc(r.drafts, func(d *draft) bool {
		switch {
		case d.hold:
			r.Waiting = append(r.Waiting, Waiting{Path: d.path, Title: d.title})
			return true
		case d.date.After(r.now) && (d.known == nil || d.known.Withdrawn):
			// A post that is out already stays out, whatever its date says now.
			r.Waiting = append(r.Waiting, Waiting{Path: d.path, Title: d.title, Until: d.date})
			if r.NextChange.IsZero() || d.date.Before(r.NextChange) {
				r.NextChange = d.date
			}
			return true
		}
		return false
	})
}

// publish makes entries of the drafts that are left.
func (r *reader) publish() {
	for _, d := range r.drafts {
		r.Entries = append(r.Entries, r.entry(d))
	}
	slices.SortStableFunc(r.Entries, func(a, b Entry) int {
		switch { // those without a date came just now
		case a.Published.IsZero() && !b.Published.IsZero():
			return 1
		case b.Published.IsZero() && !a.Published.IsZero():
			return -1
		}
		return a.Published.Compare(b.Published)
	})
}

func (r *reader) entry(d *draft) Entry {
	link := r.SiteURL + "/posts/" + d.slug
	e := Entry{Key: d.id, RawEntry: feed.RawEntry{
		GUID:      d.id,
		Link:      link,
		Base:      link + "/", // where the files beside the post are served
		Title:     feed.Text{Body: d.title},
		Summary:   feed.Text{Body: d.summary},
		Content:   feed.Text{Body: d.content, HTML: true},
		Published: d.date,
		Updated:   d.updated,
		Language:  cmp.Or(d.language, r.Language),
	}}
	e.Canonical = d.original
	e.Authors = d.authors
	if len(e.Authors) == 0 && r.Author.Name != "" {
		e.Authors = []feed.Person{r.Author}
	}
	for _, tag := range d.tags {
		e.Categories = append(e.Categories, feed.Category{Term: tag})
	}
	base, err := url.Parse(e.Base)
	for _, file := range d.files {
		if ref, refErr := url.Parse(file.URL); err == nil && refErr == nil {
			file.URL = base.ResolveReference(ref).String()
		}
		e.Enclosures = append(e.Enclosures, file)
	}
	e.Post = &feed.Post{Path: d.path, Slug: d.slug, FileHash: d.hash, Section: d.section, Minor: d.minor()}
	return e
}

// minor reports whether what is published differs from what was at most by the
// name of its file. Once said it stays said until the file changes, so that an
// unchanged post is unchanged.
func (d *draft) minor() bool {
	return d.known != nil && d.known.FileHash == d.hash && (d.known.Minor || d.known.Path != d.path)
}

// withdraw lists the posts that no file stands for any more.
func (r *reader) withdraw(known []Known) {
	stands := make(map[string]bool, len(r.Entries))
	for _, e := range r.Entries {
		stands[e.Key] = true
	}
	for _, k := range known {
		switch {
		case k.Withdrawn || stands[k.Key]:
		case r.keeps(k.Path):
			r.Kept = append(r.Kept, k.Key)
		default:
			r.Withdrawn = append(r.Withdrawn, k.Key)
		}
	}
	// An empty folder is what is left when a disk is not mounted.
	if r.files == 0 && len(r.Withdrawn) > 1 {
		r.problem(".", 0, "the folder is empty, though %d posts are published; they stay as they are. To take all of them back, leave one file, such as a draft", len(r.Withdrawn))
		r.Kept, r.Withdrawn = append(r.Kept, r.Withdrawn...), nil
	}
	slices.Sort(r.Withdrawn)
	slices.Sort(r.Kept)
}

// keeps reports whether nothing can be said about a path now: it is broken, or
// in a folder that cannot be read.
func (r *reader) keeps(path string) bool {
	for {
		if r.kept[path] {
			return true
		}
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			return false
		}
		path = path[:i]
	}
}
