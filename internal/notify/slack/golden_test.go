package slack

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

var update = flag.Bool("update", false, "rewrite the goldens; look at every one of them")

// golden compares drafts with a file: as a person reads them, and as blocks.
func golden(t *testing.T, name string, drafts []Draft) {
	t.Helper()
	var text strings.Builder
	for i, d := range drafts {
		fmt.Fprintf(&text, "== %s\n%s\n", d.Step, d.Text)
		blocks, err := d.Blocks()
		if err != nil {
			t.Fatal(err)
		}
		var in struct{ Blocks json.RawMessage }
		if err := json.Unmarshal(blocks, &in); err != nil {
			t.Fatal(err)
		}
		if code, why := slackdouble.CheckBlocks(in.Blocks); code != "" {
			t.Errorf("%s: got %s from Slack's rules: %s; want acceptance", name, code, why)
		}
		hold(t, fmt.Sprintf("%s-%d.json", name, i), string(blocks))
	}
	hold(t, name+".txt", text.String())
}

func hold(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run with -update, and inspect the diff", err)
	}
	if got == string(want) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	t.Errorf("%s differs from line %d on: got %q, want %q", path, i+1, b[i:min(i+1, len(b))],
		a[i:min(i+1, len(a))])
}

func TestGoldens(t *testing.T) {
	for _, l := range words.Languages() {
		for _, n := range []int{0, 1, 7, 500} {
			for _, k := range kinds() {
				itemless := k == notify.KindAllClear || k == notify.KindTest
				if itemless && n > 0 || n == 0 && !itemless && k != notify.KindSummary {
					continue
				}
				t.Run(fmt.Sprintf("%s-%s-%d", k, l, n), func(t *testing.T) {
					w := notifytest.NewCluster(n, l)
					w.Failed = n == 500
					golden(t, fmt.Sprintf("%s-%s-%d", k, l, n),
						Drafts(options(t), w.Delivery(t, k)))
				})
			}
		}
	}
}

// TestGoldenOfNotes has notes about the message itself, and a message of which a part is
// resolved.
func TestGoldenOfNotes(t *testing.T) {
	for _, l := range words.Languages() {
		d := notifytest.NewCluster(1, l).Delivery(t, notify.KindNew)
		d.Message.PossibleDuplicate, d.Message.InsteadOf = true, "pager"
		d.Unarchived = []string{"bucket: AccessDenied"}
		d.MemoryLost = "s3://capacity-reports/state: AccessDenied"
		d.Report.Info.Incomplete = snapshot.NoteOf(snapshot.NoteCutShort,
			"the machine is shutting down")
		d.Message.Items[0].Episode.Open = true
		d.Archived = []notify.Receipt{{Location: "/var/reports/daily/index.html"}}
		golden(t, fmt.Sprintf("odd-%s", l), Drafts(options(t), d))

		w := notifytest.NewCluster(7, l)
		d = w.Delivery(t, notify.KindResolved)
		d.Message.Items, d.Message.Rest = d.Message.Items[:3], w.Items()[3:]
		golden(t, fmt.Sprintf("partly-%s", l), Drafts(options(t), d))

		d = notifytest.NewCluster(3, l).Delivery(t, notify.KindNew)
		d.Message.Items[1].Alert.Panel, d.Message.Items[1].Alert.Rule = "gone", "OldRule"
		d.Message.Items[2].Alert.Value, d.Message.Items[2].Alert.Limit = 1, 0
		d.Message.Items[2].Alert.Panel, d.Message.Items[2].Alert.Rule = "gone", "NodeCondition"
		d.Message.Items[2].Alert.Capacity = nan
		golden(t, fmt.Sprintf("mixed-%s", l), Drafts(options(t), d))
	}
}

// TestGoldenOfBlindness has the messages about seeing nothing.
func TestGoldenOfBlindness(t *testing.T) {
	for _, l := range words.Languages() {
		for _, k := range []notify.Kind{
			notify.KindNew, notify.KindStillFiring, notify.KindResolved, notify.KindSeenLate,
			notify.KindSummary,
		} {
			t.Run(fmt.Sprintf("%s-%s", k, l), func(t *testing.T) {
				golden(t, fmt.Sprintf("blind-%s-%s", k, l), Drafts(options(t), blindness(t, k, l)))
			})
		}
		d := blindness(t, notify.KindSummary, l)
		d.Report = notifytest.NewCluster(1, l).Report(t)
		d.Message.Items[0].Episode.Ended, d.Message.Items[0].Episode.End = slot, rules.Recovered
		golden(t, fmt.Sprintf("blind-before-%s", l), Drafts(options(t), d))
	}
}

