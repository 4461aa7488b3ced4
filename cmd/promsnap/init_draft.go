package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// draft is a configuration that is being written for somebody who begins.
type draft struct {
	reading config.Options
	o       app.Options
	flags   kubeFlags
	url     string // "" where Prometheus is in the cluster
	cluster string // the kubeconfig's context; "" where the cluster is not used
	survey  app.Survey
	// of each report, in the order of draftReports; nil before they are asked for
	reports [][]snapshot.Panel
	counted string
}

// draftReports are the two reports that every cluster wants. What stands behind the name is its
// own; delivery is what it has when there are receivers.
var draftReports = []struct{ name, keys, delivery string }{
	{
		"check", "    range: 1h\n",
		"    # schedule: \"*/5 * * * *\"\n    # send: changes           # what is new, worse or " +
			"resolved; silent when calm\n    # receivers: [team]\n",
	},
	{
		"daily", "    title: Daily capacity\n    range: 24h\n",
		"    # schedule: \"0 9 * * *\"\n    # send: summary           # always posts, never " +
			"pages\n    # history_from: check     # counts its alerts and runs\n    # receivers: " +
			"[team]\n",
	},
}

// text writes the file. All that comes from outside is quoted, or one line of a comment.
func (d *draft) text() string {
	var b strings.Builder
	b.WriteString("# Written by promsnap init. docs/configuration.md has every key; promsnap " +
		"check-config FILE checks them.\n")
	fmt.Fprintf(&b, "# %s at %s has\n", outside.Said(d.survey.Server, maxComment),
		outside.Said(d.survey.At, maxComment))
	for _, e := range d.survey.Exporters {
		if e.Count == 0 {
			fmt.Fprintf(&b, "#   no %s (%s)\n", e.Name, e.Metric)
		} else {
			fmt.Fprintf(&b, "#   %s: %s\n", e.Name, count(e.Count, strings.TrimSuffix(e.Of, "s")))
		}
	}
	b.WriteString("version: 1\n\n# In titles, messages and keys.\n")
	fmt.Fprintf(&b, "cluster: %s\n\n", strconv.Quote(d.clusterName()))
	d.source(&b)
	b.WriteString("reports:\n")
	for i, r := range draftReports {
		fmt.Fprintf(&b, "  - name: %s\n%s%s    panels:\n", r.name, r.keys, r.delivery)
		d.panels(&b, i)
	}
	b.WriteString(`
# Whom to tell: take the # away here and in the reports above, and then
#   promsnap deliver --test team -c FILE
#   promsnap run check -c FILE --deliver
# receivers:
#   - name: team
#     slack: {channel: C0123456789}   # the token is $SLACK_BOT_TOKEN
`)
	if d.cluster == "" {
		b.WriteString("# state:                            # what people were told, between " +
			"runs: a directory that stays, or S3\n#   dir: promsnap-state\n")
	} else {
		b.WriteString("# state:                            # what people were told, between " +
			"runs\n#   configmap: {name: promsnap-state}\n")
	}
	return b.String()
}

// source writes where the data comes from.
func (d *draft) source(b *strings.Builder) {
	if d.url == "" {
		b.WriteString("# How the cluster's API is used: Prometheus is reached through it, and " +
			"the nodes' types and zones are known.\nkubernetes:\n")
		fmt.Fprintf(b, "  service: %s\n", strconv.Quote(d.survey.At))
		if d.flags.context != "" {
			fmt.Fprintf(b, "  context: %s\n", strconv.Quote(d.flags.context))
		} else {
			fmt.Fprintf(b, "  # context: %s   # of the kubeconfig; not in a Pod\n",
				strconv.Quote(d.cluster))
		}
		if d.flags.namespace != "" {
			fmt.Fprintf(b, "  namespace: %s\n", strconv.Quote(d.flags.namespace))
		}
		b.WriteString("\n")
	}
	b.WriteString("prometheus:\n")
	if d.url != "" {
		fmt.Fprintf(b, "  url: %s\n", strconv.Quote(d.url))
	}
	b.WriteString("  # external_url: https://prometheus.example.com   # for links that people " +
		"follow\n")
	if d.survey.Label != "" {
		fmt.Fprintf(b, "  cluster_label: %s   # it tells clusters apart here\n",
			strconv.Quote(d.survey.Label))
	}
	switch n := len(d.survey.Clusters); {
	case n > 1 && slices.Contains(d.survey.Clusters, d.survey.Own):
		fmt.Fprintf(b, "  # It has %d clusters; these nodes are in this one.\n  matchers: [%s]\n",
			n, d.matcher(d.survey.Own))
	case n > 1:
		fmt.Fprintf(b, "  # It has %d clusters. Name one, or the reports are of all of them:\n", n)
		for _, c := range d.survey.Clusters[:min(n, 10)] {
			fmt.Fprintf(b, "  # matchers: [%s]\n", d.matcher(c))
		}
	}
	if s := d.survey.Scrape; s > 0 {
		fmt.Fprintf(b, "  scrape_interval: %s   # as most targets are\n", model.Duration(s))
	} else {
		b.WriteString("  scrape_interval: 1m   # write what your Prometheus has: it does not say\n")
	}
	b.WriteString("\n")
}

// matcher is a matcher of a cluster, as YAML has it.
func (d *draft) matcher(cluster string) string {
	return strconv.Quote(cmp.Or(d.survey.Label, "cluster") + "=" + strconv.Quote(cluster))
}

// panels writes the panels of a report: those without data as comments that say what they lack.
func (d *draft) panels(b *strings.Builder, report int) {
	lacks := map[string]string{}
	if d.reports != nil {
		for i := range d.reports[report] {
			p := &d.reports[report][i]
			lacks[p.Spec.Name] = lacking(p)
		}
	}
	for _, p := range panels.All() {
		if why := lacks[p.Name]; why != "" {
			fmt.Fprintf(b, "      # - use: %-20s # %s\n", p.Name, outside.Said(why, maxComment))
		} else {
			fmt.Fprintf(b, "      - use: %-22s # %s\n", p.Name, outside.Said(p.Title, maxComment))
		}
	}
}

// clusterName is what the cluster is called: as its label says, or the last word of the context,
// which may be an ARN or a path.
func (d *draft) clusterName() string {
	switch {
	case d.survey.Own != "":
		return d.survey.Own
	case len(d.survey.Clusters) == 1:
		return d.survey.Clusters[0]
	case d.cluster != "":
		name := d.cluster[strings.LastIndexAny(d.cluster, "/@")+1:]
		if parts := strings.Split(name, "_"); len(parts) == 4 && parts[0] == "gke" {
			// gke_PROJECT_ZONE_NAME
			name = parts[3]
		}
		return name
	}
	return "my-cluster"
}

// maxComment bounds what is said of a panel that has no data, in characters.
const maxComment = 400
