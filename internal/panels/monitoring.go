package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// targets selects all targets except the kubelets of virtual nodes, which do not exist but which
// some service discoveries list.
const targets = `up{instance!~"$__virtual_targets"} unless up{node=~"$__virtual_nodes",pod=""}`

// scrapeHealth has no finding for a job without targets: batch drivers and exporters of a node pool
// scaled to zero come and go. The sources that a report needs are known as lost (snapshot.Lost) and
// count as down.
func scrapeHealth() panel.Spec {
	return panel.Spec{
		Name:    "scrape-health",
		Kind:    panel.Heatmap,
		Title:   "Scrape targets up",
		Section: sectionMonitoring,
		Queries: []panel.Query{{
			Expr:   `avg by (cluster, job) (` + targets + `)`,
			Unit:   units.PercentUnit,
			Legend: "{{job}}",
		}},
		Targets: `count by (cluster, job) (` + targets + `)`,
		Subject: "targets up",
		Rules: []rules.Rule{{
			Name: "ScrapeTargetsDown", Direction: rules.Below, Warning: rules.At(1),
			Critical: rules.At(0.5), For: 10 * time.Minute,
			NoData: rules.ResolveOnNoData, NeedsAll: true,
		}},
		Remarks: []panel.Remark{
			{
				Query: `max by (cluster, job, instance) (` + targets + `) == 0`,
				Text:  "down: {{job}} {{instance}}",
			},
		},
		Why: "Prometheus writes up = 0 when a target does not answer, and no panel can judge " +
			"what is not scraped. The value is a share of each job: one dead exporter out of " +
			"fifty is a warning. A kube-state-metrics that is no longer a target counts as down " +
			"if nothing else reports its objects. So do a cluster's kubelets or exporters when " +
			"all of them are gone.",
		Hint: "Prometheus writes up for every target. Without it, nothing is scraped: check " +
			"Status → Targets.",
	}
}

// targetFlaps has all samples of the targets that stopped answering at least three times in the
// range: a healthy cluster has none. It does not judge a whole job: where nodes come and go,
// another of its targets is down every few minutes.
func targetFlaps() panel.Spec {
	const eachTarget = `(cluster, job, instance, metrics_path)`
	return panel.Spec{
		Name:    "target-flaps",
		Kind:    panel.Heatmap,
		Title:   "Flapping scrape targets",
		Section: sectionMonitoring,
		Queries: []panel.Query{{
			Expr: `1 - max by ` + eachTarget + ` ((` + targets + `) and on ` + eachTarget +
				` changes(up[$__range] @ end()) >= 5)`,
			Unit:   units.Short,
			Legend: "{{job}} {{instance}}{{metrics_path}}",
		}},
		Subject: "down",
		Rules: []rules.Rule{{
			Name: "ScrapeTargetFlaps", Warning: rules.At(0), For: 30 * time.Minute,
			NoData:    rules.ResolveOnNoData,
			Condition: true, Flaps: true,
		}},
		EmptyIsOK: true,
		Needs:     []string{"up"},
		Why: "A target that fails some scrapes and answers others is never down long enough to " +
			"alert, but its data has gaps. Typical causes: an exporter that runs out of memory, " +
			"an overloaded node, or two machines with one address. 1 marks a failed scrape.",
		Hint: "Prometheus writes up for every target. Without it, nothing is scraped: check " +
			"Status → Targets.",
	}
}

// coverage is 1 for a node without an exporter and 0 for the others, so that the alert resolves
// with a sample when the exporter appears. A deleted node disappears. The identity table decides
// which exporter belongs to which node: PromQL would have to know every way from one to the other.
// The ten minutes leave time for a node to start.
func coverage() panel.Spec {
	return panel.Spec{
		Name:    "coverage",
		Kind:    panel.Heatmap,
		Top:     16, // most rows are 0
		Title:   "Nodes without node_exporter",
		Section: sectionMonitoring,
		Queries: []panel.Query{{
			Expr:   `max by (cluster, node) (kube_node_info)`,
			Unit:   units.Short,
			Legend: "{{node}}",
		}},
		Without: `max by (cluster, node, instance) (node_uname_info)`,

		WithoutAll: "{{value}} of {{value}} nodes",

		Subject: "without node_exporter",
		Rules: []rules.Rule{{
			Name: "NodeExporterMissing", Warning: rules.At(0), For: 10 * time.Minute,
			NoData: rules.ResolveOnNoData, NeedsAll: true,
			Condition: true,
		}},
		Why: "A node without node_exporter is missing from every node panel, and nothing there " +
			"says so. This panel compares the nodes that Kubernetes knows with the nodes that " +
			"report. 1 means that the node does not report. If no node of a cluster reports, one " +
			"row shows it. Virtual nodes (Fargate, ACI) and Windows nodes cannot run " +
			"node_exporter and are left out.",
		Hint: hintKSM + " Then check why the node_exporter DaemonSet has no pod on that node: a " +
			"taint, or a port that is already in use.",
	}
}
