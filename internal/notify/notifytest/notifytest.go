// Package notifytest is the contract of notify.Notifier: every receiver passes Run.
package notifytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// Secret is the token, password or signed address of a receiver under test. No error, receipt or
// print may show it.
const Secret = "s3cr3t-hunter2"

// Tested is a receiver, with Secret if it has a secret, and the other side that it sends to, which
// the test controls. A field may be nil if the receiver has no such thing; the tests that need it
// are then skipped.
type Tested struct {
	notify.Notifier
	// Role is RoleArchive, RoleChanges (for any receiver of messages) or RoleMirror.
	Role notify.Role

	// Skips are the kinds of messages that the receiver does not send.
	Skips []notify.Kind

	// Arrived returns everything that has arrived at the other side, in any form that is the same
	// for the same deliveries: what is there now, or one line for each delivery. "": nothing.
	Arrived func() string
	// Busy makes the other side ask to wait, as HTTP 429 with Retry-After does.
	Busy func(after time.Duration)
	// Refuse makes the other side refuse permanently, as for a revoked token.
	Refuse func()
	// Hang makes the other side accept requests and never answer, until the test ends.
	Hang func()
	// Unreachable is a receiver like this one, with Secret, whose other side refuses connections.
	Unreachable notify.Notifier
}

// Run runs the contract on the receiver that open returns. Each call of open returns a new other
// side at which nothing has arrived.
func Run(t *testing.T, open func(t *testing.T) Tested) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, r Tested)
	}{
		{"Delivers", delivers},
		{"EveryKindOfMessage", kinds},
		{"EveryMemory", memories},
		{"TheSameAgain", again},
		{"HostileWords", hostileWords},
		{"ReportOfADashboard", dashboard},
		{"WithoutFiles", withoutFiles},
		{"Cancelled", cancelled},
		{"ReturnsWhenItsTimeIsOver", hangs},
		{"AskedToWait", busy},
		{"Refused", refused},
		{"Unreachable", unreachable},
		{"PrintsNoSecret", prints},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Slot is the slot of Delivery.
var Slot = time.Date(2026, 11, 22, 3, 10, 0, 0, time.UTC)

// Delivery returns what a receiver of a role gets: files, and for people a message of a kind about
// two nodes.
func Delivery(role notify.Role, kind notify.Kind) notify.Delivery {
	return delivery(role, kind, "ip-10-0-1-12")
}

// delivery names the first node, and everything else that has a name, by word.
func delivery(role notify.Role, kind notify.Kind, word string) notify.Delivery {
	d := notify.Delivery{
		Report: report.Build(report.Info{
			Cluster: "prod-seoul", Name: "check", Title: "Check " + word, Slot: Slot,
			Range: time.Hour,
		}, nil),
		Files: []report.File{
			{
				Name: "index.html", ContentType: "text/html; charset=utf-8",
				Body: []byte("<!doctype html><title>check</title>"),
			},
			{Name: "report.json", ContentType: "application/json", Body: []byte("{}\n")},
			{Name: "node-memory.png", ContentType: "image/png", Body: []byte("\x89PNG\r\n\x1a\n")},
		},
		Archived: []notify.Receipt{
			{Location: "https://reports.example.com/prod-seoul/check/20261122T031000Z/index.html"},
		},
		Memory: rules.Memory{Slot: Slot, Alerts: map[rules.Key]rules.Alert{}},
	}
	for _, node := range []string{word, "ip-10-0-1-13"} {
		a := alert(node, kind)
		d.Memory.Alerts[keyOf(node)] = a
	}
	if role == notify.RoleChanges || role == notify.RoleSummary {
		d.Message = message(d.Memory.Alerts, kind, word)
	}
	return d
}

func keyOf(node string) rules.Key {
	return rules.Key(`node-memory/NodeMemoryHigh{node="` + node + `"}`)
}

// alert returns an alert that fires, or that has ended if the kind of message needs it.
func alert(node string, kind notify.Kind) rules.Alert {
	since := Slot.Add(-18 * time.Minute)
	e := rules.Episode{
		Since: since, Last: Slot.Add(-time.Minute), Worst: rules.Critical, Peak: 0.96,
		PeakAt: since.Add(5 * time.Minute),
	}
	if kind == notify.KindResolved || kind == notify.KindSeenLate {
		e.Ended, e.End = Slot, rules.Recovered
	}
	return rules.Alert{
		Panel: "node-memory", Rule: "NodeMemoryHigh", Name: node,
		Labels:   map[string]string{"node": node},
		Identity: map[string]string{"node": node}, Severity: rules.Critical, GraveAt: e.Last,
		Value: 0.94, Limit: 0.9, Capacity: 64 << 30,
		Episodes: []rules.Episode{e},
	}
}

func message(alerts map[rules.Key]rules.Alert, kind notify.Kind, word string) *notify.Message {
	m := &notify.Message{Kind: kind}
	if kind == notify.KindAllClear || kind == notify.KindTest {
		return m
	}
	for _, node := range []string{word, "ip-10-0-1-13"} {
		a := alerts[keyOf(node)]
		m.Items = append(m.Items, notify.Item{Key: keyOf(node), Alert: a, Episode: a.Now()})
	}
	if kind != notify.KindSummary {
		m.Group = []string{"NodeMemoryHigh"}
	}
	return m
}

// wantQuiet fails the test if more than before has arrived.
func wantQuiet(t *testing.T, r Tested, before string) {
	t.Helper()
	if got := r.Arrived(); got != before {
		t.Errorf("got %.300q at the other side, want nothing new after %.300q", got, before)
	}
}

// wantNoSecret fails the test if a print of v shows Secret.
func wantNoSecret(t *testing.T, what string, v any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if text := fmt.Sprintf(verb, v); strings.Contains(text, Secret) {
			t.Errorf("%s shows a secret: %s", what, strings.ReplaceAll(text, Secret, "<SECRET>"))
		}
	}
	if text, err := json.Marshal(v); err == nil && strings.Contains(string(text), Secret) {
		t.Errorf("%s shows a secret as JSON", what)
	}
}

