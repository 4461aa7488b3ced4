package grafana

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// The sizes of an automatic grid, in units of height.
var autoHeights = map[string]int{"short": 5, "standard": 9, "tall": 14}

const maxLayouts = 20 // layouts within layouts

// v2 reads a dashboard of schema v2, in which a layout says where each element is.
type v2 struct {
	*decoder
	elements object
	placed   map[string]bool
	scope    string // the tab and the row being read, for their variables
}

// readV2 reads elements and layout. An element that no layout names is read too, because it is in
// the file.
func (d *decoder) readV2(o object) {
	w := &v2{decoder: d, elements: o.object("elements"), placed: map[string]bool{}}
	d.readVariables(o, "variables", "")
	w.walk(o.object("layout"), Row{}, -1, 0)
	rest := slices.SortedFunc(maps.Keys(w.elements.m), func(a, b string) int {
		x, y := w.elements.object(a).object("spec").id("id"),
			w.elements.object(b).object("spec").id("id")
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	})
	for _, name := range rest {
		if !w.placed[name] {
			w.add(name, -1, Grid{W: columns / 2, H: 8}, func(p *Panel) { p.unplaced = true })
		}
	}
}

// walk reads a layout. A row that it makes inherits heading; row is where its panels are.
func (w *v2) walk(layout object, heading Row, row, depth int) {
	if depth > maxLayouts {
		w.notes.add("the layout is nested more than %d levels deep: what is deeper has no place",
			maxLayouts)
		return
	}
	spec := layout.object("spec")
	switch kind := layout.text("kind"); kind {
	case "TabsLayout":
		for _, tab := range spec.objects("tabs", maxRows) {
			s := tab.object("spec")
			under := heading
			under.Tab = joinPath(heading.Tab, s.text("title"))
			under.Repeat = w.repeatWithin(heading, s)
			under.Shown = slices.Concat(heading.Shown, readCondition(s))
			w.section(s, under, -1, depth)
		}
	case "RowsLayout":
		for _, r := range spec.objects("rows", maxRows) {
			s := r.object("spec")
			under := heading
			under.Title = joinPath(heading.Title, s.text("title"))
			under.Collapsed = heading.Collapsed || s.yes("collapse")
			under.Shown = slices.Concat(heading.Shown, readCondition(s))
			under.Repeat = w.repeatWithin(heading, s)
			w.section(s, under, w.addRow(under), depth)
		}
	case "GridLayout":
		w.grid(spec, w.rowOf(heading, row))
	case "AutoGridLayout":
		w.autoGrid(spec, w.rowOf(heading, row))
	case "":
		w.notes.add("a layout has no kind: its panels have no place")
	default:
		w.notes.add("layouts of kind %s are not known: their panels have no place", short(kind, 40))
	}
}

// repeatWithin returns the variable that a tab or a row is repeated by: its own, else that of
// heading.
func (w *v2) repeatWithin(heading Row, spec object) string {
	own := repeatOf(spec).Variable
	if own != "" && heading.Repeat != "" && own != heading.Repeat {
		w.notes.add("%q is repeated by %s within a repetition by %s: the latter is left out",
			short(spec.text("title"), 60), short(own, 60), short(heading.Repeat, 60))
	}
	return cmp.Or(own, heading.Repeat)
}

// section reads the variables and the layout of a tab or a row.
func (w *v2) section(spec object, heading Row, row, depth int) {
	outer := w.scope
	w.scope = joinPath(heading.Tab, heading.Title)
	w.readVariables(spec, "variables", w.scope)
	w.walk(spec.object("layout"), heading, row, depth+1)
	w.scope = outer
}

// rowOf returns the row for the panels of a grid. It makes one in a tab without rows.
func (w *v2) rowOf(heading Row, row int) int {
	if row >= 0 || heading.Tab == "" && heading.Title == "" {
		return row
	}
	heading.Bare = heading.Title == "" && !heading.Collapsed
	return w.addRow(heading)
}

func joinPath(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " / " + b
}

// grid reads a grid, whose items have places.
func (w *v2) grid(spec object, row int) {
	for _, item := range spec.objects("items", MaxPanels) {
		s := item.object("spec")
		if item.text("kind") == "GridLayoutRow" {
			under := Row{
				Title: s.text("title"), Collapsed: s.yes("collapsed"), Repeat: repeatOf(s).Variable,
			}
			inner := w.addRow(under)
			for _, e := range s.objects("elements", MaxPanels) {
				w.gridItem(e.object("spec"), inner)
			}
			continue
		}
		w.gridItem(s, row)
	}
}

func (w *v2) gridItem(s object, row int) {
	g := readGrid(object{m: map[string]any{"gridPos": map[string]any{
		"x": s.m["x"], "y": s.m["y"], "w": s.m["width"], "h": s.m["height"],
	}}, path: s.path, note: s.note})
	w.add(s.object("element").text("name"), row, g, func(p *Panel) { p.Repeat = repeatOf(s) })
}

