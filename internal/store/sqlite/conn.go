package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// A conn is one connection with the statements prepared on it. Only one
// goroutine may use it at a time.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
	later []textChange // of the writer: to be done before the commit
}

func newConn(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{c: c, stmts: map[string]*sql.Stmt{}}, nil
}

// stmt returns the statement, prepared once for the life of the connection.
// Statements are constants of this package, so there are few.
func (c *conn) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := c.stmts[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := c.c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = stmt
	return stmt, nil
}

// exec runs a statement that returns no rows.
func (c *conn) exec(ctx context.Context, query string, args ...any) error {
	stmt, err := c.stmt(ctx, query) //nolint:sqlclosecheck // the connection keeps its statements
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx, args...)
	return err
}

// count runs a statement and returns how many rows it changed.
func (c *conn) count(ctx context.Context, query string, args ...any) (int, error) {
	stmt, err := c.stmt(ctx, query) //nolint:sqlclosecheck // the connection keeps its statements
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// one scans the only row of a query, or the first; without any it returns
// [sql.ErrNoRows].
func (c *conn) one(ctx context.Context, query string, args []any, dest ...any) error {
	stmt, err := c.stmt(ctx, query) //nolint:sqlclosecheck // the connection keeps its statements
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(ctx, args...).Scan(dest...)
}

// each calls scan for every row of a query.
func (c *conn) each(ctx context.Context, query string, args []any, scan func(rows *sql.Rows) error) (err error) {
	stmt, err := c.stmt(ctx, query) //nolint:sqlclosecheck // the connection keeps its statements
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *conn) close() error {
	var errs []error
	for _, stmt := range c.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

// scanned makes of a destination a function for [conn.each] that appends to
// list.
func scanned[T any](list *[]T, dest func(v *T) []any) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var v T
		if err := rows.Scan(dest(&v)...); err != nil {
			return err
		}
		*list = append(*list, v)
		return nil
	}
}

// column is for queries of one column.
func column[T any](v *T) []any { return []any{v} }

// A pool holds the reading connections. The one used last is used next, so
// that a quiet store keeps one cache warm and not four.
type pool struct {
	db    *sql.DB
	slots chan struct{} // one for each connection in use

	mu   sync.Mutex
	idle []*conn // guarded by mu
}

func newPool(db *sql.DB, size int) pool {
	return pool{db: db, slots: make(chan struct{}, size)}
}

func (p *pool) take(ctx context.Context) (*conn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := newConn(ctx, p.db)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

func (p *pool) give(c *conn) {
	p.mu.Lock()
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	<-p.slots
}

// close closes the connections, none of which may be in use.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.close())
	}
	p.idle = nil
	return errors.Join(errs...)
}

// errClosed answers calls that come after Close.
var errClosed = errors.New("the store is closed")

// calls counts the calls under way, for Close to wait for.
type calls struct {
	mu     sync.Mutex
	under  int           // guarded by mu
	closed bool          // guarded by mu
	idle   chan struct{} // closed by the last call; made, guarded by mu, when there is one to wait for
}

func (c *calls) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed
	}
	c.under++
	return nil
}

func (c *calls) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.under--
	if c.under == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// end lets no further call begin and waits for those under way.
func (c *calls) end() {
	c.mu.Lock()
	c.closed = true
	if c.under == 0 {
		c.mu.Unlock()
		return
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	<-idle
}
