// Package serai_test holds the building to its plan: a package may import from
// the floors below its own, never from its own floor and never from above, and
// each outside module has its owner.
package serai_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "serai"

// floors lists every package, ground floor first.
var floors = [][]string{
	{"feed", "strict"},
	{"schedule", "fetch", "parse", "clean", "post", "match", "dedupe", "store", "render"},
	{"config", "ingest", "publish", "websub", "store/sqlite", "store/storetest"},
	{"web"},
	{"cmd/serai", "bench"},
}

// owners names the packages that may import what is not ours, by module or by
// package of a module; the longest path that fits decides. One owner is the
// rule: to replace a module is then to rewrite one package. Two are named where
// both need it by their nature. Nothing outside may be imported that is not
// here: a new dependency begins with a line in this table and a row in
// docs/dependencies.md.
var owners = map[string][]string{
	"code.dny.dev/ssrf":                   {"fetch"},
	"github.com/andybalholm/brotli":       {"fetch"},
	"github.com/coreos/go-systemd/v22":    {"cmd/serai"},
	"github.com/expr-lang/expr":           {"match"},
	"github.com/fsnotify/fsnotify":        {"config"},
	"github.com/google/go-cmp":            {"store/storetest"}, // and every test
	"github.com/gorilla/feeds":            {"render"},
	"github.com/jedib0t/go-pretty/v6":     {"cmd/serai"},
	"github.com/klauspost/compress":       {"fetch", "publish", "store/sqlite"},
	"github.com/mattn/go-isatty":          {"cmd/serai"},
	"github.com/microcosm-cc/bluemonday":  {"clean"},
	"github.com/mmcdole/gofeed":           {"parse"},
	"github.com/nlnwa/whatwg-url":         {"clean"},
	"github.com/prometheus/client_golang": {"cmd/serai", "web"},
	"github.com/robfig/cron/v3":           {"schedule"},
	"github.com/saintfish/chardet":        {"parse"},
	"github.com/spf13/cobra":              {"cmd/serai"},
	"github.com/spf13/pflag":              {"cmd/serai"},
	"github.com/yuin/goldmark":            {"post"},
	"go.yaml.in/yaml/v4":                  {"config", "post", "strict"},
	"golang.org/x/net/html":               {"clean"},
	"golang.org/x/net/idna":               {"feed"},
	"golang.org/x/text/encoding":          {"parse"},
	"modernc.org/sqlite":                  {"store/sqlite"},
}

// anyone lists what is as good as the standard library.
var anyone = []string{
	"golang.org/x/sync",
	"golang.org/x/text/cases",
	"golang.org/x/text/language",
	"golang.org/x/text/unicode",
}

// vague are names that explain nothing, and draw in what has no place.
var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "types", "models", "manager", "base"}

func TestLayers(t *testing.T) {
	for _, tree := range []string{"internal", "cmd", "bench"} {
		err := filepath.WalkDir(filepath.Join("..", tree), func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return filepath.SkipDir
			case filepath.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go"):
				checkFile(t, name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkFile(t *testing.T, name string) {
	t.Helper()
	pkg := strings.TrimPrefix(path.Dir(filepath.ToSlash(name)), "../")
	pkg = strings.TrimPrefix(pkg, "internal/")
	floor := floorOf(pkg)
	if floor < 0 {
		t.Errorf("%s: package %s has no floor; add it to the plan", name, pkg)
	}
	if slices.Contains(vague, path.Base(pkg)) {
		t.Errorf("%s: %s says nothing about what is in it", name, path.Base(pkg))
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	for _, spec := range file.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Error(err)
			return
		}
		if ours, ok := strings.CutPrefix(imp, module+"/"); ok {
			if ours = strings.TrimPrefix(ours, "internal/"); floorOf(ours) >= floor {
				t.Errorf("%s: %s may not import %s, which is not below it", name, pkg, ours)
			}
			continue
		}
		checkOutside(t, name, pkg, imp)
	}
}

// checkOutside looks at an import that is not ours. Those of the standard
// library have no dot in their first element.
func checkOutside(t *testing.T, name, pkg, imp string) {
	t.Helper()
	if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
		return
	}
	if slices.ContainsFunc(anyone, func(m string) bool { return within(imp, m) }) {
		return
	}
	module := ""
	for m := range owners {
		if within(imp, m) && len(m) > len(module) {
			module = m
		}
	}
	switch {
	case module == "":
		t.Errorf("%s: %s has no owner; add it to the plan", name, imp)
	case !slices.Contains(owners[module], pkg):
		t.Errorf("%s: only %s may import %s", name, strings.Join(owners[module], " and "), module)
	}
}

func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(f []string) bool { return slices.Contains(f, pkg) })
}

func within(imp, module string) bool { return strings.HasPrefix(imp+"/", module+"/") }
