package grafana

import (
	"errors"
	"fmt"
	"slices"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

// decoder has what is known about a file while it is read.
type decoder struct {
	board    Dashboard
	notes    notes
	elements object // the library panels that an export contains
	sources  sources
	inputs   map[string]string // the constants of an export, by name
	tooMany  bool
	gridded  bool // some panels have places in the grid
}

// Decode reads a dashboard in any of Grafana's formats: panels, rows, or elements and a layout. It
// may be wrapped as in an export or in an API's answer.
func Decode(data []byte) (*Dashboard, error) {
	v, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading the dashboard: %w", err)
	}
	d := &decoder{}
	root, err := unwrap(v, &d.notes)
	if err != nil {
		return nil, fmt.Errorf("reading the dashboard: %w", err)
	}
	d.readHead(root)
	if root.has("elements") && root.has("layout") {
		d.readV2(root)
	} else {
		d.readPanels(root)
		d.readRows(root)
		d.readVariables(root.object("templating"), "list", "")
	}
	if d.tooMany {
		return nil, fmt.Errorf("reading the dashboard: %w", tooManyPanels())
	}
	if len(d.board.Panels) == 0 {
		return nil, errors.New("reading the dashboard: it has no panels: add one in Grafana and " +
			"export it again")
	}
	d.keepCopies()
	d.arrange()
	d.reuse()
	d.board.sources = d.sources
	d.board.Notes = d.notes.list
	return &d.board, nil
}

// unwrap finds the dashboard inside its wrapping.
func unwrap(v any, n *notes) (object, error) {
	for range 6 {
		list, _ := v.([]any)
		switch {
		case len(list) == 1:
			v = list[0]
		case len(list) > 1:
			return object{}, fmt.Errorf("this is a list of %d entries and not a Grafana "+
				"dashboard: give one of them, each in a file of its own", len(list))
		}
		m, ok := v.(map[string]any)
		if !ok {
			return object{},
				errors.New(`this is not a Grafana dashboard: it is not a JSON object; ` +
					`export one dashboard as JSON`)
		}
		o := object{m: m, note: n}
		if isBoard(o) {
			return o, nil
		}
		inner, ok := wrapped(o)
		if !ok {
			return object{}, notBoard(o)
		}
		v = inner
	}
	return object{}, notBoard(object{})
}

// isBoard reports whether an object has the panels of a dashboard.
func isBoard(o object) bool {
	_, panels := o.m["panels"].([]any)
	_, rows := o.m["rows"].([]any)
	_, elements := o.m["elements"].(map[string]any)
	return (panels || rows) && o.m["type"] == nil || elements && o.has("layout")
}

// wrapped returns the content of an export, an API's answer or a Kubernetes object.
func wrapped(o object) (any, bool) {
	for _, key := range []string{"dashboard", "spec", "json", "model", "data"} {
		switch v := o.m[key].(type) {
		case map[string]any:
			return v, true
		case string: // GrafanaDashboard objects hold JSON as text
			if inner, err := parse([]byte(v)); err == nil {
				return inner, true
			}
		}
	}
	if len(o.m) == 1 { // the data of a ConfigMap
		for _, v := range o.m {
			if s, ok := v.(string); ok {
				if inner, err := parse([]byte(s)); err == nil {
					return inner, true
				}
			}
		}
	}
	return nil, false
}

func notBoard(o object) error {
	if o.has("type") && (o.has("targets") || o.has("gridPos")) {
		return errors.New("this is one panel and not a Grafana dashboard: export the dashboard " +
			"that has it")
	}
	if o.has("message") {
		return fmt.Errorf("this is not a Grafana dashboard but a server's answer: %q",
			short(o.text("message"), 200))
	}
	return errors.New("this is not a Grafana dashboard: it has no panels, rows or elements; " +
		"export one dashboard as JSON")
}

// readHead reads the fields about the dashboard itself.
func (d *decoder) readHead(o object) {
	b := &d.board
	b.UID, b.Title, b.Description = o.text("uid"), o.text("title"), o.text("description")
	b.Tags = o.texts("tags")
	times := o.object("time")
	if o.has("timeSettings") {
		times = o.object("timeSettings")
		b.Timezone = times.text("timezone")
	} else {
		b.Timezone = o.text("timezone")
	}
	b.From, b.To = times.text("from"), times.text("to")
	d.sources = sources{}
	for _, in := range o.objects("__inputs", maxVariables) {
		if in.text("type") == "datasource" {
			d.sources[in.text("name")] = in.text("pluginId")
		}
	}
	d.elements = o.object("__elements")
	d.countAnnotations(o)
	d.inputs = constants(o)
}

// countAnnotations notes what marks on the charts are left out.
func (d *decoder) countAnnotations(o object) {
	list, _ := o.m["annotations"].([]any) // of v2
	if list == nil {
		list, _ = o.object("annotations").m["list"].([]any)
	}
	n := 0
	for _, v := range list {
		m, _ := v.(map[string]any)
		a := object{m: m}
		if a.has("spec") {
			a = a.object("spec")
		}
		builtIn := a.yes("builtIn") || a.text("type") == "dashboard"
		if m != nil && !builtIn && (a.yes("enable") || !a.has("enable")) {
			n++
		}
	}
	if n > 0 {
		d.notes.add("annotations are not drawn: the dashboard has %d", n)
	}
}

// constants returns those inputs of an export that are values, by name.
func constants(o object) map[string]string {
	values := map[string]string{}
	for _, in := range o.objects("__inputs", maxVariables) {
		if in.text("type") == "constant" {
			values[in.text("name")] = in.text("value")
		}
	}
	return values
}

// reuse gives each panel that shows other panels' answers the queries of those panels.
func (d *decoder) reuse() {
	byID := map[int]*Panel{}
	for i := range d.board.Panels {
		if p := &d.board.Panels[i]; byID[p.ID] == nil {
			byID[p.ID] = p
		}
	}
	for i := range d.board.Panels {
		d.follow(&d.board.Panels[i], byID, 0)
	}
}

// follow replaces the panels that a panel reuses by their targets. It follows those panels first.
func (d *decoder) follow(p *Panel, byID map[int]*Panel, depth int) {
	const most = 5 // panels that show one another's answers
	all := p.reuses
	p.reuses = nil
	var before []frame.Transformation
	for _, r := range all {
		of := byID[r.panel]
		if of != nil && of != p && depth < most {
			d.follow(of, byID, depth+1)
		}
		if of == nil || of == p || len(of.Targets) == 0 {
			p.Notes = append(p.Notes,
				fmt.Sprintf("panel %d, whose answers it shows, has no query", r.panel))
			continue
		}
		for _, t := range of.Targets {
			if !t.Datasource.given() {
				t.Datasource = of.Datasource
			}
			p.Targets = append(p.Targets, t)
		}
		if p.Datasource.Name == ofDashboard {
			p.Datasource = of.Datasource
		}
		if r.transforms {
			before = append(before, of.Transforms...)
		}
	}
	if len(all) > 0 {
		p.Transforms = slices.Concat(before, p.Transforms)
		p.Targets = p.Targets[:min(len(p.Targets), maxTargets)]
		p.nameTargets()
	}
}
