package config

import (
	"os"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile("../../feeds.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Parse("feeds.yaml", data, Surroundings{}); err != nil {
			b.Fatal(err)
		}
	}
}
