package post

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkRead reads a folder of a thousand essays that are all known.
func BenchmarkRead(b *testing.B) {
	l := Library{Dir: b.TempDir(), Zone: baku, SiteURL: "https://news.example.org"}
	text := strings.Repeat(strings.Repeat("A sentence with a [link](https://a.example/) and *words*. ", 10)+"\n\n", 10)
	for i := range 1000 {
		post := fmt.Sprintf("---\ntitle: Essay %d\ndate: 2026-01-02\n---\n%s", i, text)
		if err := os.WriteFile(filepath.Join(l.Dir, fmt.Sprintf("%d.md", i)), []byte(post), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	first, err := l.Read(now, nil)
	if err != nil || len(first.Entries) != 1000 {
		b.Fatal(len(first.Entries), err)
	}
	known := make([]Known, len(first.Entries))
	for i, e := range first.Entries {
		known[i] = Known{Key: e.Key, Path: e.Post.Path, Slug: e.Post.Slug, FileHash: e.Post.FileHash, Title: e.Title.Body, Published: e.Published}
	}
	for b.Loop() {
		if _, err := l.Read(now, known); err != nil {
			b.Fatal(err)
		}
	}
}
