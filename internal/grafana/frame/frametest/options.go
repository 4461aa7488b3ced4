package frametest

// stepIDs are the transformations that are compared.
var stepIDs = []string{
	"organize",
	"merge",
	"joinByField",
	"groupBy",
	"filterFieldsByName",
	"calculateField",
	"reduce",
	"labelsToFields",
	"sortBy",
	"seriesToColumns",
	"filterByValue",
	"filterByRefId",
	"renameByRegex",
	"limit",
	"seriesToRows",
	"concatenate",
	"convertFieldType",
	"groupingToMatrix",
	"transpose",
	"order",
	"rename",
	"filterFields",
	"filterFrames",
	"noop",
	"ensureColumns", "histogram",
}

// StepIDs returns the IDs of the transformations that are compared.
func StepIDs() []string { return stepIDs }

// transform returns a case of one transformation, of each kind in turn, or of several at once.
func (g generator) transform(i int) Case {
	c := Case{Frames: g.frames()}
	names := g.names(c.Frames)
	steps := []any{g.step(stepIDs[i%len(stepIDs)], names)}
	if i%3 == 2 {
		steps = g.chain(names)
	}
	c.Transformations = raw(steps)
	return c
}

// chain returns the transformations that a table of several queries has, with names as they result.
func (g generator) chain(names []string) []any {
	names = append(
		names,
		"Value #A",
		"Value #B",
		"Time 1",
		"Time 2",
		"Value #A (lastNotNull)",
		"Total",
	)
	g.chained = true
	first := g.step(
		one(g, "merge", "joinByField", "labelsToFields", "groupBy", "seriesToColumns", "reduce"),
		names,
	)
	rest := []string{
		"organize",
		"filterFieldsByName",
		"calculateField",
		"renameByRegex",
		"limit",
		"rename",
		"labelsToFields",
		"filterByValue",
		"reduce",
		"merge",
	}
	out := []any{first}
	for range g.IntN(3) + 1 {
		out = append(out, g.step(one(g, rest...), names))
	}
	return out
}

func (g generator) step(id string, names []string) map[string]any {
	s := map[string]any{"id": id, "options": g.options(id, names)}
	if g.chance(5) {
		s["disabled"] = true
	}
	if g.chance(5) {
		s["filter"] = map[string]any{"id": "byRefId", "options": one(g, "A", "B", "/A|B/", "A|B")}
	}
	return s
}

func (g generator) name(names []string) string { return one(g, names...) }

func (g generator) options(id string, names []string) map[string]any {
	switch id {
	case "organize", "order", "rename":
		return g.organize(names)
	case "joinByField", "seriesToColumns":
		o := map[string]any{"byField": one(g, "Time", "pod", "instance", "job", g.name(names))}
		if g.chance(60) {
			o["mode"] = one(g, "outer", "inner", "outerTabular")
		}
		if g.chance(10) {
			delete(o, "byField")
		}
		return o
	case "groupBy":
		return g.groupBy(names)
	case "filterFieldsByName":
		o := map[string]any{}
		for _, key := range some(g, []string{"include", "exclude", "include"}) {
			part := map[string]any{}
			if g.chance(70) {
				part["names"] = some(g, names)
			}
			if g.chance(50) {
				part["pattern"] = one(
					g,
					"/Value/",
					"/^(?!Time).*$/",
					"pod",
					"/^Value #[^A]|^instance$/",
				)
			}
			o[key] = part
		}
		return o
	case "filterFields":
		return map[string]any{one(g, "include", "exclude"): g.matcher(names)}
	case "filterFrames":
		return map[string]any{one(g, "include", "exclude"): map[string]any{
			"id": one(g, "byRefId", "byName"), "options": one(g, "A", "/B/", "CPU", "/./"),
		}}
	case "filterByRefId":
		return map[string]any{one(g, "include", "exclude"): one(g, "A", "B", "A|B", "/[AC]/")}
	case "calculateField":
		return g.calculate(names)
	case "reduce":
		return g.reduceOptions(names)
	case "labelsToFields":
		return g.labelOptions()
	}
	return g.otherOptions(id, names)
}

