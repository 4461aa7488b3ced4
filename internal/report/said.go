package report

// What a message says beside the report's own sentences.

// Share is how much of the whole fleet is taken of something.
type Share struct {
	Word  string  // "Memory"
	Text  string  // "61 %"
	Used  string  // "1.6 of 2.6 TiB"; "" where the panel knows no capacity
	Ratio float64 // 0.61
}

// Fleet returns what is taken of the whole fleet, a share for each measure that the report has.
func (r *Report) Fleet() []Share {
	var shares []Share
	for _, g := range r.fleet() {
		shares = append(shares, Share{g.Word, g.Text, g.Used, g.ratio})
	}
	return shares
}

// QueryURL returns where a panel's query can be looked at on Prometheus' own page; "" where that is not known.
func (r *Report) QueryURL(panel string) string {
	for i := range r.Panels {
		if p := &r.Panels[i]; p.Spec.Name == panel && p.Expr != "" {
			return graphURL(r.Info.ExternalURL, p.Expr, p)
		}
	}
	return ""
}
