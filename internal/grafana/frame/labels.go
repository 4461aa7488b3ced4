package frame

import (
	"math"

	"github.com/promsnap/promsnap/internal/series"
)

var nan = math.NaN()

// labelNames returns the names of all labels, in order of appearance.
func labelNames(frames []*Frame) []string {
	var out []string
	seen := make(map[string]bool)
	for _, frame := range frames {
		for _, field := range frame.Fields {
			for _, l := range field.Labels {
				if !seen[l.Name] {
					seen[l.Name] = true
					out = append(out, l.Name)
				}
			}
		}
	}
	return out
}

// labelValue returns the value of a label, or a missing value if there is no such label.
func labelValue(labels series.Labels, name string) Value {
	for _, l := range labels {
		if l.Name == name {
			return Text(l.Value)
		}
	}
	return undefined
}

// labelsToFields turns the labels into columns, or into frames of rows.
func labelsToFields(frames []*Frame, o options) []*Frame {
	keep := o.texts("keepLabels")
	if o.text("mode") == "rows" {
		return labelsToRows(frames, keep, o.has("keepLabels"))
	}
	kept := make(map[string]bool, len(keep))
	for _, name := range keep {
		kept[name] = true
	}
	valueLabel := o.text("valueLabel")
	out := make([]*Frame, len(frames))
	for i, frame := range frames {
		u := unlabelled{kept: kept, valueLabel: valueLabel, values: make(map[string][]string)}
		for _, field := range frame.Fields {
			u.add(field)
		}
		rows := frame.Len()
		for _, name := range u.names {
			for _, value := range u.values[name] {
				if len(u.fields) > maxFields {
					break // bounded cuts the rest, and says so
				}
				u.fields = append(
					u.fields,
					&Field{Name: name, Type: String, Values: repeat(value, rows)},
				)
			}
		}
		out[i] = frame.with(u.fields)
	}
	return out
}

// unlabelled gathers the labels of a frame's fields.
type unlabelled struct {
	kept       map[string]bool // empty keeps all
	valueLabel string          // the label that becomes the field's name
	fields     []*Field
	names      []string
	values     map[string][]string // of each label, without repetitions
}

func (u *unlabelled) add(field *Field) {
	if field.Labels == nil {
		u.fields = append(u.fields, field)
		return
	}
	c := *field // the copy shares the remembered display name
	c.Config.DisplayName, c.Config.DisplayNameFromDS, c.Labels = "", "", nil
	u.fields = append(u.fields, &c)
	for _, l := range field.Labels {
		switch {
		case len(u.kept) > 0 && !u.kept[l.Name]:
		case u.valueLabel != "" && u.valueLabel == l.Name:
			c.Name = l.Value
		default:
			u.addValue(l)
		}
	}
}

func (u *unlabelled) addValue(l series.Label) {
	values, ok := u.values[l.Name]
	if !ok {
		u.names = append(u.names, l.Name)
	}
	for _, v := range values {
		if v == l.Value {
			return
		}
	}
	if len(values) <= maxFields {
		u.values[l.Name] = append(values, l.Value)
	}
}

// labelsToRows turns each field into a frame of labels and values.
func labelsToRows(frames []*Frame, keep []string, some bool) []*Frame {
	names := NamesOf(frames)
	var out []*Frame
	for _, frame := range frames {
		for _, field := range frame.Fields {
			if field.Labels == nil {
				continue
			}
			var keys, values column
			if some {
				for _, name := range keep {
					keys.push(Text(name))
					values.push(labelValue(field.Labels, name))
				}
			} else {
				for _, l := range field.Labels {
					keys.push(Text(l.Name))
					values.push(Text(l.Value))
				}
			}
			if keys.v.Len() > 0 {
				f := frame.with([]*Field{
					{Name: "label", Type: String, Values: keys.v},
					{Name: "value", Type: String, Values: values.v},
				})
				f.Name = names.Of(field, frame)
				out = append(out, f)
			}
		}
	}
	return out
}
