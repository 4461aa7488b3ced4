package letter

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"image"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

var update = flag.Bool("update", false, "write the golden files")

// course is the value of a series at a time before the slot.
type course func(ago time.Duration) float64

// planted answers every query with courses by node.
type planted map[string]course

func (p planted) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	for node, of := range p {
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = of(slot.Sub(q.Grid.At(i)))
		}
		err := each(series.Series{Labels: series.FromPairs("node", node), Values: values})
		if err != nil {
			return promapi.Meta{}, err
		}
	}
	return promapi.Meta{Expr: q.Expr, Grid: q.Grid}, nil
}

func (planted) Present(context.Context, []string, time.Time,
	time.Time) (map[string]bool, error) {
	return nil, nil
}

// noise is a number between -1 and 1 that depends on a name and a minute.
func noise(name string, ago time.Duration) float64 {
	h := fnv.New32a()
	fmt.Fprint(h, name, int(ago.Minutes()))
	return float64(h.Sum32()%2001)/1000 - 1
}

// steps returns a course that changes from one value to the next at times before the slot.
func steps(name string, start float64, changes ...any) course {
	return func(ago time.Duration) float64 {
		v := start
		for i := 0; i < len(changes); i += 2 {
			if ago <= changes[i].(time.Duration) {
				v = changes[i+1].(float64)
			}
		}
		return v + 0.004*noise(name, ago)
	}
}

// exact returns a course without noise.
func exact(start float64, changes ...any) course {
	return func(ago time.Duration) float64 {
		v := start
		for i := 0; i < len(changes); i += 2 {
			if ago <= changes[i].(time.Duration) {
				v = changes[i+1].(float64)
			}
		}
		return v
	}
}

// climbs returns a course that climbs from one value to another between two times before the slot.
func climbs(name string, from, to float64, begin, end time.Duration) course {
	return func(ago time.Duration) float64 {
		share := min(max(float64(begin-ago)/float64(begin-end), 0), 1)
		return from + (to-from)*share + 0.004*noise(name, ago)
	}
}

var (
	memoryPanel = panel.Spec{
		Name: "node-memory", Title: "Node memory", Subject: "memory",
		Queries: []panel.Query{{Expr: "m", Legend: "{{node}}", Unit: units.PercentUnit}},
		Rules: []rules.Rule{{
			Name: "NodeMemoryHigh", Warning: rules.At(0.8), Critical: rules.At(0.9),
			For: 15 * time.Minute,
		}},
	}
	conditionPanel = panel.Spec{
		Name: "node-conditions", Title: "Conditions of nodes", Subject: "NotReady condition",
		Kind:    panel.Heatmap,
		Queries: []panel.Query{{Expr: "c", Legend: "{{node}}"}},
		Rules: []rules.Rule{{
			Name: "NodeNotReady", Critical: rules.At(0), Condition: true, For: 5 * time.Minute,
		}},
	}
	upPanel = panel.Spec{
		Name: "scrape-health", Title: "Scrape health", Subject: "targets up", Kind: panel.Heatmap,
		Queries: []panel.Query{{Expr: "up", Legend: "{{node}}", Unit: units.PercentUnit}},
		Rules: []rules.Rule{{
			Name: "TargetsDown", Direction: rules.Below, Warning: rules.At(1),
			Critical: rules.At(0.5), For: 5 * time.Minute,
		}},
	}
	requestsPanel = panel.Spec{
		Name: "memory-requests", Title: "Memory requested", Subject: "memory requests",
		Kind:    panel.Bars,
		Queries: []panel.Query{{Expr: "r", Legend: "{{node}}", Unit: units.PercentUnit}},
		Rules:   []rules.Rule{{Name: "RequestsHigh", Warning: rules.At(0.9), For: time.Minute}},
	}
	killsPanel = panel.Spec{
		Name: "container-oom", Title: "OOM kills", Subject: "OOM kills", Kind: panel.Heatmap,
		Queries: []panel.Query{{Expr: "k", Legend: "{{node}}", Unit: units.Short}},
		Events: &panel.Events{
			Within: time.Hour, Said: words.Counted{One: "%s OOM kill", Many: "%s OOM kills"},
		},
		Rules: []rules.Rule{{Name: "OOMKilled", Critical: rules.At(0)}},
	}
)

