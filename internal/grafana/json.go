package grafana

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parse reads a JSON document of bounded size, depth and number of values.
func parse(data []byte) (any, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("the file has %d MB, and a dashboard may have %d: give the JSON "+
			"of one dashboard",
			len(data)>>20, MaxFile>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := measure(data); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, notJSON(data, err)
	}
	if rest := bytes.TrimSpace(data[d.InputOffset():]); len(rest) > 0 {
		return nil, fmt.Errorf("%s: there is more after the end of the dashboard: give one "+
			"dashboard",
			position(data, len(data)-len(rest)))
	}
	return v, nil
}

// parseShort is parse for a value that is most often one word or number, as the settings of each
// series are. It is much faster for these.
func parseShort(data []byte) (any, error) {
	if n := len(data); n > 1 && data[0] == '"' && data[n-1] == '"' {
		word := data[1 : n-1]
		if !bytes.ContainsFunc(word, func(r rune) bool {
			return r == '"' || r == '\\' || r < ' ' || r == utf8.RuneError
		}) {
			return string(word), nil
		}
	}
	switch {
	case string(data) == "true":
		return true, nil
	case string(data) == "false":
		return false, nil
	case digits(data) && json.Valid(data):
		return json.Number(data), nil
	}
	return parse(data)
}

// digits reports whether data begins and ends with a digit, and so has no spaces around it.
func digits(data []byte) bool {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	return len(data) > 0 && digit(data[0]) && digit(data[len(data)-1])
}

// measure returns an error if data is nested too deeply or holds too many values. It accepts data
// that is not JSON.
func measure(data []byte) error {
	depth, values, text := 0, 1, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			depth++
			values++
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		if depth > maxDepth {
			return fmt.Errorf("%s: the JSON is nested more than %d levels deep, which no "+
				"dashboard is",
				position(data, i), maxDepth)
		}
		if values > maxValues {
			return fmt.Errorf("the JSON has more than %d values: give the JSON of one dashboard",
				maxValues)
		}
	}
	return nil
}

// notJSON says what is wrong with a file that is not JSON.
func notJSON(data []byte, err error) error {
	start := strings.ToLower(string(bytes.TrimSpace(data[:min(len(data), 200)])))
	switch {
	case start == "":
		return errors.New("the file is empty: export the dashboard as JSON again")
	case strings.HasPrefix(start, "<"):
		return errors.New("this is a web page and not JSON: export the dashboard as JSON, " +
			"or give its address with a token")
	}
	at := len(data)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = int(syntax.Offset) - 1 // of the unexpected byte
	}
	return fmt.Errorf("%s: this is not JSON: %w; export the dashboard as JSON again",
		position(data, at), err)
}

func position(data []byte, at int) string {
	before := data[:min(max(at, 0), len(data))]
	line := bytes.Count(before, []byte("\n"))
	return fmt.Sprintf("line %d column %d", line+1, len(before)-bytes.LastIndexByte(before, '\n'))
}

// object is a JSON object that is read loosely. A field of an unexpected type is noted and counts
// as absent. The zero object has no fields.
type object struct {
	m    map[string]any
	path string // of the object in the file, for notes
	note *notes
}

// notes are the unexpected things in a file, each once.
type notes struct{ list []string }

func (n *notes) add(format string, args ...any) {
	if n == nil {
		return
	}
	text := fmt.Sprintf(format, args...)
	for _, old := range n.list {
		if old == text {
			return
		}
	}
	switch {
	case len(n.list) < maxNotes:
		n.list = append(n.list, text)
	case len(n.list) == maxNotes:
		n.list = append(n.list, "and more")
	}
}

// has reports whether a field is there and not null.
func (o object) has(key string) bool { return o.m[key] != nil }

// odd notes that a field does not have the expected type.
func (o object) odd(key, want string) {
	o.note.add("%s is not %s, and is left out", o.at(key), want)
}

// at returns the path of a field.
func (o object) at(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// text returns a string. A number or a truth value counts as its text.
func (o object) text(key string) string {
	switch v := o.m[key].(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	o.odd(key, "a text")
	return ""
}

// number returns a number. A text that is a number counts as one.
func (o object) number(key string) (float64, bool) {
	v := o.m[key]
	if v == nil || v == "" {
		return 0, false
	}
	f, ok := numberOf(v)
	if !ok {
		o.odd(key, "a number")
	}
	return f, ok
}

func numberOf(v any) (float64, bool) {
	var s string
	switch v := v.(type) {
	case json.Number:
		s = v.String()
	case string:
		s = strings.TrimSpace(v)
	default:
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// integer returns a number between -1e6 and 1e6, without its fraction.
func (o object) integer(key string) int {
	f, _ := o.number(key)
	return int(min(max(f, -1e6), 1e6))
}

// id returns a panel's number.
func (o object) id(key string) int {
	f, ok := o.number(key)
	if !ok || f < 0 || f > 1<<53 {
		return 0
	}
	return int(f)
}

// yes returns a boolean. Texts and numbers that mean one count too.
func (o object) yes(key string) bool {
	switch v := o.m[key].(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		if b, err := strconv.ParseBool(v); err == nil || v == "" {
			return b
		}
	case json.Number:
		f, _ := numberOf(v)
		return f != 0
	}
	o.odd(key, "true or false")
	return false
}

// object returns an object.
func (o object) object(key string) object {
	sub := object{path: o.at(key), note: o.note}
	switch v := o.m[key].(type) {
	case nil:
	case map[string]any:
		sub.m = v
	case []any:
		if len(v) > 0 { // PHP and some generators write an empty object as a list
			o.odd(key, "an object")
		}
	default:
		o.odd(key, "an object")
	}
	return sub
}

// list returns a list.
func (o object) list(key string) []any {
	switch v := o.m[key].(type) {
	case nil:
		return nil
	case []any:
		return v
	case map[string]any:
		if len(v) == 0 {
			return nil
		}
	}
	o.odd(key, "a list")
	return nil
}

// objects returns the objects of a list, at most limit of them.
func (o object) objects(key string, limit int) []object {
	var all []object
	for i, v := range o.list(key) {
		path := fmt.Sprintf("%s[%d]", o.at(key), i)
		m, ok := v.(map[string]any)
		switch {
		case v == nil:
		case !ok:
			o.note.add("%s is not an object, and is left out", path)
		case len(all) == limit:
			o.note.add("%s has more than %d entries: the others are left out", o.at(key), limit)
			return all
		default:
			all = append(all, object{m: m, path: path, note: o.note})
		}
	}
	return all
}

// texts returns a list of texts. A single text counts as a list of one.
func (o object) texts(key string) []string {
	switch v := o.m[key].(type) {
	case nil:
		return nil
	case []any:
		var all []string
		for _, e := range v {
			if s, ok := textOf(e); ok {
				all = append(all, s)
			} else if e != nil {
				o.odd(key, "a list of texts")
			}
		}
		return all
	default:
		if s, ok := textOf(v); ok {
			return []string{s}
		}
	}
	o.odd(key, "a list of texts")
	return nil
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// encode writes what parse has read, with the keys of objects in order.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil // what parse has read can be written
	}
	return bytes.TrimSpace(b.Bytes())
}
