package frame

import (
	"slices"
	"strconv"
	"strings"
)

// mergeCells and mergeWork limit how many cells a merge keeps and how many rows it compares.
const (
	mergeCells = 2_000_000
	mergeWork  = 20_000_000
)

// merging is the frame that merge builds.
type merging struct {
	fields  []*Field
	columns map[string]int // by the fields' names
	rows    [][]Value
	byKey   map[string][]int // the rows of a key
	limit   int
	work    int
}

// merge makes one frame out of several. Rows become one if they are equal in the fields that all
// frames have and contradict each other in no other field.
func merge(frames []*Frame, o options) []*Frame {
	if len(frames) < 2 {
		return frames
	}
	data := slices.DeleteFunc(
		slices.Clone(frames),
		func(f *Frame) bool { return len(f.Fields) == 0 },
	)
	if len(data) == 0 {
		return frames[:1]
	}
	m := &merging{columns: make(map[string]int), byKey: make(map[string][]int)}
	fieldOf := make([]map[string]*Field, len(data)) // for each frame; the last of equal names
	for i, frame := range data {
		fieldOf[i] = make(map[string]*Field, len(frame.Fields))
		for _, field := range frame.Fields {
			if _, ok := m.columns[field.Name]; !ok {
				m.columns[field.Name] = len(m.fields)
				m.fields = append(m.fields, blank(field, len(m.fields)))
			}
			fieldOf[i][field.Name] = field
		}
	}
	keys := commonNames(data[len(data)-1], fieldOf)
	if len(keys) == 0 {
		return frames
	}
	m.limit = min(maxRows, mergeCells/len(m.fields))
	for i, frame := range data {
		if !m.add(frame, fieldOf[i], keys) {
			o.notes.add("merge: it has too many rows: the first %d are shown", len(m.rows))
			break
		}
	}
	return []*Frame{{RefID: refs("merge", data), Fields: m.result()}}
}

// blank returns a field like f without values.
func blank(f *Field, place int) *Field {
	c := &Field{Name: f.Name, Type: f.Type, Config: f.Config}
	c.Config.DisplayName = ""
	if c.Name == "" {
		c.Name = "Field " + strconv.Itoa(place+1)
	}
	if c.Type == "" || c.Type == Other {
		c.Type = Other
		if t, ok := guessType(c); ok {
			c.Type = t
		}
	}
	return c
}

// commonNames returns the names of last's fields that all frames have.
func commonNames(last *Frame, fieldOf []map[string]*Field) []string {
	var out []string
	for _, field := range last.Fields {
		everywhere := true
		for _, fields := range fieldOf {
			everywhere = everywhere && fields[field.Name] != nil
		}
		if everywhere {
			out = append(out, field.Name)
		}
	}
	return out
}

// add merges the rows of a frame. It reports false if there are too many.
func (m *merging) add(frame *Frame, fieldOf map[string]*Field, keys []string) bool {
	has := make([]*Field, len(m.fields)) // by column
	for name, field := range fieldOf {
		if name != "" {
			has[m.columns[name]] = field
		}
	}
	for i := range frame.Len() {
		var key strings.Builder
		for _, name := range keys {
			key.WriteString(fieldOf[name].Values.At(i).spelled())
		}
		merged := false
		for _, at := range m.byKey[key.String()] {
			m.work++
			if mergeable(m.rows[at], has, i) {
				fill(m.rows[at], has, i)
				merged = true
			}
		}
		if merged {
			continue
		}
		if len(m.rows) == m.limit || m.work > mergeWork {
			return false
		}
		row := make([]Value, len(m.fields))
		for k := range row {
			row[k] = undefined
		}
		fill(row, has, i)
		m.byKey[key.String()] = append(m.byKey[key.String()], len(m.rows))
		m.rows = append(m.rows, row)
	}
	return true
}

// mergeable reports whether row i of the fields contradicts nothing in row.
func mergeable(row []Value, fields []*Field, i int) bool {
	for k, field := range fields {
		if field != nil && !row[k].IsNull() && !row[k].same(field.Values.At(i)) {
			return false
		}
	}
	return true
}

func fill(row []Value, fields []*Field, i int) {
	for k, field := range fields {
		if field != nil {
			row[k] = field.Values.At(i)
		}
	}
}

// result returns the columns. A text in a column of numbers is read as one.
func (m *merging) result() []*Field {
	for k, field := range m.fields {
		c := column{hint: len(m.rows)}
		for _, row := range m.rows {
			c.push(typed(row[k], field.Type))
		}
		field.Values = c.v
	}
	return m.fields
}

func typed(v Value, t Type) Value {
	switch {
	case v.kind != text:
		return v
	case t == Number:
		return Num(leadingNumber(v.text))
	case t == Boolean:
		return Bool(v.text == "" || !strings.ContainsRune("Ff0", rune(v.text[0])))
	}
	return v
}
