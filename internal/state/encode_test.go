package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

var key = Key{Cluster: "prod-seoul", Report: "check"}

// version0 is an invented predecessor of version 1: its slot was a number, and receivers were
// called sinks.
const version0 = `{"schema":0,"cluster":"prod-seoul","report":"check","run":"r","serial":3,"slot":1763779920,"sinks":["oncall"]}`

// oneOf0 makes version 1 of version 0.
func oneOf0(doc map[string]json.RawMessage) error {
	var slot int64
	var sinks []string
	if err := errors.Join(json.Unmarshal(doc["slot"], &slot),
		json.Unmarshal(doc["sinks"], &sinks)); err != nil {
		return err
	}
	entries := map[string]notify.Entry{}
	for _, name := range sinks {
		entries[name] = notify.Entry{First: time.Unix(slot, 0).UTC()}
	}
	delete(doc, "slot")
	delete(doc, "sinks")
	var err1, err2 error
	doc["memory"], err1 = json.Marshal(rules.Memory{Slot: time.Unix(slot, 0).UTC()})
	doc["ledger"], err2 = json.Marshal(notify.Ledger{Receivers: entries})
	return errors.Join(err1, err2)
}

// nothing is an upgrade that changes only the version.
func nothing(map[string]json.RawMessage) error { return nil }

// version1 is a document of version 1, as its program wrote it: a check was as good as its worst
// rule, and episodes did not record the slot that found them.
const version1 = `{"schema":1,"cluster":"prod-seoul","report":"check","run":"XQ2K","serial":7,"memory":{"slot":"2026-11-22T03:10:00Z",` +
	`"seen":{"node-memory/NodeMemoryHigh":"2026-11-22T03:09:00Z"},"alerts":{"node-memory/NodeMemoryHigh{node=\"a\"}":{"panel":"node-memory",` +
	`"rule":"NodeMemoryHigh","name":"a","labels":{"node":"a"},"identity":{"node":"a"},"severity":"critical","grave_at":"2026-11-22T03:09:00Z",` +
	`"value":0.94,"limit":0.9,"capacity":null,"episodes":[{"since":"2026-11-22T02:52:00Z","last":"2026-11-22T03:09:00Z","worst":"critical",` +
	`"peak":0.96,"peak_at":"2026-11-22T03:00:00Z"}]}},"checks":[{"from":"2026-11-22T02:00:00Z","every":300000000000,"n":14,"data":2},` +
	`{"from":"2026-11-22T03:10:00Z","every":0,"n":1,"data":0}]},"ledger":{"receivers":{"oncall":{"first":"2026-11-22T02:00:00Z",` +
	`"told":{"node-memory/NodeMemoryHigh{node=\"a\"}":[{"since":"2026-11-22T02:52:00Z","at":"2026-11-22T03:10:00Z","severity":"critical"}]}}}}}`

func TestVersion1(t *testing.T) {
	d, err := Decode(key, []byte(version1))
	if err != nil {
		t.Fatal(err)
	}
	if d.Schema != Schema || d.Serial != 7 || len(d.Memory.Alerts) != 1 ||
		len(d.Ledger.Receivers["oncall"].Notified) != 1 || len(d.Memory.Checks) != 2 {
		t.Errorf("got %+v, want schema %d, serial 7, one alert, one of which oncall knows, and "+
			"two checks", d, Schema)
	}
	// One rule failed at the last slot. That was not blindness, so the first blind slot after it is
	// the first one.
	slot := d.Memory.Slot.Add(5 * time.Minute)
	m := rules.Advance(d.Memory, rules.Evaluation{Rules: []rules.RuleResult{{}}}, slot)
	if _, blind := m.Alerts[rules.BlindKey]; blind {
		t.Error("got an alert of blindness after one slot, want none")
	}
	if a := d.Memory.Alerts[`node-memory/NodeMemoryHigh{node="a"}`]; m.New(a.Now()) ||
		d.Memory.New(a.Now()) {
		t.Error("got an alert of the older version as new, want it known")
	}
}