// situations are panels of a check of the last hour, and what fires in them.
func situations() map[string]struct {
	spec panel.Spec
	data planted
	lang words.Language
} {
	many := planted{}
	for i := range 41 {
		name := fmt.Sprintf("ip-10-0-1-%d", 10+i)
		many[name] = climbs(name, 0.5+float64(i%7)/100, 0.91+float64(i%5)/100, 100*time.Minute,
			70*time.Minute)
	}
	type situation = struct {
		spec panel.Spec
		data planted
		lang words.Language
	}
	en, ko := words.English, words.Korean
	return map[string]situation{
		"five-hours": {memoryPanel, planted{
			"ip-10-0-1-12": climbs("a", 0.62, 0.95, 9*time.Hour, 4*time.Hour),
			"ip-10-0-1-13": steps("b", 0.5),
		}, en},
		"half-an-hour": {memoryPanel, planted{
			"ip-10-0-1-12": steps("a", 0.71, 31*time.Minute, 0.94),
			"ip-10-0-1-13": steps("b", 0.5),
		}, en},
		"days": {memoryPanel, planted{"ip-10-0-1-12": steps("a", 0.95)}, en},
		"hole": {memoryPanel, planted{
			"ip-10-0-1-12": steps("a", 0.71, 5*time.Hour, 0.94, 3*time.Hour, math.NaN(),
				2*time.Hour, 0.96),
		}, ko},
		"many": {memoryPanel, many, en},
		"condition": {conditionPanel, planted{
			"ip-10-0-1-12": exact(0, 130*time.Minute, 1.0), "ip-10-0-1-13": exact(0),
		}, en},
		"conditions": {conditionPanel, planted{
			"ip-10-0-1-12": exact(0, 130*time.Minute, 1.0),
			"ip-10-0-1-13": exact(0, 90*time.Minute, 1.0),
			"ip-10-0-1-14": exact(0, 20*time.Minute, 1.0),
		}, ko},
		"up": {upPanel, planted{"node-exporter": exact(1, 3*time.Hour, 2.0/3)}, en},
		"requests": {requestsPanel, planted{
			"ip-10-0-1-12": exact(0.88, 20*time.Hour, 0.97), "ip-10-0-1-13": exact(0.4),
		}, en},
		"kills": {killsPanel, planted{
			"shop/checkout-7d9f8c6b5-x2x4z/app": exact(0, 140*time.Minute, 1.0, 100*time.Minute,
				2.0, 60*time.Minute, 3.0, 20*time.Minute, 4.0),
		}, en},
	}
}

// deliveryOf returns the message about all alerts of a panel that is taken from the series.
func deliveryOf(t testing.TB, spec panel.Spec, data planted, l words.Language,
	rng time.Duration) notify.Delivery {
	t.Helper()
	o := snapshot.Options{Slot: slot, Range: rng}
	panels := snapshot.Take(t.Context(), data, []panel.Spec{spec}, o)
	snapshot.LookBack(t.Context(), data, panels, o, nil)
	d := notify.Delivery{
		Message: &notify.Message{Kind: notify.KindNew},
		Report: report.Build(report.Info{
			Cluster: "prod", Slot: slot, Range: rng, Zone: seoul(t), Language: l,
		}, panels),
	}
	for _, f := range panels[0].Findings {
		if f.Status != rules.Breach {
			continue
		}
		e := rules.Episode{
			Since: f.Streak.From, Open: f.Streak.Open, Last: f.Streak.To, Worst: f.Severity,
			Peak: rules.Number(f.Streak.Peak), PeakAt: f.Streak.PeakAt, Found: slot,
		}
		d.Message.Items = append(d.Message.Items, notify.Item{
			Key: rules.Key(f.Name), Episode: e, Alert: rules.Alert{
				Panel: spec.Name, Rule: f.Rule, Name: f.Name, Severity: f.Severity,
				Value: rules.Number(f.Value), Limit: rules.Number(f.Limit),
				Episodes: []rules.Episode{e},
			},
		})
	}
	return d
}

// pixels decodes a picture, because the compression of a file may change.
func pixels(t testing.TB, file []byte) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	return out.Pix
}

