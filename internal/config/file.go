package config

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/units"
)

// The types of this file are promsnap.yaml as it is written. Tags: yaml is the key; jsonschema says
// what is required, the default, the bounds of a number and the words of a choice; limits are the
// bounds of a duration. The decoder enforces them all. The comments are the descriptions in the
// JSON Schema.

// file is the configuration of promsnap: where Prometheus is, and the reports to draw.
type file struct {
	// The version of this format: 1.
	Version int `yaml:"version" jsonschema:"required,minimum=1,maximum=1"`
	// The cluster's name, for titles, messages and keys. Required where a report has receivers.
	Cluster string `yaml:"cluster"`
	// A TrueType font (.ttf) for the charts' words in scripts that the built-in fonts do not have.
	// A relative path starts from this file's directory.
	Font string `yaml:"font"`
	// Where the data comes from.
	Prometheus prometheusSection `yaml:"prometheus"`
	// How the API of the cluster is used: to find Prometheus where prometheus.url does not say, for
	// nodes, for the state. kubernetes: {} is enough.
	Kubernetes *kubernetesSection `yaml:"kubernetes"`
	// The reports, each drawn by one run. Without any: one report, named default, of all the
	// built-in panels.
	Reports []report `yaml:"reports"`
	// Where reports can be delivered to. Only a run with --deliver does.
	Receivers []receiver `yaml:"receivers"`
	// Times that receivers name in mute_time_intervals, in Alertmanager's syntax.
	TimeIntervals []namedIntervals `yaml:"time_intervals"`
	// Where promsnap remembers, between runs, what fires and what people were told. Required where
	// a report has receivers, but beside kubernetes: there it is the ConfigMap promsnap-state
	// without it.
	State *stateSection `yaml:"state"`
}

// prometheusSection says where Prometheus is and how to ask it.
type prometheusSection struct {
	// The address of the Prometheus HTTP API, with a path where it has one:
	// http://prometheus-server.monitoring.svc Without one, kubernetes says where it is.
	URL base `yaml:"url"`
	// The address of Prometheus for people, for links in the reports.
	ExternalURL base `yaml:"external_url"`
	// How to connect and log in, as http_config in Prometheus' own configuration. Each key that has
	// a *_file twin has an *_env twin too, which names an environment variable, and, but for
	// headers, a *_from twin, which names a place in AWS.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
	// Sign each request with AWS' Signature Version 4, as Amazon Managed Service for Prometheus
	// wants it.
	SigV4 *sigV4 `yaml:"sigv4"`
	// Label matchers that are put into every selector of every query, such as cluster="prod-seoul".
	Matchers []selector `yaml:"matchers"`
	// URL parameters that are sent with every request, such as partial_response of Thanos. They are
	// not secret. A Thanos Query needs --endpoint-strict for every store: otherwise it drops one
	// that is down, without a warning.
	Params map[string]string `yaml:"params"`
	// A report's range ends this long before the time it is for, so that late samples are in.
	QueryOffset duration `yaml:"query_offset" jsonschema:"default=1m" limits:"0s..1h"`
	// The label that tells clusters apart, where one Prometheus has several and the label is not
	// cluster: k8s_cluster. The built-in panels group by it, and their series carry it as cluster.
	ClusterLabel label `yaml:"cluster_label"`
	// How often Prometheus scrapes its targets.
	ScrapeInterval duration `yaml:"scrape_interval" jsonschema:"default=1m" limits:"1s..1h"`
	// How long one query may take.
	Timeout duration `yaml:"timeout" jsonschema:"default=1m" limits:"1s..1h"`
	// How many queries run at a time.
	Concurrency int `yaml:"concurrency" jsonschema:"default=4,minimum=1,maximum=64"`
	// How many series a query may answer with; a panel whose query has more fails, with advice.
	MaxSeries int `yaml:"max_series" jsonschema:"default=10000,minimum=1,maximum=1000000"`
}

