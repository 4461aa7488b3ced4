package frame_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

func TestFigures(t *testing.T) {
	text := func(_ *frame.Field, v frame.Value) string { return "<" + v.String() + ">" }
	for _, c := range []struct{ config, options, want string }{
		{`{}`, `{"calcs": ["lastNotNull"]}`, "Value #A=2 (lastNotNull) | Value #B=30 (lastNotNull)"},
		{`{}`, `{"calcs": ["max", "avg"], "fields": "/B/"}`, "Value #B=30 (max) | Value #B=25 (avg)"},
		{`{}`, ``, "Value #A=2 (last) | Value #B=30 (last)"},
		{`{}`, `{"values": true}`, "<a>=1 row 0 | <b>=2 row 1 | <b>=20 row 0 | <c>=30 row 1"},
		{`{}`, `{"values": true, "limit": "3"}`, "<a>=1 row 0 | <b>=2 row 1 | <b>=20 row 0"},
		{
			`{"defaults": {"displayName": "${__cell_1} of ${__data.refId}: $__calc"}}`, `{"values": true, "limit": 1}`,
			"<a> of A: $__calc=1 row 0",
		},
		{
			`{"defaults": {"displayName": "$__calc of [[__calc]]"}}`, `{"calcs": ["sum"]}`,
			"sum of sum=3 (sum) | sum of sum=50 (sum)",
		},
		{
			`{"overrides": [{"matcher": {"id": "byName", "options": "<b>"}, "properties": [{"id": "color", "value": {"mode": "fixed"}}]}]}`,
			`{"values": true, "limit": 2}`, `<a>=1 row 0 | <b>=2 row 1 {"mode": "fixed"}`,
		},
		{`{}`, `{"fields": "nothing"}`, ""},
	} {
		fc, notes := frame.DecodeFieldConfig(json.RawMessage(c.config))
		f, more := frame.DecodeFigures(json.RawMessage(c.options))
		frames, _ := fc.Apply(pods())
		figures, others := fc.Figures(frames, f, text)
		var got []string
		for _, f := range figures {
			s := fmt.Sprintf("%s=%v", f.Title, f.Value)
			if f.Row >= 0 {
				s += fmt.Sprintf(" row %d", f.Row)
			} else {
				s += " (" + f.Calc + ")"
			}
			got = append(got, strings.TrimSpace(s+" "+string(f.Color)))
		}
		if s := strings.Join(got, " | "); s != c.want || len(notes)+len(more)+len(others) > 0 {
			t.Errorf(
				"%s, %s: notes %q %q %q\n got %s\nwant %s",
				c.config,
				c.options,
				notes,
				more,
				others,
				s,
				c.want,
			)
		}
	}
}

func TestFiguresWrong(t *testing.T) {
	_, notes := frame.DecodeFigures(
		json.RawMessage(`{"calcs": "max", "limit": "all", "values": 1}`),
	)
	if got, want := strings.Join(notes, "; "), "reduceOptions: the option calcs is not a list; "+
		"reduceOptions: the option limit is not a number"; got != want {
		t.Errorf("got the notes %q, want %q", got, want)
	}
	fc := frame.FieldConfig{}
	_, notes = fc.Figures(
		pods(),
		frame.Figures{Fields: "/(/"},
		func(*frame.Field, frame.Value) string { return "" },
	)
	if len(notes) != 1 || !strings.Contains(notes[0], "regular expression") {
		t.Errorf("got the notes %q, want one of the regular expression", notes)
	}
}
