package alertmanager

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

// How long Alertmanager keeps an alert that is not posted again.
const (
	intervals   = 4                // runs that may be missed, less one
	defaultLife = 15 * time.Minute // where nobody knows how often the report runs
	testLife    = 5 * time.Minute
)

// The bounds of one alert, in bytes, so that mostBytes is never a question of a single one.
const (
	mostName        = 256
	mostText        = 2 << 10 // of an annotation, and of a label's value
	mostLink        = 16 << 10
	mostAnnotations = 20 // with labels that are no identity
)

// TestName is the alertname of a delivery that is a test.
const TestName = "PromsnapTest"

// Alert is an alert as Alertmanager's API takes it (postableAlert).
type Alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// alerts is what is posted of a delivery: all that fires, with an end that the next runs put off;
// and what is over, as long as the last post before that may still hold. What is over stands first,
// so that of two with the same labels the one that fires is what counts.
func alerts(d notify.Delivery) []Alert {
	if d.Message != nil && d.Message.Kind == notify.KindTest {
		return []Alert{test(d.Report.Info)}
	}
	w := writer{d, d.Report.Info.Slot.UTC(), defaultLife}
	if d.Interval > 0 {
		w.life = intervals * d.Interval
	}
	var over, fires []Alert
	for _, k := range slices.Sorted(maps.Keys(d.Memory.Alerts)) {
		switch a := d.Memory.Alerts[k]; {
		case a.Fires():
			over = append(over, w.milder(k, a)...)
			fires = append(fires, w.alert(k, a, a.Severity, w.slot.Add(w.life)))
		case w.slot.Sub(a.Now().Ended) < w.life:
			over = append(over, w.ended(k, a)...)
		}
	}
	return append(over, fires...)
}

// test is an alert that says that it is a test, and is over in minutes.
func test(in report.Info) Alert {
	w := words.In(in.Language)
	return Alert{
		Labels: named(map[string]string{
			"alertname": TestName, "severity": "none", "cluster": in.Cluster, "report": in.Name,
		}),
		Annotations: map[string]string{"summary": w.TestTitle, "description": w.TestMessage},
		StartsAt:    in.Slot.UTC(), EndsAt: in.Slot.UTC().Add(testLife),
	}
}

// writer writes the alerts of one delivery.
type writer struct {
	d    notify.Delivery
	slot time.Time
	life time.Duration
}

// milder is the end of what an alert was before it became better: its severity is one of the labels
// that Alertmanager knows it by, so that there it is another alert.
func (w *writer) milder(k rules.Key, a rules.Alert) []Alert {
	if a.Now().Worst <= a.Severity {
		return nil
	}
	return []Alert{w.alert(k, a, a.Now().Worst, w.slot)}
}

// ended is the end of an alert, with each severity that it may have had lately.
func (w *writer) ended(k rules.Key, a rules.Alert) []Alert {
	severities := []rules.Severity{a.Severity, a.Now().Worst}
	for _, p := range w.d.Report.Panels {
		for _, r := range p.Spec.Rules {
			if p.Spec.Name == a.Panel && r.Name == a.Rule && r.Warning.Set && r.Critical.Set {
				severities = append(severities, rules.Warning)
			}
		}
	}
	slices.Sort(severities)
	var out []Alert
	for _, s := range slices.Compact(severities) {
		out = append(out, w.alert(k, a, s, a.Now().Ended))
	}
	return out
}

// alert is an alert with an end, which is never before its beginning: Alertmanager refuses that.
func (w *writer) alert(k rules.Key, a rules.Alert, severity rules.Severity, end time.Time) Alert {
	since := a.Now().Since.UTC()
	if end.Before(since) {
		end = since
	}
	return Alert{
		Labels: labels(w.d.Report.Info, a, severity), Annotations: w.annotations(k, a),
		StartsAt: since, EndsAt: end.UTC(), GeneratorURL: w.generator(k),
	}
}

// labels are what Alertmanager knows an alert by: what identifies it, and never what a rollout
// changes. As in Prometheus, the rule's own name and severity go before a series' labels, which
// keep theirs as exported_…; cluster, report and panel yield to a series', as external labels do.
func labels(in report.Info, a rules.Alert, severity rules.Severity) map[string]string {
	out := make(map[string]string, len(a.Identity)+5)
	maps.Copy(out, a.Identity)
	for name, value := range map[string]string{
		"cluster": in.Cluster, "report": in.Name, "panel": a.Panel,
	} {
		out[name] = cmp.Or(out[name], value)
	}
	for name, value := range map[string]string{"alertname": a.Rule, "severity": severity.String()} {
		if own := out[name]; own != "" {
			exported := "exported_" + name
			for out[exported] != "" {
				exported = "exported_" + exported
			}
			out[exported] = own
		}
		out[name] = value
	}
	return named(out)
}

// annotations say an alert to a person, and hold the labels of its worst series that do not
// identify it, such as a container's pod.
func (w *writer) annotations(k rules.Key, a rules.Alert) map[string]string {
	about := w.said(k)
	said := map[string]string{
		"summary": about.Sentence, "description": about.InFull, "value": about.Value,
	}
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		if _, taken := said[name]; !taken && a.Labels[name] != a.Identity[name] &&
			len(said) < mostAnnotations {
			said[name] = a.Labels[name]
		}
	}
	out := named(said)
	for name, link := range map[string]string{
		"runbook_url": about.Link("runbook"), "report_url": about.Link("report"),
	} {
		if link != "" {
			out[name] = link
		}
	}
	return out
}

// said is what there is to say of an alert.
func (w *writer) said(k rules.Key) letter.Said {
	return letter.Say(w.d, k, letter.Limits{URL: mostLink})
}

// generator is where the query of an alert can be looked at, or else the report; "" where there is
// no link to either.
func (w *writer) generator(k rules.Key) string {
	said := w.said(k)
	return cmp.Or(said.Link("query"), said.Link("report"))
}

// named is labels as every Alertmanager takes them: names of [a-zA-Z0-9_], no empty values, nothing
// that is not UTF-8. A name that had to be changed does not take the place of another.
func named(from map[string]string) map[string]string {
	out := make(map[string]string, len(from)+5)
	var odd []string
	for _, name := range slices.Sorted(maps.Keys(from)) {
		switch {
		case from[name] == "":
		case legacyName(name) == name:
			out[name] = text(from[name])
		default:
			odd = append(odd, name)
		}
	}
	for _, name := range odd {
		valid := legacyName(name)
		for out[valid] != "" {
			valid += "_"
		}
		out[valid] = text(from[name])
	}
	return out
}

// legacyName is a label's name with an underscore for each character that names had none of before
// Prometheus 3.
func legacyName(s string) string {
	valid := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, s[:min(len(s), mostName)])
	if valid == "" || valid[0] >= '0' && valid[0] <= '9' {
		return "_" + valid
	}
	return valid
}

// text is a value in UTF-8, or as much of it as there is room for, with an ellipsis.
func text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= mostText {
		return s
	}
	return strings.ToValidUTF8(s[:mostText-len("…")], "") + "…"
}
