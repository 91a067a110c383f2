package post

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProblems writes what can be wrong with files into one folder. The good
// one among them goes out.
func TestProblems(t *testing.T) {
	d := newDesk(t)
	for name, text := range map[string]string{
		"good.md":           "---\ntitle: Good\n---\nText.\n",
		"unknown-key.md":    "---\ntitle: A\ntitel: B\nauthor: Ann\n---\nText.\n",
		"no-end.md":         "---\ntitle: A\n\nText.\n",
		"doubled.md":        "---\ntitle: A\ntitle: B\n---\n",
		"wrong-types.md":    "---\ntitle: [A]\ndraft: perhaps\ndate: yesterday\nenclosures: {url: x}\n---\n",
		"date.md":           "---\ndate: yesterday\nupdated: 31.02.2026\nlanguage: en_US\ncanonical_url: javascript:x\nslug: 汉字\nenclosures: ['']\n---\n",
		"tabs.md":           "---\ntitle: A\n\tdate: 2026-01-01\n---\n",
		"tag.md":            "---\ntitle: !!binary aGk=\n---\n",
		"bomb.md":           "---\ntags: &a [" + strings.Repeat("x, ", 100) + "x]\nenclosures: [" + strings.Repeat("{title: *a}, ", 500) + "]\n---\n",
		"large-front.md":    "---\nsummary: " + strings.Repeat("x", maxFront) + "\n---\n",
		"nested.md":         "---\ntitle: N\n---\n\n" + strings.Repeat("> ", 200) + "\n",
		"large.txt":         strings.Repeat("x", maxFile+1),
		"latin1.txt":        "caf\xe9\n",
		"nul.txt":           "a\x00b\n",
		"empty.txt":         " \n",
		"clash-one.md":      "---\ntitle: The same\n---\nOne.\n",
		"clash-two.md":      "---\ntitle: The same\n---\nTwo.\n",
		"clash-three.md":    "---\nslug: the-same\n---\nThree.\n",
		"same-id-1.md":      "---\nid: x\ntitle: I1\n---\nOne.\n",
		"same-id-2.md":      "---\nid: x\ntitle: I2\n---\nTwo.\n",
		"sub/deep/.x.md":    "hidden",
		"_draft.md":         "set aside",
		"~lock.md":          "lock",
		"#auto.md#":         "auto",
		"backup.md~":        "backup",
		"image.jpg":         "\xff\xd8",
		".hidden/post.md":   "hidden",
		"traversal.md":      "---\ntitle: T\nslug: ../../etc/passwd\n---\n",
		"one-line-title.md": "---\ntitle: \"two\\nlines\"\n---\n",
	} {
		d.write(name, text)
	}
	outside := filepath.Join(t.TempDir(), "secret.md")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(path string) error{
		"link-out.md": func(path string) error { return os.Symlink(outside, path) },
		"link-up.md":  func(path string) error { return os.Symlink("../../etc/passwd", path) },
		"loop.md":     func(path string) error { return os.Symlink("loop.md", path) },
		"loop":        func(path string) error { return os.Symlink(".", path) },
		"nowhere.md":  func(path string) error { return os.Symlink("absent", path) },
		"device.md":   func(path string) error { return os.Symlink("/dev/zero", path) },
		"pipe.md":     func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"folder.md":   func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		if err := make(filepath.Join(d.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	got := d.read()
	for _, e := range got.Entries {
		fmt.Fprintf(&out, "%s goes out as %s: %q\n", e.Post.Path, e.Link, e.Title.Body)
	}
	fmt.Fprintln(&out)
	for _, p := range got.Problems {
		fmt.Fprintln(&out, p)
	}
	golden(t, "testdata/problems.golden", out.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update takes it over):\n%s", path, diff)
	}
}

// TestLinkWithinFolder is how container platforms mount files.
func TestLinkWithinFolder(t *testing.T) {
	d := newDesk(t)
	d.write("..2026_11_20/a.md", "---\ntitle: A\n---\nx")
	if err := os.Symlink("..2026_11_20", filepath.Join(d.Dir, "..data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..data/a.md", filepath.Join(d.Dir, "a.md")); err != nil {
		t.Fatal(err)
	}
	if e := d.only(d.read()); e.Post.Path != "a.md" {
		t.Errorf("%+v", e)
	}
}
