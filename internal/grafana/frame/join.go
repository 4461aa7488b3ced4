package frame

import (
	"slices"
	"sort"
	"strconv"

	"github.com/promsnap/promsnap/internal/series"
)

// joinByField makes one frame out of several. It joins the rows that have the same value in one
// field.
func joinByField(frames []*Frame, o options) []*Frame {
	if len(frames) < 2 {
		return frames
	}
	match := bestJoin(frames[0])
	if by := o.text("byField"); by != "" {
		match = byNames([]string{by})
	}
	joined := join(frames, match, o.text("mode"), o.notes)
	joined.RefID = refs("joinByField", frames)
	return []*Frame{joined}
}

// ensureColumns joins time series into one frame. Frames whose time fields differ stay.
func ensureColumns(frames []*Frame, n *notes) []*Frame {
	name := ""
	for _, frame := range frames {
		field := frame.timeField()
		if field == nil || name != "" && field.Name != name {
			return frames
		}
		name = field.Name
	}
	if len(frames) < 2 || name == "" {
		return frames
	}
	joined := join(frames, byNames([]string{name}), "outer", n)
	joined.RefID = refs("joinByField", frames)
	return []*Frame{joined}
}

// bestJoin finds the field to join by if the options name none: the first field of times. Otherwise
// Grafana means to use a number that all frames have, but with several frames it never finds one.
func bestJoin(first *Frame) fieldMatch {
	if first.timeField() != nil {
		return func(f *Field, frame *Frame, _ *Names) bool { return f == frame.timeField() }
	}
	return func(*Field, *Frame, *Names) bool { return false }
}

// joining has the tables that join gathers. The first column of each is the one to join by.
type joining struct {
	tables [][]Values
	modes  [][]nullMode
	fields []*Field
}

// nullMode says how an outer join treats nulls.
type nullMode int

const (
	nullExpand nullMode = iota // missing values next to a null become null too
	nullRemove                 // a null counts as a missing value
	nullRetain
)

func join(frames []*Frame, match fieldMatch, mode string, n *notes) *Frame {
	var j joining
	dropped := false
	names := NamesOf(frames)
	for _, frame := range frames {
		if !j.add(frame, match, names) {
			dropped = true
		}
		if len(j.fields) > maxFields {
			n.add("a join has more than %d fields: the rest is left out", maxFields)
			break
		}
	}
	if len(j.tables) == 0 {
		return &Frame{}
	}
	var columns []Values
	switch {
	case dropped && mode == "inner":
		columns = make([]Values, len(j.fields))
	case mode == "inner" || mode == "outerTabular":
		columns = j.tables[0]
		for _, right := range j.tables[1:] {
			columns = joinTables(columns, right, mode == "outerTabular", n)
		}
	default:
		columns = j.outer(n)
	}
	out := &Frame{Fields: make([]*Field, len(j.fields))}
	for i, field := range j.fields {
		out.Fields[i] = field.with(columns[i])
	}
	return out
}

// add gathers one frame. It reports false if the frame has no field to join by.
func (j *joining) add(frame *Frame, match fieldMatch, names *Names) bool {
	var by *Field
	var rest []*Field
	modes := []nullMode{nullRemove}
	for _, field := range frame.Fields {
		if field.state == nil {
			field.state = new(state)
		}
		if by == nil && match(field, frame, names) {
			by = field
			continue
		}
		c := *field
		if c.Labels == nil {
			c.Labels = series.Labels{}
		}
		if frame.Name != "" {
			if c.Name == valueName {
				c.Name = frame.Name
			} else if labelValue(c.Labels, "name").IsNull() {
				c.Labels = append(c.Labels.Clone(), series.Label{Name: "name", Value: frame.Name})
				c.Labels.Sort()
			}
		}
		rest = append(rest, &c)
		modes = append(modes, spanNulls(field.Config))
	}
	if by == nil {
		return false
	}
	if len(j.fields) == 0 {
		j.fields = append(j.fields, by)
	}
	table := []Values{by.Values}
	for _, field := range rest {
		field.state.name = ""
		table = append(table, field.Values)
	}
	j.fields = append(j.fields, rest...)
	j.tables = append(j.tables, table)
	j.modes = append(j.modes, modes)
	return true
}

func spanNulls(c Config) nullMode {
	switch string(c.Custom["spanNulls"]) {
	case "true":
		return nullRemove
	case "-1":
		return nullRetain
	}
	return nullExpand
}

// outer joins as a chart of time series does: one row for each value of the first columns.
func (j *joining) outer(n *notes) []Values {
	if j.sameHeads() {
		columns := slices.Clone(j.tables[0])
		for _, t := range j.tables[1:] {
			columns = append(columns, t[1:]...)
		}
		if !likelyAscending(columns[0]) {
			rows := sortedRows(columns[0])
			for i := range columns {
				columns[i] = columns[i].pick(rows)
			}
		}
		return columns
	}
	var head []Value
	for _, t := range j.tables {
		for i := range t[0].Len() {
			head = append(head, t[0].At(i))
		}
	}
	head = distinct(head)
	slices.SortStableFunc(head, compareHeads)
	if len(head) > maxRows {
		n.add("a join has %d rows: the first %d are shown", len(head), maxRows)
		head = head[:maxRows]
	}
	rowOf := make(map[Value]int, len(head))
	for i, v := range head {
		rowOf[v.key()] = i
	}
	columns := []Values{Mixed(head...)}
	for i, t := range j.tables {
		for k := 1; k < len(t); k++ {
			columns = append(columns, aligned(t[0], t[k], rowOf, len(head), j.modes[i][k]))
		}
	}
	return columns
}

