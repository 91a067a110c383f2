package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"serai/internal/feed"
)

// maxGroup bounds how many writes share a transaction, and so how long the
// first of them waits for its commit.
const maxGroup = 32

// A writer is the one connection that writes. A commit costs more than a small
// write, so writers that meet share one: whoever finds others waiting leaves
// the transaction open for the next, and the last of them commits for all.
type writer struct {
	db      *sql.DB
	log     *slog.Logger
	waiting atomic.Int32 // callers on their way to mu

	mu    sync.Mutex
	conn  *conn  // guarded by mu
	group *group // guarded by mu; nil when no transaction is open
}

// A group is the writes that share a transaction.
type group struct {
	size   int
	broken error         // why the transaction is lost, with all in it
	done   chan struct{} // closed once committed or lost
	err    error         // of the commit; to be read after done
}

// do runs one write as part of a group and waits for the group's commit. A
// light one has no savepoint: its failure, unless the error is one of
// [harmless], takes the whole group with it.
func (w *writer) do(ctx context.Context, light bool, run func(context.Context, *conn) error) error {
	w.waiting.Add(1)
	w.mu.Lock()
	w.waiting.Add(-1)
	settled := context.WithoutCancel(ctx)
	g, err := w.join(settled)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	err = func() error {
		// Also when a callback ends its goroutine: those waiting must go on.
		defer w.mu.Unlock()
		defer w.leave(settled, g)
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.attempt(settled, g, light, run)
	}()
	<-g.done
	if err != nil {
		return err
	}
	return g.err
}

// join returns the group whose transaction is open, or begins one.
func (w *writer) join(ctx context.Context) (*group, error) {
	if w.group == nil {
		if err := w.conn.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
			return nil, explain(err)
		}
		w.group = &group{done: make(chan struct{})}
	}
	w.group.size++
	return w.group, nil
}

// leave commits unless somebody is waiting who can.
func (w *writer) leave(ctx context.Context, g *group) {
	if g.size < maxGroup && g.broken == nil {
		// Those who are just about to write get here in time for this commit.
		runtime.Gosched()
		if w.waiting.Load() > 0 {
			return
		}
	}
	g.err = g.broken
	if g.err == nil {
		g.err = explain(writeText(ctx, w.conn))
	}
	if g.err == nil {
		g.err = explain(w.conn.exec(ctx, `COMMIT`))
	}
	if g.err != nil {
		// SQLite has mostly rolled back by itself by now, and then has nothing
		// to roll back: either way no transaction is left.
		_ = w.conn.exec(ctx, `ROLLBACK`)
	}
	w.conn.later = w.conn.later[:0]
	w.group = nil
	close(g.done)
}

// attempt runs one write and undoes what it did when it fails.
func (w *writer) attempt(ctx context.Context, g *group, light bool, run func(context.Context, *conn) error) (err error) {
	if g.broken != nil {
		return g.broken
	}
	// The first has the transaction to itself so far.
	u := undoing{light: light, alone: g.size == 1, later: len(w.conn.later)}
	if u.savepoint() {
		if err := w.conn.exec(ctx, `SAVEPOINT one`); err != nil {
			g.broken = explain(err)
			return g.broken
		}
	}
	finished := false
	defer func() {
		if !finished {
			// A panic, or the end of the goroutine, which is not stopped here.
			if p := recover(); p != nil {
				// The stack is lost once we return.
				w.log.Error("panic while writing to the store", "err", p, "stack", string(debug.Stack()))
				err = fmt.Errorf("panic while writing to the store: %v", p)
			} else {
				err = errUnwound
			}
		}
		if err != nil {
			g.broken = w.undo(ctx, u, err)
		}
	}()
	err = run(ctx, w.conn)
	finished = true
	if err == nil && u.savepoint() {
		err = w.conn.exec(ctx, `RELEASE one`)
	}
	return explain(err)
}

// An undoing is how to take one write back.
type undoing struct {
	light bool // it has no savepoint
	alone bool // its transaction holds nothing else
	later int  // how much was kept back before it
}

func (u undoing) savepoint() bool { return !u.light && !u.alone }

// undo takes back one write that failed with cause. It returns why the group
// cannot go on, if it cannot.
func (w *writer) undo(ctx context.Context, u undoing, cause error) error {
	w.conn.later = w.conn.later[:u.later]
	switch {
	case u.light && harmless(cause):
		return nil
	case u.light || u.alone:
		// The group ends with it. On a full disk, for one, SQLite has rolled
		// back already.
		_ = w.conn.exec(ctx, `ROLLBACK`)
		return fmt.Errorf("a write in the same transaction failed: %w", cause)
	}
	err := w.conn.exec(ctx, `ROLLBACK TO one`)
	if err == nil {
		err = w.conn.exec(ctx, `RELEASE one`)
	}
	if err != nil {
		return fmt.Errorf("a write in the same transaction failed: %w", errors.Join(cause, err))
	}
	return nil
}

// errUnwound is what is left of a callback that ended its goroutine.
var errUnwound = errors.New("a callback ended its goroutine")

// harmless reports whether the error is one that a light write returns before
// it has changed anything.
func harmless(err error) bool {
	return errors.Is(err, feed.ErrNotFound)
}

func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.conn.close(), w.db.Close())
}
