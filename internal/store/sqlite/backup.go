package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes a consistent copy to a new file while others go on.
func (s *Store) Backup(ctx context.Context, path string) error {
	err := s.backup(ctx, path)
	if err != nil {
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, path string) (err error) {
	if err := s.calls.begin(); err != nil {
		return err
	}
	defer s.calls.done()
	path, err = realPath(path)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	// The readers of the pool may write nothing, not even another file.
	db, err := sql.Open("sqlite", dsn(s.path, "ro", readerCacheKB))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c, err := newConn(ctx, db)
	if err != nil {
		return explain(err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	return vacuumInto(ctx, c, path)
}

// vacuumInto copies the database to a new file, which gets its name only when
// it is whole and has been checked.
func vacuumInto(ctx context.Context, c *conn, path string) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // has mode 0600
	if err != nil {
		return err
	}
	name := temp.Name()
	if err := temp.Close(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(name)) }()
	// An empty file may be there already, as that is what has the mode.
	if err := c.exec(ctx, `VACUUM INTO ?`, name); err != nil {
		return explain(err)
	}
	if err := sound(ctx, name); err != nil {
		return err
	}
	if err := syncFile(name); err != nil {
		return err
	}
	if err := os.Link(name, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFile writes to disk what VACUUM INTO has left to the kernel. Nothing has
// the file open as a database.
func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
