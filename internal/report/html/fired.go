package html

import (
	"fmt"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// ownView is the section about the alerts of the server's own rules.
type ownView struct {
	W *words.Words
	*report.Fired
	Now                               bool // only what fires now is known
	MoreAlerts, MoreFaults, MoreNever string
	AlertsHead, FaultsHead            string
}

// fired returns the section about the alerts of the server's own rules, nil if nobody looked.
func (l layout) fired() *ownView {
	f, w := l.Fired, l.words
	if f == nil {
		return nil
	}
	v := &ownView{
		W: w, Fired: f, Now: f.Of.Manager, AlertsHead: w.Fired.Alerts.Of(len(f.Of.Alerts)),
		FaultsHead: fmt.Sprintf(w.NamedFinding, w.Fired.Faults, f.Health),
	}
	if v.Now {
		now, _ := f.Of.Now()
		v.AlertsHead = w.Fired.Managed.Of(now)
	}
	if f.AlertsLeft > 0 {
		v.MoreAlerts = w.Fired.MoreAlerts.Of(f.AlertsLeft)
	}
	if f.FaultsLeft > 0 {
		v.MoreFaults = w.Fired.MoreFaults.Of(f.FaultsLeft)
	}
	if f.NeverLeft > 0 {
		v.MoreNever = w.Fired.MoreNever.Of(f.NeverLeft)
	}
	return v
}

// Tone returns the style of an alert by its severity.
func (*ownView) Tone(a report.OwnAlert) string {
	if a.IsCritical() {
		return "critical"
	}
	return "warning"
}
