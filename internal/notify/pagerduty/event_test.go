package pagerduty

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/testdata/hostile"
)

var update = flag.Bool("update", false, "rewrite the goldens; look at them")

func TestEvents(t *testing.T) {
	for _, tc := range []struct {
		name   string
		kind   notify.Kind
		o      Options
		change func(d *notify.Delivery)
	}{
		{"new", notify.KindNew, Options{Client: "promsnap"}, func(d *notify.Delivery) {
			one := &d.Message.Items[0]
			one.Alert.Severity = rules.Warning
			one.Alert.Cause = rules.Cause{Kind: rules.CauseNode, Name: "ip-10-0-1-12"}
			d.Changes = map[rules.Key][]string{one.Key: {"rebooted at 02:40"}}
			d.Message.InsteadOf = "team"
		}},
		{"resolved", notify.KindResolved, Options{Client: "promsnap"}, nil},
		{
			"test", notify.KindTest,
			Options{Client: "fleet", ClientURL: "https://wiki.example.com/fleet"}, nil,
		},
		{"own-severity", notify.KindStillFiring, Options{Severity: "error"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := notifytest.Delivery(notify.RoleChanges, tc.kind)
			if tc.change != nil {
				tc.change(&d)
			}
			got, err := json.MarshalIndent(Events(d, tc.o), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", tc.name+".json")
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("the events differ (-want +got):\n%s", diff)
			}
		})
	}
}

// PagerDuty loads a picture without a login, so there is none beside a signed link.
func TestPictures(t *testing.T) {
	const folder = "https://reports.example.com/prod-seoul/check/20261122T031000Z/"
	for location, want := range map[string]string{
		folder + "index.html":                            folder + "node-memory.png",
		folder + "index.html?X-Amz-Signature=1":          "",
		"http://reports.example.com/check/index.html":    "",
		"https://reports.example.com/check/other.html":   "",
		"/var/lib/promsnap/check/20261122T03/index.html": "",
	} {
		d := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
		d.Archived = []notify.Receipt{{Location: location}}
		got := ""
		for _, i := range Events(d, Options{})[0].Images {
			got += i.Src
		}
		if got != want {
			t.Errorf("%s: got the picture %q, want %q", location, got, want)
		}
	}
	d := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
	d.Files = []report.File{{Name: "index.html"}}
	if got := Events(d, Options{})[0].Images; len(got) != 0 {
		t.Errorf("got the pictures %v of a report that was not drawn, want none", got)
	}
}

// An earlier episode of an alert that fires again must not resolve its alert in PagerDuty.
func TestFiresAgain(t *testing.T) {
	d := notifytest.Delivery(notify.RoleChanges, notify.KindResolved)
	now := d.Message.Items[0].Episode
	now.Since, now.Ended = notifytest.Slot, time.Time{}
	d.Message.Items[0].Alert.Episodes = append(d.Message.Items[0].Alert.Episodes, now)
	twice := d.Message.Items[1]
	d.Message.Items = append(d.Message.Items, twice)
	var got []string
	for _, e := range Events(d, Options{}) {
		got = append(got, e.Action+" "+e.DedupKey)
	}
	want := []string{"resolve promsnap/prod-seoul/check/" + string(twice.Key)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the events differ (-want +got):\n%s", diff)
	}
}

// A message about very many alerts has an event for each of the worst, and one for all.
func TestManyAlerts(t *testing.T) {
	d := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
	one := d.Message.Items[0]
	d.Message.Items = nil
	for i := range 200 {
		next := one
		next.Key = rules.Key(fmt.Sprintf("k%03d", i))
		next.Alert.Name = fmt.Sprintf("node-%03d", i)
		next.Alert.Identity = map[string]string{"node": next.Alert.Name}
		next.Alert.Labels = next.Alert.Identity
		d.Message.Items = append(d.Message.Items, next)
	}
	got := Events(d, Options{})
	if len(got) != maxTriggers+1 || got[0].DedupKey != "promsnap/prod-seoul/check/k000" ||
		got[maxTriggers].DedupKey != "promsnap/prod-seoul/check/more" ||
		!strings.Contains(got[maxTriggers].Payload.Summary, "200") {
		t.Errorf("got %d events, the last %+v; want %d, the last about 200 alerts", len(got),
			*got[len(got)-1].Payload, maxTriggers+1)
	}
	for i := range d.Message.Items {
		a := &d.Message.Items[i]
		a.Episode.Ended = notifytest.Slot
		a.Alert.Episodes = []rules.Episode{a.Episode}
	}
	d.Message.Kind = notify.KindResolved
	if got := Events(d, Options{}); len(got) != 200 {
		t.Errorf("got %d events about 200 ends, want 200", len(got))
	}
}

// The key of an alert is short, can be printed, and is no other alert's key.
func TestDedupKey(t *testing.T) {
	texts := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z{}="\\/]{0,400}`),
		rapid.SampledFrom([]string{"a\u200b", "a", "a\n", "a "}))
	rapid.Check(t, func(t *rapid.T) {
		d := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
		w := writer{d: d}
		a, b := rules.Key(texts.Draw(t, "a")), rules.Key(texts.Draw(t, "b"))
		got, other := w.dedupKey(a), w.dedupKey(b)
		if n := utf8.RuneCountInString(got); n > maxDedupKey || !utf8.ValidString(got) {
			t.Fatalf("got %q of %d characters, want at most %d", got, n, maxDedupKey)
		}
		if c, bad := hostile.Unprintable(got); bad {
			t.Fatalf("got %q with %U, want a key that can be printed", got, c)
		}
		if got != w.dedupKey(a) || (got == other) != (a == b) {
			t.Fatalf("got %q for %q and %q for %q, want the same only for the same", got, a, other,
				b)
		}
	})
}

// Whatever the texts are, an event has all parts, within their limits.
func TestEventsOfHostileWords(t *testing.T) {
	for _, w := range hostile.Words() {
		d := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
		d.Report.Info.Cluster = w.Text
		many := map[string]string{}
		for i := range 100 {
			many[fmt.Sprintf("%s-%d", w.Text, i)] = w.Text
		}
		for i := range d.Message.Items {
			a := &d.Message.Items[i].Alert
			a.Name, a.Rule, a.Panel, a.Labels = w.Text, w.Text, w.Text, many
			d.Changes = map[rules.Key][]string{
				d.Message.Items[i].Key: slices.Repeat([]string{w.Text}, 100),
			}
		}
		for _, e := range Events(d, Options{}) {
			e.RoutingKey = notifytest.Secret
			body, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			if _, wrong := checked(body); len(wrong) > 0 {
				t.Errorf("%s: got %v, want a valid event", w.Name, wrong)
			}
			all := append(slices.Collect(maps.Values(e.Payload.Details.Labels)), e.Payload.Summary,
				e.Payload.Source, e.Payload.Class, e.Payload.Component, e.Payload.Group)
			for _, s := range all {
				if c, bad := hostile.Unprintable(s); bad {
					t.Errorf("%s: got %U in %.100q, want none", w.Name, c, s)
				}
			}
		}
	}
}
