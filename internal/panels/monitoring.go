package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// targets are all but the kubelets of virtual nodes, which do not exist: some searches for targets
// list them all the same.
const targets = `up{instance!~"$__virtual_targets"} unless up{node=~"$__virtual_nodes",pod=""}`

// scrapeHealth has no finding of a job that has no target any more: drivers of a night and
// exporters of a pool at zero come and go. What a report cannot do without is known as lost
// (snapshot.Lost), and counts as down.
func scrapeHealth() panel.Spec {
	return panel.Spec{
		Name:    "scrape-health",
		Kind:    panel.Heatmap,
		Title:   "Scrape targets that answer",
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
		Why: "Prometheus sets up to 0 where a target did not answer: no panel above can judge " +
			"what is not scraped." +
			" It is a share of each job: one dead exporter of fifty is a warning." +
			" A kube-state-metrics that is no target any more, and of whose objects no other " +
			"tells, counts as down; so do a cluster's kubelets or exporters when all are gone.",
		Hint: "Prometheus writes up for every target; without it no target is scraped: look at " +
			"Status → Targets.",
	}
}

// targetFlaps has the targets that stopped answering at least three times in the range, with all of
// their samples: a healthy cluster has none. Of a job as a whole nothing is judged here: where
// nodes come and go, another of its targets is down every few minutes.
func targetFlaps() panel.Spec {
	const eachTarget = `(cluster, job, instance, metrics_path)`
	return panel.Spec{
		Name:    "target-flaps",
		Kind:    panel.Heatmap,
		Title:   "Scrape targets that come and go",
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
		Why: "A target that fails some scrapes and answers others is never down for long enough " +
			"to alert, and its figures have holes:" +
			" an exporter that runs out of memory, a node that is overloaded, two machines at " +
			"one address. 1 is a scrape that failed.",
		Hint: "Prometheus writes up for every target; without it no target is scraped: look at " +
			"Status → Targets.",
	}
}

// coverage is 1 for a node without an exporter and 0 for the others, so that the alert resolves by
// a sample when the exporter comes, and a node that is gone is just gone. Which exporter is of
// which node is the identity table's to say: PromQL would have to know every way from one to the
// other. Ten minutes are for a node's start.
func coverage() panel.Spec {
	return panel.Spec{
		Name:    "coverage",
		Kind:    panel.Heatmap,
		Top:     16, // most rows have nothing to say
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
		Why: "A node without an exporter is missing from the panels of nodes, and nothing there " +
			"says so: this compares the nodes that Kubernetes knows with those that report." +
			" 1 is a node that does not; where no node of a cluster does, that is one row. " +
			"Virtual nodes (Fargate, ACI) and Windows nodes cannot run it and are left out.",
		Hint: hintKSM + " Then look why node_exporter's DaemonSet has no pod on that node: " +
			"taints, or a port that is taken.",
	}
}
