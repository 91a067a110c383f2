package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"serai/internal/feed"
	"serai/internal/store"
)

// aStore makes a store with some entries, closes it and returns its path.
func aStore(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "serai.db")
	s := opened(t, path, Options{})
	fillSome(t, s, 40)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// fillSome records n entries of 4 KB.
func fillSome(t *testing.T, s *Store, n int) {
	t.Helper()
	if _, err := s.Declare(t.Context(), []store.Declared{{ID: "a", First: benchStart}}, []feed.Channel{{ID: "all", Rules: "1"}}); err != nil {
		t.Fatal(err)
	}
	if err := recordSome(t.Context(), s, 0, n); err != nil {
		t.Fatal(err)
	}
}

func recordSome(ctx context.Context, s *Store, from, to int) error {
	r := store.Record{Poll: feed.Poll{Source: "a", At: benchStart}, Place: alone, Lead: first}
	var last feed.ID
	for n := from; n < to; n++ {
		entry := benchEntry(newRand(n), "a", n, last, 4000)
		last = entry.Entry.ID
		r.Entries = append(r.Entries, entry)
	}
	_, err := s.Record(ctx, r)
	return err
}

func TestRefused(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(aStore(t))
	if err != nil {
		t.Fatal(err)
	}
	garbled := func(from, to int) []byte {
		b := bytes.Clone(whole)
		for i := from; i < to; i++ {
			b[i] = byte(i * 7)
		}
		return b
	}
	for _, c := range []struct {
		name string
		file []byte
		want error
		says string
	}{
		{"a_text_file", []byte("# feeds.yaml\nsite: {}\n"), store.ErrCorrupt, "name another file"},
		{"a_long_text_file", bytes.Repeat([]byte("To be or not to be.\n"), 5000), store.ErrCorrupt, "name another file"},
		{"one_byte", []byte("S"), store.ErrCorrupt, "name another file"},
		{"an_empty_file", nil, store.ErrCorrupt, "remove it to begin anew"},
		{"zeros", make([]byte, 8192), store.ErrCorrupt, ""},
		{"a_header_of_zeros", append(make([]byte, 100), whole[100:]...), store.ErrCorrupt, ""},
		{"a_header_alone", whole[:100], store.ErrCorrupt, ""},
		{"cut_in_half", whole[:len(whole)/2], store.ErrCorrupt, "restore a backup"},
		{"cut_within_a_page", whole[:len(whole)-1000], store.ErrCorrupt, "restore a backup"},
		{"garbled_schema", garbled(100, 4096), store.ErrCorrupt, "restore a backup"},
		{"garbled_in_the_middle", garbled(len(whole)/2, len(whole)/2+20_000), store.ErrCorrupt, "restore a backup"},
		{"anothers_database", foreign(t, `CREATE TABLE note (text)`), store.ErrCorrupt, "another program"},
		{"an_empty_database", foreign(t, `PRAGMA user_version = 1`), store.ErrCorrupt, "another program"},
		{"a_later_version", foreign(t, `PRAGMA application_id = `+strconv.Itoa(applicationID), `PRAGMA user_version = 999`), store.ErrNewer, "install the later version"},
	} {
		for _, o := range []Options{{}, {Daemon: true}} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "serai.db")
				if err := os.WriteFile(path, c.file, 0o600); err != nil {
					t.Fatal(err)
				}
				s, err := Open(t.Context(), path, o)
				if err == nil {
					_ = s.Close()
					t.Fatal("was opened")
				}
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
					t.Errorf("error: %v", err)
				}
				after, err := os.ReadFile(path)
				if err != nil || !bytes.Equal(after, c.file) {
					t.Errorf("the file was changed: %v", err)
				}
			})
		}
	}
}

// foreign returns a database that the statements made.
func foreign(t *testing.T, statements ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNotAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := Open(t.Context(), folder, Options{}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(folder, "absent", "serai.db"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in an absent folder: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(folder, "serai.db"), Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file to look at: %v", err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestOneDaemon(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "serai.db")
	daemon := opened(t, path, Options{Daemon: true})
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		_, err := Open(t.Context(), name, Options{Daemon: true})
		if !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
			t.Errorf("second daemon: %v", err)
		}
	}
	// A command writes beside it, and each sees what the other wrote.
	command := opened(t, path, Options{})
	fillSome(t, command, 3)
	looker := opened(t, path, Options{ReadOnly: true, Daemon: true})
	for _, s := range []*Store{daemon, command, looker} {
		totals, err := s.Totals(t.Context())
		if err != nil || totals.Entries != 3 {
			t.Errorf("%+v, %v", totals, err)
		}
	}
	if err := daemon.Close(); err != nil {
		t.Fatal(err)
	}
	opened(t, path, Options{Daemon: true})
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	path := aStore(t)
	s := opened(t, path, Options{ReadOnly: true})
	if _, err := s.Declare(t.Context(), nil, nil); !errors.Is(err, errReadOnly) {
		t.Errorf("declare: %v", err)
	}
	if stories, err := s.Channel(t.Context(), "all", store.Page{Limit: 5}); err != nil || len(stories) != 5 {
		t.Errorf("%d stories, %v", len(stories), err)
	}
	if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")); err != nil {
		t.Error(err)
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := opened(t, filepath.Join(folder, "serai.db"), Options{Daemon: true})
	fillSome(t, s, 1)
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s", file.Name(), info.Mode())
		}
		names = append(names, file.Name())
	}
	if got := strings.Join(names, " "); got != "serai.db serai.db-shm serai.db-wal serai.db.lock" {
		t.Errorf("files: %s", got)
	}
}

func TestOddPaths(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b?mode=memory#%41&ü.db")
	s := opened(t, path, Options{})
	fillSome(t, s, 1)
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestBackupEqualsTheStore(t *testing.T) {
	t.Parallel()
	s := opened(t, aStore(t), Options{})
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	copied := opened(t, path, Options{Daemon: true})
	if problems, err := copied.Check(t.Context(), false); err != nil || len(problems) > 0 {
		t.Errorf("problems: %v, %v", problems, err)
	}
	if a, b := dump(t, s), dump(t, copied); a != b {
		t.Error("the copy differs")
	}
}

// dump returns all rows of all tables, as text.
func dump(t *testing.T, s *Store) string {
	t.Helper()
	var out strings.Builder
	err := s.view(t.Context(), func(c *conn) error {
		var tables []string
		const names = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'story_text%' ORDER BY name`
		if err := c.each(t.Context(), names, nil, scanned(&tables, column)); err != nil {
			return err
		}
		for _, table := range tables {
			err := c.each(t.Context(), `SELECT * FROM "`+table+`"`, nil, func(rows *sql.Rows) error {
				columns, err := rows.Columns()
				if err != nil {
					return err
				}
				values := make([]any, len(columns))
				for i := range values {
					values[i] = new(sql.RawBytes)
				}
				if err := rows.Scan(values...); err != nil {
					return err
				}
				out.WriteString(table)
				for _, v := range values {
					out.WriteByte('|')
					out.Write(*v.(*sql.RawBytes))
				}
				out.WriteByte('\n')
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestCloseLeavesOneFile: what is copied or moved while nobody has the store
// open is all of it.
func TestCloseLeavesOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "serai.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	fillSome(t, s, 50)
	if _, err := s.Sources(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, rest := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + rest); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", rest, err)
		}
	}
}
