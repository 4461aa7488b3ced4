package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// Fleet is what a report about several clusters knows of each. The panels of such a report are
// those of all clusters, merged.
type Fleet struct {
	// Clusters are the clusters of the fleet, in any order.
	Clusters []Cluster
}

// Cluster is one cluster of a fleet: what its own report found. It comes from the run of that
// cluster. A cluster without a part has only Name, Labels and Lack.
type Cluster struct {
	Name    string            `json:"name"`
	Labels  map[string]string `json:"labels,omitempty"`  // such as region and stage
	Version string            `json:"version,omitempty"` // the promsnap that queried it
	Verdict Verdict           `json:"verdict,omitempty"`
	// Headline is that of its report, in the report's language.
	Headline string `json:"headline,omitempty"`
	// The numbers of checks, as in Report.
	Critical int `json:"critical,omitempty"`
	Warning  int `json:"warning,omitempty"`
	NoData   int `json:"no_data,omitempty"`
	Pending  int `json:"pending,omitempty"`
	OK       int `json:"ok,omitempty"`
	// Nodes with node_exporter, and all nodes.
	NodesMeasured int `json:"nodes_measured,omitempty"`
	NodesTotal    int `json:"nodes_total,omitempty"`
	// Shares are how much the cluster uses of its resources: memory, CPU, disk, requests.
	Shares []ClusterShare `json:"shares,omitempty"`
	// Fullest is its fullest node; nil: unknown.
	Fullest *ClusterNode `json:"fullest,omitempty"`
	// Fills says what reaches its limit next, in the report's language; "": nothing does soon.
	Fills string `json:"fills,omitempty"`
	// Hours are the worst states of its panels, one for each hour of the report's range, the newest
	// last: HourOK, HourWarning, HourCritical or HourUnknown.
	Hours string `json:"hours,omitempty"`
	// Missing are the sources that it does not have at all, such as kube-state-metrics.
	Missing []string `json:"missing,omitempty"`
	// Failure is why it has no data; nil: it has some.
	Failure *snapshot.Failure `json:"failure,omitempty"`
	// BlindSince is since when it has had no data; zero: it has data, or that is unknown.
	BlindSince time.Time `json:"blind_since,omitzero"`
	// Page is the relative address of its own report, from the page of the fleet; "" if there is no
	// archive. The run that merges the parts sets it. What a part says is ignored.
	Page string `json:"-"`
	// Lack is why its part is missing or cannot be used. The run that merges the parts sets it.
	Lack snapshot.Note `json:"-"`
}

// The letters of Cluster.Hours.
const (
	HourOK       = '.'
	HourWarning  = 'w'
	HourCritical = 'c'
	HourUnknown  = '-'
)

// The codes of Cluster.Lack, with their arguments.
const (
	LackMissing = "part_missing" // it did not arrive by the deadline
	LackDamaged = "part_damaged" // it is cut, or not a part of promsnap
	LackForeign = "part_foreign" // it is of another report, slot or cluster
	// a newer promsnap wrote it: the version of that promsnap. The row may be known all the same.
	LackNewer = "part_newer"
	// fleet.store did not give it: the store's error, which the report does not show
	LackUnread = "part_unread"
	// its run had another configuration than the plan; it counts all the same
	LackOtherConfig = "part_other_config"
)

// MaxShares is how many shares of a cluster there are at most.
const MaxShares = 16

// ClusterShare is how much a cluster uses of one resource.
type ClusterShare struct {
	Panel string  `json:"panel"` // of the figures
	Value float64 `json:"value"` // in the panel's unit
	Ratio float64 `json:"ratio"` // of the total
}

// ClusterNode is a node of a cluster with its highest share.
type ClusterNode struct {
	Name string `json:"name"`
	Text string `json:"text"` // "memory 94 %"
}

