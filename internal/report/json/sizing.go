package json

import (
	"math"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/sizing"
	"github.com/promsnap/promsnap/internal/words"
)

// DocSizing is what workloads request against what they use. Amounts are cores or bytes. Months
// are money, and exist if a price is known.
type DocSizing struct {
	Window   float64 `json:"window_seconds"`
	History  float64 `json:"history_seconds"`  // how far back the use is known
	Step     float64 `json:"cpu_step_seconds"` // CPU use is known as averages of this long
	Headroom float64 `json:"headroom" jsonschema:"minimum=0"`
	// Sentences are what the advice comes to.
	Sentences []string      `json:"sentences"`
	CPU       DocSizingSums `json:"cpu"`
	Memory    DocSizingSums `json:"memory"`
	Withheld  DocWithheld   `json:"withheld"`
	// Less are requests that are too high, and More those that are too low, the largest first.
	Less          []DocSized `json:"less"`
	LessTruncated int        `json:"less_truncated" jsonschema:"minimum=0"`
	More          []DocSized `json:"more"`
	MoreTruncated int        `json:"more_truncated" jsonschema:"minimum=0"`
	// LessYAML and MoreYAML are the same as strategic merge patches, to paste.
	LessYAML string `json:"less_yaml"`
	MoreYAML string `json:"more_yaml"`
}

// DocWithheld counts the containers without advice by the reason.
type DocWithheld struct {
	CPU    map[string]int `json:"cpu"`
	Memory map[string]int `json:"memory"`
}

// DocSizingSums are the sums of one resource: requests that are too high, and too low.
type DocSizingSums struct {
	Less DocSizingSum `json:"less"`
	More DocSizingSum `json:"more"`
}

// DocSizingSum is what all pods of some workloads should request less, or more.
type DocSizingSum struct {
	Workloads int     `json:"workloads" jsonschema:"minimum=0"`
	Amount    Number  `json:"amount"`
	Month     *Number `json:"month,omitempty"`
}

// DocSized is a request that does not fit the use. Figures are those of one pod, Change is that of
// all.
type DocSized struct {
	Cluster      string  `json:"cluster,omitempty"`
	Namespace    string  `json:"namespace"`
	Workload     string  `json:"workload"`
	Kind         string  `json:"kind,omitempty"` // Deployment, StatefulSet, ...
	Container    string  `json:"container"`
	Sidecar      bool    `json:"sidecar,omitempty"` // an init container that keeps running
	Pods         float64 `json:"pods"`
	Resource     string  `json:"resource" jsonschema:"enum=cpu,enum=memory"`
	Request      Number  `json:"request"`
	Limit        Number  `json:"limit"`
	Used         Number  `json:"used"` // CPU: the 95th percentile; memory: the maximum
	Peak         Number  `json:"peak"`
	Advised      Number  `json:"advised"`
	AdvisedLimit Number  `json:"advised_limit"` // null: the limit stays as it is
	Change       Number  `json:"change"`
	Month        *Number `json:"month,omitempty"`
	OOMKilled    bool    `json:"oom_killed,omitempty"`
}

// SizingOf returns what a report says about requests and use as plain data, nil without any.
func SizingOf(s *report.Sizing, l words.Language) *DocSizing {
	if s == nil {
		return nil
	}
	a := s.Advice
	d := &DocSizing{
		Window: a.Window.Seconds(), History: a.History.Seconds(), Step: a.Step.Seconds(),
		Headroom:  a.Headroom,
		Sentences: s.Sums, CPU: docSums(a, sizing.CPU), Memory: docSums(a, sizing.Memory),
		Withheld: DocWithheld{withheld(a, sizing.CPU), withheld(a, sizing.Memory)},
		Less:     docSized(a, s.Less), LessTruncated: s.LessLeft, LessYAML: s.LessYAML(l),
		More: docSized(a, s.More), MoreTruncated: s.MoreLeft, MoreYAML: s.MoreYAML(l),
	}
	return d
}

func withheld(a *sizing.Advice, w sizing.Which) map[string]int {
	out := map[string]int{}
	for _, r := range sizing.Reasons() {
		if n := a.Withheld(w, r); n > 0 {
			out[string(r)] = n
		}
	}
	return out
}

func docSums(a *sizing.Advice, w sizing.Which) DocSizingSums {
	one := func(more bool) DocSizingSum {
		s := a.Sum(w, more)
		return DocSizingSum{s.Workloads, Number(s.Amount), docMonth(s.Monthly)}
	}
	return DocSizingSums{one(false), one(true)}
}

// docMonth returns nil for no money.
func docMonth(v float64) *Number {
	if !(v > 0) || !series.Finite(v) {
		return nil
	}
	return new(Number(math.Round(v*100) / 100))
}

func docSized(a *sizing.Advice, of []report.Sized) []DocSized {
	out := []DocSized{}
	for _, s := range of {
		x, resource := s.Of(s.Which), "cpu"
		if s.Which == sizing.Memory {
			resource = "memory"
		}
		out = append(out, DocSized{
			Cluster: s.Cluster, Namespace: s.Namespace, Workload: s.Workload, Kind: s.Kind,
			Container: s.Container, Sidecar: s.Sidecar, Pods: s.Row.Pods, Resource: resource,
			Request: Number(x.Request), Limit: Number(x.Limit), Used: Number(x.Used),
			Peak: Number(x.Peak), Advised: Number(x.Advised), AdvisedLimit: Number(x.AdvisedLimit),
			Change: Number(s.Change), OOMKilled: s.Row.Killed,
			Month: docMonth(a.Cost.Monthly(s.Which, math.Abs(s.Change))),
		})
	}
	return out
}