// sameHeads reports whether all tables have the same first column.
func (j *joining) sameHeads() bool {
	first := j.tables[0][0]
	for _, t := range j.tables[1:] {
		if t[0].Len() != first.Len() {
			return false
		}
		for i := range first.Len() {
			if !t[0].At(i).same(first.At(i)) {
				return false
			}
		}
	}
	return true
}

// compareHeads sorts numbers, and leaves texts that are not numbers where they are. A missing value
// is last.
func compareHeads(a, b Value) int {
	switch {
	case a.kind == absent || b.kind == absent:
		return compareBools(a.kind == absent, b.kind == absent)
	case a.toNumber() != a.toNumber() || b.toNumber() != b.toNumber():
		return 0
	}
	return compareNumbers(a, b)
}

// aligned moves the values of a column to the rows of their heads.
func aligned(heads, vs Values, rowOf map[Value]int, rows int, mode nullMode) Values {
	out := make([]Value, rows)
	for i := range out {
		out[i] = undefined
	}
	var nulls []int
	for i := range vs.Len() {
		row, ok := rowOf[heads.At(i).key()]
		v := vs.At(i)
		switch {
		case !ok:
		case v.kind != null:
			out[row] = v
		case mode != nullRemove:
			out[row] = v
			if mode == nullExpand {
				nulls = append(nulls, row)
			}
		}
	}
	expandNulls(out, nulls)
	return Mixed(out...)
}

// expandNulls turns missing values next to nulls into nulls.
func expandNulls(vs []Value, nulls []int) {
	last := -1
	for _, i := range nulls {
		if i <= last {
			continue
		}
		for k := i - 1; k >= 0 && vs[k].IsNull(); k-- {
			vs[k] = Value{}
		}
		for k := i + 1; k < len(vs) && vs[k].IsNull(); k++ {
			vs[k], last = Value{}, k
		}
	}
}

// likelyAscending looks at a sample of the values, as Grafana does.
func likelyAscending(vs Values) bool {
	const samples = 50
	first, last := 0, vs.Len()-1
	for first <= last && vs.At(first).IsNull() {
		first++
	}
	for last >= first && vs.At(last).IsNull() {
		last--
	}
	if last <= first {
		return true
	}
	stride := max(1, (last-first+1)/samples)
	before := vs.At(first)
	for i := first + stride; i <= last; i += stride {
		v := vs.At(i)
		if v.IsNull() {
			continue
		}
		if less(v, before) || notBelow(v, before) {
			return false
		}
		before = v
	}
	return true
}

// sortedRows returns the rows in the order of their numbers.
func sortedRows(vs Values) []int {
	rows := make([]int, vs.Len())
	for i := range rows {
		rows[i] = i
	}
	sort.SliceStable(rows, func(a, b int) bool {
		return compareHeads(vs.At(rows[a]), vs.At(rows[b])) < 0
	})
	return rows
}

// joinTables joins two tables as SQL does: each row of one with each row of the other that has the
// same first value. An outer join keeps the other rows too.
func joinTables(left, right []Values, outer bool, n *notes) []Values {
	rowsOf := make(map[string][]int)
	var keys []string
	for i := range right[0].Len() {
		key := right[0].At(i).spelled()
		if _, ok := rowsOf[key]; !ok {
			keys = append(keys, key)
		}
		rowsOf[key] = append(rowsOf[key], i)
	}
	var l, r, unmatched []int
	matched := make(map[string]bool)
	for i := range left[0].Len() {
		v := left[0].At(i)
		rows := rowsOf[v.spelled()]
		switch {
		case v.IsNull() || rows == nil:
			unmatched = append(unmatched, i)
			continue
		case len(l)+len(rows) > maxRows:
			n.add("a join has more than %d rows: the rest is left out", maxRows)
			rows = rows[:maxRows-len(l)]
		}
		if v.kind == text { // Grafana compares texts here, so that it finds no number
			matched[v.text] = true
		}
		for _, row := range rows {
			l, r = append(l, i), append(r, row)
		}
	}
	if outer {
		for _, i := range unmatched {
			l, r = append(l, i), append(r, -1)
		}
		for _, key := range propertyOrder(keys) {
			if !matched[key] {
				for _, row := range rowsOf[key] {
					l, r = append(l, -1), append(r, row)
				}
			}
		}
	}
	head := column{hint: len(l)}
	for i := range l {
		if l[i] >= 0 {
			head.push(left[0].At(l[i]))
		} else {
			head.push(right[0].At(r[i]))
		}
	}
	out := []Values{head.v}
	for _, vs := range left[1:] {
		out = append(out, vs.pick(l))
	}
	for _, vs := range right[1:] {
		out = append(out, vs.pick(r))
	}
	return out
}

// propertyOrder returns keys in the order of a JavaScript object's: small whole numbers first.
func propertyOrder(keys []string) []string {
	index := func(key string) (uint64, bool) {
		i, err := strconv.ParseUint(key, 10, 32)
		return i, err == nil && strconv.FormatUint(i, 10) == key && i < 1<<32-1
	}
	out := slices.Clone(keys)
	slices.SortStableFunc(out, func(a, b string) int {
		x, isX := index(a)
		y, isY := index(b)
		switch {
		case isX && isY && x < y:
			return -1
		case isX && isY && x > y:
			return 1
		case isX && isY:
			return 0
		}
		return compareBools(!isX, !isY)
	})
	return out
}

// compareBools sorts false before true.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