// AsCluster returns what a fleet's report shows of the cluster of this report.
func (r *Report) AsCluster() Cluster {
	c := Cluster{
		Name: r.Info.Cluster, Version: r.Info.Version, Verdict: r.Verdict(), Headline: r.Headline,
		Critical: r.Critical, Warning: r.Warning, NoData: r.NoData, Pending: r.Pending, OK: r.OK,
		NodesMeasured: r.NodesMeasured, NodesTotal: r.NodesTotal, Hours: r.hours(),
		Fullest: r.fullest(), Missing: r.missingSources(),
	}
	for _, s := range r.shares() {
		c.Shares = append(c.Shares, ClusterShare{s.panel, s.value, s.Ratio})
	}
	for i := range r.Fills {
		if f := &r.Fills[i]; f.In != "" {
			c.Fills = strings.TrimSpace(f.Name+" "+f.Subject) + " " + f.Short
			break
		}
	}
	if len(r.Failures) > 0 && !slices.ContainsFunc(r.Panels, answered) && r.Info.Board == nil {
		for i := range r.Panels {
			if c.Failure = r.Panels[i].Failure; c.Failure != nil {
				break
			}
		}
	}
	return c
}

// missingSources returns the sources of which the cluster has nothing.
func (r *Report) missingSources() []string {
	var out []string
	for _, s := range []panel.Source{panel.NodeExporter, panel.KubeStateMetrics, panel.Kubelet} {
		if r.missing(s) {
			out = append(out, string(s))
		}
	}
	return out
}

// fullest returns the node with the highest share, nil if no node is measured.
func (r *Report) fullest() *ClusterNode {
	var out *ClusterNode
	highest := math.Inf(-1)
	for _, n := range r.Nodes().Lines {
		for _, f := range n.Figures {
			if f.Panel != "" && f.Share > highest {
				highest, out = f.Share, &ClusterNode{Name: n.Name, Text: f.Head + " " + f.Text}
			}
		}
	}
	return out
}

// hours returns Cluster.Hours: in which hours of the range a drawn series was beyond a limit of its
// rule for at least the time that an alert needs. Series that are not drawn are not the worst.
func (r *Report) hours() string {
	n := int((r.Info.Range + time.Hour - 1) / time.Hour)
	if n < 1 || n > maxHours {
		return ""
	}
	states := []byte(strings.Repeat(string(HourUnknown), n))
	for i := range r.Panels {
		p := &r.Panels[i]
		for _, rule := range p.Spec.Rules {
			if rule.IsAlert() && !rule.FullIn {
				markHours(states, p, rule)
			}
		}
	}
	return string(states)
}

// maxHours is how many hours are shown at most: a month.
const maxHours = 31 * 24

// markHours marks the hours in which drawn series of a panel were beyond a limit of a rule.
func markHours(states []byte, p *snapshot.Panel, rule rules.Rule) {
	end := p.Grid.End()
	mark := func(at time.Time, state byte) {
		i := len(states) - 1 - int(end.Sub(at)/time.Hour)
		if i >= 0 && hourRank(state) > hourRank(states[i]) {
			states[i] = state
		}
	}
	needed := 1
	if p.Grid.Step > 0 {
		needed += int(rule.For / p.Grid.Step)
	}
	for l := range p.Lines {
		line := &p.Lines[l]
		if line.Ref != cmp.Or(rule.Ref, p.Spec.Query("").Ref) {
			continue
		}
		for i, v := range line.Values {
			if series.Finite(v) {
				mark(p.Grid.At(i), HourOK)
			}
		}
		for _, of := range []struct {
			limit rules.Limit
			state byte
		}{{rule.Warning, HourWarning}, {rule.Critical, HourCritical}} {
			run := 0
			for i, v := range line.Values {
				if !of.limit.Set || !rule.Direction.Beyond(v, of.limit.Value) {
					run = 0
					continue
				}
				if run++; run < needed {
					continue
				}
				for j := i; j > i-needed || j == i; j-- {
					mark(p.Grid.At(j), of.state)
				}
			}
		}
	}
}

func hourRank(state byte) int {
	return strings.IndexByte(string([]byte{HourUnknown, HourOK, HourWarning, HourCritical}), state)
}

// ClusterRow is a cluster of a fleet as the cells of a table row.
type ClusterRow struct {
	*Cluster
	State     string       // the verdict in words
	LabelText string       // "region=eu stage=prod"
	Nodes     string       // "41 of 42"; "" if unknown
	Bars      []ClusterBar // one for each head of the table, in its order
	Blind     string       // why it has no data, and since when; "": it has some
	Note      string       // what is wrong with its part; "" if nothing is
}

