package post

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// Bounds of a folder of posts.
const (
	maxFile  = 2 << 20 // bytes
	maxFiles = 20_000
	maxDepth = 16 // folders within folders
)

// retry is when a file that changed under our eyes is looked at again, should
// nothing wake us before.
const retry = 5 * time.Second

// errMoving reports a file that changed while it was read.
var errMoving = errors.New("it is being written; it is read again when that is over")

// readFolder reads every post below the folder. Its error is about the folder
// itself; what is wrong with single files becomes a problem.
func (r *reader) readFolder() error {
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it was only read
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			r.kept[name] = true
			r.problem(name, 0, "%v", plain(err))
			return skipDir(entry)
		case name == ".":
			return nil
		case ignored(entry.Name()):
			return skipDir(entry)
		case entry.IsDir():
			if strings.Count(name, "/") >= maxDepth {
				r.kept[name] = true
				r.problem(name, 0, "is nested too deep; move it up")
				return fs.SkipDir
			}
			return nil
		case formats[ending(name)] == nil:
			return nil
		case !utf8.ValidString(name):
			r.problem(strings.ToValidUTF8(name, "?"), 0, "has a name that is not UTF-8; rename it")
			return nil
		}
		if r.files++; r.files > maxFiles {
			r.kept[name] = true
			if r.files == maxFiles+1 {
				r.problem(name, 0, "is one of more than %d posts, which is the most that are read", maxFiles)
			}
			return nil
		}
		r.readFile(root, name)
		return nil
	})
}

// skipDir leaves a folder out, and a file.
func skipDir(entry fs.DirEntry) error {
	if entry != nil && entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// ignored reports whether a name is one that authors, editors and systems keep
// for themselves: hidden files, drafts set aside, backups and locks.
func ignored(name string) bool {
	return strings.ContainsAny(name[:1], "._~#") || strings.HasSuffix(name, "~")
}

func ending(name string) string { return strings.ToLower(path.Ext(name)) }

// readFile reads one post, or notes why it cannot be read.
func (r *reader) readFile(root *os.Root, name string) {
	data, err := readStable(root, name)
	if errors.Is(err, errMoving) {
		data, err = readStable(root, name)
	}
	if err != nil {
		r.kept[name] = true
		r.problem(name, 0, "%v", plain(err))
		if soon := r.now.Add(retry); errors.Is(err, errMoving) && (r.NextChange.IsZero() || soon.Before(r.NextChange)) {
			r.NextChange = soon
		}
		return
	}
	d, problems := r.parse(name, data)
	r.Problems = append(r.Problems, problems...)
	if d == nil {
		r.kept[name] = true
		return
	}
	r.drafts = append(r.drafts, d)
}

// plain returns an error without the path, which stands before it already.
func plain(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot be read: %w", e.Err)
	}
	return err
}

// readStable reads a regular file below the folder, and sees to it that nobody
// was writing to it meanwhile. Links are followed within the folder only, which
// the root sees to; pipes and devices are neither waited for nor read.
func readStable(root *os.Root, name string) ([]byte, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	before, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !before.Mode().IsRegular():
		return nil, errors.New("is no regular file; it is left out")
	case before.Size() > maxFile:
		return nil, errors.New("is larger than 2 MiB; cut it, or put what is large beside it")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if int64(len(data)) != before.Size() || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return nil, errMoving
	}
	return data, nil
}

// parse makes a draft of a file. It returns none where a problem keeps the file
// from going out.
func (r *reader) parse(name string, data []byte) (*draft, []Problem) {
	sum := sha256.Sum256(data)
	d := &draft{path: name, hash: hex.EncodeToString(sum[:16])}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if i := strings.Index(text, "\x00"); i >= 0 || !utf8.ValidString(text) {
		return nil, []Problem{{Path: name, Text: "is not UTF-8 text; save it as UTF-8"}}
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if strings.TrimSpace(text) == "" {
		return nil, []Problem{{Path: name, Text: "is empty"}}
	}
	body, problems := d.frontMatter(text, r.zone())
	if problems != nil {
		return nil, problems
	}
	if err := formats[ending(name)](d, body, r.zone()); err != nil {
		p := Problem{Path: name, Text: err.Error()}
		if e, ok := errors.AsType[*lineError](err); ok {
			p.Line = e.line + strings.Count(text[:len(text)-len(body)], "\n")
		}
		return nil, []Problem{p}
	}
	return d, nil
}

func (r *reader) zone() *time.Location {
	if r.Zone == nil {
		return time.UTC
	}
	return r.Zone
}

// formats are the kinds of file that posts are written in, by the ending of
// their names. Each fills in what the front matter did not say.
var formats = map[string]func(d *draft, body string, zone *time.Location) error{
	".md":       (*draft).markdown,
	".markdown": (*draft).markdown,
	".html":     (*draft).html,
	".htm":      (*draft).html,
	".txt":      (*draft).plainText,
}