// report is what one run draws.
type report struct {
	// The name, for the command line and for directories.
	Name name `yaml:"name" jsonschema:"required"`
	// The heading; without one, the name.
	Title string `yaml:"title"`
	// The IANA time zone of the times in the report, such as Asia/Seoul.
	Timezone zone `yaml:"timezone" jsonschema:"default=UTC"`
	// The language of every word that is not from outside: English or Korean.
	Language string `yaml:"language" jsonschema:"default=en,enum=en,enum=ko"`
	// How much time the report shows.
	Range duration `yaml:"range" jsonschema:"default=24h" limits:"1m..400d"`
	// The panels, in the order in which they are drawn. Without any: all the built-in ones.
	Panels []panelKeys `yaml:"panels"`
	// When the report is due, as a cron expression in its time zone: "0 9 * * *". A run with
	// --deliver is for the newest time at which it was, however late it starts, so that a run that
	// is tried again tells nothing twice.
	Schedule schedule `yaml:"schedule"`
	// The names of the receivers that this report is delivered to.
	Receivers []name `yaml:"receivers"`
	// What people are told: changes, what is new, worse, better or resolved, and nothing where
	// nothing is; or summary, once each time, which never pages.
	Send string `yaml:"send" jsonschema:"enum=changes,enum=summary"`
	// What archives keep: the report of each time, or that of the times when people are told
	// something.
	Archive string `yaml:"archive" jsonschema:"default=always,enum=always,enum=on_change"`
	// How long after it was last told an alert that goes on is told again; 0s: never. Only with
	// send: changes.
	RepeatInterval duration `yaml:"repeat_interval" jsonschema:"default=4h" limits:"0s..30d"`
	// The name of another report, a check with a schedule, whose runs and alerts the summary
	// counts: "4 alerts, all resolved, 285 of 288 checks ran". Only with send: summary.
	HistoryFrom name `yaml:"history_from"`
	// An address that is called after each run that delivered everything, with /fail behind it
	// after each that did not, for a service that notices when nobody calls any more.
	Heartbeat *heartbeat `yaml:"heartbeat"`
}

// panelKeys is one question with its chart: a built-in panel (use), any of whose fields can be set,
// or one of your own (name, query).
type panelKeys struct {
	// The name of a built-in panel to start from; promsnap panels lists them.
	Use string `yaml:"use"`
	// The panel's name, for files and links; a built-in panel has its own.
	Name name `yaml:"name"`
	// The heading; without one, the name.
	Title string `yaml:"title"`
	// The heading that groups panels in the report.
	Section string `yaml:"section"`
	// PromQL that gives an instant vector. $__rate_interval, $__interval and $__range stand for
	// what they are in Grafana.
	Query string `yaml:"query"`
	// Several queries for one chart, in place of query. Their series share its axis and its times;
	// limits, capacity and the table of nodes are of the first, unless a rule names another. Eight
	// at most.
	Queries []query `yaml:"queries"`
	// What the numbers are, by Grafana's id: bytes, percentunit, cores, s, ...
	Unit unit `yaml:"unit"`
	// The name of a series: text in which {{label}} stands for the label's value. Without one, the
	// whole label set.
	Legend string `yaml:"legend"`
	// What of nodes the figures are a share of: the panel fills the gauge of the whole fleet and
	// the column of the table of nodes. Of several panels of one measure, the first does.
	Measure string `yaml:"measure" jsonschema:"enum=node_memory,enum=node_cpu,enum=node_disk,enum=node_memory_requests,enum=node_cpu_requests"`
	// What the figure is, in the sentence of a finding: memory, CPU, disk.
	Subject string `yaml:"subject"`
	// Why this metric and not its neighbours.
	Why string `yaml:"why"`
	// What brings the metrics where they are missing: the exporter or setting.
	Hint string `yaml:"hint"`
	// How the data is shown: lines over time; area, one series upon the other; bars of the newest
	// values; heatmap, a row of cells for each series; stat, the newest values in large figures.
	// Without one: lines, or bars where there is but one sample.
	Kind string `yaml:"kind" jsonschema:"enum=lines,enum=area,enum=bars,enum=heatmap,enum=stat"`
	// How many series are drawn on their own; more than 20 only as bars or heatmap.
	Top int `yaml:"top" jsonschema:"minimum=1,maximum=48"`
	// How much time the panel shows; without one, as much as the report.
	Range duration `yaml:"range" limits:"1m..400d"`
	// The time between two samples; without one, it follows from the range.
	Step duration `yaml:"step" limits:"1s..1w"`
	// What a ratio is of, as a query with the same grouping, for "60.4 of 64 GiB".
	Capacity *capacity `yaml:"capacity"`
	// Lines to read the series against, drawn dashed with their names: limits, requests, capacity.
	// A chart has four at most.
	References []reference `yaml:"references"`
	// A question about each of the worst alerts that fire, such as the pods that take most of a
	// node; the answers stand beside the alert.
	Detail *detail `yaml:"detail"`
	// An answer without series is the good one, as long as the metrics exist.
	EmptyIsOK bool `yaml:"empty_is_ok"`
	// Leave the panel out where its metrics do not exist.
	Optional bool `yaml:"optional"`
	// The limits that the series are judged by. The first one ranks them. An empty list takes a
	// built-in panel's rules away.
	Rules []rule `yaml:"rules"`
	// Other limits for some of the series; where several match, the last.
	Overrides []override `yaml:"overrides"`
}