func TestTheFirstLineOfBlindness(t *testing.T) {
	for _, l := range words.Languages() {
		for name, cluster := range map[string]string{
			"short": "k", "usual": "prod-seoul",
			"long": strings.Repeat("a-very-long-name-of-a-cluster-", 8),
		} {
			for _, k := range []notify.Kind{notify.KindNew, notify.KindResolved} {
				for _, ago := range []time.Duration{15 * time.Minute, 50 * time.Hour} {
					d := blindness(t, k, l)
					d.Report.Info.Cluster, d.Message.Items[0].Episode.Since = cluster,
						slot.Add(-ago)
					got := Drafts(options(t), d)
					push, rest, _ := strings.Cut(got[len(got)-1].Text, "\n")
					if k == notify.KindNew {
						push, rest, _ = strings.Cut(got[0].Text, "\n")
					}
					if limits.Size(push) > limits.Title || strings.HasSuffix(push, "…") {
						t.Errorf("%s in %s: got %q of length %d, want it complete and within the limit",
							name, l, push, limits.Size(push))
					}
					if name == "long" && !strings.Contains(rest, cluster[:60]) {
						t.Errorf("%s in %s: got\n%s\nwant the full name of the cluster", name, l,
							rest)
					}
				}
			}
		}
	}
}

func TestTheFirstLineIsThePush(t *testing.T) {
	for n, want := range map[int]string{
		1: "🔴 prod-seoul ip-10-0-1-12 memory 94.4 % > 90 %",
		7: "🔴 prod-seoul memory > 80 % on 7 of 42 nodes",
	} {
		d := Drafts(options(t), notifytest.NewCluster(n, words.English).Delivery(t, notify.KindNew))[0]
		if first, _, _ := strings.Cut(d.Text, "\n"); first != want {
			t.Errorf("%d alerts: %q, want %q", n, first, want)
		}
		if d.Push != escape(want) {
			t.Errorf("%d alerts: got the push %q, want the first line", n, d.Push)
		}
	}
	d := notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew)
	d.Message.Items[0].
		Alert.Name = "a-very-long-name-of-a-node-that-no-phone-can-show.example.internal"
	got := Drafts(options(t), d)[0]
	if first, _, _ := strings.Cut(got.Text, "\n"); limits.Size(first) > limits.Title ||
		!strings.Contains(first, "… memory 94.4 % > 90 %") &&
			!strings.HasSuffix(first, " memory 94.4 % > 90 %") {
		t.Errorf("got the first line %q of length %d, want the alert's values at its end",
			first, limits.Size(first))
	}
	if d.Message.Items[0].Alert.Name = "spark-executor-0123456789-7d9f.example"; !strings.Contains(
		Drafts(options(t), d)[0].Text, "\n"+d.Message.Items[0].Alert.Name+" memory") {
		t.Errorf("got\n%s\nwant the full name of the slightly shortened node %s",
			Drafts(options(t), d)[0].Text, d.Message.Items[0].Alert.Name)
	}
	if !strings.Contains(got.Text,
		"\na-very-long-name-of-a-node-that-no-phone-can-show.example.internal memory 94.4 % > 90 "+
			"%\n") {
		t.Errorf("got\n%s\nwant a line with the full name of the node", got.Text)
	}
}

func TestMentions(t *testing.T) {
	o := options(t)
	for _, k := range kinds() {
		for _, critical := range []bool{true, false} {
			d := notifytest.NewCluster(1, words.English).Delivery(t, k)
			for i := range d.Message.Items {
				if !critical {
					d.Message.Items[i].Alert.Severity = rules.Warning
				}
			}
			blocks, err := Drafts(o, d)[len(Drafts(o, d))-1].Blocks()
			if k == notify.KindNew {
				blocks, err = Drafts(o, d)[0].Blocks()
			}
			if err != nil {
				t.Fatal(err)
			}
			called := strings.Contains(string(blocks), "<!subteam^S0123456789>")
			if want := d.Message.Pages() && critical; called != want {
				t.Errorf("%v, critical %v: got mentioned %v, want %v", k, critical, called, want)
			}
		}
	}
}

// TestGoldenOfManyGroups has the message for all groups that got no message of their own.
func TestGoldenOfManyGroups(t *testing.T) {
	for _, l := range words.Languages() {
		for _, k := range []notify.Kind{
			notify.KindNew, notify.KindWorse, notify.KindNoData, notify.KindResolved,
			notify.KindSeenLate, notify.KindStillFiring,
		} {
			d := notifytest.NewCluster(140, l).Delivery(t, k)
			d.Message.Folded = 140
			golden(t, fmt.Sprintf("folded-%s-%s", k, l), Drafts(options(t), d))
		}
	}
	d := notifytest.NewCluster(40, words.English).Delivery(t, notify.KindNew)
	d.Message.Folded, d.Archived = 20, nil
	d.Message.Items[1].Alert.Rule = "OtherRule"
	golden(t, "folded-rules-en", Drafts(options(t), d))
}
