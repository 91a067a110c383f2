package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"serai/internal/store"
)

// code returns SQLite's primary result code of the error, or 0.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// explain adds to SQLite's errors what an operator can do about them.
func explain(err error) error {
	switch code(err) {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("no space is left for the store, nothing was changed: %w", err)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("another process is writing to the store and did not end in time: %w", err)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("the store's file or folder may not be written: %w", err)
	case sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("the store's file or folder cannot be opened; see that it exists and belongs to this user: %w", err)
	}
	return err
}
