package serai_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// The SQLite driver is C translated to Go together with one version of the C
// library, and is sound with that one alone. An upgrade of everything at once
// raises the library without the driver, and nothing else would notice.
func TestSQLiteHasTheLibcItWasMadeWith(t *testing.T) {
	const driver, libc = "modernc.org/sqlite", "modernc.org/libc"
	file := strings.TrimSpace(run(t, "list", "-m", "-f", "{{.GoMod}}", driver))
	wanted := required(t, file, libc)
	got := strings.TrimSpace(run(t, "list", "-m", "-f", "{{.Version}}", libc))
	if got != wanted {
		t.Errorf("go.mod has %s %s, but the driver was made with %s: go get %s@%s", libc, got, wanted, libc, wanted)
	}
}

// required returns the version of a module that a go.mod file asks for.
func required(t *testing.T, file, module string) string {
	t.Helper()
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(run(t, "mod", "edit", "-json", file)), &mod); err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if r.Path == module {
			return r.Version
		}
	}
	t.Fatalf("%s does not ask for %s", file, module)
	return ""
}

func run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}
