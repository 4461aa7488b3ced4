package frame

// prepareTimeSeries makes one frame of all time series, or one frame for each. Grafana also turns
// the texts of a table into labels; this function does not.
func prepareTimeSeries(frames []*Frame, o options) []*Frame {
	for _, frame := range frames {
		for _, field := range frame.Fields {
			if field.Type == String {
				o.notes.add("prepareTimeSeries: a table with texts stays as it is")
				return frames
			}
		}
	}
	switch o.text("format") {
	case "", "wide", "timeseries-wide":
		return ensureColumns(frames, o.notes)
	case "many", "multi", "timeseries-many", "timeseries-multi":
		return eachSeries(frames)
	}
	o.wrong("format", "a known format")
	return frames
}

// eachSeries makes one frame for each field except those of times.
func eachSeries(frames []*Frame) []*Frame {
	var out []*Frame
	for _, frame := range frames {
		time := frame.timeField()
		for _, field := range frame.Fields {
			if time != nil && field.Type != Time && len(out) <= maxFrames {
				out = append(out, frame.with([]*Field{time, field}))
			}
		}
	}
	return out
}