func (g generator) labelOptions() map[string]any {
	o := map[string]any{}
	if g.chance(60) {
		o["mode"] = one(g, "columns", "rows")
	}
	if g.chance(50) {
		o["keepLabels"] = some(g, labelNames)
	}
	if g.chance(30) {
		o["valueLabel"] = one(g, labelNames...)
	}
	return o
}

func (g generator) otherOptions(id string, names []string) map[string]any {
	switch id {
	case "sortBy":
		sort := map[string]any{"field": g.name(names)}
		if g.chance(50) {
			sort["desc"] = g.chance(70)
		}
		return map[string]any{"fields": map[string]any{}, "sort": []any{sort}}
	case "filterByValue":
		return g.filterByValue(names)
	case "renameByRegex":
		return map[string]any{
			"regex": one(
				g,
				"(.*)",
				"/Value #(.*)/",
				"/^(.)(.*)$/",
				"/o/",
				"Value",
				"/[aeiou]/",
			),
			"renamePattern": one(g, "$1", "x-$1", "$2$1", "$&!", "Value", "$$"),
		}
	case "limit":
		return map[string]any{"limitField": one[any](g, 1, 3, "2", 0, -2, 10, "x")}
	case "concatenate":
		return map[string]any{
			"frameNameMode":  one(g, "drop", "field", "label"),
			"frameNameLabel": one(g, "frame", "job"),
		}
	case "convertFieldType":
		return map[string]any{"conversions": []any{map[string]any{
			"targetField": g.name(names), "destinationType": one(g, "number", "string", "boolean"),
		}}}
	case "groupingToMatrix":
		o := map[string]any{}
		for _, key := range []string{"columnField", "rowField", "valueField"} {
			if g.chance(80) {
				o[key] = g.name(names)
			}
		}
		if g.chance(40) {
			o["emptyValue"] = one(g, "true", "false", "null", "zero", "empty")
		}
		return o
	case "histogram":
		o := map[string]any{"combine": g.chance(30)}
		if g.chance(40) {
			o["bucketSize"] = one[any](g, 1, "2", 0.5, "10 s", 1000, 1e9)
		}
		if g.chance(30) {
			o["bucketOffset"] = one[any](g, 1, "-3", 0.25)
		}
		return o
	case "transpose":
		o := map[string]any{}
		if g.chance(30) {
			o["firstFieldName"] = "First"
		}
		if g.chance(30) {
			o["restFieldsName"] = "Rest"
		}
		return o
	}
	return map[string]any{}
}

func (g generator) organize(names []string) map[string]any {
	exclude, include := map[string]any{}, map[string]any{}
	index, rename := map[string]any{}, map[string]any{}
	for _, name := range names {
		if g.chance(25) {
			exclude[name] = g.chance(70)
		}
		if g.chance(10) {
			include[name] = g.chance(80)
		}
		if g.chance(60) {
			index[name] = g.IntN(6)
		}
		if g.chance(35) {
			rename[name] = one(g, "New", "Old "+name, "", "Value")
		}
	}
	o := map[string]any{"excludeByName": exclude, "indexByName": index, "renameByName": rename}
	if g.chance(20) {
		o["includeByName"] = include
	}
	if g.chance(15) {
		o["orderByMode"] = "auto"
		o["orderBy"] = []any{map[string]any{"type": "name", "desc": g.chance(40)}}
		if g.chance(50) {
			o["orderBy"] = []any{map[string]any{"type": "label", "name": one(g, labelNames...)}}
		}
	}
	return o
}

func (g generator) groupBy(names []string) map[string]any {
	fields := map[string]any{}
	for _, name := range names {
		switch g.IntN(4) {
		case 0:
			fields[name] = map[string]any{
				"operation":    "groupby",
				"aggregations": one(g, []string{}, []string{"count"}),
			}
		case 1, 2:
			reducers := some(
				g,
				[]string{
					"lastNotNull",
					"sum",
					"mean",
					"max",
					"count",
					"distinctCount",
					"allIsNull",
					"first",
				},
			)
			fields[name] = map[string]any{"operation": "aggregate", "aggregations": reducers}
		}
	}
	fields[g.name(names)] = map[string]any{"operation": "groupby", "aggregations": []string{}}
	return map[string]any{"fields": fields}
}

