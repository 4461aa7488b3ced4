// Package targets finds what a Prometheus scrapes: which targets answer, why the others do not, and
// which ones vanished. Its package of words is report.
package targets

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// List is what a server scrapes.
type List struct {
	At       time.Time     // of the newest data
	Range    time.Duration // how far back vanished targets are known
	Live     bool          // the server told its newest errors; else the list comes from up
	Jobs     []Job         // the worst first
	Targets  []Target      // those that are down first, then those of the worst job
	Vanished []Vanished    // the newest first
	// Virtual is how many targets are left out because they are kubelets of virtual nodes, which
	// nobody can scrape.
	Virtual int
	// Replaced is how many targets vanished because another pod of their workload replaced them, or
	// because their node left the cluster.
	Replaced int
	Notes    []snapshot.Note // what is not known
}

// Job is a scrape job of a cluster, with the number of its targets.
type Job struct {
	Cluster, Name     string
	Up, Down, Unknown int
	Vanished          int
}

// All returns how many targets the job has now.
func (j *Job) All() int { return j.Up + j.Down + j.Unknown }

// share returns the share of targets that are up. A job that has only lost targets has none.
func (j *Job) share() float64 {
	switch all := j.All(); {
	case all > 0:
		return float64(j.Up) / float64(all)
	case j.Vanished > 0:
		return 0
	}
	return 1
}

// Target is a scrape target. Its texts contain no credentials of a URL.
type Target struct {
	Cluster, Job, Instance string

	Node    string        // "" if unknown
	Labels  series.Labels // after relabelling
	URL     string        // "" if the list comes from up
	Health  promapi.Health
	Error   string  // what the server says; "" if it says nothing
	Trouble Trouble // what the error means; zero if the target is not down

	LastScrape time.Time // zero if unknown, or never scraped
	Duration   float64   // of the newest scrape, in seconds; NaN if unknown
	Samples    float64   // of the newest scrape; NaN if unknown

	Interval, Timeout time.Duration // 0 if unknown
}

// IsDown reports whether the newest scrape failed.
func (t *Target) IsDown() bool { return t.Health == promapi.HealthDown }

// Name returns the instance and, if it is not the usual one, the path of the metrics that a label
// says: the kubelet has several.
func (t *Target) Name() string { return t.Instance + pathOf(t.Labels) }

// pathOf returns the label metrics_path of a target, "" if it is the usual one.
func pathOf(ls series.Labels) string {
	path := outside.Line(secret.HideURL(ls.Get("metrics_path")))
	if path == "/metrics" {
		return ""
	}
	return path
}

// Vanished are targets of a job that were in up within the range and are no longer. Those of one
// workload are one.
type Vanished struct {
	Cluster, Job string

	Instance string // of the one that was seen last
	Node     string // the same; "" if unknown
	Workload string // or Service, with its namespace; "" if they have neither
	Count    int
	Last     time.Time // when the last one was seen
}

// Down returns how many targets are down.
func (l *List) Down() int { return l.sum(func(j *Job) int { return j.Down }) }

// Up returns how many targets are up.
func (l *List) Up() int { return l.sum(func(j *Job) int { return j.Up }) }

// Gone returns how many targets vanished.
func (l *List) Gone() int { return l.sum(func(j *Job) int { return j.Vanished }) }

func (l *List) sum(of func(*Job) int) (n int) {
	for i := range l.Jobs {
		n += of(&l.Jobs[i])
	}
	return n
}

// jobKey identifies a job.
type jobKey struct{ cluster, name string }

// arrange counts the targets of each job, and sorts everything.
func (l *List) arrange() {
	jobs := map[jobKey]*Job{}
	of := func(cluster, name string) *Job {
		k := jobKey{cluster, name}
		if jobs[k] == nil {
			jobs[k] = &Job{Cluster: cluster, Name: name}
		}
		return jobs[k]
	}
	for i := range l.Targets {
		t := &l.Targets[i]
		switch j := of(t.Cluster, t.Job); t.Health {
		case promapi.HealthUp:
			j.Up++
		case promapi.HealthDown:
			j.Down++
		default:
			j.Unknown++
		}
	}
	for _, v := range l.Vanished {
		of(v.Cluster, v.Job).Vanished += v.Count
	}
	for _, j := range jobs {
		l.Jobs = append(l.Jobs, *j)
	}
	slices.SortFunc(l.Jobs, func(a, b Job) int {
		return cmp.Or(cmp.Compare(a.share(), b.share()), b.Down-a.Down, b.Vanished-a.Vanished,
			strings.Compare(a.Name, b.Name), strings.Compare(a.Cluster, b.Cluster))
	})
	turn := make(map[jobKey]int, len(l.Jobs))
	for i, j := range l.Jobs {
		turn[jobKey{j.Cluster, j.Name}] = i
	}
	slices.SortStableFunc(l.Targets, func(a, b Target) int {
		return cmp.Or(rank(a.Health)-rank(b.Health),
			turn[jobKey{a.Cluster, a.Job}]-turn[jobKey{b.Cluster, b.Job}],
			strings.Compare(a.Name(), b.Name()), strings.Compare(a.URL, b.URL),
			strings.Compare(a.Labels.String(), b.Labels.String()))
	})
	slices.SortFunc(l.Vanished, func(a, b Vanished) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Job, b.Job),
			strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.Workload, b.Workload),
			strings.Compare(a.Instance, b.Instance))
	})
}

// rank orders the healths.
func rank(h promapi.Health) int {
	switch h {
	case promapi.HealthDown:
		return 0
	case promapi.HealthUp:
		return 2
	}
	return 1
}
