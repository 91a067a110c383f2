package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	_ "modernc.org/sqlite" // registers the driver

	"serai/internal/store"
)

// applicationID marks a SQLite file as ours: "sera" in ASCII.
const applicationID = 0x73657261

// Limits of memory and time. Page caches are the greater part of what a quiet
// daemon holds, so they are small; the kernel caches the file besides.
const (
	pageSize      = 4096
	readers       = 4
	readerCacheKB = 2 << 10
	writerCacheKB = 4 << 10
	busyMillis    = 10_000   // how long to wait for another process to finish writing
	walPages      = 4000     // how long the write-ahead log grows before it is worked off
	walBytes      = 32 << 20 // what is kept of it once it was larger
	checkedBytes  = 32 << 20 // files up to this size are checked whole when they are opened
)

// Open opens the store at path; without one it makes it, readable by its owner
// only. Errors to branch on are [store.ErrNewer], [store.ErrCorrupt],
// [store.ErrInUse] and, of a store opened only to look, [fs.ErrNotExist]. A file
// that is damaged or not ours is left as it is.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s, err := open(ctx, path, o, released)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, o Options, steps []migration) (_ *Store, err error) {
	path, err = realPath(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, log: o.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if o.Daemon && !o.ReadOnly {
		// First of all: what follows may change the file.
		if s.lock, err = acquire(path + ".lock"); err != nil {
			return nil, err
		}
	}
	if err := s.connect(ctx, o, steps); err != nil {
		if s.writer != nil {
			err = errors.Join(err, s.writer.close())
		}
		if s.reader != nil {
			err = errors.Join(err, s.reader.Close())
		}
		if s.lock != nil {
			err = errors.Join(err, s.lock.release())
		}
		return nil, err
	}
	return s, nil
}

func (s *Store) connect(ctx context.Context, o Options, steps []migration) error {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !o.ReadOnly:
		if err := create(ctx, s.path, steps); err != nil {
			return err
		}
		s.log.Info("store made", "path", s.path)
	case err != nil:
		return err
	default:
		if err := s.inspect(ctx, info, o, steps); err != nil {
			return err
		}
	}
	if !o.ReadOnly {
		if err := s.openWriter(ctx, steps); err != nil {
			return err
		}
	}
	s.reader, err = sql.Open("sqlite", dsn(s.path, "ro", readerCacheKB, "query_only(1)"))
	if err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(readers)
	s.pool = newPool(s.reader, readers)
	// A store that cannot be read has to be known now.
	return s.view(ctx, func(c *conn) error {
		var n int
		return explain(c.one(ctx, `SELECT count(*) FROM sqlite_schema`, nil, &n))
	})
}

