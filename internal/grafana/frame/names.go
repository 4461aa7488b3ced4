package frame

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/series"
)

// valueName is a data source's name for the numbers of a time series. A display name uses it only
// if there is no better one.
const valueName = "Value"

// Names has the display names of the fields in a set of frames.
type Names struct {
	frames []*Frame
	// The rest is computed once: a field's name depends on all frames.
	differ bool   // the frames' names differ
	label  string // the only label name of all fields
	single bool   // there is one
	// reduced caches what matchers computed from a field's values, because many overrides need the
	// same.
	reduced map[reducedKey]Value
}

type reducedKey struct {
	field *Field
	id    string
}

// reduce returns the result of the reducer id for field.
func (n *Names) reduce(field *Field, id string) Value {
	key := reducedKey{field, id}
	v, ok := n.reduced[key]
	if !ok {
		v = Reduce(field, id)[0]
		if n.reduced == nil {
			n.reduced = make(map[reducedKey]Value)
		}
		n.reduced[key] = v
	}
	return v
}

// NamesOf returns the names of the fields of frames.
func NamesOf(frames []*Frame) *Names {
	n := &Names{frames: frames}
	for i := 1; i < len(frames); i++ {
		n.differ = n.differ || frames[i].Name != frames[i-1].Name
	}
	n.label, n.single = singleLabel(frames)
	return n
}

// singleLabel returns the label name of all fields if there is only one.
func singleLabel(frames []*Frame) (name string, ok bool) {
	for _, frame := range frames {
		for _, field := range frame.Fields {
			for _, l := range field.Labels {
				if ok && l.Name != name {
					return "", false
				}
				name, ok = l.Name, true
			}
		}
	}
	return name, ok
}

// several reports whether n has the names of more than one frame. A nil n has none.
func (n *Names) several() bool { return n != nil && len(n.frames) > 1 }

// Of returns the display name of a field of frame, as a legend or the head of a table shows it.
func (n *Names) Of(field *Field, frame *Frame) string {
	if field.state != nil && field.state.name != "" && field.state.several == n.several() {
		return field.state.name
	}
	name := n.compute(field, frame)
	if field.state == nil {
		field.state = new(state)
	}
	*field.state = state{name: name, several: n.several()}
	return name
}

// alone returns the display name of field as if frame were the only one. Frame may be nil.
func alone(field *Field, frame *Frame) string { return (*Names)(nil).Of(field, frame) }

func (n *Names) compute(field *Field, frame *Frame) string {
	switch {
	case field.Config.DisplayName != "":
		return field.Config.DisplayName
	case frame != nil && field.Config.DisplayNameFromDS != "":
		return field.Config.DisplayNameFromDS
	case field.Type == Time && field.Labels == nil:
		return cmp.Or(field.Name, "Time")
	}
	var parts []string
	framed := n.several() && n.differ && frame != nil && frame.Name != ""
	if framed {
		parts = append(parts, frame.Name)
	}
	if field.Name != "" && field.Name != valueName {
		parts = append(parts, field.Name)
	}
	labels := n.labelsOf(field, frame)
	if labels != "" {
		parts = append(parts, labels)
	}
	if frame != nil && !framed && labels == "" && field.Name == valueName && frame.Name != "" {
		parts = append(parts, frame.Name)
	}
	name := strings.Join(parts, " ")
	if len(parts) == 0 {
		name = field.Name
		if name == "" {
			name = valueName
		}
	}
	if name == field.Name {
		return uniqueName(field, frame)
	}
	return name
}

// labelsOf returns the part of a display name that comes from the labels. If the frames have a
// single label name, that is its value, otherwise the whole set.
func (n *Names) labelsOf(field *Field, frame *Frame) string {
	if field.Labels == nil || frame == nil {
		return ""
	}
	label, single := "", false
	if n == nil {
		label, single = singleLabel([]*Frame{frame})
	} else {
		label, single = n.label, n.single
	}
	if single {
		return field.Labels.Get(label)
	}
	return FormatLabels(field.Labels)
}

// uniqueName returns the name of field with a number if another field of frame has the same name.
func uniqueName(field *Field, frame *Frame) string {
	if frame == nil {
		return field.Name
	}
	count, found := 0, false
	for _, other := range frame.Fields {
		if other == field {
			found = true
			if count > 0 {
				count++
				break
			}
		} else if other.Name == field.Name {
			count++
			if found {
				break
			}
		}
	}
	if count == 0 {
		return field.Name
	}
	return field.Name + " " + strconv.Itoa(count)
}

// FormatLabels returns labels as {a="b", c="d"}, and "" if there are none.
func FormatLabels(labels series.Labels) string {
	if len(labels) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, l := range labels {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(l.Name + `="` + l.Value + `"`)
	}
	b.WriteByte('}')
	return b.String()
}

// Frame returns the display name of the frame i, which is Grafana's ${__series.name}.
func (n *Names) Frame(i int) string { return frameName(n.frames[i], i) }

func frameName(frame *Frame, i int) string {
	if frame.Name != "" {
		return frame.Name
	}
	var names []string
	for _, field := range frame.Fields {
		if field.Type != Time && len(names) < 2 {
			names = append(names, alone(field, frame))
		}
	}
	switch {
	case len(names) == 1:
		return names[0]
	case frame.RefID != "":
		return "Series (" + frame.RefID + ")"
	default:
		return "Series (" + strconv.Itoa(i) + ")"
	}
}

// frameNameAlone is frameName for a frame whose place does not matter.
func frameNameAlone(frame *Frame) string {
	if frame.Name != "" {
		return frame.Name
	}
	var names []string
	for _, field := range frame.Fields {
		if field.Type != Time {
			names = append(names, alone(field, frame))
		}
	}
	return strings.Join(names, ", ")
}