func TestUpgrades(t *testing.T) {
	for name, steps := range map[string][]upgrade{
		"one step": {oneOf0}, "two steps": {oneOf0, nothing},
	} {
		d, err := decode(key, []byte(version0), steps, 0)
		if err != nil {
			t.Fatalf("%s: got %v, want no error", name, err)
		}
		slot := time.Unix(1763779920, 0).UTC()
		if d.Schema != len(steps) || d.Serial != 3 || !d.Memory.Slot.Equal(slot) ||
			!d.Ledger.Receivers["oncall"].First.Equal(slot) {
			t.Errorf("%s: got %+v, want schema %d, serial 3 and the slot %s", name, d, len(steps),
				slot)
		}
	}
	var damaged *CorruptError
	if _, err := decode(key, []byte(strings.Replace(version0, "1763779920", `"noon"`, 1)),
		[]upgrade{oneOf0}, 0); !errors.As(err, &damaged) {
		t.Errorf("a document that cannot be upgraded: got %v, want a CorruptError", err)
	}
	if _, err := Decode(key, []byte(version0)); !errors.As(err, &damaged) {
		t.Errorf("a version that never existed: got %v, want a CorruptError", err)
	}
	today, err := Encode(key, Doc{Serial: 5})
	if err != nil {
		t.Fatal(err)
	}
	// Tomorrow's program reads today's document.
	if d, err := decode(key, today, append(slices.Clone(upgrades), nothing),
		firstSchema); err != nil || d.Schema != Schema+1 || d.Serial != 5 {
		t.Errorf("got %+v, %v; want the next version", d, err)
	}
	// Today's program does not change tomorrow's document.
	var newer *NewerError
	if _, err := Decode(key, bytes.Replace(today, []byte(`"schema":2`), []byte(`"schema":3`),
		1)); !errors.As(err, &newer) || newer.Schema != 3 {
		t.Errorf("got %v, want a NewerError", err)
	}
	if Schema != firstSchema+len(upgrades) {
		t.Errorf("got schema version %d, want %d, to which the upgrades lead", Schema,
			firstSchema+len(upgrades))
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, err := range []error{&CorruptError{key, errors.New("x")}, &NewerError{key, 2}} {
		if !strings.Contains(err.Error(), "promsnap state reset check") ||
			!strings.Contains(err.Error(), "left as it is") &&
				!strings.Contains(err.Error(), "left as it is:") {
			t.Errorf("got %v, want advice", err)
		}
	}
}

// crowded returns a document with many firing containers that have long labels, and three receivers
// that were notified of each remembered alert.
func crowded(containers int) Doc {
	at := time.Date(2026, 11, 22, 2, 52, 0, 0, time.UTC)
	r := rules.RuleResult{
		ID:   rules.RuleID{Panel: "container-memory", Rule: "ContainerMemoryNearLimit"},
		Data: rules.DataComplete, From: at, Through: at.Add(time.Hour),
	}
	for i := range containers {
		identity := series.FromPairs("namespace", "spark-production", "workload",
			fmt.Sprintf("executor-%04d", i), "container", "spark-kubernetes-executor")
		r.Findings = append(r.Findings, rules.Judged{
			Identity: identity, Name: "spark-production/executor/spark-kubernetes-executor",
			Finding: rules.Finding{
				Rule:   r.ID.Rule,
				Labels: identity.With("pod", fmt.Sprintf("executor-%04d-7d9f8b6c5d-x2x4z", i)),
				Status: rules.Breach, Severity: rules.Critical,
				Value: 0.9512345678901234, Limit: 0.95, Newest: at.Add(time.Hour),
				Streak: &rules.Streak{
					From: at, To: at.Add(time.Hour), Peak: 0.9812345678901234, PeakAt: at,
					Limit: 0.95, Severity: rules.Critical,
				},
			},
		})
	}
	memory := rules.Advance(rules.Memory{}, rules.Evaluation{Rules: []rules.RuleResult{r}},
		at.Add(time.Hour))
	notified := map[rules.Key][]notify.Notified{}
	for k := range memory.Alerts {
		notified[k] = []notify.Notified{{Since: at, At: at.Add(
			time.Hour), Severity: rules.Critical, Receipt: notify.Receipt{
			Channel: "C0123456789", ID: "1763779920.000100",
			Location: "https://example.slack.com/archives/C0123456789/p1763779920000100",
		}}}
	}
	entry := notify.Entry{First: at, Notified: notified}
	return Doc{
		Page: notify.Page{
			Memory: memory, Ledger: notify.Ledger{
				Receivers: map[string]notify.Entry{
					"oncall": entry, "team": entry, "team via mail": entry,
				},
			},
		},
	}
}

func TestACrowdedDocumentFits(t *testing.T) {
	d := crowded(3000)
	data, err := Encode(key, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d alerts, %d more, %d KiB", len(d.Memory.Alerts), d.Memory.Overflow, len(data)>>10)
	if d.Memory.Overflow+len(d.Memory.Alerts) != 3000 || len(d.Memory.Alerts) < 300 {
		t.Errorf("got %d alerts and %d more, want 3000 in total",
			len(d.Memory.Alerts), d.Memory.Overflow)
	}
	again, err := Encode(key, d)
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("the same document again: got\n%s\n(%v), want\n%s", again, err, data)
	}
}

func FuzzDecode(f *testing.F) {
	whole, err := Encode(key, crowded(2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(version0))
	f.Add([]byte(version1))
	f.Add(
		[]byte(
			`{"schema":1,"cluster":"prod-seoul","report":"check","memory":{"alerts":{"k":{"episodes":[]}}},"ledger":{}}`))
	f.Add([]byte(`{"schema":1e99}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Decode(key, data)
		var damaged *CorruptError
		var newer *NewerError
		if err != nil {
			if !errors.As(err, &damaged) && !errors.As(err, &newer) {
				t.Fatalf("got %T %v, want a CorruptError or a NewerError", err, err)
			}
			return
		}
		once, err := Encode(key, d)
		if err != nil {
			return // larger than before: times and numbers may be shorter than Encode writes them
		}
		back, err := Decode(key, once)
		if err != nil {
			t.Fatalf("reading what was written: got error %v, want none for\n%s", err, once)
		}
		twice, err := Encode(key, back)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written twice: got\n%s\n(%v), want as written once\n%s", twice, err, once)
		}
		rules.Advance(d.Memory, rules.Evaluation{Configured: []rules.RuleID{}}, d.Memory.Slot)
	})
}