func (s *Store) openWriter(ctx context.Context, steps []migration) error {
	db, err := sql.Open("sqlite", dsn(s.path, "rw", writerCacheKB,
		"journal_mode(WAL)", "synchronous(NORMAL)", "wal_autocheckpoint("+strconv.Itoa(walPages)+")", "journal_size_limit("+strconv.Itoa(walBytes)+")"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	c, err := newConn(ctx, db)
	if err != nil {
		return errors.Join(explain(err), db.Close())
	}
	s.writer = &writer{db: db, log: s.log, conn: c}
	version, err := migrate(ctx, c, s.path, steps)
	if err != nil {
		return explain(err)
	}
	if version != len(steps) {
		s.log.Info("store migrated", "path", s.path, "from", version, "to", len(steps))
	}
	return nil
}

// inspect refuses a file that is not a sound store of ours. It looks through a
// connection that cannot write: the wish for a write-ahead log alone would
// change somebody else's database.
func (s *Store) inspect(ctx context.Context, info fs.FileInfo, o Options, steps []migration) (err error) {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is no regular file", store.ErrCorrupt)
	}
	if info.Size() == 0 {
		return fmt.Errorf("%w: it is empty; restore a backup, or remove it to begin anew", store.ErrCorrupt)
	}
	db, err := sql.Open("sqlite", dsn(s.path, "ro", readerCacheKB, "query_only(1)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c, err := newConn(ctx, db)
	if err != nil {
		return damaged(err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	var id, version, page int64
	if err := c.one(ctx, `PRAGMA application_id`, nil, &id); err != nil {
		return damaged(err)
	}
	if err := c.one(ctx, `PRAGMA page_size`, nil, &page); err != nil {
		return damaged(err)
	}
	if err := c.one(ctx, `PRAGMA user_version`, nil, &version); err != nil {
		return damaged(err)
	}
	switch {
	case id != applicationID:
		return fmt.Errorf("%w: it is the database of another program; name another file", store.ErrCorrupt)
	case version > int64(len(steps)):
		return fmt.Errorf("%w: its tables have version %d, this program knows %d; install the later version, or restore a backup made before it",
			store.ErrNewer, version, len(steps))
	case version < int64(len(steps)) && o.ReadOnly:
		return fmt.Errorf("the store is of an older version: start the daemon once to bring it up to date")
	}
	if info.Size()%page != 0 {
		return fmt.Errorf("%w: its end is missing; restore a backup", store.ErrCorrupt)
	}
	if info.Size() > checkedBytes || o.ReadOnly {
		return nil
	}
	var verdict string
	if err := c.one(ctx, `PRAGMA quick_check(1)`, nil, &verdict); err != nil {
		return damaged(err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s; restore a backup", store.ErrCorrupt, verdict)
	}
	return nil
}

// damaged says what to do about a file that cannot be read as a store.
func damaged(err error) error {
	err = explain(err)
	if errors.Is(err, store.ErrCorrupt) {
		return fmt.Errorf("%w; it was left as it is: restore a backup, or name another file", err)
	}
	return err
}

// create makes a store in a file of another name and gives it its own when it
// is whole, so that the end of the process in between leaves no half of one.
func create(ctx context.Context, path string, steps []migration) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // has mode 0600
	if err != nil {
		return err
	}
	name := temp.Name()
	if err := temp.Close(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(name)) }()
	if err := fill(ctx, name, steps); err != nil {
		return err
	}
	// Unlike a rename, a link never replaces what another process has made in
	// the meantime, which then is as good as ours.
	if err := os.Link(name, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// fill makes a store of an empty file.
func fill(ctx context.Context, path string, steps []migration) (err error) {
	db, err := sql.Open("sqlite", dsn(path, "rw", readerCacheKB, "synchronous(FULL)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c, err := newConn(ctx, db)
	if err != nil {
		return explain(err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	for _, pragma := range []string{
		`PRAGMA page_size = ` + strconv.Itoa(pageSize),
		`PRAGMA application_id = ` + strconv.Itoa(applicationID),
		`PRAGMA journal_mode = WAL`,
	} {
		if err := c.exec(ctx, pragma); err != nil {
			return explain(err)
		}
	}
	_, err = migrate(ctx, c, "", steps)
	return explain(err)
}

// dsn returns the name by which the driver opens the file. Pragmas are part of
// it so that every connection has them.
func dsn(path, mode string, cacheKB int, pragmas ...string) string {
	q := url.Values{
		"mode":       {mode},
		"_txlock":    {"immediate"},
		"_dqs":       {"0"},
		"_defensive": {"1"},
		"_error_rc":  {"1"},
		"_pragma": append([]string{
			"busy_timeout(" + strconv.Itoa(busyMillis) + ")",
			"cache_size(-" + strconv.Itoa(cacheKB) + ")",
			"mmap_size(0)", // mapped pages would count as ours
			"temp_store(MEMORY)",
			"trusted_schema(0)",
		}, pragmas...),
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}

// realPath returns the one name of the file that all processes agree on,
// however they were told about it.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, filepath.Base(path))
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return path, nil
}

// syncFolder makes a new name in a folder survive a loss of power.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