// query is one of several queries of a panel.
type query struct {
	// What rules and names of series know the query by: a letter, then letters, digits, - or _.
	// Without one: A, B, C, in order.
	Ref ref `yaml:"ref"`
	// PromQL that gives an instant vector, as the panel's query does.
	Query string `yaml:"query" jsonschema:"required"`
	// The name of a series of this query; without one, the panel's legend.
	Legend string `yaml:"legend"`
	// What the numbers of this query are; without one, the panel's unit. Only a panel of kind stat
	// has several units, because a chart has one axis.
	Unit unit `yaml:"unit"`
}

// capacity is the query of a whole, in its own unit.
type capacity struct {
	// PromQL with the same grouping as the panel's query.
	Query string `yaml:"query" jsonschema:"required"`
	// What its numbers are, by Grafana's id.
	Unit unit `yaml:"unit"`
}

// reference is a query whose series are drawn as dashed lines, in the panel's unit.
type reference struct {
	// The name beside the line: limit. {{label}} stands for the label's value, where the query
	// gives several series.
	Name string `yaml:"name" jsonschema:"required"`
	// PromQL that gives an instant vector, as the panel's query does.
	Query string `yaml:"query" jsonschema:"required"`
}

// detail is a query about one series that fires, at the newest time of the panel.
type detail struct {
	// PromQL that gives an instant vector. {{label}}, between double quotes, stands for the label's
	// value of the series that fires: node="{{node}}".
	Query string `yaml:"query" jsonschema:"required"`
	// The name of a series of the answer: text in which {{label}} stands for the label's value.
	// Without one, the whole label set.
	Legend string `yaml:"legend"`
	// What its numbers are, by Grafana's id.
	Unit unit `yaml:"unit"`
}

// rule is an alert (alertname) or a verdict (name and reduce).
type rule struct {
	// The name of an alert: it fires where every sample, for as long as for says, is beyond the
	// limit, up to the newest.
	Alertname string `yaml:"alertname"`
	// The name of a verdict: one number for the whole range, which colours the report and never
	// pages.
	Name string `yaml:"name"`
	// The number that a verdict judges.
	Reduce string `yaml:"reduce" jsonschema:"enum=last,enum=avg,enum=min,enum=max,enum=p50,enum=p90,enum=p95,enum=p99"`
	// Breach where the value is above a limit.
	Above *thresholds `yaml:"above"`
	// Breach where the value is below a limit.
	Below *thresholds `yaml:"below"`
	// How long a streak must last before the alert fires. Without one, a single sample is enough.
	For duration `yaml:"for" limits:"0s..30d"`
	// How long an alert goes on after its last sample beyond the limit, so that one that comes and
	// goes is one alert to people.
	KeepFiringFor duration `yaml:"keep_firing_for" jsonschema:"default=10m" limits:"1s..1d"`
	// The series are 1 where something holds, such as NotReady, and 0 where it does not: findings
	// say that it holds and no figure, and what comes and goes is a finding of its own, at least a
	// warning.
	Condition bool `yaml:"condition"`
	// What it means that a series has no newest sample: a finding (alert: nodes, jobs), or its end
	// where its object is gone (resolve: pods, volumes).
	NoData string `yaml:"no_data" jsonschema:"enum=alert,enum=resolve"`
	// The query whose series the rule judges, by its ref; without one, the panel's first.
	Ref ref `yaml:"ref"`
	// Where a person reads what to do.
	RunbookURL address `yaml:"runbook_url"`
}

