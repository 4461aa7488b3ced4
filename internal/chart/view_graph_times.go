package chart

// shortestTimes is the number of seconds from which a range has two whole minutes in it.
const shortestTimes = 120

// writeGraphTimes writes the times below the plot, and draws their lines.
func (v *graphView) writeGraphTimes() {
	most := int(max(v.plot.width()/tickPitch, 2))
	ticks := v.say.timeTicks(v.graph.From, v.graph.To, most)
	labels := v.timeLabels(ticks)
	for more := 1; len(labels) < 2 && more <= 3; more++ { // wide dates hide each other
		finer := v.say.timeTicks(v.graph.From, v.graph.To, most+more)
		if l := v.timeLabels(finer); len(l) > len(labels) {
			ticks, labels = finer, l
		}
	}
	f := v.timeFrame()
	lines := blocks{paint: solid(gridInk)}
	for _, t := range ticks {
		x := f.x(seconds(t.at))
		lines.boxes = append(lines.boxes, box{x, v.plot.top, x, v.plot.bottom})
	}
	if v.x1-v.x0 < shortestTimes {
		labels = v.endLabels()
	}
	v.around = append(v.around, lines)
	v.labels = append(v.labels, labels...)
}

func (v *graphView) timeFrame() frame { return frame{box: v.plot, x0: v.x0, x1: v.x1, y1: 1} }

// timeLabels returns the labels of ticks that have room.
func (v *graphView) timeLabels(ticks []timeTick) []label {
	f := v.timeFrame()
	var labels []label
	for _, t := range ticks {
		x := f.x(seconds(t.at))
		words := []string{t.text}
		if t.midnight { // its date, where there is room
			words = []string{v.say.AxisDate(t.at), t.text}
		}
		for _, w := range words {
			if l, ok := v.timeLabel(w, x); ok && len(labels) < len(appendClear(labels, l)) {
				labels = append(labels, l)
				break
			}
		}
	}
	return labels
}

// timeLabel centres words at x. Those at the right end of the plot end there.
func (v *graphView) timeLabel(words string, x float64) (l label, ok bool) {
	half := v.textWidth(words, graphTickStyle) / 2
	at := max(v.box.left+half, min(x, v.box.right-half))
	off := max(at-x, x-at)
	return v.place(words, graphTickStyle, at, v.plot.bottom+16, centre), off <= half
}

// endLabels returns the first and the last time of a range that is too short for round times.
func (v *graphView) endLabels() []label {
	from := v.say.Clock(v.graph.From.In(v.say.zone))
	to := v.say.Clock(v.graph.To.In(v.say.zone))
	y := v.plot.bottom + 16
	first := v.place(from, graphTickStyle, v.plot.left, y, left)
	if first.box.right > v.box.right {
		return nil
	}
	return appendClear([]label{first}, v.place(to, graphTickStyle, v.plot.right, y, right))
}
