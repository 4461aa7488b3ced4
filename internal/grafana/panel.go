package grafana

// readPanel reads a panel of panels[] or rows[].
func (d *decoder) readPanel(o object) Panel {
	n := &notes{}
	o.note, o.path = n, ""
	library := o.object("libraryPanel")
	if o.has("libraryPanel") && !o.has("targets") && !o.has("options") {
		if model := d.elements.object(library.text("uid")).object("model"); model.m != nil {
			o = object{m: withPlace(model.m, o.m), note: n}
			library = object{}
		}
	} else {
		library = object{}
	}
	p := Panel{
		ID:          o.id("id"),
		Title:       o.text("title"),
		Description: o.text("description"),
		Original:    o.text("type"),
		Row:         -1,
		Datasource:  o.datasource("datasource"),
		TimeFrom:    o.text("timeFrom"),
		TimeShift:   o.text("timeShift"),
		Interval:    o.text("interval"),
		MaxPoints:   o.points("maxDataPoints"),
		Repeat:      readRepeat(o),
		library:     library.text("name"),
	}
	if p.library == "" {
		p.library = library.text("uid")
	}
	if library.m != nil && p.library == "" {
		p.library = "without a name"
	}
	if p.library != "" {
		p.Original = "library panel"
	}
	p.Type = kindOf(p.Original).as
	p.readTargets(o)
	p.Links = readLinks(o)
	p.readTransforms(o)
	switch {
	case p.Original == "graph":
		readGraph(&p, o)
	case p.Original == "singlestat" || p.Original == "grafana-singlestat-panel":
		readSinglestat(&p, o)
	case p.Type == "table" && o.has("styles"):
		readOldTable(&p, o)
	case p.Type == "heatmap" && o.has("dataFormat") && !o.has("options"):
		readOldHeatmap(&p, o)
	case p.Original == "grafana-piechart-panel":
		readOldPie(&p, o)
	case p.Original == "text" && !o.has("options"):
		p.Options = Options{Content: o.text("content"), TextKind: o.text("mode")}
	default:
		p.readModern(o.object("options"), o.object("fieldConfig"))
	}
	p.Notes = n.list
	return p
}

// withPlace returns the fields of a library panel's model, with the place and the title that the
// dashboard gives it.
func withPlace(model, place map[string]any) map[string]any {
	both := make(map[string]any, len(model)+4)
	for key, v := range model {
		both[key] = v
	}
	for _, key := range []string{"id", "gridPos", "repeat", "repeatDirection", "maxPerRow"} {
		both[key] = place[key]
	}
	if title, ok := place["title"].(string); ok && title != "" {
		both["title"] = title
	}
	delete(both, "libraryPanel")
	return both
}

// points returns a limit on the number of points, or 0 if the file has none.
func (o object) points(key string) int {
	f, ok := o.number(key)
	if !ok || f < 1 {
		return 0
	}
	return int(min(f, 100_000))
}

// readModern reads the options and the field configuration that panels have since Grafana 7.
func (p *Panel) readModern(options, fields object) {
	options, fields = modernise(options, fields)
	p.Options = readOptions(p.Type, options)
	if len(p.Options.Calcs) == 0 && reduces[p.Type] {
		p.Options.Calcs = []string{"lastNotNull"}
	}
	if fields.m != nil {
		p.readFields(encode(fields.m), fields.note)
	}
}

// reduces has the kinds that show a single figure for each series.
var reduces = map[string]bool{
	"stat": true, "gauge": true, "bargauge": true, "piechart": true,
}

func readRepeat(o object) Repeat {
	return Repeat{
		Variable: o.text("repeat"),
		Vertical: o.text("repeatDirection") == "v",
		PerRow:   min(max(o.integer("maxPerRow"), 0), 24),
	}
}

func readLinks(o object) []Link {
	var links []Link
	for _, l := range o.objects("links", 50) {
		link := Link{Title: l.text("title"), URL: l.text("url")}
		if link.URL == "" {
			link.URL = l.text("dashUri")
		}
		if link != (Link{}) {
			links = append(links, link)
		}
	}
	return links
}
