package chart

import (
	"math"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// How the bars of a histogram are drawn.
const (
	aloneAlpha = 204 // of the bars of one series
	overAlpha  = 128 // of the bars of several series, which cover each other
)

// addHistogram lays out a histogram in b.
func (p *picture) addHistogram(h *board.Histogram, b box) {
	plot := b
	if len(h.Series) > 1 {
		var keys []key
		for _, s := range h.Series {
			keys = append(keys, key{s.Name, solid(ownInk(s.Color))})
		}
		plot = p.addKeys(keys, plot)
	}
	plot.top, plot.bottom = plot.top+6, plot.bottom-6 // the counts are at the lines
	withNames := plot.height() >= viewLeastPlot+viewTimes
	if withNames {
		plot.bottom -= viewTimes - 6
	}
	if plot.height() < viewLeast {
		return
	}
	var reach bounds
	reach.add(0, 1, h.High)
	counts := newGraphAxis(&board.Axis{Format: value.New("short", time.Time{})}, reach,
		max(int(plot.height()/graphTickPitch), 1))
	wide := 0.0
	for _, l := range counts.labels {
		wide = max(wide, p.textWidth(l.String(), viewTickStyle))
	}
	if wide < plot.width()*viewNames {
		plot.left += wide + viewTickGap
	}
	f := frame{box: plot, x1: float64(len(h.Buckets)), y0: counts.low, y1: counts.high}
	lowest := math.Inf(1) // where the last count is written
	for i, v := range counts.ticks {
		y := f.y(v)
		p.around = append(p.around, block{box{plot.left, y, plot.right, y}, solid(gridInk)})
		if plot.left > b.left && lowest-y >= 12 {
			lowest = y
			p.write(counts.labels[i].String(), viewTickStyle, plot.left-viewTickGap, y+4, right)
		}
	}
	p.around = append(p.around, histogramBars{h, f}, block{
		box{plot.left, plot.bottom, plot.right, plot.bottom}, solid(axisInk),
	})
	if withNames {
		p.writeEdges(h, f, b)
	}
}

// writeEdges writes the ends of as many buckets as have room, below the plot.
func (p *picture) writeEdges(h *board.Histogram, f frame, b box) {
	n := len(h.Buckets)
	edges := make([]string, n+1)
	wide := 0.0
	for i := range edges {
		from, to, _ := strings.Cut(oneLine(h.Buckets[min(i, n-1)].Name), " – ")
		if edges[i] = from; i == n {
			edges[i] = to
		}
		wide = max(wide, p.textWidth(edges[i], viewTickStyle))
	}
	var labels []label
	for i := 0; i <= n; i += max(int(math.Ceil((wide+10)*float64(n)/f.width())), 1) {
		l := p.place(edges[i], viewTickStyle, f.x(float64(i)), f.bottom+timesBaseline, centre)
		if l.box.left >= b.left && l.box.right <= b.right {
			labels = appendClear(labels, l)
		}
	}
	p.labels = append(p.labels, labels...)
}

// histogramBars draws the bars of each series.
type histogramBars struct {
	*board.Histogram
	frame frame
}

func (h histogramBars) draw(s surface, _ frame) {
	f := h.frame
	alpha := uint8(aloneAlpha)
	if len(h.Series) > 1 {
		alpha = overAlpha
	}
	gap := 0.0
	if f.width()/f.x1 >= 4 {
		gap = 1
	}
	for k, of := range h.Series {
		var bars, tops []box
		for i, bucket := range h.Buckets {
			if k >= len(bucket.Counts) || !(bucket.Counts[k] > 0) {
				continue
			}
			top := f.y(math.Min(bucket.Counts[k], f.y1))
			b := box{f.x(float64(i)) + gap, top, f.x(float64(i + 1)), f.bottom}
			bars, tops = append(bars, b), append(tops, box{b.left, top, b.right, top + 1})
		}
		if len(bars) > 0 {
			s.Rects(bars, paint{ownInk(of.Color), alpha})
			s.Rects(tops, solid(ownInk(of.Color)))
		}
	}
}