// give delivers d, and fails the test if that changes d.
func give(t *testing.T, r Tested, d notify.Delivery) notify.Receipt {
	t.Helper()
	before, err := json.Marshal([]any{d.Message, d.Memory})
	if err != nil {
		t.Fatal(err)
	}
	bodies := ""
	for _, f := range d.Files {
		bodies += f.Name + string(f.Body)
	}
	receipt, err := r.Notify(t.Context(), d)
	if err != nil {
		t.Fatalf("delivering: %v", err)
	}
	wantNoSecret(t, "the receipt", receipt)
	after, err := json.Marshal([]any{d.Message, d.Memory})
	if err != nil {
		t.Fatal(err)
	}
	now := ""
	for _, f := range d.Files {
		now += f.Name + string(f.Body)
	}
	if diff := cmp.Diff(string(before)+bodies, string(after)+now); diff != "" {
		t.Errorf("the delivery was changed:\n%s", diff)
	}
	return receipt
}

func delivers(t *testing.T, r Tested) {
	if r.Arrived() != "" {
		t.Fatal("something has arrived before the first delivery")
	}
	give(t, r, Delivery(r.Role, notify.KindNew))
	if r.Arrived() == "" {
		t.Error("nothing has arrived")
	}
}

// allKinds are the kinds that every receiver of messages must support, except Tested.Skips.
var allKinds = []notify.Kind{
	notify.KindNew, notify.KindJoined, notify.KindWorse, notify.KindNoData, notify.KindBetter,
	notify.KindSeenLate, notify.KindResolved, notify.KindStillFiring,
	notify.KindAllClear, notify.KindSummary, notify.KindTest,
}

