//go:build acceptance && linux

package acceptance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/state"
)

// pass runs a report at a slot, and where that is killed again, at this slot or the next, until a
// run ends by itself. The next that is due after until is another pass'.
func (w *week) pass(t *testing.T, report string, slot, until time.Time) {
	t.Helper()
	for inARow := 0; ; inARow++ {
		killAt := 0
		if inARow < 4 && w.random.IntN(5) > 0 {
			// runs with little to tell have fewer steps
			killAt = 1 + w.random.IntN(max(w.longest[report], 20)/(1+w.random.IntN(2)))
		}
		if w.once(t, report, slot, killAt) {
			w.check(t, report, slot)
			w.since, w.twice = 0, 0
			return
		}
		w.checkArchive(t, report, slot, false)
		w.meetClaim(t, report, slot)
		if t.Failed() {
			return
		}
		if next := slot.Add(slotEvery); next.Before(until) && w.random.IntN(2) == 0 {
			slot = next
		}
	}
}

// once is one run, which may be killed. It tells whether it has ended by itself.
func (w *week) once(t *testing.T, report string, slot time.Time, killAt int,
	more ...string) (done bool) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{
		"run", report, "-c", w.config, "--deliver", "--time", slot.Format(time.RFC3339),
	}, more...)...)
	var said bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{
		"HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true",
	}, &said, &said
	steps, killed := w.run(t, cmd, killAt)
	w.runs++
	w.listen(t, slot)
	if killed != "" {
		w.kills++
		w.since++
		w.where[placeOf(killed)]++
	} else {
		w.longest[report] = max(w.longest[report], steps)
	}
	stoodBack := strings.Contains(said.String(), "nothing sent: run")
	want := 0
	if stoodBack && report == "daily" {
		want = 1 // a summary that nobody may have told has to be tried again
	}
	switch code := cmd.ProcessState.ExitCode(); {
	case killed != "" && code == -1:
		return false
	case killed != "": // it was about to end
		return code == 0
	case code != want:
		t.Errorf("%s of %s: exit code %d, want %d\n%s", report, slot, code, want,
			tail(said.String(), 2000))
	}
	return !stoodBack
}

// placeOf is a step without what changes from run to run.
func placeOf(step string) string {
	return regexp.MustCompile(`\d{4}/\d\d/\d\d|\d{8}T\d{6}Z|\.promsnap-\d+|/F\d+`).
		ReplaceAllString(step, "…")
}

// meetClaim lets a run meet the claim of the one that was killed, at times, and then lets the time
// of that claim pass.
func (w *week) meetClaim(t *testing.T, report string, slot time.Time) {
	t.Helper()
	body, err := w.load(report)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Decode(state.Key{Cluster: "prod-seoul", Report: report}, body); err != nil {
		t.Fatalf("after a crash: %v", err)
	}
	if !claimEnd.Match(body) || bytes.Contains(body, []byte(claimPast)) {
		return
	}
	if w.random.IntN(8) == 0 {
		before := w.heard
		// A summary waits for the claim's end while it has time: here it has little.
		if w.once(t, report, slot, 0, "--timeout", "12s") {
			t.Errorf("%s of %s told people although the claim of another run holds", report, slot)
		}
		if w.stoodBack++; w.heard != before {
			t.Errorf("%d messages of a run that stood back", w.heard-before)
		}
	}
	if err := w.save(report, claimEnd.ReplaceAll(body, []byte("$1"+claimPast))); err != nil {
		t.Fatal(err)
	}
}

// listen takes down what people were told since it was called last.
func (w *week) listen(t *testing.T, slot time.Time) {
	t.Helper()
	messages := w.slack.Messages()
	for _, m := range messages[w.heard:] {
		kind, about := w.understand(m, slot)
		if kind == "" {
			continue
		}
		if len(about) == 0 {
			t.Errorf("a message about nothing: %s %s", m.Text, m.Blocks)
		}
		again := slices.ContainsFunc(about, func(a string) bool {
			// What began and was told, where the record of that was lost, is seen late.
			return w.told[kind+" "+a] || kind == "late" && w.told["new "+a]
		})
		for _, a := range about {
			w.told[kind+" "+a] = true
		}
		if !again {
			continue
		}
		w.duplicates++
		if w.twice++; w.twice > w.since {
			t.Errorf("slot %s: %d duplicates after %d crashes: %s", slot, w.twice, w.since, m.Text)
		}
		if !strings.Contains(string(m.Blocks), "Possible duplicate") {
			t.Errorf("slot %s: %s of %s is a duplicate, and not marked:\n%s", slot, kind, about,
				m.Blocks)
		}
	}
	w.heard = len(messages)
}

