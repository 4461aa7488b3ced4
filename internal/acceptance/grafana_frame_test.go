//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/frame/frametest"
)

// frameJudge asks Grafana's own code what it makes of cases.
var frameJudge = filepath.Join(grafana, "frame", "testdata", "judge.mjs")

// askFrames returns the judge's answers to cases, in their order.
func askFrames(t *testing.T, cases []frametest.Case) []json.RawMessage {
	t.Helper()
	var in, stderr bytes.Buffer
	for _, c := range cases {
		line, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	cmd := exec.CommandContext(t.Context(), "node", frameJudge,
		filepath.Dir(installed(t, "grafana-data/node_modules")))
	cmd.Stdin, cmd.Stderr = &in, &stderr
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node %s: %v\n%s", frameJudge, err, stderr.Bytes())
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != len(cases) {
		t.Fatalf("the judge: got %d answers, want one for each of %d cases\n%s", len(lines),
			len(cases), stderr.Bytes())
	}
	answers := make([]json.RawMessage, len(lines))
	for i, line := range lines {
		answers[i] = line
	}
	return answers
}

// TestFramesAsGrafana compares what package frame makes of frames by chance with Grafana's own
// code. With PROMSNAP_GOLDEN=1 it writes the answers that the tests of package frame hold.
func TestFramesAsGrafana(t *testing.T) {
	seed := uint64(1)
	if s := os.Getenv("PROMSNAP_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	counts := map[string]int{"transform": 6000, "names": 3000, "reduce": 1000, "override": 3000, "figures": 3000}
	for _, kind := range frametest.Kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			cases := frametest.Generate(kind, seed, counts[kind])
			answers := askFrames(t, cases)
			bad, apart := 0, make(map[string]int)
			for i, c := range cases {
				diff, why := frametest.Judge(c, answers[i])
				if why != "" {
					apart[why]++
				}
				if diff != "" {
					if bad++; bad <= 10 {
						question, _ := json.Marshal(c)
						t.Errorf("case %d: got another answer than Grafana's, want the same: "+
							"%s\n%s", i, diff, question)
					}
				}
			}
			t.Logf("%d cases, %d differ; not compared: %v", len(cases), bad, apart)
			if bad == 0 && os.Getenv("PROMSNAP_GOLDEN") != "" {
				n := frametest.Golden[kind]
				writeFrameGolden(t, kind, cases[:n], answers[:n])
			}
		})
	}
}

// TestChosenFramesAsGrafana does the same with the cases of testdata/chosen.json.
func TestChosenFramesAsGrafana(t *testing.T) {
	file, err := os.ReadFile(filepath.Join(grafana, "frame", "testdata", "chosen.json"))
	if err != nil {
		t.Fatal(err)
	}
	cases, err := frametest.Chosen(file)
	if err != nil {
		t.Fatal(err)
	}
	answers := askFrames(t, cases)
	for i, c := range cases {
		if diff, apart := frametest.Judge(c, answers[i]); diff+apart != "" {
			t.Errorf("%s: got another answer than Grafana's, want the same: %s%s", c.Why, diff,
				apart)
		}
	}
	if os.Getenv("PROMSNAP_GOLDEN") != "" && !t.Failed() {
		writeFrameGolden(t, "chosen", cases, answers)
	}
}

// TestFramesApartFromGrafana holds that what is not compared differs indeed.
func TestFramesApartFromGrafana(t *testing.T) {
	t.Parallel()
	for why, c := range frametest.Differences() {
		answer := askFrames(t, []frametest.Case{c})[0]
		if diff := frametest.Diff(c, answer); diff == "" {
			t.Errorf("%s: got the same as Grafana, want a difference: %s", why, answer)
		} else {
			t.Logf("%s:\n%s", why, diff)
		}
	}
}

func writeFrameGolden(
	t *testing.T,
	kind string,
	cases []frametest.Case,
	answers []json.RawMessage,
) {
	t.Helper()
	var b bytes.Buffer
	for i := range cases {
		line, err := json.Marshal(frametest.Line{Case: cases[i], Answer: answers[i]})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	path := filepath.Join(grafana, "frame", "testdata", kind+".jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
