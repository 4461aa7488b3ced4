package frame_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/frame/frametest"
)

// TestAsGrafana holds the answers that Grafana's own code gave. The acceptance tests ask it anew,
// for many more cases.
func TestAsGrafana(t *testing.T) {
	for kind := range frametest.Golden {
		lines := golden(t, kind)
		if len(lines) != frametest.Golden[kind] {
			t.Errorf("%s: got %d cases, want %d", kind, len(lines), frametest.Golden[kind])
		}
		compared := 0
		for i, line := range lines {
			diff, apart := frametest.Judge(line.Case, line.Answer)
			if apart == "" {
				compared++
			}
			if diff != "" {
				question, _ := json.Marshal(line.Case)
				t.Errorf("%s, case %d: got another answer than Grafana's, want the same: %s\n%s",
					kind, i, diff, question)
			}
		}
		if compared < len(lines)*9/10 {
			t.Errorf("%s: got %d of %d cases compared, want 9 of 10", kind, compared, len(lines))
		}
	}
}

func golden(t *testing.T, kind string) []frametest.Line {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", kind+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []frametest.Line
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var line frametest.Line
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}
