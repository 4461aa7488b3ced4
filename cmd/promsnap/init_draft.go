package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// draft is a configuration that init composes for a new user.
type draft struct {
	reading config.Options
	o       app.Options
	flags   kubeFlags
	url     string // "" if Prometheus is in the cluster
	channel string // the Slack channel for messages; "": none
	zone    string // the time zone of this machine; "" if it is unknown
	cluster string // the kubeconfig's context; "" if the cluster is not used
	survey  app.Survey
	// the panels of each report, in the order of draftReports; nil before they are queried
	reports [][]snapshot.Panel
	counted string
	tuned   map[string][]*backtest.Result // by panel; nil without --tune
}

// draftReports are the two reports that every cluster needs. send are the keys about messages.
var draftReports = []struct{ name, schedule, keys, send string }{
	{
		"check", "    schedule: \"*/5 * * * *\"   # every 5 minutes\n", "    range: 1h\n",
		"    send: changes             # only what is new, worse or resolved\n",
	},
	{
		"daily", "    schedule: \"0 9 * * *\"     # every day at 09:00\n",
		"    title: Daily capacity\n    range: 24h\n",
		"    send: summary             # always posts, never pages\n" +
			"    history_from: check       # count the alerts and runs of check\n",
	},
}

// text returns the text of the file. Text from outside is quoted, or is one line of a comment.
func (d *draft) text() string {
	var b strings.Builder
	b.WriteString("# Written by promsnap init. docs/configuration.md explains every key.\n" +
		"# After a change, run promsnap check-config.\n")
	fmt.Fprintf(&b, "# %s at %s has\n", outside.Said(d.survey.Server, maxComment),
		outside.Said(d.survey.At, maxComment))
	for _, e := range d.survey.Exporters {
		if e.Count == 0 {
			fmt.Fprintf(&b, "#   no %s (%s)\n", e.Name, e.Metric)
		} else {
			fmt.Fprintf(&b, "#   %s: %s\n", e.Name, count(e.Count, strings.TrimSuffix(e.Of, "s")))
		}
	}
	b.WriteString("version: 1\n\n# The name in titles, messages and keys.\n")
	fmt.Fprintf(&b, "cluster: %s\n\n", strconv.Quote(d.clusterName()))
	d.source(&b)
	b.WriteString("reports:\n")
	for i, r := range draftReports {
		fmt.Fprintf(&b, "  - name: %s\n%s", r.name, r.schedule)
		if d.zone != "" {
			fmt.Fprintf(&b, "    timezone: %s\n", d.zone)
		} else {
			b.WriteString("    timezone: UTC             # not found; such as Asia/Seoul\n")
		}
		b.WriteString(r.keys)
		if d.channel != "" {
			b.WriteString(r.send + "    receivers: [team]\n")
		} else {
			b.WriteString(commented(r.send) +
				"    receivers: [archive]      # and team, to send messages\n")
		}
		b.WriteString("    panels:\n")
		d.panels(&b, i)
	}
	d.receivers(&b)
	return b.String()
}

// receivers writes the receivers and the state. Without a channel, an archive is the only receiver.
func (d *draft) receivers(b *strings.Builder) {
	team := "  - name: team\n    slack: {channel: " + cmp.Or(d.channel, "C0123456789") +
		"}   # the token is $SLACK_BOT_TOKEN\n"
	if d.channel != "" {
		b.WriteString("\n# Try it with promsnap slack test.\nreceivers:\n" + team)
	} else {
		b.WriteString("\n# To send messages to Slack, remove the # in front of the keys here and in " +
			"the reports\n# above, and add team to their receivers. Then try it with promsnap " +
			"slack test.\nreceivers:\n  - name: archive             # in a Pod: s3, or a dir on a " +
			"volume\n    dir: {path: promsnap-reports}\n" + commented(team))
	}
	b.WriteString("state:                        # what was sent; keep it between runs\n")
	if d.cluster != "" {
		b.WriteString("  configmap: {name: promsnap-state}\n")
	} else {
		b.WriteString("  dir: promsnap-state\n")
	}
}

// commented returns lines as comments.
func commented(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		rest := strings.TrimLeft(line, " ")
		b.WriteString(line[:len(line)-len(rest)] + "# " + rest)
	}
	return b.String()
}

// source writes the sections about Prometheus and the cluster.
func (d *draft) source(b *strings.Builder) {
	if d.url == "" {
		b.WriteString("# promsnap reaches Prometheus through the cluster's API, and reads the " +
			"types and zones of nodes there.\nkubernetes:\n")
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
	b.WriteString("  # external_url: https://prometheus.example.com   # for links in messages\n")
	if d.survey.Label != "" {
		fmt.Fprintf(b, "  cluster_label: %s   # the label that names the cluster\n",
			strconv.Quote(d.survey.Label))
	}
	switch n := len(d.survey.Clusters); {
	case n > 1 && slices.Contains(d.survey.Clusters, d.survey.Own):
		fmt.Fprintf(b, "  # This Prometheus has %d clusters. Your nodes are in this one.\n"+
			"  matchers: [%s]\n", n, d.matcher(d.survey.Own))
	case n > 1:
		fmt.Fprintf(b, "  # This Prometheus has %d clusters. Choose one, or reports cover all:\n",
			n)
		for _, c := range d.survey.Clusters[:min(n, 10)] {
			fmt.Fprintf(b, "  # matchers: [%s]\n", d.matcher(c))
		}
	}
	if s := d.survey.Scrape; s > 0 {
		fmt.Fprintf(b, "  scrape_interval: %s   # of most targets\n", model.Duration(s))
	} else {
		b.WriteString("  scrape_interval: 1m   # not found; write the one of your Prometheus\n")
	}
	b.WriteString("\n")
}

// matcher returns the matcher of a cluster as YAML.
func (d *draft) matcher(cluster string) string {
	return strconv.Quote(cmp.Or(d.survey.Label, "cluster") + "=" + strconv.Quote(cluster))
}

// panels writes the panels of a report. A panel without data is commented out with the reason.
func (d *draft) panels(b *strings.Builder, report int) {
	reasons := map[string]string{}
	if d.reports != nil {
		for i := range d.reports[report] {
			p := &d.reports[report][i]
			reasons[p.Spec.Name] = lacking(p)
		}
	}
	for _, p := range panels.All() {
		if reason := reasons[p.Name]; reason != "" {
			fmt.Fprintf(b, "      # - use: %-20s # %s\n", p.Name, outside.Said(reason, maxComment))
		} else {
			fmt.Fprintf(b, "      - use: %-22s # %s\n", p.Name, outside.Said(p.Title, maxComment))
			b.WriteString(tuning.RulesYAML(d.tuned[p.Name]...))
		}
	}
}

// clusterName returns the name of the cluster: the value of its label, or the last part of the
// context, which may be an ARN or a path. In a Pod there is no context, only an address.
func (d *draft) clusterName() string {
	switch {
	case d.survey.Own != "":
		return d.survey.Own
	case len(d.survey.Clusters) == 1:
		return d.survey.Clusters[0]
	case d.survey.External != "":
		return d.survey.External
	case d.cluster != "" && !strings.Contains(d.cluster, "://"):
		name := d.cluster[strings.LastIndexAny(d.cluster, "/@")+1:]
		if parts := strings.Split(name, "_"); len(parts) == 4 && parts[0] == "gke" {
			// gke_PROJECT_ZONE_NAME
			name = parts[3]
		}
		return name
	}
	return "my-cluster"
}

// maxComment is the longest comment of one line, in characters.
const maxComment = 400