// thresholds are the limits of a rule, in the panel's unit: 24GiB, 92%, 0.92, 500m.
type thresholds struct {
	// The limit of a warning.
	Warning quantity `yaml:"warning"`
	// The limit of a critical finding.
	Critical quantity `yaml:"critical"`
}

// override gives the series that match other limits. A severity that it does not name has no limit;
// an empty above takes both away.
type override struct {
	// Label matchers, all of which a series must meet: node=~"kafka-.*"
	Match selector `yaml:"match" jsonschema:"required"`
	// The alertname or name of the rule whose limits these are; without one, the panel's first.
	Rule string `yaml:"rule"`
	// Breach where the value is above a limit.
	Above *thresholds `yaml:"above"`
	// Breach where the value is below a limit.
	Below *thresholds `yaml:"below"`
}

// duration is a time in Prometheus' notation.
type duration time.Duration

// UnmarshalText reads what model.ParseDuration does, but for a bare 0.
func (d *duration) UnmarshalText(b []byte) error {
	v, err := model.ParseDuration(string(b))
	if err != nil || string(b) == "0" {
		return fmt.Errorf("%q is not a duration; write a number and a unit, such as 90s, 15m, "+
			"24h or 7d", shorten(string(b)))
	}
	*d = duration(v)
	return nil
}

// String writes the duration in Prometheus' notation.
func (d duration) String() string { return model.Duration(d).String() }

// name is the name of a report or a panel. It becomes part of a path.
type name string

var nameSyntax = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// UnmarshalText takes what can stand in a path and a link as it is.
func (n *name) UnmarshalText(b []byte) error {
	if !nameSyntax.Match(b) {
		return fmt.Errorf("%q is not a name; write up to 63 lower-case letters, digits and "+
			"hyphens, such as node-memory", shorten(string(b)))
	}
	*n = name(b)
	return nil
}

// ref is what a query of a panel is known by.
type ref string

