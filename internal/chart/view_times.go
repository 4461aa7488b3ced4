package chart

import "time"

// timeLine is the times below the plot of a panel of a dashboard, in one line.
type timeLine struct {
	*picture
	plot     frame
	room     box // of the words: its sides count
	from, to time.Time
}

const (
	shortestTimes = 120.0 // seconds from which a range has two whole minutes in it
	timesBaseline = 16.0  // below the plot
)

// write writes the times, and returns the ticks. Some of these have no words.
func (v timeLine) write() []timeTick {
	most := max(int(v.plot.width()/tickPitch), 2)
	ticks := v.say.timeTicks(v.from, v.to, most)
	labels := v.timeLabels(ticks)
	for more := 1; len(labels) < 2 && more <= 3; more++ { // wide dates hide each other
		finer := v.say.timeTicks(v.from, v.to, most+more)
		if l := v.timeLabels(finer); len(l) > len(labels) {
			ticks, labels = finer, l
		}
	}
	if v.plot.x1-v.plot.x0 < shortestTimes {
		labels = v.endLabels()
	}
	v.labels = append(v.labels, labels...)
	return ticks
}

// mark is write with a small mark at each tick.
func (v timeLine) mark() {
	marks := blocks{paint: solid(axisInk)}
	for _, t := range v.write() {
		x := v.plot.x(seconds(t.at))
		marks.boxes = append(marks.boxes, box{x, v.plot.bottom, x, v.plot.bottom + 3})
	}
	v.around = append(v.around, marks)
}

// timeLabels returns the labels of ticks that have room.
func (v timeLine) timeLabels(ticks []timeTick) []label {
	var labels []label
	for _, t := range ticks {
		x := v.plot.x(seconds(t.at))
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

// timeLabel centres words at x. Those at an end of the plot end where the room does.
func (v timeLine) timeLabel(words string, x float64) (l label, ok bool) {
	half := v.textWidth(words, viewTickStyle) / 2
	at := max(v.room.left+half, min(x, v.room.right-half))
	off := max(at-x, x-at)
	ok = off <= half && 2*half <= v.room.width()
	return v.place(words, viewTickStyle, at, v.plot.bottom+timesBaseline, centre), ok
}

// endLabels returns the first and the last time of a range that is too short for round times.
func (v timeLine) endLabels() []label {
	y := v.plot.bottom + timesBaseline
	first := v.place(v.say.Clock(v.from.In(v.say.zone)), viewTickStyle, v.plot.left, y, left)
	if first.box.right > v.room.right {
		return nil
	}
	last := v.place(v.say.Clock(v.to.In(v.say.zone)), viewTickStyle, v.plot.right, y, right)
	return appendClear([]label{first}, last)
}
