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

// How long an alert lives in Alertmanager unless it is posted again.
const (
	intervals   = 4                // in runs of the report: up to three may be missed
	defaultLife = 15 * time.Minute // if the interval of the report is unknown
	testLife    = 5 * time.Minute
)

// The limits of one alert, in bytes. They keep a single alert below maxBytes.
const (
	maxName        = 256
	maxText        = 2 << 10 // of an annotation, and of a label's value
	maxLink        = 16 << 10
	maxAnnotations = 20 // including labels that are not part of the identity
)

// TestName is the alertname of a test.
const TestName = "PromsnapTest"

// Alert is an alert in the format of Alertmanager's API (postableAlert).
type Alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// alerts returns what is posted: every alert that fires, with an end that later runs postpone, and
// every ended alert while its last firing post may still be valid. Ended alerts come first: if two
// alerts have the same labels, the firing one counts.
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

// test returns an alert that is marked as a test and ends after minutes.
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

// milder returns the end of an alert with its earlier, higher severity. For Alertmanager that is
// another alert, because severity is one of the labels.
func (w *writer) milder(k rules.Key, a rules.Alert) []Alert {
	if a.Now().Worst <= a.Severity {
		return nil
	}
	return []Alert{w.alert(k, a, a.Now().Worst, w.slot)}
}

// ended returns the end of an alert, once for each severity that it may have had lately.
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

// alert returns an alert with an end. The end is not before the start, which Alertmanager would
// refuse.
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

// labels returns the labels that identify an alert in Alertmanager. They hold the alert's identity,
// and nothing that a rollout changes. As in Prometheus, the rule's name and severity replace labels
// of the series with the same name, which become exported_…. cluster, report and panel do not
// replace labels of the series, as external labels do not.
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

// annotations returns the texts about an alert for people, and the labels of its worst series that
// do not identify it, such as a container's pod.
func (w *writer) annotations(k rules.Key, a rules.Alert) map[string]string {
	about := w.said(k)
	said := map[string]string{
		"summary": about.Sentence, "description": about.InFull, "value": about.Value,
	}
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		if _, taken := said[name]; !taken && a.Labels[name] != a.Identity[name] &&
			len(said) < maxAnnotations {
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

// said returns the texts about an alert.
func (w *writer) said(k rules.Key) letter.Said {
	return letter.Say(w.d, k, letter.Limits{URL: maxLink})
}

// generator returns a link to the alert's query, or to the report, or "" if there is neither.
func (w *writer) generator(k rules.Key) string {
	said := w.said(k)
	return cmp.Or(said.Link("query"), said.Link("report"))
}

// named returns labels in a form that every Alertmanager accepts: names of [a-zA-Z0-9_], no empty
// values, valid UTF-8. A changed name does not replace another label.
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

// legacyName returns a label's name with an underscore for each character that names could not have
// before Prometheus 3.
func legacyName(s string) string {
	valid := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, s[:min(len(s), maxName)])
	if valid == "" || valid[0] >= '0' && valid[0] <= '9' {
		return "_" + valid
	}
	return valid
}

// text returns a value as valid UTF-8, cut with an ellipsis if it is too long.
func text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText-len("…")], "") + "…"
}
