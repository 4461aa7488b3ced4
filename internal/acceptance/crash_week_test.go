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

// pass runs a report at a slot. If that run is killed, it runs again at this slot or the next one
// before until, as long as a run is killed.
func (w *week) pass(t *testing.T, report string, slot, until time.Time) {
	t.Helper()
	for inARow := 0; ; inARow++ {
		killAt := 0
		if inARow < 4 && w.random.IntN(5) > 0 {
			// Runs with little to send have fewer steps.
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

// once runs the report once and may kill it. It reports whether the run ended by itself and sent.
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
	heldBack := strings.Contains(said.String(), "nothing sent: run")
	want := 0
	if heldBack && report == "daily" {
		want = 1 // a summary that may be unsent has to be retried
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
	return !heldBack
}

// placeOf returns a step without the parts that change from run to run.
func placeOf(step string) string {
	return regexp.MustCompile(`\d{4}/\d\d/\d\d|\d{8}T\d{6}Z|\.promsnap-\d+|/F\d+`).
		ReplaceAllString(step, "…")
}

// meetClaim sometimes starts a run while the killed run's claim holds, and then ends the claim.
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
		t.Fatalf("the state after a crash: %v, want it readable", err)
	}
	if !claimEnd.Match(body) || bytes.Contains(body, []byte(claimPast)) {
		return
	}
	if w.random.IntN(8) == 0 {
		before := w.heard
		// A summary waits for the claim's end while it has time. Here it has little.
		if w.once(t, report, slot, 0, "--timeout", "12s") {
			t.Errorf("%s of %s sent messages while another run's claim held, want none", report,
				slot)
		}
		if w.heldBack++; w.heard != before {
			t.Errorf("a run that held back sent %d messages, want none", w.heard-before)
		}
	}
	if err := w.save(report, claimEnd.ReplaceAll(body, []byte("$1"+claimPast))); err != nil {
		t.Fatal(err)
	}
}

// listen reads the messages that were sent since the last call.
func (w *week) listen(t *testing.T, slot time.Time) {
	t.Helper()
	messages := w.slack.Messages()
	for at, m := range messages[w.heard:] {
		if isDetails(m) {
			continue // read with its message
		}
		kind, about := w.understand(t, m, messages[w.heard+at+1:], slot)
		if len(about) == 0 {
			t.Errorf("message about no incident, want one: %s %s", m.Text, m.Blocks)
		}
		again := slices.ContainsFunc(about, func(a string) bool {
			// If the record of a sent beginning was lost, the alert is seen late.
			return w.sent[kind+" "+a] || kind == "late" && w.sent["new "+a]
		})
		for _, a := range about {
			w.sent[kind+" "+a] = true
		}
		if !again {
			continue
		}
		w.duplicates++
		if w.twice++; w.twice > w.since {
			t.Errorf("slot %s: %d duplicates, want at most %d, one for each crash: %s", slot,
				w.twice, w.since, m.Text)
		}
		if !strings.Contains(string(m.Blocks), "Possible duplicate") {
			t.Errorf("slot %s: %s of %s is a duplicate, want it marked:\n%s", slot, kind, about,
				m.Blocks)
		}
	}
	w.heard = len(messages)
}

// isDetails reports whether m is what a message leaves out, in its thread. Other replies begin with
// a mark, like the messages that start threads.
func isDetails(m slackdouble.Message) bool {
	return m.Thread != "" && !strings.HasPrefix(m.Text, "🔴") && !strings.HasPrefix(m.Text, "✅")
}

// understand returns the kind of a message and its incidents. later are the messages after it: its
// details may name incidents too. An alert that joins an open thread is new, although it is a
// reply.
func (w *week) understand(t *testing.T, m slackdouble.Message, later []slackdouble.Message,
	slot time.Time) (kind string, about []string) {
	t.Helper()
	if strings.Contains(m.Text, "Daily capacity") {
		return "summary", []string{slot.Format(time.DateOnly)}
	}
	all := said(t, m)
	for _, l := range later {
		if isDetails(l) && l.Thread == m.TS {
			all += said(t, l)
		}
	}
	ended := strings.HasPrefix(m.Text, "✅")
	switch {
	case ended && strings.Contains(all, "seen late"):
		kind = "late"
	case ended:
		kind = "resolved"
	case m.Thread == "" || strings.Contains(m.Text, "also: "):
		kind = "new"
	default:
		t.Errorf("slot %s: a reply of no known kind: %s %s", slot, m.Text, m.Blocks)
	}
	for node, incidents := range w.nodes {
		if !strings.Contains(all, node) {
			continue
		}
		for i := len(incidents) - 1; i >= 0; i-- { // the latest incident that fits
			if in := incidents[i]; !ended && slot.After(in.from) || ended && slot.After(in.to) {
				about = append(about, name(node, in))
				break
			}
		}
	}
	return kind, about
}

// said returns the words of a message without its commands, which may name any node.
func said(t *testing.T, m slackdouble.Message) string {
	t.Helper()
	var blocks any
	if len(m.Blocks) > 0 {
		if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
			t.Fatalf("the blocks of %q: %v", m.Text, err)
		}
	}
	words := m.Text + "\n"
	var read func(any)
	read = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				read(e)
			}
		case map[string]any:
			if v["type"] == "rich_text_preformatted" {
				return
			}
			if text, ok := v["text"].(string); ok {
				words += text + "\n"
			}
			for _, key := range []string{"text", "elements"} {
				read(v[key])
			}
		}
	}
	read(blocks)
	return words
}

