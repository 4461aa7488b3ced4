//go:build unix

package pdf

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The bound of a PDF's processor time as a share of that of the pictures of the same panels, and
// the goal.
const mostShare, goalShare = 0.3, 0.2

// BenchmarkPDF writes the PDF of a report of 24 panels and draws its pictures, in turn, because
// other load affects both. It compares the least processor times.
func BenchmarkPDF(b *testing.B) {
	r := reporttest.Daily(b)
	var panels []snapshot.Panel
	for len(panels) < 24 {
		for _, p := range r.Panels {
			p.Spec.Name = fmt.Sprintf("%s-%d", p.Spec.Name, len(panels))
			panels = append(panels, p)
		}
	}
	r = report.Build(r.Info, panels[:24])
	for _, tt := range []struct {
		name string
		full bool
	}{{"Findings", false}, {"Full", true}} {
		b.Run(tt.name, func(b *testing.B) {
			var pdf, pictures time.Duration
			var size int
			for b.Loop() {
				timed(b, &pictures, func() {
					for i := range r.Panels {
						if _, err := chart.PNG(&r.Panels[i], chart.Options{
							Width: 1000, Height: 400, Scale: 2, Zone: r.Info.Zone,
						}); err != nil {
							b.Fatal(err)
						}
					}
				})
				timed(b, &pdf, func() { size = len(render(b, r, report.PDF{Full: tt.full})) })
			}
			share := float64(pdf) / float64(pictures)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(share, "of-pictures")
			b.ReportMetric(pdf.Seconds()*1000, "ms-pdf")
			b.ReportMetric(pictures.Seconds()*1000, "ms-pictures")
			b.ReportMetric(float64(size)/1000, "kB/file")
			b.Logf("%.2f of the processor time of the pictures; the bound is %g, the goal %g",
				share, mostShare, goalShare)
			if !(share <= mostShare) {
				b.Errorf("got %.2f of the processor time of the pictures, want at most %g", share,
					mostShare)
			}
		})
	}
}

// timed keeps the least processor time of a function.
func timed(b *testing.B, least *time.Duration, f func()) {
	began := processorTime(b)
	f()
	if took := processorTime(b) - began; *least == 0 || took < *least {
		*least = took
	}
}

// processorTime returns the time that the process has used on all processors.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip("no processor time here: ", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
