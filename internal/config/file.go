package config

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/units"
)

// The types of this file mirror promsnap.yaml. The tag yaml is the key. The tag jsonschema says
// whether the key is required, its default, the bounds of a number and the allowed values. The tag
// limits has the bounds of a duration. The decoder enforces all of them. The comments are the
// descriptions in the JSON Schema.

// file is the configuration of promsnap: where Prometheus is, and the reports to draw.
type file struct {
	// The version of this format: 1.
	Version int `yaml:"version" jsonschema:"required,minimum=1,maximum=1"`
	// The cluster's name, for titles, messages and keys. Required if a report has receivers.
	Cluster string `yaml:"cluster"`
	// A TrueType font (.ttf) for the words in charts, for scripts that the built-in fonts do not
	// have. A relative path starts at this file's directory.
	Font string `yaml:"font"`
	// Where the data comes from.
	Prometheus prometheusSection `yaml:"prometheus"`
	// How promsnap uses the cluster's API: to find Prometheus if prometheus.url is not set, to list
	// nodes, to keep the state. kubernetes: {} is enough.
	Kubernetes *kubernetesSection `yaml:"kubernetes"`
	// The reports; one run draws each of them. Without any: one report, named default, with all
	// built-in panels.
	Reports []report `yaml:"reports"`
	// Where reports go in a run with --deliver.
	Receivers []receiver `yaml:"receivers"`
	// Times that receivers can name in mute_time_intervals, in Alertmanager's syntax.
	TimeIntervals []namedIntervals `yaml:"time_intervals"`
	// Where promsnap remembers, between runs, which alerts fire and what each receiver was last
	// sent. Required if a report has receivers. With a kubernetes section the default is the
	// ConfigMap promsnap-state.
	State *stateSection `yaml:"state"`
	// Several clusters: which they are, and who gets the report about all of them. The reports are
	// then those of each cluster. promsnap fleet runs them.
	Fleet *fleetSection `yaml:"fleet"`
}

// prometheusSection is the address of Prometheus and how to query it.
type prometheusSection struct {
	// The address of the Prometheus HTTP API, including a path if it has one:
	// http://prometheus-server.monitoring.svc. Without one, the section kubernetes applies.
	URL base `yaml:"url"`
	// The address that people use for Prometheus, for links in reports.
	ExternalURL base `yaml:"external_url"`
	// How to connect and log in, as http_config in Prometheus' own configuration. Each key with a
	// *_file form also has an *_env form, which names an environment variable, and (except for
	// headers) a *_from form, which names a place in AWS.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
	// Sign each request with AWS Signature Version 4, as Amazon Managed Service for Prometheus
	// requires.
	SigV4 *sigV4 `yaml:"sigv4"`
	// Label matchers that promsnap adds to every selector of every query, such as
	// cluster="prod-seoul".
	Matchers []selector `yaml:"matchers"`
	// URL parameters for every request, such as partial_response of Thanos. They are not secret.
	// Thanos Query needs --endpoint-strict for every store; otherwise it drops a store that is down
	// without a warning.
	Params map[string]string `yaml:"params"`
	// A report's range ends this long before the run's time, so that late samples are included.
	QueryOffset duration `yaml:"query_offset" jsonschema:"default=1m" limits:"0s..1h"`
	// The label that tells clusters apart, if one Prometheus has several and the label is not
	// cluster: k8s_cluster. The built-in panels group by it, and their series carry it as cluster.
	ClusterLabel label `yaml:"cluster_label"`
	// How often Prometheus scrapes its targets.
	ScrapeInterval duration `yaml:"scrape_interval" jsonschema:"default=1m" limits:"1s..1h"`
	// How long one query may take.
	Timeout duration `yaml:"timeout" jsonschema:"default=1m" limits:"1s..1h"`
	// How many queries run at once.
	Concurrency int `yaml:"concurrency" jsonschema:"default=4,minimum=1,maximum=64"`
	// The most series that one answer may have. If there are more, the panel fails with advice.
	MaxSeries int `yaml:"max_series" jsonschema:"default=10000,minimum=1,maximum=1000000"`
	// The Alertmanager that a report reads if this server has neither ALERTS nor rules, because
	// they are evaluated elsewhere. It only knows what fires now.
	Alertmanager *alertmanager `yaml:"alertmanager"`
}

