package frametest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

// generator makes cases by chance. The same seed makes the same cases.
type generator struct {
	*rand.Rand
	nan     bool // numbers may be NaN or infinite
	chained bool // several transformations
}

// Generate returns n cases of a kind.
func Generate(kind string, seed uint64, n int) []Case {
	out := make([]Case, n)
	for i := range out {
		g := generator{Rand: rand.New(rand.NewPCG(seed, uint64(i)))}
		switch kind {
		case "transform":
			out[i] = g.transform(i)
		case "names":
			out[i] = Case{Frames: g.frames()}
		case "reduce":
			g.nan = i%4 == 3
			f := g.column(g.IntN(30))
			out[i] = Case{Field: &f}
		case "override":
			out[i] = g.override()
		case "figures":
			out[i] = g.figures()
		}
		out[i].Kind = kind
	}
	return out
}

func one[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

// some returns a few of list, in its order.
func some[T any](g generator, list []T) []T {
	out := []T{}
	for _, x := range list {
		if g.chance(40) {
			out = append(out, x)
		}
	}
	return out
}

func (g generator) number() any {
	switch g.IntN(14) {
	case 0:
		return nil
	case 1:
		return 0.0
	case 2:
		if g.nan {
			return map[string]any{"n": one(g, "NaN", "Infinity", "-Infinity")}
		}
		return -1.5
	case 3, 4:
		return float64(g.IntN(2000)-500) / 4
	case 5:
		return float64(g.IntN(1_000_000_000)) * 1e3
	case 6:
		return float64(g.IntN(1000)) / 1e5
	}
	return float64(g.IntN(12))
}

func (g generator) word() string {
	return one(
		g,
		"a",
		"b",
		"c",
		"node-1",
		"node-2",
		"node-10",
		"Node-1",
		"kube-system",
		"10.0.0.1:9100",
		"",
		"/dev/sda1",
		"default",
		"1",
		"2",
		"10",
		"foo_bar",
		"é",
		"Zebra",
		"x y",
	)
}

func (g generator) values(t string, rows int) []any {
	out := make([]any, rows)
	for i := range out {
		switch t {
		case "time":
			out[i] = float64(1_700_000_000_000 + 15_000*i)
		case "number":
			out[i] = g.number()
		case "boolean":
			out[i] = g.chance(50)
		default:
			out[i] = g.word()
			if g.chance(5) {
				out[i] = nil
			}
		}
	}
	return out
}

func (g generator) column(rows int) Field {
	t := one(g, "number", "number", "number", "number", "number", "string", "boolean")
	f := Field{Name: "Value", Type: t, Config: map[string]any{}, Values: g.values(t, rows)}
	if g.chance(40) {
		f.Config["nullValueMode"] = one(g, "connected", "null", "null as zero")
	}
	if g.chance(10) {
		for i := range f.Values {
			f.Values[i] = nil
		}
	}
	return f
}

var labelNames = []string{"instance", "job", "mode", "pod"}

func (g generator) labels() *map[string]string {
	if g.chance(10) {
		return nil
	}
	labels := make(map[string]string)
	for _, name := range some(g, labelNames) {
		labels[name] = one(g, "a", "b", "node-1", "node-2", "10")
	}
	if g.chance(25) {
		labels["__name__"] = "up"
	}
	return &labels
}

// frames returns time series, tables, or a table of everything.
func (g generator) frames() []Frame {
	switch g.IntN(3) {
	case 0:
		return g.timeSeries()
	case 1:
		return g.tables()
	}
	return g.mixed()
}

func (g generator) timeSeries() []Frame {
	oneLabel := g.chance(30)
	named := g.chance(40)
	same := g.chance(60)
	rows := g.IntN(6) + 1
	out := make([]Frame, g.IntN(4)+1)
	for i := range out {
		if !same {
			rows = g.IntN(6) + 1
		}
		start := 0
		if !same && g.chance(60) {
			start = g.IntN(3)
		}
		times := make([]any, rows)
		for k := range times {
			times[k] = float64(1_700_000_000_000 + 15_000*(k+start))
		}
		value := Field{
			Name: "Value", Type: "number", Labels: g.labels(), Config: map[string]any{},
			Values: g.values("number", rows),
		}
		if oneLabel {
			value.Labels = &map[string]string{"instance": one(g, "a", "b", "node-1")}
		}
		if g.chance(15) {
			value.Name = "up"
		}
		out[i] = Frame{RefID: string(rune('A' + i%2)), Fields: []Field{
			{Name: "Time", Type: "time", Config: map[string]any{}, Values: times}, value,
		}}
		if named {
			out[i].Name = one(g, "CPU", "memory", "node-1", "a b")
			if g.chance(70) {
				value.Config["displayNameFromDS"] = out[i].Name
			}
		}
	}
	return out
}

// tables returns what several instant queries as tables give: with common and with own labels.
func (g generator) tables() []Frame {
	keys := []string{"a", "b", "c", "node-1", "node-2"}
	if g.chance(25) { // but not both: see sortOrder
		keys = []string{"10", "2", "1", "9100", "0.5"}
	}
	labels := some(g, []string{"instance", "job", "pod"})
	out := make([]Frame, g.IntN(3)+1)
	for i := range out {
		ref := string(rune('A' + i))
		rows := g.IntN(6)
		own := labels
		if g.chance(30) {
			own = some(g, []string{"instance", "job", "pod", "mode"})
		}
		f := Frame{RefID: ref, Fields: []Field{{
			Name: "Time", Type: "time", Config: map[string]any{}, Values: make([]any, rows),
		}}}
		for k := range rows {
			f.Fields[0].Values[k] = 1_700_000_000_000.0
		}
		for _, label := range own {
			column := Field{Name: label, Type: "string", Config: map[string]any{}, Values: []any{}}
			for range rows {
				column.Values = append(column.Values, one(g, keys...))
			}
			f.Fields = append(f.Fields, column)
		}
		value := Field{
			Name:   "Value #" + ref,
			Type:   "number",
			Config: map[string]any{},
			Values: g.values("number", rows),
		}
		if len(out) == 1 {
			value.Name = "Value"
		}
		f.Fields = append(f.Fields, value)
		out[i] = f
	}
	return out
}

func (g generator) mixed() []Frame {
	rows := g.IntN(8)
	f := Frame{Name: one(g, "", "", "table"), RefID: "A"}
	for range g.IntN(5) + 1 {
		t := one(g, "number", "number", "string", "string", "boolean", "time")
		field := Field{
			Name: one(
				g,
				"Value",
				"Value #A",
				"pod",
				"instance",
				"Time",
				"size",
				"size",
				"used",
				"1",
			),
			Type:   t,
			Config: map[string]any{},
			Values: g.values(t, rows),
		}
		if g.chance(20) {
			field.Labels = g.labels()
		}
		if g.chance(15) {
			field.Config["displayName"] = one(g, "Shown", "Value", "pod")
		}
		f.Fields = append(f.Fields, field)
	}
	return []Frame{f}
}

// names returns the names by which options may call the fields of frames.
func (g generator) names(frames []Frame) []string {
	out := []string{"Value", "Time", "nothing"}
	for _, f := range frames {
		if f.Name != "" {
			out = append(out, f.Name)
		}
		for _, field := range f.Fields {
			out = append(out, field.Name)
			if field.Labels != nil {
				for _, v := range *field.Labels {
					out = append(out, v)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (g generator) override() Case {
	c := Case{Frames: g.frames()}
	names := g.names(c.Frames)
	defaults := map[string]any{}
	for _, p := range g.properties() {
		if id := p["id"].(string); id[0] != 'c' || id == "color" {
			defaults[id] = p["value"]
		}
	}
	if g.chance(50) {
		defaults["custom"] = map[string]any{
			"lineWidth": 1,
			"hideFrom":  map[string]any{"legend": true},
		}
	}
	var overrides []any
	for range g.IntN(4) {
		overrides = append(
			overrides,
			map[string]any{"matcher": g.matcher(names), "properties": g.properties()},
		)
	}
	c.FieldConfig = raw(map[string]any{"defaults": defaults, "overrides": overrides})
	return c
}

func (g generator) figures() Case {
	c := Case{Frames: g.frames()}
	names := g.names(c.Frames)
	defaults := map[string]any{}
	if g.chance(40) {
		defaults["displayName"] = one(
			g,
			"Shown",
			"${__field.labels.job} $__calc",
			"[[__calc]]: x",
			"${__cell_0}",
			"$__cell_1 and ${__cell_2:raw}",
			"${__data.fields.pod}",
			"$__calc_x $$__calc",
			"${__data.fields[1].numeric}",
			`${__data.fields["Value"]}`,
			"${__data.name}/${__data.refId}",
		)
	}
	overrides := []any{}
	for range g.IntN(3) {
		color := map[string]any{
			"id":    "color",
			"value": map[string]any{"fixedColor": one(g, "red", "blue")},
		}
		overrides = append(overrides, map[string]any{
			"matcher": map[string]any{
				"id":      "byName",
				"options": one(g, append(names, "a", "b", "c")...),
			},
			"properties": append(g.properties(), color),
		})
	}
	c.FieldConfig = raw(map[string]any{"defaults": defaults, "overrides": overrides})
	o := map[string]any{"values": g.chance(60)}
	if g.chance(70) {
		o["calcs"] = some(g, []string{"lastNotNull", "mean", "max", "sum", "first", "last"})
	}
	if g.chance(40) {
		o["fields"] = one(g, "/.*/", "/Value/", "", "pod", "/^(?!Time)/")
	}
	if g.chance(40) {
		o["limit"] = one(g, 1, 3, 100)
	}
	c.ReduceOptions = raw(o)
	return c
}

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("a case is no JSON: %v", err))
	}
	return b
}

func (g generator) properties() []map[string]any {
	values := map[string][]any{
		"unit": {
			"bytes",
			"s",
			"percent",
		},
		"decimals": {1, 2, "3"},
		"min":      {0, "5", 100},
		"max":      {1, 50, "200"},
		"displayName": {
			"Shown",
			"${__field.labels.job}",
			"${__series.name}",
			"${__field.name} x",
			"${__field.displayName}!",
			"${__field.labels}",
			`${__field.labels["pod"]}`,
			"$other ${x}",
			"${__field.labels.__values}",
		},
		"noValue": {"-", "none"},
		"color": {
			map[string]any{"mode": "fixed", "fixedColor": "red"},
			map[string]any{"fixedColor": "red"},
		},
		"thresholds": {map[string]any{
			"mode": "absolute", "steps": []any{map[string]any{"color": "green", "value": 0}},
		}},
		"mappings": {
			[]any{map[string]any{"type": "special", "options": map[string]any{"match": "null"}}},
		},
		"custom.lineWidth":   {2, 3},
		"custom.fillOpacity": {10, 20},
		"custom.hideFrom":    {map[string]any{"tooltip": true, "viz": false, "legend": false}},
		"links":              {[]any{map[string]any{"title": "x", "url": "/y"}}},
		"unknown":            {1},
	}
	ids := make([]string, 0, len(values))
	for id := range values {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	out := []map[string]any{}
	for range g.IntN(4) {
		id := one(g, ids...)
		out = append(out, map[string]any{"id": id, "value": one(g, values[id]...)})
	}
	return out
}

func (g generator) matcher(names []string) map[string]any {
	m := func(id string, options any) map[string]any {
		return map[string]any{"id": id, "options": options}
	}
	switch g.IntN(12) {
	case 0, 1, 2:
		return m("byName", one(g, names...))
	case 3:
		return m(
			"byNames",
			map[string]any{"names": some(g, names), "mode": one(g, "include", "exclude")},
		)
	case 4, 5:
		return m(
			"byRegexp",
			one(g, "/.*/", "/Value/", "/^node/i", "/(?!V).*a/", "Value.*", "/a$/", "node-1"),
		)
	case 6:
		return m(
			"byRegexpOrNames",
			map[string]any{"names": some(g, names), "pattern": one(g, "/e/", "a", "")},
		)
	case 7:
		return m("byFrameRefID", one(g, "A", "B", "C"))
	case 8:
		return m("byType", one(g, "number", "string", "time", "boolean"))
	case 9:
		return m("numeric", nil)
	case 10:
		return m(one(g, "first", "firstTimeField", "time"), nil)
	}
	return m("byValue", map[string]any{
		"reducer": one(g, "allIsNull", "allIsZero", "max", "lastNotNull", "mean", "count"),
		"op": one(
			g,
			"eq",
			"neq",
			"gt",
			"gte",
			"lt",
			"lte",
		),
		"value": one[any](g, 0, 1, "5", nil, 3.5),
	})
}

// Frames returns frames by chance.
func Frames(seed uint64) []*frame.Frame {
	g := generator{Rand: rand.New(rand.NewPCG(seed, 0)), nan: seed%2 == 1}
	return read(g.frames())
}
