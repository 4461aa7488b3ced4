// Package json writes a report as report.json, and reads the parts of it that other packages need.
package json

import (
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// DocumentVersion is the version of report.json. It grows when a field changes its meaning or is
// removed, not when one is added.
const DocumentVersion = 1

// documentRows limits the rows and findings of each panel, and the findings of the report, in
// report.json.
const documentRows = 1000

// Document is report.json: docs/report-json.md describes it, docs/report.schema.json is its schema.
// Times are RFC 3339 in UTC, durations are seconds, and values are in the panel's unit as
// Prometheus returned them. It has no timings, receipts or links, so that the same slot over the
// same data gives the same bytes on every machine.
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
	// Causes group the findings that have not ended, the worst first.
	Causes          []DocCause `json:"causes"`
	CausesTruncated int        `json:"causes_truncated" jsonschema:"minimum=0"`
	Findings        []DocSaid  `json:"findings"`
	Truncated       int        `json:"findings_truncated" jsonschema:"minimum=0"`
	// Fills are the series that reach their limits next, the soonest first, and FillsMore how many
	// more there are. Moved exists if a panel was compared with the weeks before.
	Fills     []DocForecast `json:"fills,omitempty"`
	FillsMore int           `json:"fills_more,omitempty" jsonschema:"minimum=0"`
	Moved     *DocMoved     `json:"moved,omitempty"`
	// Sizing exists if the report compares requests with use.
	Sizing *DocSizing `json:"sizing,omitempty"`
	// AlertingRules exists if the report has alerting rules of Prometheus.
	AlertingRules *DocAlertingRules `json:"alerting_rules,omitempty"`
	// Targets exists if the report lists what Prometheus scrapes.
	Targets *DocTargets `json:"targets,omitempty"`
	// Fired exists if the report has what the server's own alerting rules fired.
	Fired *DocFired `json:"fired,omitempty"`
	// Clusters are those of a fleet, the worst first, if the report is about one. Findings, causes
	// and panels are then those of all clusters, with the label cluster.
	Clusters []DocCluster `json:"clusters,omitempty"`
	// Dashboard exists if the report shows a Grafana dashboard.
	Dashboard *DocDashboard `json:"dashboard,omitempty"`
	// CSV are the names of the CSV files beside the document, if the report has them.
	CSV []string `json:"csv,omitempty"`
	// PDF is the name of the PDF beside the document, if the report has one.
	PDF    string     `json:"pdf,omitempty"`
	Panels []DocPanel `json:"panels"`
}

// DocCounts has the numbers of checks, and of panels that failed.
type DocCounts struct {
	Critical int `json:"critical" jsonschema:"minimum=0"`
	Warning  int `json:"warning" jsonschema:"minimum=0"`
	NoData   int `json:"no_data" jsonschema:"minimum=0"`
	Pending  int `json:"pending" jsonschema:"minimum=0"`
	OK       int `json:"ok" jsonschema:"minimum=0"`
	Failed   int `json:"failed" jsonschema:"minimum=0"`
}

// DocNodes names the nodes in kube_node_info that have no node_exporter, and what the Kubernetes
// API reports about nodes if it was asked.
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