func kinds(t *testing.T, r Tested) {
	if r.Role != notify.RoleChanges {
		t.Skip("this receiver gets no messages")
	}
	first := give(t, r, Delivery(r.Role, notify.KindNew))
	for _, kind := range allKinds {
		if slices.Contains(r.Skips, kind) {
			continue
		}
		before := r.Arrived()
		d := Delivery(r.Role, kind)
		if kind != notify.KindNew && kind != notify.KindSeenLate && len(d.Message.Items) > 0 &&
			kind != notify.KindSummary {
			d.Message.Thread = first
			for i := range d.Message.Items {
				d.Message.Items[i].Was = notify.Notified{
					Since: d.Message.Items[i].Episode.Since, At: Slot, Severity: rules.Warning,
					Receipt: first,
				}
			}
		}
		d.Message.PossibleDuplicate, d.MemoryLost = true, "what was sent could not be recorded"
		give(t, r, d)
		if r.Arrived() == before {
			t.Errorf("got nothing at the other side, want a message %q", kind)
		}
	}
}

func again(t *testing.T, r Tested) {
	d := Delivery(r.Role, notify.KindNew)
	first := give(t, r, d)
	before := r.Arrived()
	second := give(t, r, d)
	if r.Role == notify.RoleArchive {
		wantQuiet(t, r, before)
		if first.Location != second.Location {
			t.Errorf("the same files: got location %s, want %s", second.Location, first.Location)
		}
	}
	if r.Role == notify.RoleMirror {
		if after := r.Arrived(); after != before && after != before+"\n"+before {
			t.Errorf("delivering the same again: got %s, want %s", after, before)
		}
	}
}

// memories gives a mirror memories with more than firing alerts.
func memories(t *testing.T, r Tested) {
	if r.Role != notify.RoleMirror {
		t.Skip("this receiver does not use the memory")
	}
	change := func(name string, change func(*rules.Alert)) {
		d := Delivery(r.Role, notify.KindNew)
		for k, a := range d.Memory.Alerts {
			change(&a)
			d.Memory.Alerts[k] = a
		}
		t.Log(name)
		give(t, r, d)
		if r.Arrived() == "" {
			t.Errorf("%s: nothing has arrived", name)
		}
	}
	change("without figures", func(a *rules.Alert) {
		a.Value, a.Limit, a.Capacity, a.Episodes[0].Peak = rules.Number(math.NaN()),
			rules.Number(math.Inf(-1)), 0, rules.Number(math.Inf(1))
	})
	change("silent", func(a *rules.Alert) { a.Silent = Slot.Add(-time.Minute) })
	change("better", func(a *rules.Alert) { a.Severity = rules.Warning })
	change("without labels", func(a *rules.Alert) {
		a.Labels, a.Identity, a.Panel, a.Name = nil, nil, "", ""
	})
	change("odd labels", func(a *rules.Alert) {
		a.Identity = map[string]string{
			"k8s.node/name": "a", "k8s_node_name": "b", "": "c", "1st": "d", "alertname": "e",
			"severity": "f", "empty": "", "긴": "g",
		}
		a.Labels = map[string]string{"summary": "h", "pod\n": "i", "cluster": "j", "__name__": "up"}
	})
	change("over", func(a *rules.Alert) {
		a.Episodes[0].Ended, a.Episodes[0].End = Slot, rules.Recovered
	})
	change("begun in the future", func(a *rules.Alert) {
		a.Episodes[0].Since = Slot.Add(24 * time.Hour)
	})
	d := Delivery(r.Role, notify.KindNew)
	d.Memory, d.Archived, d.Details, d.History, d.Interval, d.Run = rules.Memory{}, nil, nil, nil,
		0, notify.Run{}
	give(t, r, d)
	d.MemoryLost, d.Interval, d.Run = "state is corrupt", 7*24*time.Hour, notify.Run{
		Took: time.Minute, Delivered: 1, Failed: 2,
	}
	give(t, r, d)
	d.Message = &notify.Message{Kind: notify.KindTest}
	give(t, r, d)
}

func hostileWords(t *testing.T, r Tested) {
	for _, w := range hostile.Words() {
		receipt := give(t, r, delivery(r.Role, notify.KindNew, w.Text))
		for _, part := range []string{receipt.Location, receipt.ID, receipt.Channel} {
			if c, bad := hostile.Unprintable(part); bad || len(part) > 4<<10 {
				t.Errorf("%s: %U in the receipt, or too long: %.200q", w.Name, c, part)
			}
		}
		if r.Arrived() == "" {
			t.Errorf("%s: nothing has arrived", w.Name)
		}
	}
}

