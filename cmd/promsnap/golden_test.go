package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var updateTexts = flag.Bool("update", false, "rewrite the goldens")

// compareGolden compares what a command printed with testdata/NAME.txt, or rewrites that file with
// -update.
func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *updateTexts {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s\nrun go test ./cmd/promsnap -run %s -update", file, got, want,
			t.Name())
	}
}
