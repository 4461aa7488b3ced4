package rulefile

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
)

// Recordings are the recording rules of rule files, by the name of the metric that they record.
type Recordings map[string][]recording

type recording struct {
	rule     Rule
	interval time.Duration // of its group
}

// defaultInterval is a server's evaluation_interval where it sets none.
const defaultInterval = time.Minute

// NewRecordings returns the recording rules of groups.
func NewRecordings(groups []Group) Recordings {
	all := Recordings{}
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Record == "" {
				continue
			}
			interval := g.Interval
			if interval == 0 {
				interval = defaultInterval
			}
			all[r.Record] = append(all[r.Record], recording{r, interval})
		}
	}
	return all
}

// Needed returns the recorded metrics that an expression selects by name, and those that their
// recording rules select: each once, in the order of their first use. It fails if an expression is
// not PromQL.
func (all Recordings) Needed(expr string) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	queue := []string{expr}
	for len(queue) > 0 {
		used, err := panel.MetricNames(queue[0])
		if err != nil {
			return nil, err
		}
		queue = queue[1:]
		for _, name := range used {
			if len(all[name]) == 0 || seen[name] {
				continue
			}
			seen[name] = true
			names = append(names, name)
			for _, r := range all[name] {
				queue = append(queue, r.rule.Expr)
			}
		}
	}
	return names, nil
}

// Expand returns an expression in which the expressions of recording rules replace the metrics that
// they record. exists reports whether the server has a metric; then its selector stays. The result
// selects no recorded metric that does not exist, except by a regular expression for its name.
//
// Labels of a recording rule are added by label_replace, matchers of a selector become "and" and
// "unless", several rules for one metric are joined by "or", and a range or an offset becomes a
// subquery at the interval of the group. An expanded series has no name, or that of what it is made
// from.
//
// It fails if recording rules need each other in a circle, or if the result is larger than 64 KiB.
func (all Recordings) Expand(expr string, exists func(metric string) bool) (string, error) {
	x := &expander{all: all, exists: exists, done: map[string]string{}}
	return x.expand(expr)
}