// ClusterBar is one share of a cluster.
type ClusterBar struct {
	Text  string  // "61 %"; "" if unknown
	Ratio float64 // 0.61
}

// ClusterHeads returns the headings of the shares in ClusterRow.Bars.
func (r *Report) ClusterHeads() []string {
	var heads []string
	for _, c := range r.columns() {
		heads = append(heads, c.head)
	}
	return heads
}

// Clusters returns the clusters of a fleet's report, the worst first; nil if it is about one.
func (r *Report) Clusters() []ClusterRow {
	if r.Info.Fleet == nil {
		return nil
	}
	columns := r.columns()
	rows := make([]ClusterRow, len(r.Info.Fleet.Clusters))
	for i := range rows {
		c := &r.Info.Fleet.Clusters[i]
		row := ClusterRow{Cluster: c, State: r.words.verdictWord(c.verdict()), Note: r.lackOf(c)}
		var labels []string
		for k, v := range c.Labels {
			labels = append(labels, k+"="+v)
		}
		slices.Sort(labels)
		row.LabelText = printable(strings.Join(labels, " "))
		if c.NodesTotal > 0 {
			row.Nodes = fmt.Sprintf(r.words.OfNodes, words.Thousands(c.NodesMeasured),
				words.Thousands(c.NodesTotal))
		}
		for _, m := range columns {
			bar := ClusterBar{}
			for _, s := range c.Shares {
				if s.Panel == m.panel.Spec.Name {
					spec := &m.panel.Spec
					bar = ClusterBar{r.words.Figure(spec.Unit().Format(s.Value)), s.Ratio}
				}
			}
			row.Bars = append(row.Bars, bar)
		}
		row.Blind = r.blindOf(c)
		rows[i] = row
	}
	slices.SortFunc(rows, func(a, b ClusterRow) int {
		return cmp.Or(verdictRank(b.verdict())-verdictRank(a.verdict()), b.Critical-a.Critical,
			b.Warning-a.Warning, b.NoData-a.NoData, strings.Compare(a.Name, b.Name))
	})
	return rows
}

// verdict returns the verdict of a cluster. One without data has none of its own.
func (c *Cluster) verdict() Verdict {
	if c.IsBlind() {
		return VerdictNoData
	}
	return c.Verdict
}

// IsBlind reports whether nothing is known of a cluster: its run had no data, or its part is
// missing or cannot be read.
func (c *Cluster) IsBlind() bool { return c.Failure != nil || c.Verdict == "" }

func verdictRank(v Verdict) int {
	return slices.Index([]Verdict{
		VerdictOK, VerdictPending, VerdictWarning, VerdictNoData, VerdictCritical,
	}, v)
}

// blindOf returns why a cluster has no data, "" if it has some.
func (r *Report) blindOf(c *Cluster) string {
	if !c.IsBlind() {
		return ""
	}
	why := r.lackOf(c)
	if f := c.Failure; f != nil {
		why = printable(f.Error())
	}
	if !c.BlindSince.IsZero() {
		why += fmt.Sprintf(r.words.BlindSince, r.words.Stamp(c.BlindSince.In(r.Info.Zone)))
	}
	return why
}

// lackOf returns what is wrong with the part of a cluster, "" if nothing is.
func (r *Report) lackOf(c *Cluster) string {
	said := map[string]string{
		LackMissing: r.words.PartMissing, LackDamaged: r.words.PartDamaged,
		LackForeign: r.words.PartForeign, LackUnread: r.words.PartUnread,
		LackOtherConfig: r.words.PartOtherConfig,
	}
	if n := c.Lack; n.Code == LackNewer && len(n.Args) > 0 {
		return fmt.Sprintf(r.words.PartNewer, printable(n.Args[0]))
	}
	return said[c.Lack.Code]
}

