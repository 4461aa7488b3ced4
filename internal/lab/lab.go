// Package lab is a simulated Prometheus: the real PromQL engine on a Kubernetes cluster that does
// not exist.
//
// It loads and stores nothing. Every sample is computed from a seed and its time, so a query may
// cover any range, and the same query gives the same bytes on every machine. Metric and label names
// are those of node_exporter, cAdvisor, the kubelet and kube-state-metrics under the two most
// common Helm charts. The data have the traps of real clusters, and incidents to find.
//
// It serves the demo, the tests and the benchmarks. No shipped program contains it.
//
// # Its past
//
// A cluster that is not calm has a past of at least 35 days, beside the incidents of the last day.
//
// Deployments of production were rolled out once or twice. Three days ago, the new image of
// checkout began to use 40 % more memory. Two days ago, the new image of features began to use half
// of the CPU.
//
// The rest is in fleets of 40 nodes or more. The collector of logs is 20 hours old.
//
// Memory of nodes, in the 30 days before Now: 30 short peaks of a nightly batch on eight nodes,
// each 25 to 50 minutes long, to between 80.5 and 83.8 %; and three leaks on three nodes, each five
// hours long, to 95 %. With the node that leaks at the end (94 %) and the warm one (84 %), the
// memory of a node was above 80 % for 15 minutes 35 times, eight times a week, on 13 nodes. It was
// above 82 % 21 times, and above 85 % (and 90 %) 4 times, once a week. Only the two nodes of the
// end are above 80 % in the last 26 hours.
//
// Root disks, of 100 GiB: one grows by 1.3 GiB a day, more on working days, and reaches 85 % about
// five days after Now; one is cleaned every night; one was cleaned 4, 13, 22 and 31 days ago; one
// was above 80 % for three days and was cleaned ten days ago; one jumped by 13 points three days
// ago. The disk that fills at the end is at 86 % already.
//
// Volumes: data-opensearch-1 grows by 1.2 % a day and reaches 90 % ten days after Now. That of
// orders-db grew by 1.1 % a day until 30 hours ago, and has grown faster since.
package lab

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// Profile is the Helm chart whose scrape configuration labels the cluster's metrics.
type Profile string

// The profiles.
const (
	// prometheus-community/prometheus: annotations, jobs kubernetes-*
	Community Profile = "community"
	// prometheus-community/kube-prometheus-stack: ServiceMonitors, jobs node-exporter, kubelet, ...
	KPS Profile = "kps"
)

// Bounds and defaults.
const (
	MaxNodes     = 5000
	DefaultNodes = 42
	DefaultSeed  = 1
)

// Options describe the cluster and the time. The zero value of each field except Now is its
// default.
type Options struct {
	Profile        Profile       // Community
	Nodes          int           // DefaultNodes; at most MaxNodes
	Seed           uint64        // DefaultSeed
	Cluster        string        // a label "cluster" on every series; none if empty
	ScrapeInterval time.Duration // 1m (community), 30s (kps)

	// Now is the time before which incidents are placed: the leak of six hours ago began six hours
	// before Now. Without Clock, it is also the end of the samples and the default time of a query.
	Now time.Time
	// Clock, if set, returns the end of the samples, which then advances.
	Clock func() time.Time

	// Tame omits the pods with hostile names, which are for tests and not for demonstrations.
	Tame bool

	// Calm omits the incidents and the pods with hostile names.
	Calm bool

	// Alerts adds a Prometheus that evaluates alerting rules: ALERTS, and what the API says about
	// rules and alerts.
	Alerts bool

	Incidents []Incident // planted beside those that each cluster has

	// Recording, if set, replaces the simulated cluster. Of the fields above, it uses only Now and
	// Clock. Without either, the end of the samples is that of the recording.
	Recording *Recording

	Without    []string      // prefixes of the names of absent metrics
	MaxSamples int           // 50,000,000, as Prometheus' --query.max-samples
	Timeout    time.Duration // 2m, as Prometheus' --query.timeout
}

// withDefaults sets the defaults and returns an error for invalid options.
func (o Options) withDefaults() (Options, error) {
	if o.Profile == "" {
		o.Profile = Community
	}
	if o.Nodes == 0 {
		o.Nodes = DefaultNodes
	}
	if o.Seed == 0 {
		o.Seed = DefaultSeed
	}
	if o.ScrapeInterval == 0 {
		o.ScrapeInterval = time.Minute
		if o.Profile == KPS {
			o.ScrapeInterval = 30 * time.Second
		}
	}
	if o.MaxSamples == 0 {
		o.MaxSamples = 50_000_000
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Minute
	}
	switch {
	case o.Profile != Community && o.Profile != KPS:
		return o, fmt.Errorf("lab: unknown profile %q: write %s or %s", o.Profile, Community, KPS)
	case o.Nodes < 1 || o.Nodes > MaxNodes:
		return o, fmt.Errorf("lab: %d nodes: write a number from 1 to %d", o.Nodes, MaxNodes)
	case o.Recording != nil:
		o.ScrapeInterval = o.Recording.Interval
		if o.Now.IsZero() {
			o.Now = o.Recording.End
		}
	case o.ScrapeInterval < time.Second || o.ScrapeInterval > time.Hour:
		return o, fmt.Errorf("lab: scrape interval %s: write one from 1s to 1h", o.ScrapeInterval)
	case slices.ContainsFunc(o.Incidents, func(in Incident) bool {
		return in.Node < 0 || in.Node >= o.Nodes || !in.From.Before(in.To)
	}):
		return o, errors.New("lab: an incident has no node of the fleet, or ends before it begins")
	case slices.ContainsFunc(o.Incidents, func(in Incident) bool {
		return !slices.Contains([]IncidentKind{
			NodeDown, ExporterDown, ExporterFlap, MemoryHigh, DiskFull, OOMLoop,
		}, in.Kind)
	}):
		return o, errors.New("lab: an incident has an unknown kind")
	case o.Now.IsZero():
		return o, errors.New("lab: Now is not set: write the time before which incidents " +
			"are placed")
	}
	return o, nil
}

