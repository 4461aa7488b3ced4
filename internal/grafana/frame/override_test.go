package frame_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

func TestApply(t *testing.T) {
	fc, notes := frame.DecodeFieldConfig(json.RawMessage(`{
		"defaults": {"unit": "bytes", "decimals": "2", "min": "0", "max": 10,
			"custom": {"lineWidth": 1, "hideFrom": {"legend": true}}},
		"overrides": [
			{"matcher": {"id": "byName", "options": "Value #A"}, "properties": [
				{"id": "unit", "value": "s"}, {"id": "custom.lineWidth", "value": 3},
				{"id": "displayName", "value": "CPU"}, {"id": "oddity", "value": 1}]},
			{"matcher": {"id": "byRegexp", "options": "/^cpu$/i"}, "properties": [
				{"id": "unit", "value": "ms"}, {"id": "max", "value": null}]},
			{"matcher": {"id": "byMoon", "options": "full"}, "properties": [
				{"id": "unit", "value": "m"}]},
			{"matcher": {"id": "byName", "options": "Value #B", "scope": "nested"}, "properties": [
				{"id": "unit", "value": "m"}]}
		]}`))
	frames, applied := fc.Apply(pods())
	if len(notes)+len(applied.Notes) > 0 ||
		!slices.Equal(applied.Unknown, []string{"byMoon", "oddity"}) {
		t.Errorf(
			"got notes %q %q, unknown %q, want byMoon and oddity",
			notes,
			applied.Notes,
			applied.Unknown,
		)
	}
	cpu, other := frames[0].Fields[2].Config, frames[1].Fields[2].Config
	if cpu.Unit != "ms" || cpu.Max != nil || *cpu.Min != 0 || *cpu.Decimals != 2 ||
		string(cpu.Custom["lineWidth"]) != "3" ||
		string(cpu.Custom["hideFrom.legend"]) != "true" ||
		cpu.DisplayName != "CPU" {
		t.Errorf("Value #A: got %+v, want CPU in ms from 0 with 2 decimals, line width 3, hidden "+
			"from the legend", cpu)
	}
	if other.Unit != "bytes" || *other.Max != 10 || string(other.Custom["lineWidth"]) != "1" ||
		other.DisplayName != "" {
		t.Errorf("Value #B: got %+v, want bytes up to 10 with line width 1 and no name", other)
	}
	if text := frames[0].Fields[1].Config; text.Decimals != nil || text.Min != nil ||
		text.Unit != "bytes" {
		t.Errorf("pod: got %+v, want neither decimals nor a range", text)
	}
	if name := frame.NamesOf(frames).Of(frames[0].Fields[2], frames[0]); name != "CPU" {
		t.Errorf("got the display name %q, want CPU", name)
	}
}

func TestDecodeFieldConfigLoosely(t *testing.T) {
	for in, note := range map[string]string{
		`5`:                              "fieldConfig is no object",
		`{"defaults": []}`:               "fieldConfig.defaults is no object",
		`{"overrides": {}}`:              "fieldConfig.overrides is no list",
		`{"defaults": {"decimals": {}}}`: "decimals is not a number",
		`{"defaults": {"min": "low"}}`:   "min is not a number",
		`{"overrides": [{"matcher": 5, "properties": 5}, 7, {"properties": [5, {"value": 1}]}]}`: "override.properties is no list",
		`{"overrides": [{"matcher": {"id": 5}}]}`:                                                "matcher: id is not understood",
	} {
		_, notes := frame.DecodeFieldConfig(json.RawMessage(in))
		if !strings.Contains(strings.Join(notes, "\n"), note) {
			t.Errorf("%s: got the notes %q, want one with %q", in, notes, note)
		}
	}
	for _, in := range []string{
		``, `null`, `{}`,
		`{"defaults": {"decimals": "", "min": null, "max": "auto"}, "overrides": []}`,
	} {
		if _, notes := frame.DecodeFieldConfig(json.RawMessage(in)); len(notes) > 0 {
			t.Errorf("%s: got the notes %q, want none", in, notes)
		}
	}
}

func TestRange(t *testing.T) {
	frames := pods()
	if low, high, ok := frame.Range(frames); low != 1 || high != 30 || !ok {
		t.Errorf("got %v to %v, %t, want 1 to 30", low, high, ok)
	}
	empty := []*frame.Frame{{Fields: []*frame.Field{
		{Type: frame.Number, Values: frame.Numbers([]float64{math.NaN(), frame.NullNumber()})},
	}}}
	if low, high, ok := frame.Range(empty); ok {
		t.Errorf("nothing: got %v to %v, want no range", low, high)
	}
	empty[0].Fields[0].Config.NullValueMode = frame.NullAsZero
	if low, high, ok := frame.Range(empty); low != 0 || high != 0 || !ok {
		t.Errorf("a null as zero: got %v to %v, %t; want 0 to 0, true", low, high, ok)
	}
}

func TestReducerName(t *testing.T) {
	for id, want := range map[string]string{
		"lastNotNull": "Last *", "current": "Last *", "avg": "Mean",
		"p1": "1st %", "p22": "22nd %", "p13": "13th %", "p99": "99th %",
		"p0": "", "p100": "", "p01": "", "": "", "best": "",
	} {
		if got, ok := frame.ReducerName(id); got != want || ok != (want != "") {
			t.Errorf("ReducerName(%q) = %q, %t, want %q", id, got, ok, want)
		}
	}
}
