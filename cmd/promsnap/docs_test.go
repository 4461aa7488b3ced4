package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/acceptance/pages"
)

const repository = "../.."

// documents returns the pages that people read, relative to the repository.
func documents(t *testing.T) []string {
	t.Helper()
	names, err := pages.Names(repository)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func readPage(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	codeBlock  = regexp.MustCompile("(?s)```[a-z]*\n(.*?)```")
	inlineCode = regexp.MustCompile("`(promsnap [^`]+)`")
	shellWord  = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
)

// commandLines returns the promsnap commands of a page, as arguments.
func commandLines(text string) [][]string {
	var lines []string
	for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", " ")) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
			if rest, ok := strings.CutPrefix(line, "bin/"); ok {
				line = rest
			}
			if strings.HasPrefix(line, "promsnap ") {
				lines = append(lines, line)
			}
		}
	}
	for _, code := range inlineCode.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""),
		-1) {
		lines = append(lines, strings.Join(strings.Fields(code[1]), " "))
	}
	var out [][]string
	for _, line := range lines {
		line, _, _ = strings.Cut(line, " # ")
		var args []string
		for _, word := range shellWord.FindAllString(line, -1)[1:] {
			if word == ">" || word == "|" || word == "&&" {
				break
			}
			args = append(args, strings.Trim(word, `'"`))
		}
		out = append(out, args)
	}
	return out
}

// Every promsnap command in the documents is one: its name, its flags and the number of its
// arguments are right.
func TestDocumentedCommands(t *testing.T) {
	seen := 0
	for _, page := range documents(t) {
		if page == "CHANGELOG.md" {
			continue // it names what is gone too
		}
		for _, args := range commandLines(readPage(t, page)) {
			seen++
			if err := understands(args); err != nil {
				t.Errorf("%s: promsnap %s: got error %v, want none", page, strings.Join(args, " "),
					err)
			}
		}
	}
	if seen < 30 {
		t.Errorf("found %d commands in the documents, want 30 or more", seen)
	}
}

// understands returns why a command line is none of promsnap's.
func understands(args []string) error {
	console := &console{
		stdout: screenOf(new(bytes.Buffer)), stderr: screenOf(new(bytes.Buffer)), now: time.Now,
		getenv: func(string) string { return "" },
	}
	root := rootCommand(console)
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if cmd.HasSubCommands() && len(cmd.Flags().Args()) == 0 {
		return nil
	}
	if n := len(cmd.Flags().Args()); cmd.Args != nil && n > 0 {
		return cmd.Args(cmd, cmd.Flags().Args())
	}
	return knownName(root, cmd, args)
}

// knownName returns an error where a first word is no command: the root takes any words.
func knownName(root, cmd *cobra.Command, args []string) error {
	if cmd == root && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return &exitError{exitUsage, os.ErrNotExist}
	}
	return nil
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// anchors returns the names that GitHub gives a page's headings.
func anchors(text string) []string {
	var out []string
	for _, h := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		out = append(out, pages.Anchor(h[1]))
	}
	return out
}

// Every link within the repository leads to a file, and to a heading of it where it names one.
func TestDocumentedLinks(t *testing.T) {
	for _, page := range documents(t) {
		text := readPage(t, page)
		for _, m := range link.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(filepath.Join(repository, target)); err != nil {
				t.Errorf("%s: got a link to %s, want one to a file that exists", page, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(readPage(t, target)), anchor) {
				t.Errorf("%s: got a link to %s, want one to a heading of that page: %v", page, m[1],
					anchors(readPage(t, target)))
			}
		}
	}
}

// A front page that is a manual is read by nobody.
func TestReadmeIsShort(t *testing.T) {
	const most = 600
	if words := len(strings.Fields(readPage(t, "README.md"))); words > most {
		t.Errorf("README.md has %d words, want %d at most", words, most)
	}
}

// generated are the pages that a test writes from the program.
var generated = []string{"docs/licenses.md", "docs/metrics-guide.md", "docs/panels.md"}

// TestPagesAreWrapped checks that prose has lines of at most 100 columns. A table, code, a heading
// and a line with a link may be longer. Code is in a fence, where a test finds it.
func TestPagesAreWrapped(t *testing.T) {
	const most = 100
	free := regexp.MustCompile(`^ *(\||#|!\[)|\]\(`)
	list := regexp.MustCompile(`^ *([-*]|[0-9]+\.) `)
	for _, page := range documents(t) {
		if slices.Contains(generated, page) {
			continue
		}
		inList, before := false, ""
		for line := range strings.Lines(codeBlock.ReplaceAllString(readPage(t, page), "\n")) {
			line = strings.TrimRight(line, "\r\n")
			if n := utf8.RuneCountInString(line); n > most && !free.MatchString(line) {
				t.Errorf("%s: %d columns, want %d at most: %s", page, n, most, line)
			}
			inList = list.MatchString(line) || inList && (line == "" || strings.HasPrefix(line, " "))
			if before == "" && strings.HasPrefix(line, "    ") && !inList {
				t.Errorf("%s: indented code, want a fence: %s", page, line)
			}
			before = line
		}
	}
}

// TestTroubleshootingQuotesMessages checks that promsnap has every message that
// docs/troubleshooting.md explains. "…" marks what differs from one message to the next.
func TestTroubleshootingQuotesMessages(t *testing.T) {
	source := messages(t)
	row := regexp.MustCompile(`(?m)^\| ([^|]+) \|`)
	quoted := regexp.MustCompile("[*`]([^*`]+)[*`]")
	seen := 0
	for _, cell := range row.FindAllStringSubmatch(readPage(t, "docs/troubleshooting.md"), -1) {
		for _, message := range quoted.FindAllStringSubmatch(cell[1], -1) {
			seen++
			for part := range strings.SplitSeq(message[1], "…") {
				if part = strings.TrimSpace(part); !strings.Contains(source, part) {
					t.Errorf("the page quotes %q, want words that promsnap says", part)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("found %d messages on the page, want 10 or more", seen)
	}
}

// messages returns the source of promsnap with its broken strings joined.
func messages(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	add := func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}
	for _, dir := range []string{"cmd/promsnap", "internal"} {
		if err := filepath.WalkDir(filepath.Join(repository, dir), add); err != nil {
			t.Fatal(err)
		}
	}
	return regexp.MustCompile(`" \+\s+"`).ReplaceAllString(all.String(), "")
}
