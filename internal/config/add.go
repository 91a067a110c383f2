package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"serai/internal/feed"
	"serai/internal/strict"
)

// AddSources writes sources into the configuration at path, after those that it
// has. Everything else in the file stays as it is, comments too. Sources whose
// addresses it has already are skipped; ids that are taken get a number. Of a
// source, id, URL, title, language and tags are written.
//
// The file is replaced at once and only if the result is a correct
// configuration; else the error says why and nothing happened.
func AddSources(path string, sources []feed.Source) (added, skipped []feed.Source, err error) {
	// The file itself is replaced, not a link to it.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	data, mode, err := readFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	around := Surroundings{Dir: filepath.Dir(path), Env: os.LookupEnv}
	cfg, err := Parse(path, data, around)
	if err != nil {
		return nil, nil, fmt.Errorf("the configuration must be right before sources are added:\n%w", err)
	}
	added, skipped = fresh(cfg.Sources, sources)
	if len(added) == 0 {
		return nil, skipped, nil
	}
	text, err := insertSources(path, data, added)
	if err != nil {
		return nil, nil, err
	}
	after, err := Parse(path, text, around)
	if err != nil {
		return nil, nil, fmt.Errorf("the sources cannot be added: the file would be wrong:\n%w", err)
	}
	if len(after.Sources) != len(cfg.Sources)+len(added) {
		return nil, nil, errLayout
	}
	if err := replaceFile(path, data, text, mode.Perm()); err != nil {
		return nil, nil, fmt.Errorf("write configuration: %w", err)
	}
	return added, skipped, nil
}

// errLayout reports a file that cannot be added to by inserting lines.
var errLayout = errors.New(`the sources cannot be added to a list that is written in brackets; write it with a line "  - id: …" for each source`)

// fresh parts the sources that are new from those that are there.
func fresh(have, sources []feed.Source) (added, skipped []feed.Source) {
	ids, addresses := map[string]bool{feed.PostsSource: true}, map[string]bool{}
	for _, src := range have {
		ids[src.ID] = true
		addresses[feed.CanonicalURL(src.URL)] = true
	}
	for _, src := range sources {
		canonical := feed.CanonicalURL(src.URL)
		if addresses[canonical] {
			skipped = append(skipped, src)
			continue
		}
		addresses[canonical] = true
		src.ID = freeID(src.ID, ids)
		added = append(added, src)
	}
	return added, skipped
}

// insertSources returns the text of the file with the sources in it.
func insertSources(name string, data []byte, sources []feed.Source) ([]byte, error) {
	var raw file
	f := strict.Read(name, data, strict.Limits{Bytes: MaxBytes}, &raw)
	newline := "\n"
	if bytes.Contains(data, []byte("\r\n")) {
		newline = "\r\n"
	}
	lines := strings.SplitAfter(string(data), "\n")
	if !strings.HasSuffix(string(data), "\n") {
		lines[len(lines)-1] += newline
	}
	line, indent, err := insertionPoint(f, raw, lines)
	if err != nil {
		return nil, err
	}
	block := writeSources(sources, indent)
	if !f.Has("sources") {
		block = append([]string{"", "sources:"}, block...)
	}
	for i := range block {
		block[i] += newline
	}
	return []byte(strings.Join(slices.Insert(lines, line, block...), "")), nil
}

// insertionPoint finds the line that new sources go before, and how far their
// dashes are indented. An empty list in brackets is emptied of its brackets.
func insertionPoint(f *strict.File, raw file, lines []string) (line, indent int, err error) {
	if !f.Has("sources") {
		return len(lines), 2, nil
	}
	at, column := f.Position("sources")
	if len(raw.Sources) == 0 {
		text := lines[at-1]
		if key, rest, brackets := strings.Cut(text, "[]"); brackets && len([]rune(key)) == column-1 {
			lines[at-1] = strings.TrimRight(key, " ") + rest
		}
		return at, 2, nil
	}
	if !strings.HasPrefix(string([]rune(lines[at-1])[column-1:]), "-") {
		return 0, 0, errLayout
	}
	indent = column - 1
	last, _ := f.Position(fmt.Sprintf("sources[%d]", len(raw.Sources)-1))
	// The last source goes on as long as lines are indented further than its
	// dash. Comments that follow belong to what comes next.
	end := last
	for n := last; n < len(lines); n++ {
		text := strings.TrimRight(lines[n], " \t\r\n")
		if text == "" {
			continue
		}
		if depth := len(text) - len(strings.TrimLeft(text, " ")); depth <= indent {
			break
		}
		end = n + 1
	}
	return end, indent, nil
}

// plainScalar is text that means itself in YAML without quotes.
var plainScalar = regexp.MustCompile(`^(?:https?://[A-Za-z0-9/._~?=&%+-]+|\pL[\pL\pM\pN ._/-]*)$`)

// writeSources writes sources as lines of YAML.
func writeSources(sources []feed.Source, indent int) []string {
	pad := strings.Repeat(" ", indent)
	var lines []string
	for _, src := range sources {
		lines = append(lines, "", pad+"- id: "+src.ID, pad+"  url: "+scalar(src.URL))
		if src.Title != "" {
			lines = append(lines, pad+"  title: "+scalar(src.Title))
		}
		if src.Language != "" {
			lines = append(lines, pad+"  language: "+scalar(src.Language))
		}
		if len(src.Tags) > 0 {
			tags := make([]string, len(src.Tags))
			for i, tag := range src.Tags {
				tags[i] = scalar(tag)
			}
			lines = append(lines, pad+"  tags: ["+strings.Join(tags, ", ")+"]")
		}
	}
	return lines
}

// scalar writes a text as YAML, in quotes unless it is plain. Words that YAML
// reads as something else are quoted too.
func scalar(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
	default:
		if plainScalar.MatchString(text) && !strings.HasSuffix(text, " ") {
			return text
		}
	}
	return strconv.QuoteToGraphic(text)
}

// replaceFile puts text in the place of what the file held, all of it or
// nothing, also if the machine stops meanwhile.
func replaceFile(path string, was, text []byte, mode os.FileMode) (err error) {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if now, _, err := readFile(path); err != nil || !bytes.Equal(now, was) {
		return errors.Join(errors.New("somebody changed the file meanwhile; try again"), err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	// The new name lasts once the folder is written; where folders cannot be
	// synced there is nothing more to do.
	if folder, err := os.Open(dir); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
	return nil
}