// addFleet adds what a report about several clusters says: its counts are the sums of the clusters,
// because the merged panels have only their worst series.
func (r *Report) addFleet() {
	r.Critical, r.Warning, r.NoData, r.Pending, r.OK = 0, 0, 0, 0, 0
	r.NodesMeasured, r.NodesTotal = 0, 0
	for i := range r.Info.Fleet.Clusters {
		c := &r.Info.Fleet.Clusters[i]
		r.Critical, r.Warning = r.Critical+c.Critical, r.Warning+c.Warning
		r.NoData, r.Pending, r.OK = r.NoData+c.NoData, r.Pending+c.Pending, r.OK+c.OK
		r.NodesMeasured, r.NodesTotal = r.NodesMeasured+c.NodesMeasured, r.NodesTotal+c.NodesTotal
		if c.IsBlind() {
			r.BlindClusters = append(r.BlindClusters, c.Name)
			if c.Verdict == "" || c.NoData == 0 {
				r.NoData++
			}
		}
	}
	all := len(r.Info.Fleet.Clusters)
	r.Blind = r.missingInClusters()
	for i := range r.Groups {
		if n := clustersOf(r.Groups[i].Findings); all > 1 {
			r.Groups[i].Sentence += fmt.Sprintf(r.words.InClusters, words.Thousands(n),
				words.Thousands(all))
		}
	}
	r.Headline = r.words.fleetHeadline(r)
}

// missingInClusters says which sources are missing in which clusters, the most first.
func (r *Report) missingInClusters() []string {
	in := map[string][]string{}
	for i := range r.Info.Fleet.Clusters {
		c := &r.Info.Fleet.Clusters[i]
		for _, source := range c.Missing {
			if !c.IsBlind() { // it has nothing at all, which its row says
				in[source] = append(in[source], c.Name)
			}
		}
	}
	sources := slices.SortedFunc(maps.Keys(in), func(a, b string) int {
		return cmp.Or(len(in[b])-len(in[a]), strings.Compare(a, b))
	})
	var out []string
	for _, source := range sources {
		out = append(out, fmt.Sprintf(r.words.MissingInClusters, printable(source),
			words.Thousands(len(in[source])), words.Thousands(len(r.Info.Fleet.Clusters)),
			r.words.first(in[source], groupPanels)))
	}
	return out
}

// clustersOf returns in how many clusters findings are.
func clustersOf(findings []*Finding) int {
	seen := map[string]bool{}
	for _, f := range findings {
		seen[f.labels.Get("cluster")] = true
	}
	return len(seen)
}

// fleetHeadline returns the counts of clusters by verdict, and the worst cluster.
func (w wording) fleetHeadline(r *Report) string {
	rows := r.Clusters()
	counts := map[Verdict]int{}
	for i := range rows {
		counts[rows[i].verdict()]++
	}
	var parts []string
	for _, v := range []Verdict{VerdictCritical, VerdictNoData, VerdictWarning, VerdictPending} {
		if n := counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf(w.ClustersAre, words.Thousands(n), w.verdictWord(v)))
		}
	}
	all := w.ClusterCount.Of(len(rows))
	if len(parts) == 0 {
		return fmt.Sprintf(w.ClustersCalm, all)
	}
	worst := &rows[0]
	said := cmp.Or(worst.Blind, printable(worst.Headline))
	return fmt.Sprintf(w.ClustersWorst, all, strings.Join(parts, ", "), worst.Name, said)
}

// verdictWord returns a verdict as a reader's word.
func (w wording) verdictWord(v Verdict) string {
	return map[Verdict]string{
		VerdictCritical: w.Critical, VerdictWarning: w.Warning, VerdictNoData: w.NoData,
		VerdictPending: w.Pending, VerdictOK: w.OK,
	}[v]
}

// summaryClusters is how many clusters Summary names.
const summaryClusters = 10

// clusterLines returns the worst clusters as lines for a terminal.
func (r *Report) clusterLines() []string {
	var lines []string
	rows := r.Clusters()
	for i := range rows {
		c := &rows[i]
		if c.verdict() == VerdictOK || i == summaryClusters {
			break
		}
		lines = append(lines, strings.ToUpper(c.State)+" "+c.Name+": "+
			cmp.Or(c.Blind, printable(c.Headline)))
	}
	return lines
}
