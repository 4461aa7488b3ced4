package panels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// alwaysFiring are alerts that fire to show that alerting works, or only to inhibit others.
var alwaysFiring = []string{
	"Watchdog", "DeadMansSwitch", "DeadMansSnitch", "AlwaysFiring", "InfoInhibitor",
}

// AlwaysFires reports whether an alert of this name fires to show that alerting works, or only to
// inhibit others.
func AlwaysFires(alertname string) bool { return slices.Contains(alwaysFiring, alertname) }

// IsCritical reports whether alerts with this label severity are critical. All others that concern
// people are warnings, with or without a severity.
func IsCritical(severity string) bool {
	return slices.Contains(strings.Split(firstSeverities, "|"), severity)
}

// The alerts that concern people, by severity. One without a severity is in the second group.
const (
	notAlwaysFiring = `alertname!~"Watchdog|DeadMansSwitch|DeadMansSnitch|AlwaysFiring|` +
		`InfoInhibitor"`
	firstSeverities  = `critical|page|emergency`
	criticalAlerts   = notAlwaysFiring + `,severity=~"` + firstSeverities + `"`
	otherAlerts      = notAlwaysFiring + `,severity!~"` + firstSeverities + `|none|info"`
	anyAlertOfPeople = notAlwaysFiring + `,severity!~"none|info"`
)

// Firing returns a query of the alerts that fire and concern people, with all labels. Its variables
// are those of a panel.
func Firing() string { return alertsIn("firing", anyAlertOfPeople) }

// alertsIn returns a query of alerts in a state. Between two steps none is lost, and where a group
// is evaluated more rarely than every step there are no holes.
func alertsIn(state, matchers string) string {
	s := fmt.Sprintf(`ALERTS{alertstate="%s",%s}`, state, matchers)
	return fmt.Sprintf(`max_over_time(%s[$__interval]) or %s`, s, s)
}

// The values of alerts.
const (
	alertPending = 1
	alertFires   = 2
)

// alerts shows what the server's own rules say. Its rules are verdicts: Alertmanager already pages
// for these alerts, so they colour the report and send nothing.
func alerts() panel.Spec {
	const by = `max by (cluster, alertname, severity) `
	states := func(ref, matchers string) panel.Query {
		return panel.Query{
			Ref: ref,
			Expr: fmt.Sprintf("%d * "+by+"(%s)\nor "+by+"(%s)\nor 0 * "+by+
				"(max_over_time(ALERTS{%s}[$__range] @ end()))", alertFires,
				alertsIn("firing", matchers), alertsIn("pending", matchers), matchers),
			Unit:   units.Short,
			Legend: "{{alertname}}",
		}
	}
	return panel.Spec{
		Name:    "alerts",
		Kind:    panel.Heatmap,
		Top:     16,
		Title:   "Alerts of Prometheus' rules",
		Section: sectionMonitoring,
		Queries: []panel.Query{
			states("critical", criticalAlerts), states("other", otherAlerts),
		},
		Subject: "firing",
		Rules: []rules.Rule{
			{
				Name: "CriticalAlertFires", Ref: "critical", Critical: rules.At(alertPending),
				Reduce: rules.Last, NoData: rules.ResolveOnNoData, Condition: true,
			},
			{
				Name: "AlertFires", Ref: "other", Warning: rules.At(alertPending),
				Reduce: rules.Last, NoData: rules.ResolveOnNoData, Condition: true,
			},
		},
		States:    []string{"not firing", "pending", "firing"},
		EmptyIsOK: true,
		Needs:     []string{"ALERTS"},
		Optional:  true,
		Why: "ALERTS is what Prometheus itself writes for each alert of its rules: from the first " +
			"evaluation on it is pending, and after the rule's for it fires. A row is all objects " +
			"of an alert. Left out are alerts for information (severity info or none) and those " +
			"that always fire, such as Watchdog. Alertmanager pages for these alerts, so here they " +
			"only colour the report.",
		Hint: "Prometheus writes ALERTS while an alert of its rule files is pending or fires.",
	}
}