// understand says what a message tells, and of which incidents; nothing of what fills its thread.
func (w *week) understand(m slackdouble.Message, slot time.Time) (kind string, about []string) {
	all := m.Text + string(m.Blocks)
	ended := true
	switch {
	case strings.Contains(m.Text, "Daily capacity"):
		return "summary", []string{slot.Format(time.DateOnly)}
	case m.Thread != "" && !strings.HasPrefix(m.Text, "✅"):
		return "", nil
	case strings.Contains(all, "seen late"):
		kind = "late"
	case strings.HasPrefix(m.Text, "✅"):
		kind = "over"
	default:
		kind, ended = "new", false
	}
	for node, incidents := range w.nodes {
		if !strings.Contains(all, node) {
			continue
		}
		for i := len(incidents) - 1; i >= 0; i-- { // the last that it can be about
			if in := incidents[i]; !ended && slot.After(in.from) || ended && slot.After(in.to) {
				about = append(about, name(node, in))
				break
			}
		}
	}
	return kind, about
}

func name(node string, in incident) string { return node + " from " + in.from.Format("Mon 15:04") }

// check asserts what holds after a run that has ended by itself.
func (w *week) check(t *testing.T, report string, slot time.Time) {
	t.Helper()
	w.checkArchive(t, report, slot, true)
	if body, err := w.load(report); err != nil || claimEnd.Match(body) {
		t.Errorf("the claim was not given back: %v", err)
	}
	if report == "daily" {
		if !w.told["summary "+slot.Format(time.DateOnly)] {
			t.Errorf("the summary of %s was not told", slot)
		}
		return
	}
	for node, incidents := range w.nodes {
		for _, in := range incidents {
			n := name(node, in)
			late := w.told["late "+n]
			if slot.Sub(in.from) >= toldWithin && !w.told["new "+n] && !late {
				t.Errorf("slot %s: %s was not told", slot, n)
			}
			if slot.Sub(in.to) >= overWithin && !w.told["over "+n] && !late {
				t.Errorf("slot %s: the end of %s was not told", slot, n)
			}
		}
	}
}

// checkArchive asserts that the report of a slot lies there once, as it always did; whole, where
// its run was.
func (w *week) checkArchive(t *testing.T, report string, slot time.Time, whole bool) {
	t.Helper()
	dir := w.archived(report, slot)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		body, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		path, sum := filepath.Join(dir, e.Name()), sha256.Sum256(body)
		if was, ok := w.bodies[path]; ok && was != sum {
			t.Errorf("%s has other bytes than before", path)
		}
		w.bodies[path] = sum
	}
	have := whole || slices.Contains(names, "index.html") || w.atOnce && len(names) > 0
	if want := []string{"index.html", "memory.png", "report.json"}; have &&
		!slices.Equal(names, want) {
		t.Errorf("%s holds %q, want %q", dir, names, want)
	}
}

// checkLists asserts that the archive's lists name each report once, and that latest/ is the
// newest.
func (w *week) checkLists(t *testing.T, root string) {
	t.Helper()
	for _, report := range []string{"check", "daily"} {
		pages, err := filepath.Glob(filepath.Join(root, report, "*", "*", "*", "*", "index.html"))
		if err != nil || len(pages) < 7 {
			t.Fatalf("%d pages of %s, %v", len(pages), report, err)
		}
		latest, err := os.ReadFile(filepath.Join(root, report, "latest", "index.html"))
		if newest := w.bodies[slices.Max(pages)]; err != nil || sha256.Sum256(latest) != newest {
			t.Errorf("latest/ of %s is not %s, %v", report, slices.Max(pages), err)
		}
		lists, err := filepath.Glob(filepath.Join(root, report, "*", "*", "*", "index.json"))
		if err != nil || len(lists) != 7 {
			t.Errorf("%d days of %s, %v", len(lists), report, err)
		}
		for _, path := range lists {
			body, err := os.ReadFile(path)
			var list struct{ Entries []struct{ Name, Path string } }
			if err = errors.Join(err, json.Unmarshal(body, &list)); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			seen := map[string]bool{}
			for _, e := range list.Entries {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), e.Path,
					"index.html")); err != nil || seen[e.Name] {
					t.Errorf("%s lists %s: twice %v, %v", path, e.Name, seen[e.Name], err)
				}
				seen[e.Name] = true
			}
		}
	}
}
