package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// A migration is one step from a version of the tables to the next.
type migration struct {
	name string
	sql  string
}

//go:embed migrations/*.sql
var migrations embed.FS

// released are the migrations in order: the version of a file is how many of
// them it has been through. One that was released never changes.
var released = func() []migration {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		panic(err)
	}
	var steps []migration
	for _, file := range files {
		text, err := migrations.ReadFile("migrations/" + file.Name())
		if err != nil {
			panic(err)
		}
		steps = append(steps, migration{file.Name(), string(text)})
	}
	return steps
}()

// migrate brings the file up to date, each step in a transaction of its own,
// and returns the version that it had. Where path is not empty, a copy is put
// beside the file before the first step.
func migrate(ctx context.Context, c *conn, path string, steps []migration) (from int, err error) {
	if from, err = version(ctx, c); err != nil || from == len(steps) {
		return from, err
	}
	if path != "" {
		copied := fmt.Sprintf("%s.v%d", path, from)
		// One that is there was made before a migration that did not end well,
		// and is as good.
		if _, err := os.Stat(copied); err != nil {
			if err := vacuumInto(ctx, c, copied); err != nil {
				return from, fmt.Errorf("copy before migration: %w", err)
			}
		}
	}
	for at, step := range steps[from:] {
		if err := apply(ctx, c, from+at, step); err != nil {
			return from, fmt.Errorf("migration %s: %w", step.name, err)
		}
	}
	return from, nil
}

// apply takes the step that leads on from version at, unless another process
// has just done so.
func apply(ctx context.Context, c *conn, at int, step migration) (err error) {
	if err := c.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.exec(context.WithoutCancel(ctx), `ROLLBACK`))
		}
	}()
	now, err := version(ctx, c)
	if err != nil {
		return err
	}
	if now == at {
		// Not through c.exec, which would keep the statements.
		if _, err := c.c.ExecContext(ctx, step.sql); err != nil {
			return err
		}
		if _, err := c.c.ExecContext(ctx, `PRAGMA user_version = `+strconv.Itoa(at+1)); err != nil {
			return err
		}
	}
	return c.exec(ctx, `COMMIT`)
}

// version returns how many migrations the file has been through.
func version(ctx context.Context, c *conn) (int, error) {
	var n int
	err := c.one(ctx, `PRAGMA user_version`, nil, &n)
	return n, err
}
