package config

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How a watch waits.
const (
	calm     = 300 * time.Millisecond // without an event: the editor is done
	patience = 3 * time.Second        // while events do not end
	lookOut  = 30 * time.Second       // between looks that no event asks for
)

// Bounds of a watched folder.
const (
	maxWatched = 50_000 // files and folders
	maxFolders = 1_000  // that the system tells us about; others are looked at
)

// Watch calls changed whenever the file at path, or anything in the folder at
// path and below, is another than when the watch began or than at the last
// call, until the context ends. It returns when the last call has returned.
//
// Events of the system only say that it is time to look, and it looks every
// half minute besides: network mounts lose events. A burst of events is one
// change. A file that is gone is no change until it is back, since editors
// replace files; in a folder it is one.
func Watch(ctx context.Context, path string, changed func()) {
	newWatch(path).run(ctx, changed)
}

// A watch is one file or folder that is watched. It belongs to one goroutine.
type watch struct {
	path    string
	notify  *fsnotify.Watcher      // nil where the system has none for us
	folders map[string]bool        // that notify watches
	seen    map[string]fs.FileInfo // the files at the last look; nil before the first
	isFile  bool                   // path was a file when it was last there
}

// newWatch begins a watch: what changes from here on is seen. It must be run,
// which also ends it.
func newWatch(path string) *watch {
	w := &watch{path: filepath.Clean(path), folders: map[string]bool{}}
	// Without a watcher, when the system has no more to give, the looks remain.
	if notify, err := fsnotify.NewWatcher(); err == nil {
		w.notify = notify
	}
	w.look()
	return w
}

func (w *watch) run(ctx context.Context, changed func()) {
	var events <-chan fsnotify.Event
	var losses <-chan error
	if w.notify != nil {
		defer w.notify.Close() //nolint:errcheck // there is nothing to lose
		events, losses = w.notify.Events, w.notify.Errors
	}
	wait(ctx, events, losses, w.concerns, func() {
		if w.look() {
			changed()
		}
	})
}

// wait calls look when events have come to rest, and from time to time, until
// the context ends.
func wait(ctx context.Context, events <-chan fsnotify.Event, losses <-chan error, concerns func(name string) bool, look func()) {
	next := time.NewTimer(lookOut)
	defer next.Stop()
	var since time.Time // of the first event not looked after
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-events:
			if !concerns(event.Name) {
				continue
			}
			if since.IsZero() {
				since = time.Now()
			}
			next.Reset(max(0, min(calm, patience-time.Since(since))))
		case <-losses: //nolint:errcheck // of events, which may have been about us: that is all it says
			next.Reset(calm)
		case <-next.C:
			since = time.Time{}
			look()
			next.Reset(lookOut)
		}
	}
}

// concerns reports whether an event in a watched folder is about us. The file's
// neighbours are not: the database beside it changes all the time. Names that
// begin with two dots are how container platforms swap mounted files.
func (w *watch) concerns(name string) bool {
	base := filepath.Base(name)
	return base == filepath.Base(w.path) || strings.HasPrefix(base, "..") || within(w.path, name)
}

func within(folder, name string) bool {
	rel, err := filepath.Rel(folder, name)
	return err == nil && filepath.IsLocal(rel)
}

// look takes down what stands there now and reports whether it changed.
func (w *watch) look() bool {
	info, err := os.Stat(w.path) // through links: what counts is what would be read
	files, folders := map[string]fs.FileInfo{}, []string(nil)
	if err == nil {
		if w.isFile = !info.IsDir(); w.isFile {
			files[w.path] = info
		} else {
			files, folders = list(w.path)
		}
	}
	w.follow(folders)
	if err != nil && w.isFile {
		return false // it is being replaced, or gone for good
	}
	before := w.seen
	w.seen = files
	return before != nil && !maps.EqualFunc(before, files, same)
}

// same tells a file from what it was before.
func same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode() && os.SameFile(a, b)
}

// follow has the system tell of these folders, and of the one that holds them.
func (w *watch) follow(folders []string) {
	if w.notify == nil {
		return
	}
	wanted := map[string]bool{filepath.Dir(w.path): true}
	for _, folder := range folders[:min(len(folders), maxFolders)] {
		wanted[folder] = true
	}
	for folder := range w.folders {
		if !wanted[folder] {
			// It is gone, or the watcher dropped it already.
			_ = w.notify.Remove(folder)
			delete(w.folders, folder)
		}
	}
	listed := w.notify.WatchList()
	for folder := range wanted {
		// A folder that was removed and made again is no longer on the list.
		if !w.folders[folder] || !slices.Contains(listed, filepath.Clean(folder)) {
			w.folders[folder] = w.notify.Add(folder) == nil
		}
	}
}

// list returns the files in a folder and below, and the folders. Hidden ones
// are left out, and what cannot be read: it is a change once it can.
func list(path string) (files map[string]fs.FileInfo, folders []string) {
	files = map[string]fs.FileInfo{}
	root := path + string(filepath.Separator) // the walk follows no link otherwise, also not the folder's own
	_ = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fs.SkipDir
		case name != root && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case len(files)+len(folders) >= maxWatched:
			return fs.SkipAll
		case entry.IsDir():
			folders = append(folders, filepath.Clean(name))
		default:
			if info, err := os.Stat(name); err == nil { // else gone meanwhile, or a link to nowhere
				files[name] = info
			}
		}
		return nil
	})
	return files, folders
}
