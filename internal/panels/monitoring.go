package panels

import (
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

func scrapeHealth() snapshot.Spec {
	return snapshot.Spec{
		Name:    "scrape-health",
		Kind:    snapshot.Heatmap,
		Title:   "Scrape targets that answer",
		Section: sectionMonitoring,
		Query:   `avg by (cluster, job) (up)`,
		Unit:    units.PercentUnit,
		Legend:  "{{job}}",
		Subject: "targets up",
		Rules: []rules.Rule{{
			Name: "ScrapeTargetsDown", Direction: rules.Below, Warning: rules.At(1), Critical: rules.At(0.5), For: 10 * time.Minute,
		}},
		Remarks: []snapshot.Remark{{Query: `max by (cluster, job, instance) (up) == 0`, Text: "down: {{job}} {{instance}}"}},
		Why: "up is written by Prometheus itself and is 0 where a target did not answer: what is not scraped cannot be judged by any panel above." +
			" As a share of each job, so that one dead exporter of fifty is a warning and not a catastrophe.",
		Hint: "Prometheus writes up for every target; without it no target is scraped: look at Status → Targets.",
	}
}

// coverage is 1 for a node without an exporter and 0 for the others, so that the alert resolves by a sample when the exporter comes,
// and a node that is gone is just gone. An exporter is known by its label node, the address in instance or the host's name: unless
// does not mind that several nodes share an address, as virtual ones do, where a join would fail. Ten minutes are for a node's start.
func coverage() snapshot.Spec {
	const (
		nodes    = `kube_node_info{node!~"fargate-.*|virtual-.*"}`
		unnamed  = `node_uname_info{node=""}`
		address  = `label_replace(` + unnamed + `, "internal_ip", "$1", "instance", "\\[?(.+?)\\]?(:\\d+)?")`
		hostname = `label_replace(` + unnamed + `, "node", "$1", "nodename", "(.+)")`
	)
	return snapshot.Spec{
		Name:    "coverage",
		Kind:    snapshot.Heatmap,
		Top:     16, // most rows have nothing to say
		Title:   "Nodes without node_exporter",
		Section: sectionMonitoring,
		Query: `group by (cluster, node) (` + nodes +
			` unless on (cluster, node) node_uname_info{node!=""}` +
			` unless on (cluster, internal_ip) ` + address +
			` unless on (cluster, node) ` + hostname + `)` +
			` or 0 * group by (cluster, node) (` + nodes + `)`,
		Unit:    units.Short,
		Legend:  "{{node}}",
		Subject: "without node_exporter",
		Rules: []rules.Rule{{
			Name: "NodeExporterMissing", Warning: rules.At(0), For: 10 * time.Minute, NoData: rules.ResolveOnNoData,
		}},
		Why: "A node without an exporter is in no panel of nodes, and nothing there says so: this compares the nodes that Kubernetes knows with those that report." +
			" 1 is a node that does not. Fargate and virtual nodes run no DaemonSets and are left out.",
		Hint: hintKSM + " Then look why node_exporter's DaemonSet has no pod on that node: taints, or a port that is taken.",
	}
}
