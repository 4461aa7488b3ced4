package config

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// field is one key of an object and the content of its tags.
type field struct {
	index       []int
	fromEnv     bool // the value is the name of an environment variable
	fromStore   bool // the value is a place in a store of secrets
	required    bool
	fallback    string
	enum        []string
	min, max    int      // a max of 0 means no maximum
	least, most duration // a most of 0 means no maximum
}

// fieldsOf returns the keys of a struct type and of the structs that it inlines.
func fieldsOf(t reflect.Type) map[string]field {
	fields := map[string]field{}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, option, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			for k, f := range fieldsOf(sf.Type) {
				f.index = append([]int{i}, f.index...)
				fields[k] = f
			}
		case name != "" && name != "-":
			fields[name] = fieldOf(sf)
		}
	}
	if t.PkgPath() == httpPackage {
		adaptHTTP(t, fields)
	}
	return fields
}

// fieldOf reads the tags of one field. It ignores errors: a test reads all tags.
func fieldOf(sf reflect.StructField) field {
	f := field{index: sf.Index}
	for part := range strings.SplitSeq(sf.Tag.Get("jsonschema"), ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			f.required = true
		case "default":
			f.fallback = value
		case "enum":
			f.enum = append(f.enum, value)
		case "minimum":
			f.min, _ = strconv.Atoi(value)
		case "maximum":
			f.max, _ = strconv.Atoi(value)
		}
	}
	if least, most, ok := strings.Cut(sf.Tag.Get("limits"), ".."); ok {
		f.least, f.most = parseLimit(least), parseLimit(most)
	}
	return f
}

// fallbackFor returns the default as a node of a file.
func (f field) fallbackFor(kind reflect.Kind) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: f.fallback, Tag: "!!str"}
	switch kind {
	case reflect.Int:
		n.Tag = "!!int"
	case reflect.Bool:
		n.Tag = "!!bool"
	}
	return n
}

func parseLimit(s string) duration {
	v, _ := model.ParseDuration(s)
	return duration(time.Duration(v))
}
