package sqlite

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"serai/internal/store"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestSchema(t *testing.T) {
	t.Parallel()
	s := opened(t, filepath.Join(t.TempDir(), "serai.db"), Options{})
	golden(t, "schema.sql", schema(t, s))
}

// schema returns the statements that make the tables as they are.
func schema(t *testing.T, s *Store) string {
	t.Helper()
	// The tables that the full-text index keeps for itself are its own affair.
	const query = `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'story\_text\_%' ESCAPE '\' AND name <> 'sqlite_sequence' ORDER BY name`
	var statements []string
	err := s.view(t.Context(), func(c *conn) error {
		return c.each(t.Context(), query, nil, scanned(&statements, column))
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(statements, ";\n\n") + ";\n"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; rewrite it with -update and look at the change. Now:\n%s", path, got)
	}
}

func TestMigration(t *testing.T) {
	t.Parallel()
	path := aStore(t)
	next := append(slices.Clip(released), migration{"next", `CREATE TABLE added (x INTEGER) STRICT`})
	bad := append(next, migration{"bad", `CREATE TABLE half (x INTEGER) STRICT; CREATE TABLE added (x INTEGER) STRICT`})

	if _, err := open(t.Context(), path, Options{ReadOnly: true}, next); err == nil || !strings.Contains(err.Error(), "start the daemon") {
		t.Errorf("an older store to look at: %v", err)
	}
	if _, err := open(t.Context(), path, Options{}, bad); err == nil || !strings.Contains(err.Error(), "migration bad") {
		t.Fatalf("bad migration: %v", err)
	}
	s, err := open(t.Context(), path, Options{}, next)
	if err != nil {
		t.Fatal(err)
	}
	if after := schema(t, s); !strings.Contains(after, "added") || strings.Contains(after, "half") {
		t.Errorf("schema:\n%s", after)
	}
	totals, err := s.Totals(t.Context())
	if err != nil || totals.Entries != 40 {
		t.Errorf("%+v, %v", totals, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, store.ErrNewer) {
		t.Errorf("with the earlier program: %v", err)
	}
	before := opened(t, path+".v1", Options{}) // the copy that was made before
	totals, err = before.Totals(t.Context())
	if err != nil || totals.Entries != 40 {
		t.Errorf("copy: %+v, %v", totals, err)
	}
}

// The driver is made for one version of its run-time library and may corrupt
// memory with another, which is what an update of all modules would bring.
func TestDriverHasItsLibrary(t *testing.T) {
	t.Parallel()
	run := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "go", args...).Output()
		if err != nil {
			t.Fatalf("go %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	has := run("list", "-m", "-f", "{{.Version}}", "modernc.org/libc")
	for line := range strings.Lines(run("mod", "graph")) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		if wants, ok := strings.CutPrefix(to, "modernc.org/libc@"); ok && from == "modernc.org/sqlite@"+run("list", "-m", "-f", "{{.Version}}", "modernc.org/sqlite") && wants != has {
			t.Errorf("modernc.org/libc is %s, modernc.org/sqlite wants %s", has, wants)
		}
	}
}
