// Package pages finds the code blocks of the documentation, and lets test scripts run them.
package pages

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Block is a fenced code block of a page.
type Block struct {
	ID       string // PAGE#HEADING, and :2 for the second block of its language under that heading
	Language string // the word after the fence: sh, text, yaml
	Text     string // without the fences and without the indentation of a list
}

// Names returns the pages that people read, as paths relative to root, the repository.
func Names(root string) ([]string, error) {
	var names []string
	for _, pattern := range []string{
		"*.md", "docs/*.md", "docs/*/*.md", "deploy/*.md", "deploy/*/*.md", "deploy/*/*/*.md",
		"testdata/*/*.md",
	} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, fmt.Errorf("listing the pages: %w", err)
		}
		for _, path := range found {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return nil, fmt.Errorf("listing the pages: %w", err)
			}
			names = append(names, filepath.ToSlash(name))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no pages", root)
	}
	return names, nil
}

// All returns the code blocks of all pages, in their order.
func All(root string) ([]Block, error) {
	names, err := Names(root)
	if err != nil {
		return nil, err
	}
	var all []Block
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("reading a page: %w", err)
		}
		all = append(all, Blocks(name, string(text))...)
	}
	return all, nil
}

var (
	fence   = regexp.MustCompile("^( *)```([a-z]*)$")
	heading = regexp.MustCompile(`^#+ (.*)$`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// Anchor returns the name that GitHub gives a heading in links.
func Anchor(heading string) string {
	return strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// Blocks returns the code blocks of the page name, whose text is given.
func Blocks(name, text string) []Block {
	var blocks []Block
	var indent string
	var lines []string
	open, anchor, count := false, "", map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		mark := fence.FindStringSubmatch(line)
		switch {
		case open && mark != nil && mark[2] == "":
			last := &blocks[len(blocks)-1]
			last.Text, open = strings.Join(lines, ""), false
		case open:
			lines = append(lines, strings.TrimPrefix(line, indent)+"\n")
		case mark != nil:
			indent, lines, open = mark[1], nil, true
			id := name + "#" + anchor
			count[mark[2]]++
			if n := count[mark[2]]; n > 1 {
				id += fmt.Sprintf(":%d", n)
			}
			blocks = append(blocks, Block{ID: id, Language: mark[2]})
		default:
			if h := heading.FindStringSubmatch(line); h != nil {
				anchor, count = Anchor(h[1]), map[string]int{}
			}
		}
	}
	return blocks
}

// Find returns the block with an id and a language.
func Find(blocks []Block, language, id string) (Block, error) {
	i := slices.IndexFunc(blocks, func(b Block) bool {
		return b.ID == id && b.Language == language
	})
	if i < 0 {
		return Block{}, fmt.Errorf("no page has a block %s in %s", id, language)
	}
	return blocks[i], nil
}

// duration is how long something took, as a run prints it.
var duration = regexp.MustCompile(` +\d+\.\d+s`)

// Shows returns an error if a line of a block of text is not a line of output. A line "…" marks
// lines that the block leaves out. The order and the durations may differ, because panels end in
// any order.
func (b Block) Shows(output string) error {
	printed := map[string]bool{"": true, "…": true}
	for line := range strings.Lines(output) {
		printed[duration.ReplaceAllString(strings.TrimRight(line, "\n"), " TIME")] = true
	}
	var errs []error
	for line := range strings.Lines(b.Text) {
		line = strings.TrimRight(line, "\n")
		if !printed[duration.ReplaceAllString(line, " TIME")] {
			errs = append(errs,
				fmt.Errorf("%s: the command does not print this line: %s", b.ID, line))
		}
	}
	return errors.Join(errs...)
}

// Scripts returns the ids of the blocks that the scripts in a directory run.
func Scripts(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		return nil, fmt.Errorf("listing scripts: %w", err)
	}
	var ids []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading a script: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(strings.TrimLeft(line, "! "))
			if len(words) > 1 && words[0] == "block" {
				ids = append(ids, strings.Trim(words[1], "'"))
			}
		}
	}
	return ids, nil
}