// Lab is a cluster and the Prometheus that scraped it. It is safe for concurrent use.
type Lab struct {
	options Options
	targets []*target // of a simulated cluster
	store   *store    // of a simulated cluster, else nil
	rules   []alertingRule
	engine  *promql.Engine
	parser  parser.Parser
}

func newParser() parser.Parser { return parser.NewParser(parser.Options{}) }

// New makes a cluster. It returns an error only for invalid options.
func New(o Options) (*Lab, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	p := newParser()
	l := &Lab{options: o, parser: p}
	l.engine = promql.NewEngine(promql.EngineOpts{
		MaxSamples:           o.MaxSamples,
		Timeout:              o.Timeout,
		LookbackDelta:        5 * time.Minute,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		Parser:               p,
		NoStepSubqueryIntervalFn: func(int64) int64 {
			return o.ScrapeInterval.Milliseconds()
		},
	})
	if o.Recording == nil {
		l.simulate()
	}
	return l, nil
}

// simulate makes the cluster and its metrics.
func (l *Lab) simulate() {
	o := l.options
	c := newCluster(o)
	l.targets = newTargets(c, o)
	l.store = &store{
		byName: map[string]*family{}, interval: o.ScrapeInterval.Milliseconds(), end: func() int64 {
			return l.now().UnixMilli()
		},
	}
	metrics := newMetrics(c, o.Profile)
	if o.Alerts {
		l.rules = alertingRules(c, o.Tame)
		metrics = append(metrics, alertsMetric(l.rules))
	}
	for _, m := range metrics {
		absent := func(prefix string) bool {
			return prefix != "" && strings.HasPrefix(m.name, prefix)
		}
		if slices.ContainsFunc(o.Without, absent) {
			continue
		}
		f := &family{metric: m}
		for _, t := range l.targets {
			if m.bare && len(f.targets) > 0 {
				break // one Prometheus evaluates the rules
			}
			if m.synthetic || m.anySource || t.source == m.from {
				f.targets = append(f.targets, t)
			}
		}
		l.store.families = append(l.store.families, f)
		l.store.byName[m.name] = f
	}
	slices.SortFunc(l.store.families, func(a, b *family) int {
		return strings.Compare(a.name, b.name)
	})
}

// now is the end of the samples.
func (l *Lab) now() time.Time {
	if l.options.Clock != nil {
		return l.options.Clock()
	}
	return l.options.Now
}

// Querier implements storage.Queryable, for queries without HTTP.
func (l *Lab) Querier(mint, maxt int64) (storage.Querier, error) {
	if r := l.options.Recording; r != nil {
		return replay{r, mint, min(maxt, l.now().UnixMilli())}, nil
	}
	return &querier{store: l.store, mint: mint, maxt: maxt}, nil
}

// metrics returns every metric, by name.
func (l *Lab) metrics() []metric {
	if r := l.options.Recording; r != nil {
		return r.metadata()
	}
	all := make([]metric, len(l.store.families))
	for i, f := range l.store.families {
		all[i] = f.metric
	}
	return all
}

// scrape is the newest scrape of one target.
type scrape struct {
	url    string
	labels map[string]string // the target's
	last   int64
	up     bool
}

// scrapes returns the newest scrape of every target that exists at a time.
func (l *Lab) scrapes(now int64) []scrape {
	if r := l.options.Recording; r != nil {
		return r.scrapes(now)
	}
	interval := l.options.ScrapeInterval.Milliseconds()
	var all []scrape
	for _, t := range l.targets {
		if !t.known.contains(now) {
			continue
		}
		last := floorDiv(now-t.offset, interval)*interval + t.offset
		x := scrape{url: t.url, labels: map[string]string{}, last: last, up: t.up.contains(last)}
		for _, l := range t.labels {
			x.labels[l.name] = l.value
		}
		all = append(all, x)
	}
	return all
}

// Handler serves the part of Prometheus' HTTP API v1 that clients use: query, query_range, labels,
// label values, series, metadata, targets, rules, alerts and status, and /-/ready and /-/healthy.
func (l *Lab) Handler() http.Handler { return newAPI(l) }
