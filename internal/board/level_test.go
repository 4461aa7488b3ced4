package board_test

import (
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/series"
)

// steps is the JSON of thresholds: a base, and steps at 60 and 80.
func steps(base, middle, high string) string {
	return `"thresholds": {"mode": "absolute", "steps": [{"value": null, "color": "` + base +
		`"}, {"value": 60, "color": "` + middle + `"}, {"value": 80, "color": "` + high + `"}]}`
}

// field is the JSON of a panel whose fields have these defaults.
func field(parts string) string { return `"fieldConfig": {"defaults": {` + parts + `}}` }

func TestLevel(t *testing.T) {
	own := steps("green", "#EAB839", "dark-red")
	standard := `"thresholds": {"steps": [{"value": null, "color": "green"},
		{"value": 80, "color": "red"}]}`
	word := func(color string) string {
		return `"mappings": [{"type": "value", "options": {"90": {"text": "x", "color": "` +
			color + `"}}}]`
	}
	for _, tt := range []struct {
		name, kind, rest string
		value            float64
		want             board.Level
	}{
		{"below", "stat", field(own), 59, board.Normal},
		{"yellow", "gauge", field(own), 60, board.Yellow},
		{"red", "stat", field(own), 80, board.Red},
		{"no number", "stat", field(own), nan, board.Unjudged},
		{"an orange", "stat", field(steps("green", "rgba(237, 129, 40, 0.89)", "blue")), 70,
			board.Yellow},
		{"a blue", "stat", field(steps("green", "orange", "blue")), 90, board.Normal},
		{"a purple", "stat", field(steps("green", "orange", "purple")), 90, board.Normal},
		{"a grey", "stat", field(steps("green", "orange", "#807a78")), 90, board.Normal},
		{"a bad base", "stat", field(steps("red", "yellow", "green")), 5, board.Red},
		{"only red", "stat", field(steps("red", "red", "red")), 5, board.Normal},
		{"not coloured", "stat", field(own) + `, "options": {"colorMode": "none"}`, 90,
			board.Unjudged},
		{"a fixed colour", "stat",
			field(own + `, "color": {"mode": "fixed", "fixedColor": "red"}`), 90, board.Unjudged},
		{"a scale", "stat", field(own + `, "color": {"mode": "continuous-GrYlRd"}`), 90,
			board.Unjudged},
		{"none in the file", "stat", field(`"unit": "percent"`), 90, board.Unjudged},
		{"Grafana's in the file", "stat", field(standard), 90, board.Unjudged},
		{"the same of a percentage", "stat", field(`"unit": "percent", ` + standard), 90,
			board.Red},
		{"a red mapping", "stat", field(word("red")), 90, board.Red},
		{"a green mapping", "stat", field(own + ", " + word("green")), 90, board.Normal},
		{"a mapping without a colour", "stat", field(own + ", " + word("")), 90, board.Red},
	} {
		v := show(t, panel(tt.kind, tt.rest), answer("A", line("x", tt.value)))
		if got := v.Tiles.Items[0].Level; got != tt.want {
			t.Errorf("%s: got level %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestBeyondThresholds(t *testing.T) {
	rest := field(`"unit": "percent", ` + steps("green", "orange", "red"))
	list := []series.Series{line("x", 70), line("y", 90), line("z", 1)}
	b := board.Board{}
	for _, kind := range []string{"stat", "bargauge", "piechart", "timeseries"} {
		b.Panels = append(b.Panels,
			board.Panel{View: show(t, panel(kind, rest), answer("A", list...)), Name: kind})
	}
	beyond, judged := b.BeyondThresholds()
	var got []string
	for _, f := range beyond {
		got = append(got, f.Panel.Name+" "+f.Name+" "+f.Text)
	}
	want := []string{"stat y 90%", "bargauge y 90%", "stat x 70%", "bargauge x 70%"}
	equal(t, "beyond", got, want)
	equal(t, "judged", judged, 6)
}

func TestAnswered(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers []board.Answer
		want    bool
	}{
		{"nothing", nil, false},
		{"no series", []board.Answer{answer("A")}, false},
		{"no value", []board.Answer{answer("A", line("x", nan, nan))}, false},
		{"a failure", []board.Answer{{Ref: "A", Failure: "refused"}}, false},
		{"one of two", []board.Answer{answer("A"), answer("B", line("x", nan, 1))}, true},
	} {
		// A text in place of no data is no answer.
		v := show(t, panel("stat", field(`"noValue": "none"`)), tt.answers...)
		if v.Answered != tt.want {
			t.Errorf("%s: got answered %v, want %v", tt.name, v.Answered, tt.want)
		}
	}
}