// DocCause is what several findings have in common: a node that is down, a source of metrics that
// is gone, a workload, or a rule. It has the status and severity of its worst finding.
type DocCause struct {
	Kind      string `json:"kind,omitempty" jsonschema:"enum=node,enum=source,enum=workload,enum=rule"`
	Cluster   string `json:"cluster,omitempty"`
	Namespace string `json:"namespace,omitempty"` // of a workload
	Name      string `json:"name,omitempty"`
	Sentence  string `json:"sentence"`
	Status    string `json:"status" jsonschema:"enum=breach,enum=pending,enum=no_data"`
	Severity  string `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Findings  int    `json:"findings" jsonschema:"minimum=1"`
	Critical  int    `json:"critical" jsonschema:"minimum=0"`
	Warning   int    `json:"warning" jsonschema:"minimum=0"`
	NoData    int    `json:"no_data" jsonschema:"minimum=0"`
	Pending   int    `json:"pending" jsonschema:"minimum=0"`
	// Objects is how many things the findings are about, and Of how many there are of them, if that
	// is known. Noun is what they are; without it they are series.
	Objects int    `json:"objects" jsonschema:"minimum=0"`
	Of      int    `json:"of,omitempty" jsonschema:"minimum=0"`
	Noun    string `json:"noun,omitempty" jsonschema:"enum=node,enum=container,enum=pod,enum=workload,enum=volume,enum=target,enum=job"`
	// Since is when the first of them began; if Open is true, it may have been earlier.
	Since *time.Time `json:"since,omitempty"`
	Open  bool       `json:"open,omitempty"`
	Blind []string   `json:"blind,omitempty"` // panels without data because a source is gone
}

// DocSaid is a finding of the report: one for each check, with its worst rule. The worst comes
// first.
type DocSaid struct {
	Panel    string `json:"panel"`
	Name     string `json:"name"`
	Node     string `json:"node,omitempty"`
	Rule     string `json:"rule"`
	Cause    *int   `json:"cause,omitempty" jsonschema:"minimum=0"` // its place in the causes
	Status   string `json:"status" jsonschema:"enum=breach,enum=pending,enum=no_data,enum=ended"`
	Severity string `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Sentence string `json:"sentence"`
	Value    string `json:"value,omitempty"`
	Limit    string `json:"limit,omitempty"`
	Used     string `json:"used,omitempty"`
	// Since is when the streak began; findings of events have none. If Open is true, the streak may
	// have begun before Since, as far back as promsnap looked, and Lasted is a minimum.
	Since   *time.Time `json:"since,omitempty"`
	Open    bool       `json:"open,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	Lasted  float64    `json:"lasted_seconds"`
	Event   *DocEvent  `json:"event,omitempty"`
	Trend   string     `json:"trend,omitempty" jsonschema:"enum=rising,enum=falling"`
	Runbook string     `json:"runbook_url,omitempty"`
	Alert   *DocAlert  `json:"alert,omitempty"`
	// Forecast is when the series reaches the limit of its panel's forecasts, or why that is not
	// known.
	Forecast string `json:"forecast,omitempty"`
	// Changes are sentences about what changed before it began, the newest first, and then about
	// events, the newest first: at most three of each.
	Changes []string `json:"changes,omitempty"`
}

// DocEvent is the time of the newest event of a finding, or, if Before is true, a time after all of
// its events. Such a finding has neither a since nor a lasted.
type DocEvent struct {
	Last   time.Time `json:"last"`
	Before bool      `json:"before,omitempty"`
}

// DocAlert is what the state has about a finding's alert. Only firing alerts of reports with a
// state have it.
type DocAlert struct {
	Since time.Time `json:"since"`
	New   bool      `json:"new"`
	Day   int       `json:"day" jsonschema:"minimum=1"`
}

// DocPanel is a panel: its query as it was sent, its data, and the results of its rules.
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
	// Forecasts are at most ten with a day within the horizon, the soonest first, and then at most
	// ten of series that are rather full without one.
	Forecasts     []DocForecast `json:"forecasts,omitempty"`
	Rows          []DocRow      `json:"rows"`
	RowsTruncated int           `json:"rows_truncated" jsonschema:"minimum=0"`
}

// DocQuery is one of several queries of a panel, as it was sent. The panel's own query and unit are
// those of the first. Absent means that the query finds no series although it should.
type DocQuery struct {
	Ref    string `json:"ref"`
	Query  string `json:"query"`
	Unit   string `json:"unit"`
	Absent bool   `json:"absent,omitempty"`
}

// DocGrid gives the times of a panel's samples: sample i is at start + i × step.
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
	// FullIn means that the rule judges the seconds until a series reaches the limit of its panel's
	// forecasts. Its limits, and the values of its findings, are these.
	FullIn bool `json:"full_in,omitempty"`
}

// DocFinding is the result of one rule for one series that is not OK, or was not.
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
	Changes  []DocChange       `json:"changes,omitempty"`
	Newest   *time.Time        `json:"newest,omitempty"`
	Streak   *DocStreak        `json:"streak,omitempty"`
	Earlier  *DocStreak        `json:"earlier,omitempty"`
}

// DocChange is one change of a finding's object before the finding began. Object is a workload
// ("shop/checkout"), a node or an exporter. Container is set if the workload has several
// containers, and Resource if a limit or request changed. An event has Reason, Message and Count
// instead of From and To, and may have happened after the finding began. A finding has at most
// three changes, the newest first, and then at most three events. Sentence says all that.
type DocChange struct {
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	Object    string    `json:"object"`
	Container string    `json:"container,omitempty"`
	Resource  string    `json:"resource,omitempty" jsonschema:"enum=cpu,enum=memory"`
	From      string    `json:"from,omitempty"`
	To        string    `json:"to,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Message   string    `json:"message,omitempty"`
	Count     int       `json:"count,omitempty" jsonschema:"minimum=0"`
	Sentence  string    `json:"sentence"`
}

