package frame

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The limits of a set of frames. What exceeds them is cut, and a note says so.
const (
	maxFrames = 5_000
	maxRows   = 10_000
	maxFields = 500
	maxCells  = 5_000_000
	// maxSteps bounds the transformations of one panel.
	maxSteps = 100
)

// Transformation is one step in which a panel transforms its data.
type Transformation struct {
	ID       string
	Disabled bool
	// Filter, if it has an ID, says which frames the transformation is for.
	Filter  Matcher
	Options json.RawMessage
}

// UnknownError has the transformations that this package does not know.
type UnknownError struct{ IDs []string }

// Error names the transformations.
func (e *UnknownError) Error() string {
	return "unknown transformation " + strings.Join(e.IDs, ", ")
}

// DecodeTransformations reads the transformations of a panel, in the old and the new form. It
// leaves out and notes what it does not understand. It also leaves out transformations of
// annotations. It never fails.
func DecodeTransformations(raw json.RawMessage) ([]Transformation, []string) {
	n := new(notes)
	var out []Transformation
	for _, raw := range elements("transformations", raw, n) {
		o := decodeOptions("transformation", raw, n)
		parts := members("transformation", raw, new(notes))
		id := o.text("id")
		if o.has("spec") { // the new form has the same things one level deeper
			if id == "" {
				id = o.text("group")
			}
			raw = parts["spec"]
			o, parts = decodeOptions(id, raw, n), members(id, raw, new(notes))
			if id == "" || id == "Transformation" {
				id = o.text("id")
			}
		}
		t := Transformation{ID: id, Disabled: o.flag("disabled", false), Options: parts["options"]}
		if id == "" {
			n.add("a transformation has no id")
			continue
		}
		if topic := o.text("topic"); topic != "" && topic != "series" {
			continue
		}
		if filter := o.object("filter"); filter.m["options"] != nil && filter.m["options"] != "" {
			t.Filter = matcherOf(filter)
		}
		out = append(out, t)
	}
	return out, n.list
}

// step is one kind of transformation.
type step func(frames []*Frame, o options) []*Frame

// steps are the transformations by their IDs.
var steps = map[string]step{
	"calculateField":     calculateField,
	"concatenate":        concatenate,
	"convertFieldType":   convertFieldType,
	"ensureColumns":      func(f []*Frame, o options) []*Frame { return ensureColumns(f, o.notes) },
	"filterByRefId":      filterByRefID,
	"filterByValue":      filterByValue,
	"filterFields":       filterFields,
	"filterFieldsByName": filterFieldsByName,
	"filterFrames":       filterFrames,
	"groupBy":            groupBy,
	"groupingToMatrix":   groupingToMatrix,
	"histogram":          histogram,
	"joinByField":        joinByField,
	"labelsToFields":     labelsToFields,
	"limit":              limit,
	"merge":              merge,
	"noop":               func(f []*Frame, _ options) []*Frame { return f },
	"order":              order,
	"organize":           organize,
	"prepareTimeSeries":  prepareTimeSeries,
	"reduce":             reduce,
	"rename":             rename,
	"renameByRegex":      renameByRegex,
	"seriesToColumns":    joinByField,
	"seriesToRows":       seriesToRows,
	"sortBy":             sortBy,
	"transpose":          transpose,
}

// Transform applies the transformations to frames. It also returns notes about what was cut or not
// understood. If it does not know some of the transformations, it applies the others and returns an
// UnknownError. Frames may share memory with the result and remember display names. Call it even if
// there are no transformations, because it limits the frames.
func Transform(frames []*Frame, ts []Transformation) ([]*Frame, []string, error) {
	n := new(notes)
	frames = bounded(frames, n)
	var unknown UnknownError
	done := 0
	for _, t := range ts {
		apply, ok := steps[t.ID]
		switch {
		case t.Disabled:
			continue
		case !ok:
			if !slices.Contains(unknown.IDs, t.ID) {
				unknown.IDs = append(unknown.IDs, t.ID)
			}
			continue
		case done == maxSteps:
			n.add("the panel has more than %d transformations: the rest is left out", maxSteps)
			return frames, n.list, unknown.orNil()
		}
		done++
		o := decodeOptions(t.ID, t.Options, n)
		frames = bounded(t.apply(apply, frames, o), n)
	}
	return frames, n.list, unknown.orNil()
}

func (e *UnknownError) orNil() error {
	if len(e.IDs) == 0 {
		return nil
	}
	return e
}

// apply runs one step on the frames that the filter finds. The others are put back where the first
// of them was.
func (t Transformation) apply(apply step, frames []*Frame, o options) []*Frame {
	if t.Filter.ID == "" {
		return apply(frames, o)
	}
	match, ok := t.Filter.frames(o.notes)
	if !ok {
		o.notes.add("%s: the filter %s is not known", t.ID, t.Filter.ID)
		return apply(frames, o)
	}
	var found, others []*Frame
	at := 0
	for i, frame := range frames {
		if match(frame) {
			found = append(found, frame)
			continue
		}
		if at == 0 { // as in Grafana, the place 0 counts as none
			at = i
		}
		others = append(others, frame)
	}
	out := slices.Clone(apply(found, o))
	return slices.Insert(out, min(at, len(out)), others...)
}

// bounded cuts what exceeds the limits.
func bounded(frames []*Frame, n *notes) []*Frame {
	if len(frames) > maxFrames {
		n.add("there are more than %d frames: the rest is left out", maxFrames)
		frames = frames[:maxFrames]
	}
	cells := 0
	out := frames
	for i, frame := range frames {
		cut := boundedFrame(frame, n)
		if cells += cut.Len() * len(cut.Fields); cells > maxCells {
			n.add("%d frames are left out: all together have too many values", len(frames)-i)
			return out[:i]
		}
		if cut != frame {
			if &out[0] == &frames[0] {
				out = slices.Clone(frames)
			}
			out[i] = cut
		}
	}
	return out
}

func boundedFrame(frame *Frame, n *notes) *Frame {
	if len(frame.Fields) > maxFields {
		n.add("a frame has more than %d fields: the rest is left out", maxFields)
		frame = frame.with(frame.Fields[:maxFields:maxFields])
	}
	if frame.Len() > maxRows {
		n.add("a frame has more than %d rows: the rest is left out", maxRows)
		fields := make([]*Field, len(frame.Fields))
		for i, field := range frame.Fields {
			fields[i] = field.with(field.Values.slice(0, maxRows))
		}
		frame = frame.with(fields)
	}
	return frame
}

// refs returns the RefID of a frame that is made from several.
func refs(id string, frames []*Frame) string {
	ids := make([]string, len(frames))
	for i, frame := range frames {
		ids[i] = frame.RefID
	}
	return fmt.Sprintf("%s-%s", id, strings.Join(ids, "-"))
}