// dashboard delivers a report with a Grafana dashboard. An archive keeps its pictures.
func dashboard(t *testing.T, r Tested) {
	if slices.Contains(r.Skips, notify.KindSummary) {
		t.Skip("this receiver sends no summaries")
	}
	d := Delivery(r.Role, notify.KindSummary)
	d.Report.Info.Board = &board.Board{Title: "Node Exporter Full"}
	pictures := []string{
		report.BoardPicture, report.BoardLargePicture, report.BoardPhonePicture,
	}
	for _, name := range pictures {
		d.Files = append(d.Files, report.File{
			Name: name, ContentType: "image/png", Body: []byte("body of " + name),
		})
	}
	give(t, r, d)
	arrived := r.Arrived()
	if arrived == "" {
		t.Error("nothing has arrived")
	}
	if r.Role != notify.RoleArchive {
		return
	}
	for _, name := range pictures {
		if body := "body of " + name; !strings.Contains(arrived, body) {
			t.Errorf("got %.500q in the archive, want %s", arrived, name)
		}
	}
}

func withoutFiles(t *testing.T, r Tested) {
	if r.Role == notify.RoleArchive {
		t.Skip("an archive gets no report without files")
	}
	d := Delivery(r.Role, notify.KindNew)
	d.Files, d.Archived = nil, nil
	give(t, r, d)
	if r.Arrived() == "" {
		t.Error("nothing has arrived")
	}
}

func cancelled(t *testing.T, r Tested) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Notify(ctx, Delivery(r.Role, notify.KindNew)); !errors.Is(err,
		context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	wantQuiet(t, r, "")
}

func hangs(t *testing.T, r Tested) {
	if r.Hang == nil {
		t.Skip("the other side cannot hang")
	}
	r.Hang()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	returned := make(chan error, 1)
	go func() {
		_, err := r.Notify(ctx, Delivery(r.Role, notify.KindNew))
		returned <- err
	}()
	select {
	case err := <-returned:
		var refused *notify.RefusedError
		if err == nil || errors.As(err, &refused) {
			t.Errorf("got %v, want an error that is no refusal: the delivery may have arrived", err)
		}
		wantNoSecret(t, "the error", err)
	case <-time.After(time.Minute): // for a slow machine; what hangs does so for good
		t.Error("it did not return when its context ended")
	}
}

func busy(t *testing.T, r Tested) {
	if r.Busy == nil {
		t.Skip("the other side never asks to wait")
	}
	const after = 17 * time.Second
	r.Busy(after)
	ctx, cancel := context.WithTimeout(t.Context(), after/2)
	defer cancel()
	_, err := r.Notify(ctx, Delivery(r.Role, notify.KindNew))
	var retry *notify.RetryError
	if !errors.As(err, &retry) || retry.After != after {
		t.Errorf("got %v, want a RetryError after %s", err, after)
	}
	if ctx.Err() != nil {
		t.Error("it waited itself; only Deliver waits")
	}
	wantNoSecret(t, "the error", err)
	wantQuiet(t, r, "")
}

func refused(t *testing.T, r Tested) {
	if r.Refuse == nil {
		t.Skip("the other side never refuses")
	}
	r.Refuse()
	_, err := r.Notify(t.Context(), Delivery(r.Role, notify.KindNew))
	var refused *notify.RefusedError
	if !errors.As(err, &refused) {
		t.Errorf("got %v, want a RefusedError", err)
	}
	wantNoSecret(t, "the error", err)
	wantQuiet(t, r, "")
}

func unreachable(t *testing.T, r Tested) {
	if r.Unreachable == nil {
		t.Skip("the other side is always reachable")
	}
	_, err := r.Unreachable.Notify(t.Context(), Delivery(r.Role, notify.KindNew))
	var retry *notify.RetryError
	if !errors.As(err, &retry) {
		t.Errorf("got %v, want a RetryError, since nothing was delivered", err)
	}
	wantNoSecret(t, "the error", err)
}

func prints(t *testing.T, r Tested) {
	wantNoSecret(t, "the receiver", r.Notifier)
}
