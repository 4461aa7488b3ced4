package alerts

import (
	"math/rand/v2"
	"testing"

	"github.com/promsnap/promsnap/internal/rules"
)

// BenchmarkCauses finds the causes of an outage: 5,000 silent nodes and 30,000 containers beyond
// their limits.
func BenchmarkCauses(b *testing.B) {
	findings := append(
		each(5000, planted{"memory", "node=n#", rules.NoData, 0, ""}),
		each(30_000, planted{"limit", "namespace=shop pod=w#x-0", rules.Breach, 10, ""})...)
	panels := plant(findings, rand.New(rand.NewPCG(1, 1)))
	b.ReportAllocs()
	for b.Loop() {
		setCauses(panels, &owners{}, evidence{})
	}
}
