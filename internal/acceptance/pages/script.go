package pages

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Command is a command of a test script.
type Command = func(ts *testscript.TestScript, neg bool, args []string)

// Commands returns the commands with which a test script runs the blocks of the pages under root:
//
//	block ID [FROM TO]...       run the sh block ID, each FROM replaced by TO, as a reader does
//	write ID FILE [FROM TO]...  write the yaml block ID into FILE
//	shows ID                    fail unless the last block printed what the text block ID shows
func Commands(root string) (map[string]Command, error) {
	blocks, err := All(root)
	if err != nil {
		return nil, err
	}
	find := func(ts *testscript.TestScript, language, id string) Block {
		b, err := Find(blocks, language, id)
		ts.Check(err)
		return b
	}
	return map[string]Command{
		"block": func(ts *testscript.TestScript, neg bool, args []string) {
			if len(args)%2 != 1 {
				ts.Fatalf("usage: block ID [FROM TO]...")
			}
			text := replaced(ts, find(ts, "sh", args[0]), args[1:])
			if err := ts.Exec("sh", "-euc", text); (err != nil) != neg {
				ts.Fatalf("%s: %v, want failure %v\n%s", args[0], err, neg, text)
			}
		},
		"write": func(ts *testscript.TestScript, _ bool, args []string) {
			if len(args) < 2 || len(args)%2 != 0 {
				ts.Fatalf("usage: write ID FILE [FROM TO]...")
			}
			text := replaced(ts, find(ts, "yaml", args[0]), args[2:])
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
		},
		"shows": func(ts *testscript.TestScript, _ bool, args []string) {
			if len(args) != 1 {
				ts.Fatalf("usage: shows ID")
			}
			if err := find(ts, "text", args[0]).Shows(ts.ReadFile("stdout")); err != nil {
				ts.Fatalf("%v\n%s", err, ts.ReadFile("stdout"))
			}
		},
	}, nil
}

// replaced returns the text of b with each first word of a pair replaced by the second.
func replaced(ts *testscript.TestScript, b Block, pairs []string) string {
	text := b.Text
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			ts.Fatalf("%s has no %q", b.ID, pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}