// autoGrid reads a grid that puts its items one after the other.
func (w *v2) autoGrid(spec object, row int) {
	most := spec.integer("maxColumnCount")
	if most < 1 {
		most = 3
	}
	items := spec.objects("items", MaxPanels)
	most = min(most, columns, max(len(items), 1))
	height, ok := autoHeights[spec.text("rowHeightMode")]
	if px, custom := spec.number("rowHeight"); custom {
		height = int(min(max(px/unit, 1), 100))
	} else if !ok {
		height = autoHeights["standard"]
	}
	width, top := columns/most, w.bottom(row)
	for i, item := range items {
		s := item.object("spec")
		g := Grid{X: i % most * width, Y: top + i/most*height, W: width, H: height}
		w.add(s.object("element").text("name"), row, g, func(p *Panel) {
			p.Repeat = repeatOf(s)
			p.Shown = readCondition(s)
		})
	}
}

// add reads the element with a name when a layout names it for the first time.
func (w *v2) add(name string, row int, at Grid, also func(*Panel)) {
	element, _ := w.elements.m[name].(map[string]any)
	switch {
	case name == "":
		w.notes.add("an item of the layout names no element")
		return
	case element == nil:
		w.notes.add("the layout names the element %s, which is not in the file", short(name, 60))
		return
	case w.placed[name]:
		w.notes.add("the layout names the element %s more than once: it is shown once",
			short(name, 60))
		return
	case len(w.board.Panels) == MaxPanels:
		w.tooMany = true
		return
	}
	w.placed[name] = true
	n := &notes{}
	p := readElement(object{m: element, note: n})
	p.Row, p.Grid = row, at
	also(&p)
	p.Notes = n.list
	w.board.Panels = append(w.board.Panels, p)
}

// readElement reads one panel.
func readElement(o object) Panel {
	spec := o.object("spec")
	spec.path = ""
	viz, data := spec.object("vizConfig"), spec.object("data").object("spec")
	query := data.object("queryOptions")
	p := Panel{
		ID:          spec.id("id"),
		Title:       spec.text("title"),
		Description: spec.text("description"),
		Original:    viz.text("group"), // of v2alpha1 its kind
		TimeFrom:    query.text("timeFrom"),
		TimeShift:   query.text("timeShift"),
		Interval:    query.text("interval"),
		MaxPoints:   query.points("maxDataPoints"),
		Links:       readLinks(spec),
	}
	if p.Original == "" {
		p.Original = viz.text("kind")
	}
	p.Type = kindOf(p.Original).as
	if o.text("kind") == "LibraryPanel" {
		library := spec.object("libraryPanel")
		p.library = cmp.Or(library.text("name"), library.text("uid"), p.Title, "without a name")
		p.Original, p.Type = "library panel", ""
		return p
	}
	for _, q := range data.objects("queries", maxTargets) {
		s := q.object("spec")
		request := s.object("query")
		ds := request.datasource("datasource")
		if s.has("datasource") { // v2alpha1
			ds = s.datasource("datasource")
		}
		if ds.Type == "" {
			ds.Type = request.text("group")
		}
		if kind := request.text("kind"); ds.Type == "" && kind != "DataQuery" {
			ds.Type = kind
		}
		t := request.object("spec")
		if t.m == nil {
			t.m = map[string]any{}
		}
		target := object{m: maps.Clone(t.m), path: t.path, note: t.note}
		target.m["refId"] = s.m["refId"]
		p.addTarget(target, ds.normal(), s.yes("hidden"))
	}
	p.nameTargets()
	p.readTransforms(data)
	vizSpec := viz.object("spec")
	p.readModern(vizSpec.object("options"), vizSpec.object("fieldConfig"))
	return p
}

// repeatOf reads the repetition of an item.
func repeatOf(spec object) Repeat {
	r := spec.object("repeat")
	return Repeat{
		Variable: r.text("value"),
		Vertical: r.text("direction") == "v",
		PerRow:   min(max(r.integer("maxPerRow"), 0), 24),
	}
}

// readCondition reads when Grafana shows an item. It returns none if Grafana always shows it.
func readCondition(spec object) []Condition {
	group := spec.object("conditionalRendering").object("spec")
	items := group.objects("items", 50)
	if len(items) == 0 {
		return nil
	}
	c := Condition{Hide: group.text("visibility") == "hide", Any: group.text("condition") == "or"}
	for _, item := range items {
		s := item.object("spec")
		c.Tests = append(c.Tests, Test{
			Variable: s.text("variable"),
			Operator: s.text("operator"),
			Value:    strings.TrimSpace(s.text("value")),
		})
	}
	return []Condition{c}
}