func name(node string, in incident) string { return node + " from " + in.from.Format("Mon 15:04") }

// check checks what must hold after a run that ended by itself.
func (w *week) check(t *testing.T, report string, slot time.Time) {
	t.Helper()
	w.checkArchive(t, report, slot, true)
	if body, err := w.load(report); err != nil || claimEnd.Match(body) {
		t.Errorf("the state holds a claim, want it released: %s, %v", body, err)
	}
	if report == "daily" {
		if !w.sent["summary "+slot.Format(time.DateOnly)] {
			t.Errorf("no summary of %s, want one", slot)
		}
		return
	}
	for node, incidents := range w.nodes {
		for _, in := range incidents {
			n := name(node, in)
			late := w.sent["late "+n]
			if slot.Sub(in.from) >= sentWithin && !w.sent["new "+n] && !late {
				t.Errorf("slot %s: no message of %s, want one", slot, n)
			}
			if slot.Sub(in.to) >= resolvedWithin && !w.sent["resolved "+n] && !late {
				t.Errorf("slot %s: no message of the end of %s, want one", slot, n)
			}
		}
	}
}

// checkArchive checks that the report of a slot is archived once and never changes. It must be
// complete if its run was.
func (w *week) checkArchive(t *testing.T, report string, slot time.Time, complete bool) {
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
			t.Errorf("%s has the SHA-256 %x, want %x as before", path, sum, was)
		}
		w.bodies[path] = sum
	}
	have := complete || slices.Contains(names, "index.html") || w.atOnce && len(names) > 0
	if want := []string{"index.html", "memory.png", "report.json"}; have &&
		!slices.Equal(names, want) {
		t.Errorf("%s holds %q, want %q", dir, names, want)
	}
}

// checkLists checks that the archive's lists name each report once and that latest/ is the newest.
func (w *week) checkLists(t *testing.T, root string) {
	t.Helper()
	for _, report := range []string{"check", "daily"} {
		pages, err := filepath.Glob(filepath.Join(root, report, "*", "*", "*", "*", "index.html"))
		if err != nil || len(pages) < 7 {
			t.Fatalf("%d pages of %s, want at least 7: %v", len(pages), report, err)
		}
		latest, err := os.ReadFile(filepath.Join(root, report, "latest", "index.html"))
		if newest := w.bodies[slices.Max(pages)]; err != nil || sha256.Sum256(latest) != newest {
			t.Errorf("latest/ of %s differs, want the bytes of %s: %v", report, slices.Max(pages),
				err)
		}
		lists, err := filepath.Glob(filepath.Join(root, report, "*", "*", "*", "index.json"))
		if err != nil || len(lists) != 7 {
			t.Errorf("%d days of %s, want 7: %v", len(lists), report, err)
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
					t.Errorf("%s lists %s, want it once and to exist: seen before %v, %v", path,
						e.Name, seen[e.Name], err)
				}
				seen[e.Name] = true
			}
		}
	}
}
