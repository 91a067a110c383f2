package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// killVar tells this test binary to be the process that is killed, and which
// store to write to.
const killVar = "SERAI_TEST_WRITE_TO"

func TestMain(m *testing.M) {
	if path := os.Getenv(killVar); path != "" {
		if err := writeForEver(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1) // it ends by being killed
	}
	os.Exit(m.Run())
}

// writeForEver records polls of three entries and says after each how many
// entries there must be.
func writeForEver(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, path, Options{Daemon: true})
	if err != nil {
		return err
	}
	totals, err := s.Totals(ctx)
	if err != nil {
		return err
	}
	for n := totals.Entries; ; n += 3 {
		if err := recordSome(ctx, s, n, n+3); err != nil {
			return err
		}
		fmt.Println(n + 3)
	}
}

func newRand(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 0)) }

func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "serai.db")
	s := opened(t, path, Options{})
	fillSome(t, s, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for round := range 6 {
		said := runAndKill(t, path, 3+17*round)
		// The lock went with the process.
		s := opened(t, path, Options{Daemon: true})
		problems, err := s.Check(t.Context(), false)
		if err != nil || len(problems) > 0 {
			t.Fatalf("round %d: problems: %v, %v", round, problems, err)
		}
		totals, err := s.Totals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// The poll under way is there in whole or not at all.
		if totals.Entries < said || totals.Entries > said+3 || totals.Entries%3 != 0 {
			t.Errorf("round %d: %d entries, the last word was %d", round, totals.Entries, said)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// runAndKill lets a process write until it has said so many lines, kills it, and
// returns the last number that it said.
func runAndKill(t *testing.T, path string, lines int) (said int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killVar+"="+path)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(out)
	for n := 0; scanner.Scan(); n++ {
		if said, err = strconv.Atoi(scanner.Text()); err != nil {
			t.Error(err)
		}
		if n == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	return said
}
