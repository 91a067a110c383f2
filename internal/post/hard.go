package post

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Bounds of Markdown. The converter needs time by the square of a block's
// length for some texts that nobody writes, such as a link begun ten thousand
// times, and for blocks that stand in one another.
const (
	maxBlock   = 32 << 10 // bytes between two blank lines
	maxEffort  = 1 << 32  // sum of the squares of the blocks' lengths
	maxNesting = 100      // lists, quotes and footnotes that one line begins
)

// container is the beginning of a quote, a list item or a footnote.
var container = regexp.MustCompile(`^[ \t]*(?:>|(?:[-*+]|[0-9]{1,9}[.)])[ \t]|\[\^[^\]\n]{1,100}\]:)`)

// checkEffort refuses Markdown that would take long to convert.
func checkEffort(body string) error {
	block, effort, number := 0, 0, 0
	for line := range strings.Lines(body) {
		number++
		if strings.TrimSpace(line) == "" {
			effort += block * block
			block = 0
			continue
		}
		if block += len(line); block > maxBlock {
			return &lineError{number, fmt.Sprintf("has more than %d KiB without a blank line; part it, or write it as HTML", maxBlock>>10)}
		}
		for depth := 0; ; depth++ {
			marker := container.FindString(line)
			if marker == "" {
				break
			}
			if depth == maxNesting {
				return &lineError{number, fmt.Sprintf("begins more than %d lists or quotes; write it simpler", maxNesting)}
			}
			line = line[len(marker):]
		}
	}
	if effort+block*block > maxEffort {
		return errors.New("has too many long paragraphs; part them, or make several posts of it")
	}
	return nil
}

// A lineError is a mistake in a line of the text below the front matter.
type lineError struct {
	line int // from 1
	text string
}

func (e *lineError) Error() string { return e.text }
