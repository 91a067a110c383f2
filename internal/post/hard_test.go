package post

import (
	"strings"
	"testing"
)

// hostile are parts of texts that make converters slow when they are repeated.
var hostile = []string{
	"[", "![", "> ", "*a ", "**a", "_", "`", "<", "<a ", "[^1]: ", "[a](", "- ", "|", "a\n: ", "![[", "]](", "&", "~~", "[a][",
	"***", "<!--", "&lt", "\\", "1. ", "http://a.", "a|b\n-|-\n", "[a]: b\n", "[a]\n", "a*b_", "[^a]", "[^1]: a\n\n",
}

// TestHostileMarkdown converts such texts, or refuses them. Were it to convert
// them all, it would not end.
func TestHostileMarkdown(t *testing.T) {
	for _, part := range hostile {
		for _, text := range []string{
			strings.Repeat(part, min(20_000, maxBlock/len(part))),
			strings.Repeat(part, maxFile/len(part)),
		} {
			d := &draft{path: "a.md"}
			if err := d.markdown(text, nil); err == nil && len(text) > maxFile/2 && !strings.Contains(part, "\n\n") {
				t.Errorf("2 MiB of %q are converted", part)
			}
		}
	}
}

// TestLongPostsAreTaken holds what real authors write against the bounds.
func TestLongPostsAreTaken(t *testing.T) {
	paragraph := strings.Repeat("A sentence with a [link](https://a.example/) and *words*. ", 30) + "\n\n"
	table := "| a | b |\n| --- | --- |\n" + strings.Repeat("| one | two |\n", 2000) + "\n"
	list := strings.Repeat("- an item, which says something\n", 1000) + "\n"
	for name, text := range map[string]string{
		"book": strings.Repeat(paragraph, 1000), "table": table, "list": list, "rule": strings.Repeat("- ", 40) + "\n", "quote": "> > > deep\n",
	} {
		if err := (&draft{path: "a.md"}).markdown(text, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