func (g generator) calculate(names []string) map[string]any {
	o := map[string]any{"mode": one(
		g,
		"binary",
		"binary",
		"reduceRow",
		"reduceRow",
		"unary",
		"index",
		"cumulativeFunctions",
		"windowFunctions",
	)}
	if g.chance(40) {
		o["alias"] = one(g, "Total", "Used, %", "Value")
	}
	if g.chance(30) {
		o["replaceFields"] = g.chance(80)
	}
	if g.chance(20) {
		o["timeSeries"] = g.chance(50)
	}
	side := func() any {
		switch g.IntN(5) {
		case 0:
			return map[string]any{"fixed": one(g, "2", "0.5", "100")}
		case 1:
			return map[string]any{
				"matcher": map[string]any{"id": "byName", "options": g.name(names)},
			}
		case 2:
			return one(g, "3", "1", "1e3")
		}
		return g.name(names)
	}
	left := side()
	if g.chance(12) {
		left = map[string]any{"matcher": map[string]any{"id": "byType", "options": "number"}}
	}
	operators := []string{"-", "*", "/", "+"}
	if g.chained { // a sum with a text is a text, and later steps take it for a number
		operators = operators[:3]
	}
	o["binary"] = map[string]any{
		"left":     left,
		"operator": one(g, operators...),
		"reducer":  "sum",
		"right":    side(),
	}
	o["reduce"] = map[string]any{
		"reducer": one(
			g,
			"sum",
			"mean",
			"max",
			"lastNotNull",
			"count",
			"diff",
			"range",
			"allIsNull",
		),
	}
	if g.chance(40) {
		o["reduce"].(map[string]any)["nullValueMode"] = one(g, "connected", "null as zero")
	}
	o["unary"] = map[string]any{
		"operator":  one(g, "abs", "exp", "ln", "round", "floor", "ceil", "percent"),
		"fieldName": g.name(names),
	}
	o["cumulative"] = map[string]any{"reducer": one(g, "sum", "mean")}
	o["window"] = map[string]any{
		"reducer": one(
			g,
			"mean",
			"variance",
			"stdDev",
		),
		"windowAlignment": one(g, "trailing", "centered"),
		"windowSizeMode":  one(g, "percentage", "fixed"),
		"windowSize":      one(g, 0.5, 1, 2, 3),
	}
	return o
}

func (g generator) reduceOptions(names []string) map[string]any {
	reducers := some(
		g,
		[]string{"lastNotNull", "mean", "max", "min", "sum", "count", "allIsNull", "range", "last"},
	)
	o := map[string]any{"reducers": reducers}
	if g.chance(50) {
		o["mode"] = one(g, "seriesToRows", "reduceFields")
	}
	if g.chance(30) {
		o["includeTimeField"] = g.chance(60)
	}
	if g.chance(30) {
		o["labelsToFields"] = g.chance(70)
	}
	if g.chance(20) {
		o["fields"] = g.matcher(names)
	}
	return o
}

func (g generator) filterByValue(names []string) map[string]any {
	var filters []any
	for range g.IntN(3) {
		id := one(
			g,
			"isNull",
			"isNotNull",
			"equal",
			"notEqual",
			"greater",
			"greaterOrEqual",
			"lower",
			"lowerOrEqual",
			"between",
			"substring",
			"notSubstring",
			"regex",
		)
		var o map[string]any
		switch id {
		case "between":
			o = map[string]any{"from": one[any](g, 0, 1, "2", -3), "to": one[any](g, 5, "100", 1e9)}
		case "substring", "notSubstring":
			o = map[string]any{"value": one(g, "a", "NODE", "", "1")}
		case "regex":
			o = map[string]any{"value": one(g, "^node", "[0-9]+", "a|b", "(?=n)")}
		default:
			o = map[string]any{"value": one[any](g, 0, 1, 5, "3", "a", "", "node-1", true)}
		}
		filters = append(filters, map[string]any{
			"fieldName": g.name(names), "config": map[string]any{"id": id, "options": o},
		})
	}
	return map[string]any{
		"filters": filters,
		"type":    one(g, "include", "exclude"),
		"match":   one(g, "any", "all"),
	}
}
