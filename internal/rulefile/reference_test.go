package rulefile

import (
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// reference is AlertingRule.Eval of Prometheus (rules/alerting.go, Apache-2.0, © The Prometheus
// Authors), line by line, over our labels.
type reference struct {
	rule      Rule
	limit     int
	templates *Templates
	active    map[string]*referenceAlert
}

type referenceAlert struct {
	state           State
	labels          series.Labels
	activeAt        time.Time
	keepFiringSince time.Time
	resolvedAt      time.Time
}

func newReference(rule Rule, o Options) *reference {
	return &reference{rule, o.Limit, NewTemplates(rule, o.External), map[string]*referenceAlert{}}
}

// eval evaluates the rule over a vector and returns its active alerts, sorted.
func (r *reference) eval(ts time.Time, vector []series.Series) []string {
	alerts := map[string]*referenceAlert{}
	for _, s := range vector {
		ls, _ := r.templates.Labels(s.Labels, s.Values[0], ts)
		if _, ok := alerts[ls.String()]; ok {
			return r.list() // ErrDuplicateAlertLabelSet
		}
		alerts[ls.String()] = &referenceAlert{labels: ls, activeAt: ts, state: Pending}
	}
	for h, a := range alerts {
		if alert, ok := r.active[h]; ok && alert.state != Inactive {
			continue
		}
		r.active[h] = a
	}
	numActivePending := 0
	for fp, a := range r.active {
		if _, ok := alerts[fp]; !ok {
			keepFiring := false
			if a.state == Firing && r.rule.KeepFiringFor > 0 {
				if a.keepFiringSince.IsZero() {
					a.keepFiringSince = ts
				}
				if ts.Sub(a.keepFiringSince) < r.rule.KeepFiringFor {
					keepFiring = true
				}
			}
			if a.state == Pending || !a.resolvedAt.IsZero() &&
				ts.Sub(a.resolvedAt) > 15*time.Minute {
				delete(r.active, fp)
			}
			if a.state != Inactive && !keepFiring {
				a.state = Inactive
				a.resolvedAt = ts
			}
			if !keepFiring {
				continue
			}
		} else {
			a.keepFiringSince = time.Time{}
		}
		numActivePending++
		if a.state == Pending && ts.Sub(a.activeAt) >= r.rule.For {
			a.state = Firing
		}
	}
	if r.limit > 0 && numActivePending > r.limit {
		r.active = map[string]*referenceAlert{}
	}
	return r.list()
}

// list returns the active alerts as texts.
func (r *reference) list() []string {
	var out []string
	for _, a := range r.active {
		if a.state != Inactive {
			out = append(out, fmt.Sprintf("%v %d since %v", a.labels, a.state, a.activeAt))
		}
	}
	slices.Sort(out)
	return out
}
