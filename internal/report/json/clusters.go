package json

import "github.com/promsnap/promsnap/internal/report"

// docClusters returns the clusters of a fleet; nil: the report is about one cluster.
func docClusters(r *report.Report) []DocCluster {
	var out []DocCluster
	for _, c := range r.Clusters() {
		d := DocCluster{
			Name: c.Name, Labels: c.Labels, Verdict: string(c.Verdict), Headline: c.Headline,
			Blind: c.Blind, Fills: c.Fills, Hours: c.Hours, Page: c.Page, Promsnap: c.Version,
			Counts: DocCounts{
				Critical: c.Critical, Warning: c.Warning, NoData: c.NoData, Pending: c.Pending,
				OK: c.OK,
			},
		}
		if c.IsBlind() {
			d.Verdict = string(report.VerdictNoData)
		}
		d.Nodes.Total, d.Nodes.Measured = c.NodesTotal, c.NodesMeasured
		for _, s := range c.Shares {
			if d.Shares == nil {
				d.Shares = map[string]float64{}
			}
			d.Shares[s.Panel] = s.Ratio
		}
		out = append(out, d)
	}
	return out
}
