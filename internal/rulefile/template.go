package rulefile

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"text/template"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

// Note says what a reader should know about the text of a template.
type Note struct {
	Code NoteCode
	Name string // of the label or annotation
	Err  string // TemplateFailed: why, in English
}

// NoteCode is what a note is about.
type NoteCode string

// The notes.
const (
	// NeedsQuery: a part of the text comes from a query to the server, which is not sent. An
	// ellipsis is in its place.
	NeedsQuery NoteCode = "needs_query"
	// TemplateFailed: the text is Prometheus' words for a template that fails.
	TemplateFailed NoteCode = "template_failed"
)

// Templates are the labels and annotations of an alerting rule, ready to be expanded. They are not
// safe for concurrent use.
type Templates struct {
	labels      []namedText // by name, alertname among them
	annotations []namedText // by name
	external    External
	run         *execution
	// changing means that labels may depend on the sample; timely, that they may depend on its time
	changing, timely bool
}

// namedText is a label or an annotation.
type namedText struct {
	name string
	text text
}

// text is a template, or plain text if tmpl is nil.
type text struct {
	plain string
	tmpl  *template.Template
	note  NoteCode // of plain
	err   string
}

// NewTemplates parses the templates of an alerting rule. One that does not parse has the error as
// its text, as in Prometheus.
func NewTemplates(rule Rule, external External) *Templates {
	t := &Templates{external: external, run: newExecution(external)}
	parsed := func(l series.Label) namedText {
		tx, use := t.parse(rule.Alert, l.Value)
		t.changing = t.changing || use.value || use.time
		t.timely = t.timely || use.time
		return namedText{l.Name, tx}
	}
	for _, l := range rule.Labels.With(labels.AlertName, "") {
		t.labels = append(t.labels, parsed(l))
	}
	at := len(t.labels)
	for i, l := range t.labels {
		if l.name > labels.AlertName {
			at = i
			break
		}
	}
	name := namedText{labels.AlertName, text{plain: rule.Alert}}
	t.labels = append(t.labels[:at], append([]namedText{name}, t.labels[at:]...)...)
	changing, timely := t.changing, t.timely
	for _, a := range rule.Annotations {
		t.annotations = append(t.annotations, parsed(a))
	}
	t.changing, t.timely = changing, timely // annotations identify nothing
	return t
}

// parse parses one template and returns what its text depends on.
func (t *Templates) parse(alert, s string) (text, usage) {
	if !strings.Contains(s, "{{") {
		return text{plain: s}, usage{}
	}
	tmpl, err := newTemplate(alert, t.run.functions()).Parse(defined + s)
	if err != nil {
		err = fmt.Errorf("error parsing template %s: %w", templateName(alert), err)
		return text{plain: failed(err), note: TemplateFailed, err: err.Error()}, usage{}
	}
	return text{tmpl: tmpl}, prepare(tmpl)
}

// defined is before every template, as in Prometheus, so that positions in errors are the same.
const defined = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}" +
	"{{$externalURL := .ExternalURL}}{{$value := .Value}}"

func templateName(alert string) string { return "__alert_" + alert }

func newTemplate(alert string, funcs template.FuncMap) *template.Template {
	return template.New(templateName(alert)).Funcs(funcs).Option("missingkey=zero")
}

// check returns an error if the text of a label or an annotation is not a template.
func (x *execution) check(alert, s string) error {
	if !strings.Contains(s, "{{") {
		return nil
	}
	_, err := newTemplate(alert, x.functions()).Parse(defined + s)
	if err == nil {
		return nil
	}
	_, says, _ := strings.Cut(err.Error(), templateName(alert)+":")
	if _, after, ok := strings.Cut(says, ": "); ok {
		return errors.New(after)
	}
	return err
}

// failed returns what Prometheus shows in place of a template that fails.
func failed(err error) string {
	return fmt.Sprintf("<error expanding template: %s>", err)
}

// data is what a template sees. Errors about it have the same words as in Prometheus.
type data = struct {
	Labels         map[string]string
	ExternalLabels map[string]string
	ExternalURL    string
	Value          any
}

// expansion expands the templates of one alert.
type expansion struct {
	t     *Templates
	data  data
	at    time.Time
	notes []Note
}

func (t *Templates) expansion(source series.Labels, value float64, at time.Time) *expansion {
	m := make(map[string]string, len(source))
	for _, l := range source {
		m[l.Name] = l.Value
	}
	return &expansion{t: t, at: at, data: data{
		m, t.external.Labels, t.external.URL, value,
	}}
}

// expand returns the text of a template, and adds notes about it.
func (e *expansion) expand(n namedText) string {
	if n.text.tmpl == nil {
		if n.text.note != "" {
			e.note(n.text.note, n.name, n.text.err)
		}
		return n.text.plain
	}
	run := e.t.run
	run.begin(e.at)
	var out limited
	err := n.text.tmpl.Execute(&out, e.data)
	if run.queried {
		e.note(NeedsQuery, n.name, "")
		if err != nil {
			return ellipsis
		}
	}
	if err != nil {
		err = fmt.Errorf("error executing template %s: %w", n.text.tmpl.Name(), err)
		e.note(TemplateFailed, n.name, err.Error())
		return failed(err)
	}
	return out.String()
}

func (e *expansion) note(code NoteCode, name, err string) {
	e.notes = append(e.notes, Note{Code: code, Name: name, Err: outside.Said(err, 300)})
}

// Labels returns the labels of the alert of a series: those of the series without __name__, the
// rule's after their templates, and alertname. Empty ones are dropped. source are the labels of the
// series, and value its sample at the evaluation at.
func (t *Templates) Labels(source series.Labels, value float64, at time.Time) (series.Labels,
	[]Note) {
	var e *expansion
	out := make(series.Labels, 0, len(source)+len(t.labels))
	i := 0
	for _, n := range t.labels {
		for ; i < len(source) && source[i].Name < n.name; i++ {
			out = appendLabel(out, source[i])
		}
		if i < len(source) && source[i].Name == n.name {
			i++
		}
		s := n.text.plain
		if n.text.tmpl != nil || n.text.note != "" {
			if e == nil {
				e = t.expansion(source, value, at)
			}
			s = e.expand(n)
		}
		out = appendLabel(out, series.Label{Name: n.name, Value: s})
	}
	for _, l := range source[i:] {
		out = appendLabel(out, l)
	}
	if e == nil {
		return out, nil
	}
	return out, e.notes
}

// appendLabel appends a label of an alert.
func appendLabel(ls series.Labels, l series.Label) series.Labels {
	if l.Value == "" || l.Name == model.MetricNameLabel {
		return ls
	}
	return append(ls, l)
}

// Annotations returns the annotations of an alert, by name. Empty ones stay. The arguments are
// those of Labels.
func (t *Templates) Annotations(source series.Labels, value float64, at time.Time) (series.Labels,
	[]Note) {
	e := t.expansion(source, value, at)
	out := make(series.Labels, 0, len(t.annotations))
	for _, n := range t.annotations {
		out = append(out, series.Label{Name: n.name, Value: e.expand(n)})
	}
	return out, e.notes
}

// externalURL returns the parsed address of the server, an empty one if it is not a URL.
func (x External) externalURL() *url.URL {
	if u, err := url.Parse(x.URL); err == nil {
		return u
	}
	return &url.URL{}
}
