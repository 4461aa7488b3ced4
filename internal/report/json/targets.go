package json

import (
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/targets"
	"github.com/promsnap/promsnap/internal/words"
)

// DocTargets is what Prometheus scrapes.
type DocTargets struct {
	At time.Time `json:"at"`
	// Range is how far back vanished targets are known; 0: they are not.
	Range float64 `json:"range_seconds"`
	// Live says that the list and the errors are the server's own. Otherwise they are from up.
	Live     bool   `json:"live"`
	Sentence string `json:"sentence"`
	Up       int    `json:"up" jsonschema:"minimum=0"`
	Down     int    `json:"down" jsonschema:"minimum=0"`
	Unknown  int    `json:"unknown" jsonschema:"minimum=0"` // not scraped yet
	Vanished int    `json:"vanished" jsonschema:"minimum=0"`
	// Virtual targets are left out; Replaced targets vanished and are not missed.
	Virtual  int      `json:"virtual" jsonschema:"minimum=0"`
	Replaced int      `json:"replaced" jsonschema:"minimum=0"`
	Notes    []string `json:"notes"`
	// Jobs are the worst first.
	Jobs          []DocJob `json:"jobs"`
	JobsTruncated int      `json:"jobs_truncated" jsonschema:"minimum=0"`
	// Targets are those that are down. promsnap targets lists all.
	Targets          []DocTarget   `json:"targets"`
	TargetsTruncated int           `json:"targets_truncated" jsonschema:"minimum=0"`
	Gone             []DocVanished `json:"vanished_targets"`
	GoneTruncated    int           `json:"vanished_truncated" jsonschema:"minimum=0"`
}

// DocJob is a scrape job with the number of its targets.
type DocJob struct {
	Cluster  string `json:"cluster,omitempty"`
	Job      string `json:"job"`
	Up       int    `json:"up" jsonschema:"minimum=0"`
	Down     int    `json:"down" jsonschema:"minimum=0"`
	Unknown  int    `json:"unknown" jsonschema:"minimum=0"`
	Vanished int    `json:"vanished" jsonschema:"minimum=0"`
}

// DocTarget is a target. Its URL, error and labels have no user, password or parameters of a URL.
type DocTarget struct {
	Cluster  string `json:"cluster,omitempty"`
	Job      string `json:"job"`
	Instance string `json:"instance"`
	Node     string `json:"node,omitempty"`
	Health   string `json:"health" jsonschema:"enum=up,enum=down,enum=unknown"`
	// Trouble is what the error means: refused, timeout, ...; Reason and Advice are its words.
	Trouble    string     `json:"trouble,omitempty"`
	Reason     string     `json:"reason,omitempty"`
	Advice     string     `json:"advice,omitempty"`
	Error      string     `json:"error,omitempty"` // in the server's words
	URL        string     `json:"url,omitempty"`
	LastScrape *time.Time `json:"last_scrape"` // null: unknown, or never scraped
	Duration   Number     `json:"duration_seconds"`
	Samples    Number     `json:"samples"`
	// Interval and Timeout are absent if they are not known.
	Interval float64           `json:"scrape_interval_seconds,omitempty"`
	Timeout  float64           `json:"scrape_timeout_seconds,omitempty"`
	Labels   map[string]string `json:"labels"`
}

// DocVanished are targets that vanished. Those of one workload are one.
type DocVanished struct {
	Cluster  string    `json:"cluster,omitempty"`
	Job      string    `json:"job"`
	Instance string    `json:"instance"` // of the one that was seen last
	Node     string    `json:"node,omitempty"`
	Workload string    `json:"workload,omitempty"`
	Targets  int       `json:"targets" jsonschema:"minimum=1"`
	LastSeen time.Time `json:"last_seen"`
}

// TargetsOf returns what a report says about targets as plain data, nil without any. Its targets
// are those that are given.
func TargetsOf(t *report.Targets, l words.Language, given []targets.Target) *DocTargets {
	if t == nil {
		return nil
	}
	d := &DocTargets{
		At: t.List.At.UTC(), Range: t.List.Range.Seconds(), Live: t.List.Live, Sentence: t.Sum,
		Virtual: t.List.Virtual, Replaced: t.List.Replaced, Notes: list(t.Notes),
		Jobs: []DocJob{}, JobsTruncated: t.JobsLeft, Targets: []DocTarget{},
		Gone: []DocVanished{}, GoneTruncated: t.VanishedLeft,
	}
	for i := range t.List.Jobs {
		j := &t.List.Jobs[i]
		d.Up, d.Down, d.Unknown = d.Up+j.Up, d.Down+j.Down, d.Unknown+j.Unknown
		d.Vanished += j.Vanished
	}
	for _, j := range t.Jobs {
		d.Jobs = append(d.Jobs, DocJob{
			j.Cluster, j.Name, j.Up, j.Down, j.Unknown, j.Vanished,
		})
	}
	for i := range given {
		d.Targets = append(d.Targets, docTarget(&given[i], l))
	}
	for _, v := range t.Vanished {
		d.Gone = append(d.Gone, DocVanished{
			v.Cluster, v.Job, v.Instance, v.Node, v.Workload, v.Count, v.Last.UTC(),
		})
	}
	return d
}

// mostDown is how many targets that are down a report has.
const mostDown = 100

// docDown returns the targets of a report: those that are down.
func docDown(r *report.Report) *DocTargets {
	if r.Targets == nil {
		return nil
	}
	var down []targets.Target
	left := 0
	for _, t := range r.Targets.List.Targets {
		switch {
		case !t.IsDown():
		case len(down) == mostDown:
			left++
		default:
			down = append(down, t)
		}
	}
	d := TargetsOf(r.Targets, r.Info.Language, down)
	d.TargetsTruncated = left
	return d
}

func docTarget(t *targets.Target, l words.Language) DocTarget {
	d := DocTarget{
		Cluster: t.Cluster, Job: t.Job, Instance: t.Instance, Node: t.Node,
		Health: string(t.Health), Error: t.Error, URL: t.URL,
		Duration: Number(t.Duration), Samples: Number(t.Samples),
		Interval: t.Interval.Seconds(), Timeout: t.Timeout.Seconds(),
		Labels: map[string]string{},
	}
	if t.IsDown() {
		d.Trouble = t.Trouble.Code
		d.Reason, d.Advice = report.TroubleOf(t, l)
	}
	if !t.LastScrape.IsZero() {
		at := t.LastScrape.UTC()
		d.LastScrape = &at
	}
	for _, x := range t.Labels {
		d.Labels[x.Name] = x.Value
	}
	return d
}
