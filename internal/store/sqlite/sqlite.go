// Package sqlite keeps everything in one SQLite file. It promises what package
// store says, and besides that the file survives the end of the process at any
// moment: the last commits may be lost with the power, never the file.
//
// All writes go through one connection, several callers' in one transaction
// (see [Store.write]); reads have a small pool of connections of their own that
// cannot write and are never blocked by it. Other processes may write beside
// this one: they wait for each other, and leases keep them apart.
//
// The file is opened by the SQLite library alone, never by this package or its
// callers: to close any other descriptor of it in this process would drop the
// locks that keep other processes out. Copy it with [Store.Backup].
//
// Times are kept to the millisecond.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"serai/internal/store"
)

var _ store.Store = (*Store)(nil)

// Options say how a store is to be opened.
type Options struct {
	// ReadOnly opens a store only to look; everything that would change it
	// fails. It has to exist already.
	ReadOnly bool
	// Daemon takes the store for the one daemon that may have it. Commands may
	// write beside it.
	Daemon bool
	// Log is told what an operator should know, such as a migration; nil is
	// silence.
	Log *slog.Logger
}

// A Store is an open SQLite file. See [store.Store].
type Store struct {
	path   string
	log    *slog.Logger
	lock   *lock // nil without [Options.Daemon]
	calls  calls
	reader *sql.DB
	pool   pool
	writer *writer // nil when opened only to look
	states stateCache
}

// Close waits for calls under way and closes the file. No method may be called
// after it.
func (s *Store) Close() error {
	s.calls.end()
	// The writer last: whoever closes last moves the log into the file and
	// removes it, which a reader must not.
	err := errors.Join(s.pool.close(), s.reader.Close())
	if s.writer != nil {
		err = errors.Join(err, s.writer.close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.release())
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", s.path, err)
	}
	return nil
}

// errReadOnly answers writes to a store that was opened only to look.
var errReadOnly = errors.New("the store was opened only to look")

// write runs what changes the store. Several callers share one transaction, in
// which each has a savepoint: when run fails or panics, what it did is undone
// and nothing else. Once run has begun, ctx no longer ends it.
func (s *Store) write(ctx context.Context, run func(ctx context.Context, c *conn) error) error {
	if s.writer == nil {
		return errReadOnly
	}
	if err := s.calls.begin(); err != nil {
		return err
	}
	defer s.calls.done()
	return s.writer.do(ctx, false, run)
}

// writeLight is write for what is a statement or two, and fails, if not for the
// file's sake, before it has changed anything. It costs no savepoint.
func (s *Store) writeLight(ctx context.Context, run func(ctx context.Context, c *conn) error) error {
	if s.writer == nil {
		return errReadOnly
	}
	if err := s.calls.begin(); err != nil {
		return err
	}
	defer s.calls.done()
	return s.writer.do(ctx, true, run)
}

// view runs what only reads, in one transaction, so that all its statements
// see the same moment.
func (s *Store) view(ctx context.Context, run func(c *conn) error) error {
	if err := s.calls.begin(); err != nil {
		return err
	}
	defer s.calls.done()
	c, err := s.pool.take(ctx)
	if err != nil {
		return err
	}
	defer s.pool.give(c)
	if err := c.exec(ctx, `BEGIN`); err != nil {
		return err
	}
	err = run(c)
	// A read that was cancelled has to end too, or it would hold the moment it
	// saw for ever and the write-ahead log could never be shortened.
	return errors.Join(err, c.exec(context.WithoutCancel(ctx), `COMMIT`))
}

// millis returns the time as it is stored.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment is the inverse of millis.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// stored returns the time as it will be read again.
func stored(t time.Time) time.Time { return moment(millis(t)) }

func integer(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