var refSyntax = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,19}$`)

// UnmarshalText takes what can stand behind the name of a series.
func (r *ref) UnmarshalText(b []byte) error {
	if !refSyntax.Match(b) {
		return fmt.Errorf("%q is no ref of a query; write a letter and up to 19 letters, digits, "+
			"- or _, such as A or limit", shorten(string(b)))
	}
	*r = ref(b)
	return nil
}

// intervalName is the name of a time interval: any text, as in Alertmanager.
type intervalName string

// UnmarshalText takes what fits into a line.
func (n *intervalName) UnmarshalText(b []byte) error {
	if len(b) == 0 || len(b) > 256 {
		return errors.New("not a name; write text of 1 to 256 bytes, such as off_hours")
	}
	*n = intervalName(b)
	return nil
}

// address is an http or https URL.
type address string

// UnmarshalText takes the address of a page for people.
func (a *address) UnmarshalText(b []byte) error {
	*a = address(b)
	_, err := exchange.ShownURL(string(b))
	return err
}

// base is an http or https URL that paths are put behind.
type base string

// UnmarshalText takes the address of a server.
func (b *base) UnmarshalText(text []byte) error {
	*b = base(text)
	_, err := exchange.BaseURL(string(text))
	return err
}

// zone is a time zone.
type zone struct{ *time.Location }

// UnmarshalText looks the zone up in the time zone database.
func (z *zone) UnmarshalText(b []byte) (err error) {
	if string(b) == "" || string(b) == "Local" {
		return errors.New("the machine's own zone would give another report on another machine; " +
			"write an IANA zone such as Asia/Seoul or UTC")
	}
	z.Location, err = time.LoadLocation(string(b))
	if err != nil {
		return fmt.Errorf("unknown time zone %q; write an IANA zone such as Asia/Seoul, "+
			"Europe/Berlin or UTC", shorten(string(b)))
	}
	return nil
}

// schedule is when a report is due.
type schedule struct{ Schedule }

// UnmarshalText reads a cron expression.
func (s *schedule) UnmarshalText(b []byte) (err error) {
	s.Schedule, err = parseSchedule(string(b))
	return err
}

// unit is what numbers are.
type unit struct{ units.Unit }

// UnmarshalText takes an id that package units knows.
func (u *unit) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		return fmt.Errorf("no unit; write one such as bytes or percentunit, or take the key out")
	}
	if u.Unit, err = units.Parse(string(b)); err == nil {
		return nil
	}
	for _, id := range plainUnits {
		if isSameWord(string(b), id) {
			return fmt.Errorf("unknown unit %q; did you mean %s?", shorten(string(b)), id)
		}
	}
	return err
}

// plainUnits are the units that may be suggested, and only where they are spelt almost so: one
// letter more makes another measure of many an id.
var plainUnits = []string{
	units.None.String(), units.Short.String(), units.Bytes.String(), units.DecBytes.String(),
	units.Percent.String(), units.PercentUnit.String(),
	units.Cores.String(), units.Duration.String(), units.RequestsPerSecond.String(), "bits",
	"decbits",
}

// quantity is a number as it is written; what it means depends on the panel's unit. Empty: none.
type quantity string

// UnmarshalText takes any text; package units reads it when the unit is known.
func (q *quantity) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		return errors.New("no limit; write a number such as 0.9, 90% or 24GiB, or take the key out")
	}
	*q = quantity(b)
	return nil
}

// selector is label matchers, with or without the braces around them.
type selector []*labels.Matcher

// UnmarshalText reads the matchers as PromQL does, regular expressions among them.
func (s *selector) UnmarshalText(b []byte) error {
	text := string(b)
	if !braced.MatchString(text) {
		text = "{" + text + "}"
	}
	if variables := foreignMatchers(text); len(variables) > 0 {
		return errors.New(adviceOnVariable(variables[0].text))
	}
	ms, err := panel.Parser().ParseMetricSelector(text)
	if err != nil { // and matchers that are nil in ms
		return fmt.Errorf("%s; write label matchers such as node=~\"kafka-.*\"",
			promqlMessage(err, text))
	}
	if len(ms) == 0 {
		return errors.New("no label matcher; write one such as node=~\"kafka-.*\"")
	}
	*s = ms
	return nil
}

var braced = regexp.MustCompile(`^\s*\{`)

// heartbeat is an address that is called after each run. The whole of it is a secret.
type heartbeat struct {
	secretAddress `yaml:",inline"`
}

// label is the name of a label.
type label string

// maxLabel is the longest name of a label, in bytes.
const maxLabel = 128

// UnmarshalText takes any name that a label of Prometheus 3 may have, as it is, without quotes or
// braces.
func (l *label) UnmarshalText(b []byte) error {
	text := string(b)
	switch foreign := foreignLabel(text); {
	case text == "...":
		return errors.New("... for all labels is Alertmanager's; write the labels that the " +
			"alerts of one message share, such as alertname and namespace")
	case foreign != "":
		return fmt.Errorf("%q is not the name of a label; write %s", shorten(text), foreign)
	case !model.UTF8Validation.IsValidLabelName(text) || len(text) > maxLabel:
		return fmt.Errorf("%q is not the name of a label; write one such as namespace, alertname "+
			"or severity", shorten(text))
	}
	*l = label(text)
	return nil
}