// report is what one run draws and delivers.
type report struct {
	// The name, for the command line and for directories.
	Name name `yaml:"name" jsonschema:"required"`
	// The heading. The default is the name.
	Title string `yaml:"title"`
	// The IANA time zone of the times in the report, such as Asia/Seoul.
	Timezone zone `yaml:"timezone" jsonschema:"default=UTC"`
	// The language of every word of promsnap's own: English or Korean.
	Language string `yaml:"language" jsonschema:"default=en,enum=en,enum=ko"`
	// How much time the report shows. The default is 24h or, with a dashboard, the range that the
	// dashboard was saved with.
	Range duration `yaml:"range" jsonschema:"default=24h" limits:"1m..400d"`
	// The panels, in the order in which they are drawn. Without any: all built-in ones or, with a
	// dashboard, only those of the dashboard.
	Panels []panelKeys `yaml:"panels"`
	// A Grafana dashboard, which the report shows as Grafana would.
	Dashboard *dashboardKeys `yaml:"dashboard"`
	// Limits for panels of the dashboard, by the title of the panel. The rules are those of panels.
	Rules panelRules `yaml:"rules"`
	// Alerting rules of Prometheus, which the report judges as Prometheus does. With them, a report
	// without panels has no built-in ones.
	AlertingRules *alertingRulesKeys `yaml:"alerting_rules"`
	// When the report runs, as a cron expression in its time zone: "0 9 * * *". A run with
	// --deliver reports on the latest scheduled time, however late it starts. If the run is
	// repeated, it sends nothing twice.
	Schedule schedule `yaml:"schedule"`
	// The names of the receivers of this report.
	Receivers []name `yaml:"receivers"`
	// What people are sent. changes: what is new, worse, better or resolved, and nothing if nothing
	// changed. summary: the full state, once per run; it never pages.
	Send string `yaml:"send" jsonschema:"enum=changes,enum=summary"`
	// Which runs the archives keep. always: all of them. on_change: those that sent people a
	// message.
	Archive string `yaml:"archive" jsonschema:"default=always,enum=always,enum=on_change"`
	// An alert that still fires is sent again this long after the last message about it; 0s: never.
	// Only with send: changes.
	RepeatInterval duration `yaml:"repeat_interval" jsonschema:"default=4h" limits:"0s..30d"`
	// The name of another report, a check with a schedule. The summary counts its runs and alerts:
	// "since yesterday: 3 new, 4 resolved" and "285 of 288 checks ran". Only with send: summary.
	HistoryFrom name `yaml:"history_from"`
	// What fills next, and what changed since last week. For that, the report runs the queries of
	// some panels once more, over four weeks. With send: changes there is no such part.
	Trends bool `yaml:"trends" jsonschema:"default=true"`
	// What workloads request against what they use: what they should request instead.
	Sizing *sizingKeys `yaml:"sizing"`
	// What Prometheus scrapes: the targets that are down, with their errors, and those that
	// vanished within the range.
	Targets bool `yaml:"targets" jsonschema:"default=false"`
	// CSV files beside report.json: findings.csv, nodes.csv and those of panels.
	CSV *csvKeys `yaml:"csv"`
	// A PDF beside the page: report.pdf, for paper and for people without a browser. true has the
	// defaults of its keys.
	PDF *pdfKeys `yaml:"pdf"`
	// An address that promsnap calls after each run that delivered everything, and with /fail after
	// its path after each other run. It is for a service that notices missing calls.
	Heartbeat *heartbeat `yaml:"heartbeat"`
}

