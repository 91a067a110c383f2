package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"serai": main}) }

// TestScripts runs the sessions in testdata/script: what a person types, and
// what the program says. A script's folder www is served by an origin of its
// own, whose address stands for ORIGIN in its feeds.yaml.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               serveScript,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

func serveScript(env *testscript.Env) error {
	origin := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(env.WorkDir, "www"))))
	env.Defer(origin.Close)
	env.Setenv("ORIGIN", origin.URL)
	env.Setenv("NO_COLOR", "1")
	name := filepath.Join(env.WorkDir, "feeds.yaml")
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(name, bytes.ReplaceAll(text, []byte("ORIGIN"), []byte(origin.URL)), 0o600)
}

// exits runs a command and holds its exit status: exits 2 serai check. What it
// writes can be looked at as usual.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARGUMENT…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil && !strings.Contains(err.Error(), "exit status") {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s exits with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}