// The pictures of alerts hold their beginning and have no empty half. Look at each of them.
func TestPicturesOfAlerts(t *testing.T) {
	for name, s := range situations() {
		t.Run(name, func(t *testing.T) {
			pictures := Details(deliveryOf(t, s.spec, s.data, s.lang, time.Hour), limits).Pictures
			if len(pictures) != 1 {
				t.Fatalf("got %d pictures, want one", len(pictures))
			}
			comparePicture(t, pictures[0], name)
		})
	}
}

// comparePicture compares a picture with the golden file of this name.
func comparePicture(t *testing.T, p Picture, name string) {
	t.Helper()
	got, err := p.PNG()
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.PNG()
	if err != nil || !bytes.Equal(got, again) {
		t.Errorf("got other bytes the second time (%v), want the same", err)
	}
	path := filepath.Join("testdata", name+".png")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pixels(t, got), pixels(t, want)) {
		t.Errorf("got another picture than %s; look at it, then: "+
			"go test ./internal/notify/letter -update", path)
	}
	c, err := png.DecodeConfig(bytes.NewReader(got))
	if err != nil || c.Width != 1600 || c.Height > 1202 {
		t.Errorf("got %d × %d pixels (%v), want 1600 × at most 1202", c.Width, c.Height,
			err)
	}
}

// A picture begins a quarter before what it shows, and shows at least an hour and a quarter of the
// report's range.
func TestTimeOfAPicture(t *testing.T) {
	for _, tc := range []struct {
		rng   time.Duration
		began time.Duration
		want  time.Duration
	}{
		{time.Hour, 20 * time.Minute, time.Hour}, {time.Hour, 55 * time.Minute, time.Hour},
		{time.Hour, 4 * time.Hour, 5 * time.Hour}, {time.Hour, 20 * time.Hour, 24 * time.Hour},
		{time.Hour, 40 * time.Hour, 24 * time.Hour},
		{20 * time.Minute, 15 * time.Minute, 20 * time.Minute},
		{24 * time.Hour, 20 * time.Minute, 6 * time.Hour},
		{24 * time.Hour, 8 * time.Hour, 10 * time.Hour},
		{48 * time.Hour, 80 * time.Hour, 48 * time.Hour},
	} {
		data := planted{"a": exact(0.5, tc.began, 0.95)}
		d := deliveryOf(t, memoryPanel, data, words.English, tc.rng)
		w := newWriter(d, limits)
		i := w.message.Items[0]
		only := focus(&w.report.Panels[0], []shownIn{{
			"node-memory", i.Alert.Rule, i.Alert.Name, "", i.Episode.Since, i.Episode.Open,
		}})
		if got := only.Grid.Range(); got < tc.want || got > tc.want+5*time.Minute {
			t.Errorf("%s that began %s before: got a picture of %s, want %s", tc.rng, tc.began,
				got, tc.want)
		}
		if end := only.Grid.End(); end.Before(slot) || end.Sub(slot) > 2*time.Minute {
			t.Errorf("%s that began %s before: got a picture that ends at %s, want the slot",
				tc.rng, tc.began, end)
		}
	}
}

// Alerts of several panels have a picture for each query, at most four, the worst first.
func TestPicturesOfOneMessage(t *testing.T) {
	data := planted{}
	for i := range 20 {
		data[fmt.Sprintf("ip-10-0-1-%d", i)] = exact(0.5, 3*time.Hour, 0.91+float64(i)/1000)
	}
	d := deliveryOf(t, memoryPanel, data, words.English, time.Hour)
	p := d.Report.Panels[0]
	for i := range 5 { // an alert each in five more panels
		other := p
		other.Spec.Name = fmt.Sprint("other-", i)
		d.Report.Panels = append(d.Report.Panels, other)
		item := d.Message.Items[0]
		item.Alert.Panel = other.Spec.Name
		d.Message.Items = append(d.Message.Items, item)
	}
	var names []string
	pictures := Details(d, limits).Pictures
	for _, p := range pictures {
		names = append(names, p.Name)
	}
	want := []string{
		"node-memory.png", "other-0-ip-10-0-1-19.png", "other-1-ip-10-0-1-19.png",
		"other-2-ip-10-0-1-19.png",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got the pictures %q, want %q", names, want)
	}
	alt := "🔴 ip-10-0-1-19 memory 92.9 %, since 00:10 (3 h) and 19 more"
	if pictures[0].Alt != alt {
		t.Errorf("got the description %q, want %q", pictures[0].Alt, alt)
	}
}
