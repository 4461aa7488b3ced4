// Package json writes a report as report.json, and reads back what other packages need of one.
package json

import (
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// DocumentVersion is the version of report.json. It grows where a field changes its meaning or goes
// away, not where one is added.
const DocumentVersion = 1

// documentRows bounds the rows and the findings of one panel, and what is said of all, in
// report.json.
const documentRows = 1000

// Document is report.json: docs/report-json.md describes it, docs/report.schema.json is its schema.
// Times are RFC 3339 in UTC, durations are seconds, values are in the panel's unit as Prometheus
// gave them. It holds no timings, receipts or links, so that the same slot over the same data gives
// the same bytes on every machine.
type Document struct {
	Version    int          `json:"version" jsonschema:"enum=1"`
	Generator  string       `json:"generator"`
	Cluster    string       `json:"cluster"`
	Report     string       `json:"report"`
	Title      string       `json:"title"`
	Slot       time.Time    `json:"slot"`
	Zone       string       `json:"zone"`
	Language   string       `json:"language" jsonschema:"enum=en,enum=ko"`
	Range      float64      `json:"range_seconds"`
	Scrape     float64      `json:"scrape_interval_seconds"`
	Server     string       `json:"server"`
	Incomplete string       `json:"incomplete,omitempty"`
	Headline   string       `json:"headline"`
	Counts     DocCounts    `json:"counts"`
	Nodes      DocNodes     `json:"nodes"`
	Blind      []string     `json:"blind"`
	Failures   []DocFailure `json:"failures"`
	Findings   []DocSaid    `json:"findings"`
	Truncated  int          `json:"findings_truncated" jsonschema:"minimum=0"`
	Panels     []DocPanel   `json:"panels"`
}

// DocCounts are the report's counts of checks, and of the panels that failed.
type DocCounts struct {
	Critical int `json:"critical" jsonschema:"minimum=0"`
	Warning  int `json:"warning" jsonschema:"minimum=0"`
	NoData   int `json:"no_data" jsonschema:"minimum=0"`
	Pending  int `json:"pending" jsonschema:"minimum=0"`
	OK       int `json:"ok" jsonschema:"minimum=0"`
	Failed   int `json:"failed" jsonschema:"minimum=0"`
}

// DocNodes says which nodes kube_node_info names and node_exporter does not report, and what the
// Kubernetes API knows of them where it was asked.
type DocNodes struct {
	Total          int       `json:"total" jsonschema:"minimum=0"`
	Measured       int       `json:"measured" jsonschema:"minimum=0"`
	Without        []string  `json:"without_exporter"`
	Known          []DocNode `json:"known,omitempty"`
	KnownTruncated int       `json:"known_truncated,omitempty" jsonschema:"minimum=0"`
}

// DocFailure is a panel whose query failed.
type DocFailure struct {
	Panel string `json:"panel"`
	Error string `json:"error"`
}

// DocSaid is a finding as the report says it: one for each check, the gravest of its rules, the
// worst first.
type DocSaid struct {
	Panel    string `json:"panel"`
	Name     string `json:"name"`
	Node     string `json:"node,omitempty"`
	Rule     string `json:"rule"`
	Status   string `json:"status" jsonschema:"enum=breach,enum=pending,enum=no_data,enum=ended"`
	Severity string `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Sentence string `json:"sentence"`
	Value    string `json:"value,omitempty"`
	Limit    string `json:"limit,omitempty"`
	Used     string `json:"used,omitempty"`
	// Since is when the streak began, not of events. Open says that it may have begun before,
	// because Since is where the window begins: Lasted is the least then.
	Since   *time.Time `json:"since,omitempty"`
	Open    bool       `json:"open,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	Lasted  float64    `json:"lasted_seconds"`
	Event   *DocEvent  `json:"event,omitempty"`
	Trend   string     `json:"trend,omitempty" jsonschema:"enum=rising,enum=falling"`
	Runbook string     `json:"runbook_url,omitempty"`
	Alert   *DocAlert  `json:"alert,omitempty"`
}

// DocEvent is when the newest of the events happened that a finding counts, or, where Before is
// true, a time before which all did. Such a finding has no since, and has not lasted.
type DocEvent struct {
	Last   time.Time `json:"last"`
	Before bool      `json:"before,omitempty"`
}

// DocAlert is what is remembered of a finding's alert. It is there in reports that are made with a
// state, of alerts that fire.
type DocAlert struct {
	Since time.Time `json:"since"`
	New   bool      `json:"new"`
	Day   int       `json:"day" jsonschema:"minimum=1"`
}

// DocPanel is a panel: its query as it was run, its data, and every rule's judgement.
type DocPanel struct {
	Name              string       `json:"name"`
	Title             string       `json:"title"`
	Section           string       `json:"section"`
	Subject           string       `json:"subject,omitempty"`
	Unit              string       `json:"unit"`
	Query             string       `json:"query"`
	Queries           []DocQuery   `json:"queries,omitempty"`
	Grid              DocGrid      `json:"grid"`
	Data              string       `json:"data" jsonschema:"enum=complete,enum=partial,enum=failed,enum=absent"`
	Error             string       `json:"error,omitempty"`
	Notes             []string     `json:"notes"`
	Missing           []string     `json:"missing"`
	Total             int          `json:"total" jsonschema:"minimum=0"`
	OK                int          `json:"ok" jsonschema:"minimum=0"`
	LeftOut           int          `json:"left_out,omitempty" jsonschema:"minimum=0"`
	Rules             []DocRule    `json:"rules"`
	Findings          []DocFinding `json:"findings"`
	FindingsTruncated int          `json:"findings_truncated" jsonschema:"minimum=0"`
	Series            []DocSeries  `json:"series"`
	Rest              *DocRest     `json:"rest,omitempty"`
	Rows              []DocRow     `json:"rows"`
	RowsTruncated     int          `json:"rows_truncated" jsonschema:"minimum=0"`
}

// DocQuery is one of several queries of a panel, as it was run. The panel's query and unit are of
// the first. Absent says that it finds no series where there should be some.
type DocQuery struct {
	Ref    string `json:"ref"`
	Query  string `json:"query"`
	Unit   string `json:"unit"`
	Absent bool   `json:"absent,omitempty"`
}

// DocGrid is the times of a panel's samples: sample i is at start + i × step.
type DocGrid struct {
	Start time.Time `json:"start"`
	Step  float64   `json:"step_seconds" jsonschema:"minimum=0"`
	Len   int       `json:"len" jsonschema:"minimum=0"`
}

// DocRule is a rule of a panel, before overrides.
type DocRule struct {
	Name      string  `json:"name"`
	Ref       string  `json:"ref,omitempty"` // of the query that it judges
	Direction string  `json:"direction" jsonschema:"enum=above,enum=below"`
	Warning   *Number `json:"warning,omitempty"`
	Critical  *Number `json:"critical,omitempty"`
	For       float64 `json:"for_seconds"`
	Reduce    string  `json:"reduce,omitempty"`
}

// DocFinding is one rule's judgement of one series that is not OK, or that was not.
type DocFinding struct {
	Rule     string            `json:"rule"`
	Name     string            `json:"name"`
	Node     string            `json:"node,omitempty"`
	Ref      string            `json:"ref,omitempty"` // of the series' query
	Labels   map[string]string `json:"labels"`
	Status   string            `json:"status" jsonschema:"enum=unknown,enum=ok,enum=pending,enum=breach,enum=no_data,enum=gone,enum=failed"`
	Severity string            `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Value    Number            `json:"value"`
	Limit    Number            `json:"limit"`
	Capacity Number            `json:"capacity"`
	Details  []string          `json:"details,omitempty"`
	Newest   *time.Time        `json:"newest,omitempty"`
	Streak   *DocStreak        `json:"streak,omitempty"`
	Earlier  *DocStreak        `json:"earlier,omitempty"`
}

// DocStreak is a run of samples beyond a limit, holes left aside. Seen is how many samples there
// are, of the expected. One with bouts is of a condition that came and went: beyond is in how many
// of the samples it held. Event is when the newest event of a count of events was.
type DocStreak struct {
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	Open     bool       `json:"open"`
	Peak     Number     `json:"peak"`
	PeakAt   time.Time  `json:"peak_at"`
	Limit    Number     `json:"limit"`
	Severity string     `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Seen     int        `json:"seen" jsonschema:"minimum=0"`
	Expected int        `json:"expected" jsonschema:"minimum=0"`
	Bouts    int        `json:"bouts,omitempty" jsonschema:"minimum=0"`
	Beyond   int        `json:"beyond,omitempty" jsonschema:"minimum=0"`
	Event    *time.Time `json:"event,omitempty"`
}

// DocRow is one series of the answer, without its samples.
type DocRow struct {
	Name     string            `json:"name"`
	Node     string            `json:"node,omitempty"`
	Ref      string            `json:"ref,omitempty"` // of the series' query
	Labels   map[string]string `json:"labels"`
	Status   string            `json:"status" jsonschema:"enum=unknown,enum=ok,enum=pending,enum=breach,enum=no_data,enum=gone,enum=failed"`
	Severity string            `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Rank     Number            `json:"rank"`
	Capacity Number            `json:"capacity"`
	Stats    DocStats          `json:"stats"`
}

// DocSeries is a series that is drawn, with its samples on the panel's grid.
type DocSeries struct {
	DocRow
	Values Numbers `json:"values"`
}

// DocStats are the figures of one series over the window.
type DocStats struct {
	Last    Number     `json:"last"`
	Avg     Number     `json:"avg"`
	Min     Number     `json:"min"`
	Max     Number     `json:"max"`
	MaxAt   *time.Time `json:"max_at,omitempty"`
	Samples int        `json:"samples" jsonschema:"minimum=0"`
}

// DocRest counts the series that are not drawn one by one. P05 and P95 are over Sampled of them,
// Min and Max over all.
type DocRest struct {
	Series  int     `json:"series" jsonschema:"minimum=1"`
	Sampled int     `json:"sampled" jsonschema:"minimum=0"`
	Min     Numbers `json:"min"`
	Max     Numbers `json:"max"`
	P05     Numbers `json:"p05"`
	P95     Numbers `json:"p95"`
}

// Number is a figure of the document: NaN, which is no sample, is null.
type Number = series.Number

// Numbers are figures of the document.
type Numbers = series.Numbers