// panelKeys is one question with its chart: a built-in panel (use), of which you can set any field,
// or your own (name, query).
type panelKeys struct {
	// The name of a built-in panel to start from. promsnap panels lists them.
	Use string `yaml:"use"`
	// The panel's name, for files and links; a built-in panel has its own.
	Name name `yaml:"name"`
	// The heading. The default is the name.
	Title string `yaml:"title"`
	// The heading that groups panels in the report.
	Section string `yaml:"section"`
	// PromQL that gives an instant vector. $__rate_interval, $__interval and $__range work as in
	// Grafana.
	Query string `yaml:"query"`
	// Several queries for one chart, instead of query; at most eight. Their series share its axis
	// and its times. Limits, capacity and the table of nodes belong to the first query, unless a
	// rule names another.
	Queries []query `yaml:"queries"`
	// The unit of the numbers, by Grafana's id: bytes, percentunit, cores, s, ...
	Unit unit `yaml:"unit"`
	// The name of a series: text in which {{label}} stands for the label's value. The default is
	// the whole label set.
	Legend string `yaml:"legend"`
	// What the panel measures about nodes. The panel then fills the gauge of the fleet and its
	// column in the table of nodes. If several panels have the same measure, promsnap uses the
	// first one that has data.
	Measure string `yaml:"measure" jsonschema:"enum=node_memory,enum=node_cpu,enum=node_disk,enum=node_memory_requests,enum=node_cpu_requests"`
	// The noun for the value in a finding: memory, CPU, disk.
	Subject string `yaml:"subject"`
	// Why this metric and not a similar one.
	Why string `yaml:"why"`
	// How to get the metrics if they are missing: the exporter or setting.
	Hint string `yaml:"hint"`
	// How the data is shown. lines: over time. area: series stacked on each other. bars: the newest
	// values. heatmap: a row of cells for each series. stat: the newest values in large figures.
	// The default is lines, or bars if there is only one sample.
	Kind string `yaml:"kind" jsonschema:"enum=lines,enum=area,enum=bars,enum=heatmap,enum=stat"`
	// How many series are drawn on their own. More than 20 is only for bars and heatmap.
	Top int `yaml:"top" jsonschema:"minimum=1,maximum=48"`
	// How much time the panel shows. The default is the report's range.
	Range duration `yaml:"range" limits:"1m..400d"`
	// The time between two samples. The default follows from the range.
	Step duration `yaml:"step" limits:"1s..1w"`
	// The query for the total behind a ratio, grouped by the same labels, for "60.4 of 64 GiB".
	Capacity *capacity `yaml:"capacity"`
	// Dashed lines with names, to compare the series with: limits, requests, capacity. At most four
	// a chart.
	References []reference `yaml:"references"`
	// A query about each of the worst firing alerts, such as the pods that use most of a node. The
	// answers appear next to the alert.
	Detail *detail `yaml:"detail"`
	// An answer without series is good news, as long as the metrics exist.
	EmptyIsOK bool `yaml:"empty_is_ok"`
	// Leave the panel out if its metrics do not exist.
	Optional bool `yaml:"optional"`
	// The limits for the series. The first rule ranks them. An empty list removes the rules of a
	// built-in panel.
	Rules []rule `yaml:"rules"`
	// Other limits for some of the series. If several match a series, the last one applies.
	Overrides []override `yaml:"overrides"`
	// When the series of the first query reach a limit, from their growth of the last four weeks.
	// The built-in panels of disks, inodes, volumes and requests have it.
	Forecast *forecastKeys `yaml:"forecast"`
	// Also draw the lines as they were this long ago, dashed: 7d. Only for panels of lines.
	Compare duration `yaml:"compare" limits:"1h..4w"`
}

// forecastKeys says which limit is forecast, and how far away it may be.
type forecastKeys struct {
	// false: no forecast.
	Enabled bool `yaml:"enabled" jsonschema:"default=true"`
	// critical or warning, which is the limit of the panel's first alert, or a value in the panel's
	// unit: 85%. The default is the critical limit, or the warning limit if there is no other.
	Limit quantity `yaml:"limit"`
	// The side of the limit that must not be reached. The default is that of the panel's first
	// alert. A panel without an alert needs it.
	Direction string `yaml:"direction" jsonschema:"enum=above,enum=below"`
	// A limit that is further away is not forecast.
	Horizon duration `yaml:"horizon" jsonschema:"default=4w" limits:"1d..4w"`
}

// query is one of several queries of a panel.
type query struct {
	// The name by which rules and names of series refer to the query: a letter, then letters,
	// digits, - or _. The default is A, B, C, in order.
	Ref ref `yaml:"ref"`
	// PromQL that gives an instant vector, as in the panel's query.
	Query string `yaml:"query" jsonschema:"required"`
	// The name of a series of this query. The default is the panel's legend.
	Legend string `yaml:"legend"`
	// The unit of this query's numbers. The default is the panel's unit. Only a panel of kind stat
	// may have several units, because a chart has one axis.
	Unit unit `yaml:"unit"`
}

// capacity is the query for the total behind a ratio, in its own unit.
type capacity struct {
	// PromQL with the same grouping as the panel's query.
	Query string `yaml:"query" jsonschema:"required"`
	// The unit of its numbers, by Grafana's id.
	Unit unit `yaml:"unit"`
}

