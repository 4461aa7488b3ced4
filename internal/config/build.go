package config

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/words"
)

// builder makes the Config of a decoded file and records values that make no sense.
type builder struct {
	*decoder
	decoded int // the number of problems that the decoder recorded
	options Options
	scrape  time.Duration
	boards  map[string]*grafana.Dashboard // by path; nil for a file that cannot be used
}

// problem records that the value at path is wrong, unless that value or one around it could not be
// decoded, because then it is not known what was meant.
func (b *builder) problem(path, format string, args ...any) {
	for _, p := range b.problems[:b.decoded] {
		if within(path, p.Path) {
			return
		}
	}
	b.decoder.problem(path, format, args...)
}

// note records that the value at path may be wrong. Only the server or a person can decide.
func (b *builder) note(path, format string, args ...any) {
	before := len(b.problems)
	b.problem(path, format, args...)
	for i := before; i < len(b.problems); i++ {
		b.problems[i].Note = true
	}
}

// clean reports whether the value at path has no mistakes. An unknown key does not count, unless it
// was meant to be a known one.
func (b *builder) clean(path string) bool {
	for meant := range b.meant {
		if within(meant, path) {
			return false
		}
	}
	return !slices.ContainsFunc(b.problems, func(p Problem) bool {
		return !p.Note && !p.aside && within(p.Path, path)
	})
}

// within reports whether path is around or inside it.
func within(path, around string) bool {
	rest, ok := strings.CutPrefix(path, around)
	return ok && (rest == "" || around == "" || rest[0] == '.' || rest[0] == '[')
}

// The bounds of a report's range; the tags of file.go repeat them.
const (
	minRange = time.Minute
	maxRange = 400 * 24 * time.Hour
)

// defaultRange is the range of a report without one; a tag of file.go repeats it.
const defaultRange = 24 * time.Hour

// config builds the Config. The result is valid only if no problem was recorded.
func (b *builder) config(ctx context.Context, f *file) *Config {
	c := &Config{Version: f.Version, Cluster: f.Cluster}
	c.Prometheus = b.prometheus(&f.Prometheus, "prometheus")
	c.Kubernetes = b.throughKubernetes(f.Kubernetes, &c.Prometheus)
	b.scrape = c.Prometheus.ScrapeInterval
	if b.has("font") {
		c.Font = b.font(ctx, f.Font)
	}
	if f.State != nil {
		c.State = b.state(f.State)
	}
	c.Receivers = b.receivers(f.Receivers, b.intervals(f.TimeIntervals))
	if !b.has("reports") {
		f.Reports = []report{
			{
				Name: "default", Timezone: zone{time.UTC}, Language: string(words.English),
				Range: duration(defaultRange),
			},
		}
	} else if len(f.Reports) == 0 {
		b.problem("reports", "no report; add one, or remove the key to get one report of all "+
			"built-in panels")
	}
	names := map[string]string{}
	for i, r := range f.Reports {
		path := item("reports", i)
		b.unique(names, string(r.Name), key(path, "name"))
		c.Reports = append(c.Reports, b.report(ctx, &r, path))
		b.delivers(&r, path, c, &c.Reports[i])
		c.Reports[i].Sizing = b.sizing(&r, path, &c.Reports[i])
		c.Reports[i].Targets = r.Targets
		c.Reports[i].CSV = b.csv(r.CSV, path, c.Reports[i].Panels)
		c.Reports[i].PDF = b.pdf(r.PDF)
		if r.Targets && f.Fleet != nil {
			b.problem(key(path, "targets"), "a report about several clusters has no targets; "+
				"remove the key, or write it into the configuration of one cluster")
		}
	}
	b.histories(f.Reports, c)
	c.Fleet = b.fleet(f.Fleet, c)
	b.needsState(c)
	return c
}

// maxFont bounds a font file: those for Chinese and Japanese have about 20 MB.
const maxFont = 64 << 20

// font reads the font file.
func (b *builder) font(ctx context.Context, path string) *Font {
	path = b.beside(path)
	data, err := disk.Read(ctx, path, maxFont)
	if err == nil && len(data) > maxFont {
		err = fmt.Errorf("larger than %d MiB", maxFont>>20)
	}
	switch {
	case err != nil:
		b.problem("font", "cannot be read: %v; write the path of a TrueType font (.ttf)", err)
	case !isTrueType(data):
		b.problem("font", "not a TrueType font; write the path of a .ttf file (promsnap cannot "+
			"draw the outlines of most .otf files)")
	}
	return &Font{Path: path, Data: data}
}

// isTrueType reports whether the first bytes are those of a TrueType font or collection.
func isTrueType(data []byte) bool {
	for _, tag := range []string{"\x00\x01\x00\x00", "true", "ttcf"} {
		if strings.HasPrefix(string(data[:min(len(data), 4)]), tag) {
			return true
		}
	}
	return false
}

// unique records a problem if the name is already used in the same list.
func (b *builder) unique(names map[string]string, name, path string) {
	if name == "" {
		return
	}
	if first, dup := names[name]; dup {
		b.problem(path, "the name %q is already used by %s; choose another", shorten(name), first)
		return
	}
	names[name] = path
}