// DocStreak is a run of samples above or below a limit, ignoring gaps. Seen is the number of
// samples, Expected the number there should be. A streak with bouts is of a flapping condition;
// beyond is the number of samples in which it held. Event is the time of the newest event, if the
// panel counts events.
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
	Before Numbers `json:"before,omitempty"` // the samples that the panel compares with
}

// DocStats has the values of one series over the window.
type DocStats struct {
	Last    Number     `json:"last"`
	Avg     Number     `json:"avg"`
	Min     Number     `json:"min"`
	Max     Number     `json:"max"`
	MaxAt   *time.Time `json:"max_at,omitempty"`
	Samples int        `json:"samples" jsonschema:"minimum=0"`
}

// DocRest is about the series that are not drawn one by one. P05 and P95 cover Sampled of them, Min
// and Max cover all.
type DocRest struct {
	Series  int     `json:"series" jsonschema:"minimum=1"`
	Sampled int     `json:"sampled" jsonschema:"minimum=0"`
	Min     Numbers `json:"min"`
	Max     Numbers `json:"max"`
	P05     Numbers `json:"p05"`
	P95     Numbers `json:"p95"`
}

// Number is a number of the document. NaN, which means no sample, is null.
type Number = series.Number

// Numbers is a list of numbers of the document.
type Numbers = series.Numbers

// DocCluster is a cluster of a fleet.
type DocCluster struct {
	Name    string            `json:"name"`
	Labels  map[string]string `json:"labels,omitempty"`
	Verdict string            `json:"verdict" jsonschema:"enum=critical,enum=warning,enum=nodata,enum=pending,enum=ok"`
	// Headline is that of its own report, and Blind why it has no data.
	Headline string    `json:"headline,omitempty"`
	Blind    string    `json:"blind,omitempty"`
	Counts   DocCounts `json:"counts"`
	Nodes    struct {
		Total    int `json:"total" jsonschema:"minimum=0"`
		Measured int `json:"measured" jsonschema:"minimum=0"`
	} `json:"nodes"`
	// Shares are how much of its resources it uses, by panel: 0.61.
	Shares map[string]float64 `json:"shares,omitempty"`
	Fills  string             `json:"fills,omitempty"`
	// Hours are its worst states, a letter for each hour of the range, the newest last: "." is OK,
	// "w" warning, "c" critical and "-" unknown.
	Hours string `json:"hours,omitempty"`
	// Page is the address of its own report, relative to the page of this one.
	Page string `json:"page,omitempty"`
	// Promsnap is the version that queried it.
	Promsnap string `json:"promsnap,omitempty"`
}
