package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"serai/internal/clean"
	"serai/internal/feed"
)

// A postPage is one of the site's own posts.
type postPage struct {
	item
	Body      template.HTML
	Section   string
	Updated   time.Time // zero where it was never changed
	Original  string    // where the text first stood, if not here
	Tags      []string
	Files     []file
	Permalink string
}

// A file is an enclosure of a post.
type file struct {
	Href, Name, Type, Size string
}

func (s *Server) post(w http.ResponseWriter, r *http.Request, site *site) error {
	story, entry, err := s.postEntry(r.Context(), r.PathValue("slug"))
	if err != nil {
		return err
	}
	ch := site.first()
	if ch == nil {
		return feed.ErrNotFound
	}
	it, err := s.item(r.Context(), site, ch, &story)
	if err != nil {
		return err
	}
	page := &postPage{
		item: it,
		// The one place where markup is passed on as such: what our own post
		// says, as it was cleaned before it was stored.
		Body:      template.HTML(entry.Content),
		Section:   entry.Post.Section,
		Original:  webAddress(entry.Canonical),
		Tags:      entry.Tags(),
		Permalink: site.Site.URL + "/posts/" + entry.Post.Slug,
	}
	page.Href = site.postPath(entry.Post.Slug)
	if entry.Content == "" {
		page.Body = template.HTML("<p>" + template.HTMLEscapeString(entry.Summary) + "</p>")
	}
	// Less than a minute later is the same editing.
	if story.Updated.Sub(story.Published) >= time.Minute {
		page.Updated = story.Updated.In(site.Zone)
	}
	for _, e := range entry.Enclosures {
		if href := webAddress(e.URL); href != "" {
			f := file{Href: href, Name: cmp.Or(oneLine(e.Title), path.Base(href)), Type: e.Type}
			if e.Length > 0 {
				f.Size = humanSize(e.Length)
			}
			page.Files = append(page.Files, f)
		}
	}
	v := s.view(site, it.Title, page)
	v.Canonical = page.Permalink
	if page.Original != "" {
		v.Canonical = page.Original
	}
	v.Description = clean.Excerpt(it.Excerpt, 200)
	v.Type = "article"
	return s.show(w, r, "post", pagePolicy, v)
}

// postEntry returns the story of a post, and the post in it. A post that was
// taken back is gone for good.
func (s *Server) postEntry(ctx context.Context, slug string) (feed.Story, feed.Entry, error) {
	story, err := s.Reader.Post(ctx, slug)
	if err != nil {
		return feed.Story{}, feed.Entry{}, err
	}
	if !story.Withdrawn.IsZero() {
		return feed.Story{}, feed.Entry{}, &problem{http.StatusGone, "This post was taken back by its author."}
	}
	if p := story.Lead.Post; p != nil {
		return story, story.Lead, nil
	}
	// Somebody else's entry leads the story: look for ours.
	for entry, err := range s.Reader.Entries(ctx, feed.PostsSource, 0) {
		if err != nil {
			return feed.Story{}, feed.Entry{}, err
		}
		if entry.Post != nil && entry.Post.Slug == slug {
			story.Lead = entry
			return story, entry, nil
		}
	}
	return feed.Story{}, feed.Entry{}, feed.ErrNotFound
}

// mediaTypes are the files that are served beside posts. What is not here is
// handed over to be saved, and never shown. A browser shows none of them as a
// page of ours: see filePolicy.
var mediaTypes = map[string]string{
	".avif": "image/avif", ".gif": "image/gif", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png",
	".svg": "image/svg+xml", ".webp": "image/webp",
	".aac": "audio/aac", ".flac": "audio/flac", ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".oga": "audio/ogg",
	".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav",
	".m4v": "video/mp4", ".mov": "video/quicktime", ".mp4": "video/mp4", ".ogv": "video/ogg", ".webm": "video/webm",
	".csv": "text/csv; charset=utf-8", ".pdf": "application/pdf",
	".vtt": "text/vtt; charset=utf-8",
}

// notServed are the sources of posts, what editors leave behind, and what browsers would take for a page or a script.
var notServed = map[string]bool{
	".md": true, ".markdown": true, ".html": true, ".htm": true, ".txt": true, ".xhtml": true, ".xht": true,
	".xml": true, ".xsl": true, ".js": true, ".mjs": true, ".css": true, ".yaml": true, ".yml": true, ".db": true,
	".bak": true, ".swp": true, ".tmp": true, ".orig": true, "": true,
}

const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; sandbox"

// file serves what lies beside a post: regular files below the post's own
// folder, whatever names and links in it say.
func (s *Server) file(w http.ResponseWriter, r *http.Request, site *site) error {
	name := r.PathValue("file")
	if name == "" {
		redirect(w, http.StatusPermanentRedirect, site.postPath(r.PathValue("slug")))
		return nil
	}
	_, entry, err := s.postEntry(r.Context(), r.PathValue("slug"))
	if err != nil {
		return err
	}
	if site.PostsDir == "" || !servable(name) {
		return feed.ErrNotFound
	}
	root, err := os.OpenRoot(site.PostsDir)
	if err != nil {
		return fmt.Errorf("open posts folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	f, info, err := openRegular(root, path.Join(path.Dir(entry.Post.Path), name))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	h := w.Header()
	kind := mediaTypes[strings.ToLower(path.Ext(name))]
	if kind == "" {
		kind = "application/octet-stream"
		h.Set("Content-Disposition", "attachment")
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // feed readers show our pictures
	h[nosniff.key] = nosniff.values
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Etag", `"`+strconv.FormatInt(info.ModTime().UnixNano(), 36)+"-"+strconv.FormatInt(info.Size(), 36)+`"`)
	http.ServeContent(w, r, "", info.ModTime(), io.NewSectionReader(f, 0, info.Size()))
	return nil
}

// servable reports whether the name can be one of a file beside a post: no part
// of it hidden, and not the source of a post.
func servable(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || part[0] == '#' || part[len(part)-1] == '~' {
			return false
		}
	}
	return !strings.ContainsAny(name, "\\\x00") && !notServed[strings.ToLower(path.Ext(name))]
}

// openRegular opens a regular file below the root. Where something else is
// there, there is nothing to be had: a pipe must not stall us, nor a folder be
// listed.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		// Not there, not readable, or led out of the folder: the reader need
		// not know which.
		return nil, nil, errors.Join(feed.ErrNotFound, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = feed.ErrNotFound
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}