// reference is a query whose series are drawn as dashed lines, in the panel's unit.
type reference struct {
	// The name next to the line: limit. If the query gives several series, {{label}} stands for the
	// label's value.
	Name string `yaml:"name" jsonschema:"required"`
	// PromQL that gives an instant vector, as in the panel's query.
	Query string `yaml:"query" jsonschema:"required"`
}

// detail is a query about one series that fires, at the newest time of the panel.
type detail struct {
	// PromQL that gives an instant vector. {{label}}, between double quotes, stands for the value
	// of that label in the series that fires: node="{{node}}".
	Query string `yaml:"query" jsonschema:"required"`
	// The name of a series of the answer: text in which {{label}} stands for the label's value. The
	// default is the whole label set.
	Legend string `yaml:"legend"`
	// The unit of its numbers, by Grafana's id.
	Unit unit `yaml:"unit"`
}

// rule is an alert (alertname) or a verdict (name and reduce).
type rule struct {
	// The name of an alert. It fires if every sample is above (or below) its limit for as long as
	// for, up to the newest sample.
	Alertname string `yaml:"alertname"`
	// The name of a verdict. It reduces the whole range to one number and colours the report; it
	// never pages.
	Name string `yaml:"name"`
	// The number that a verdict judges.
	Reduce string `yaml:"reduce" jsonschema:"enum=last,enum=avg,enum=min,enum=max,enum=p50,enum=p90,enum=p95,enum=p99"`
	// Breach if the value is above a limit.
	Above *thresholds `yaml:"above"`
	// Breach if the value is below a limit.
	Below *thresholds `yaml:"below"`
	// Fire if a series is sure to reach the limit of the panel's forecast within a time, instead of
	// above or below. for is then 24h by default, and keep_firing_for 6h.
	FullIn *fullIn `yaml:"full_in"`
	// How long values must stay outside the limit before the alert fires. Without it, a single
	// sample is enough.
	For duration `yaml:"for" limits:"0s..30d"`
	// How long an alert keeps firing after its last sample outside the limit. If it ends and starts
	// again within this time, people see one alert.
	KeepFiringFor duration `yaml:"keep_firing_for" jsonschema:"default=10m" limits:"1s..1d"`
	// The series are 1 while a condition holds, such as NotReady, and 0 otherwise. Findings then
	// name the condition and no figure, and a condition that comes and goes is a finding of its
	// own, at least a warning.
	Condition bool `yaml:"condition"`
	// What promsnap does if a series has no recent samples. alert: a finding (nodes, jobs).
	// resolve: the alert ends once the object is gone (pods, volumes).
	NoData string `yaml:"no_data" jsonschema:"enum=alert,enum=resolve"`
	// The ref of the query whose series the rule judges. The default is the panel's first query.
	Ref ref `yaml:"ref"`
	// The address of a page that says what to do.
	RunbookURL address `yaml:"runbook_url"`
}

// thresholds is the pair of limits of a rule, in the panel's unit: 24GiB, 92%, 0.92, 500m.
type thresholds struct {
	// The limit of a warning.
	Warning quantity `yaml:"warning"`
	// The limit of a critical finding.
	Critical quantity `yaml:"critical"`
}

// fullIn is the pair of times of a rule about a forecast. The critical one is shorter.
type fullIn struct {
	// The time before the limit at which the warning fires.
	Warning duration `yaml:"warning" limits:"1h..4w"`
	// The time before the limit at which the alert is critical.
	Critical duration `yaml:"critical" limits:"1h..4w"`
}

// override is a set of other limits for the series that match. A severity that it does not name has
// no limit, and an empty above removes both.
type override struct {
	// Label matchers; a series must meet all of them: node=~"kafka-.*"
	Match selector `yaml:"match" jsonschema:"required"`
	// The alertname or name of the rule that gets these limits. The default is the panel's first
	// rule.
	Rule string `yaml:"rule"`
	// Breach if the value is above a limit.
	Above *thresholds `yaml:"above"`
	// Breach if the value is below a limit.
	Below *thresholds `yaml:"below"`
}

// duration is a time in Prometheus' notation.
type duration time.Duration

// UnmarshalText accepts what model.ParseDuration accepts, except a bare 0.
func (d *duration) UnmarshalText(b []byte) error {
	v, err := model.ParseDuration(string(b))
	if err != nil || string(b) == "0" {
		return fmt.Errorf("%q is not a duration; write a number and a unit, such as 90s, 15m, "+
			"24h or 7d", shorten(string(b)))
	}
	*d = duration(v)
	return nil
}

