//go:build unix

package chart

import (
	"testing"
	"time"
)

// terminalBound is the most processor time for a chart of 12 × 720 on a terminal.
const terminalBound = 5 * time.Millisecond

// BenchmarkTerminal draws 12 series of 720 samples on a wide terminal in colour.
func BenchmarkTerminal(b *testing.B) {
	panel, _ := benchPanel(12, 12)
	best := time.Hour
	for b.Loop() {
		for range 5 {
			begin := processorTime(b)
			Terminal(panel, TerminalOptions{Width: 200, Colours: Colours256, Dark: true})
			best = min(best, processorTime(b)-begin)
		}
	}
	b.ReportMetric(best.Seconds()*1000, "ms-ours")
	if best > terminalBound {
		b.Errorf("got %s, want at most %s", best, terminalBound)
	}
}