// prometheus builds the prometheus section at path.
func (b *builder) prometheus(s *prometheusSection, path string) Prometheus {
	p := Prometheus{
		URL:            string(s.URL),
		ExternalURL:    string(s.ExternalURL),
		Params:         s.Params,
		ClusterLabel:   string(s.ClusterLabel),
		QueryOffset:    time.Duration(s.QueryOffset),
		ScrapeInterval: time.Duration(s.ScrapeInterval),
		Timeout:        time.Duration(s.Timeout),
		Concurrency:    s.Concurrency,
		MaxSeries:      s.MaxSeries,
		HTTP:           b.http(key(path, "http_config"), s.HTTP),
	}
	b.leaveOut(key(path, "url"), s.URL, prometheusPages, "/api/v1")
	if end := browserPages.FindString(pathOf(p.URL)); end != "" {
		b.note(key(path, "url"), "ends in %s, like an address in a browser; remove that unless "+
			"it is the path prefix of Prometheus: promsnap adds /api/v1 itself", end)
	}
	for i, m := range s.Matchers {
		p.Matchers = append(p.Matchers, m...)
		if slices.ContainsFunc(m, func(m *labels.Matcher) bool {
			return m.Name == model.MetricNameLabel
		}) {
			b.problem(item(key(path, "matchers"), i), "would change the metrics of each query; "+
				"match a label that all metrics have, such as cluster")
		}
	}
	for _, reserved := range []string{
		"query", "start", "end", "step", "time", "timeout", "limit", "match[]",
	} {
		if _, ok := s.Params[reserved]; ok {
			b.problem(key(key(path, "params"), reserved),
				"promsnap sets this parameter itself; remove it")
		}
	}
	if s.Alertmanager != nil {
		built := s.Alertmanager.built(b, key(path, "alertmanager"))
		p.Alertmanager = &built
	}
	if s.SigV4 != nil {
		p.SigV4 = b.sigV4(s.SigV4, &s.HTTP, key(path, "sigv4"))
	}
	return p
}

// report builds a report without its delivery.
func (b *builder) report(ctx context.Context, r *report, path string) Report {
	out := Report{
		Name: string(r.Name), Title: r.Title, Zone: r.Timezone.Location,
		Language: words.Language(r.Language), Range: time.Duration(r.Range),
	}
	if out.Title == "" {
		out.Title = out.Name
	}
	out.Dashboard = b.dashboard(ctx, r, path)
	if d := out.Dashboard; d != nil && !b.has(key(path, "range")) {
		out.Range = rangeOf(d.Board)
	}
	if b.options.Range != 0 {
		out.Range = b.options.Range
	}
	if out.Range < minRange || out.Range > maxRange {
		out.Range = defaultRange // the problem is recorded; check the rest with a valid range
	}
	b.dashboardRules(r.Rules, key(path, "rules"), &out)
	out.AlertingRules = b.alertingRules(ctx, r, path)
	if !b.has(key(path, "panels")) {
		if out.Dashboard != nil || out.AlertingRules != nil {
			return out
		}
		for _, s := range b.options.builtin(out.Language) {
			out.Panels = append(out.Panels, b.fit(s, out.Range))
		}
		return out
	}
	if len(r.Panels) == 0 {
		b.problem(key(path, "panels"),
			"no panel; add one, or remove the key to get all built-in panels")
	}
	names := map[string]string{}
	for i, p := range r.Panels {
		at := item(key(path, "panels"), i)
		spec, ok := b.panel(&p, at, &out)
		if ok {
			b.unique(names, spec.Name, b.firstOf(at, "name", "use"))
		}
		if out.Dashboard != nil && slices.Contains(boardPictures, spec.Name) {
			b.problem(b.firstOf(at, "name", "use"), "%s.png is a picture of the whole dashboard; "+
				"choose another name", spec.Name)
		}
		out.Panels = append(out.Panels, spec)
	}
	return out
}

// boardPictures are the names of the pictures of a whole dashboard. No panel beside it has one.
var boardPictures = []string{"dashboard", "dashboard-2x", "dashboard-phone"}

// firstOf returns the path of the first of keys that the object at path has, or path itself.
func (b *builder) firstOf(path string, keys ...string) string {
	for _, k := range keys {
		if b.has(key(path, k)) {
			return key(path, k)
		}
	}
	return path
}

// builtin returns a copy of a built-in panel with its text in a language.
func (b *builder) builtin(name, path string, l words.Language) (panel.Spec, bool) {
	var known []string
	for _, s := range b.options.builtin(l) {
		if s.Name == name {
			s.Rules, s.Overrides = slices.Clone(s.Rules), slices.Clone(s.Overrides)
			return s, true
		}
		known = append(known, s.Name)
	}
	if near := Nearest(name, known); near != "" {
		b.problem(path, "no built-in panel %q; did you mean %s?", shorten(name), near)
	} else {
		b.problem(path, "no built-in panel %q; run promsnap panels to list them", shorten(name))
	}
	return panel.Spec{}, false
}

// beside returns path, relative to dir if it is not absolute.
func (b *builder) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(b.dir(), path)
}

// dir returns the directory where relative paths start.
func (b *builder) dir() string { return cmp.Or(b.options.Dir, filepath.Dir(b.file)) }