// String formats the duration in Prometheus' notation.
func (d duration) String() string { return model.Duration(d).String() }

// name is the name of a report or a panel. It becomes part of a path.
type name string

var nameSyntax = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// UnmarshalText accepts only what needs no escaping in a path or a link.
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

// UnmarshalText accepts short names, because a ref is shown after the name of a series.
func (r *ref) UnmarshalText(b []byte) error {
	if !refSyntax.Match(b) {
		return fmt.Errorf("%q is not a ref of a query; write a letter and up to 19 letters, "+
			"digits, - or _, such as A or limit", shorten(string(b)))
	}
	*r = ref(b)
	return nil
}

// intervalName is the name of a time interval: any text, as in Alertmanager.
type intervalName string

// UnmarshalText accepts any text of a limited length.
func (n *intervalName) UnmarshalText(b []byte) error {
	if len(b) == 0 || len(b) > 256 {
		return errors.New("not a name; write text of 1 to 256 bytes, such as off_hours")
	}
	*n = intervalName(b)
	return nil
}

// address is an http or https URL.
type address string

// UnmarshalText accepts the address of a page for people.
func (a *address) UnmarshalText(b []byte) error {
	*a = address(b)
	_, err := exchange.ShownURL(string(b))
	return err
}

// base is an http or https URL that paths are put behind.
type base string

// UnmarshalText accepts the address of a server.
func (b *base) UnmarshalText(text []byte) error {
	*b = base(text)
	_, err := exchange.BaseURL(string(text))
	return err
}

// zone is a time zone.
type zone struct{ *time.Location }

// UnmarshalText finds the zone in the time zone database.
func (z *zone) UnmarshalText(b []byte) (err error) {
	if string(b) == "" || string(b) == "Local" {
		return errors.New("the local zone differs between machines; write an IANA zone such as " +
			"Asia/Seoul or UTC")
	}
	z.Location, err = time.LoadLocation(string(b))
	if err != nil {
		return fmt.Errorf("unknown time zone %q; write an IANA zone such as Asia/Seoul, "+
			"Europe/Berlin or UTC", shorten(string(b)))
	}
	return nil
}

// schedule is when a report runs.
type schedule struct{ Schedule }

// UnmarshalText reads a cron expression.
func (s *schedule) UnmarshalText(b []byte) (err error) {
	s.Schedule, err = parseSchedule(string(b))
	return err
}

// unit is what numbers are.
type unit struct{ units.Unit }

// UnmarshalText accepts an id of package units.
func (u *unit) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		return fmt.Errorf("no unit; write one such as bytes or percentunit, or remove the key")
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

// plainUnits are the units that an error may suggest, if the spelling is almost the same. Other
// units are not suggested, because one more letter often makes another unit.
var plainUnits = []string{
	units.None.String(), units.Short.String(), units.Bytes.String(), units.DecBytes.String(),
	units.Percent.String(), units.PercentUnit.String(),
	units.Cores.String(), units.Duration.String(), units.RequestsPerSecond.String(), "bits",
	"decbits",
}

// quantity is a number as it is written; what it means depends on the panel's unit. Empty: none.
type quantity string

// UnmarshalText accepts any text. Package units parses it when the unit is known.
func (q *quantity) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		return errors.New("no limit; write a number such as 0.9, 90% or 24GiB, or remove the key")
	}
	*q = quantity(b)
	return nil
}

// heartbeat is an address that promsnap calls after each run. The whole address is a secret.
type heartbeat struct {
	secretAddress `yaml:",inline"`
}

// label is the name of a label.
type label string

// maxLabel is the longest name of a label, in bytes.
const maxLabel = 128

// UnmarshalText accepts any label name of Prometheus 3, without quotes or braces.
func (l *label) UnmarshalText(b []byte) error {
	text := string(b)
	switch foreign := foreignLabel(text); {
	case text == "...":
		return errors.New("... for all labels works only in Alertmanager; write the labels that " +
			"the alerts of one message share, such as alertname and namespace")
	case foreign != "":
		return fmt.Errorf("%q is not the name of a label; write %s", shorten(text), foreign)
	case !model.UTF8Validation.IsValidLabelName(text) || len(text) > maxLabel:
		return fmt.Errorf("%q is not the name of a label; write one such as namespace, alertname "+
			"or severity", shorten(text))
	}
	*l = label(text)
	return nil
}
