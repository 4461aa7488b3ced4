package grafana

import (
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// escaper puts a prefix before each of some characters.
func escaper(chars, prefix string) *strings.Replacer {
	var pairs []string
	for _, c := range chars {
		pairs = append(pairs, string(c), prefix+string(c))
	}
	return strings.NewReplacer(pairs...)
}

var (
	regexEscaper  = escaper(`\^$*+?.()|[]{}/`, `\`)
	luceneEscaper = escaper(`!*+-=<>&|()[]{}^~?:\/" `, `\`)

	// In PromQL's strings a backslash is doubled. A quotation mark is escaped too, because
	// otherwise a label's value could end the string. Grafana does not do that.
	promEscaper      = strings.NewReplacer(`\`, `\\`, `'`, `\\'`, `"`, `\"`)
	promRegexEscaper = strings.NewReplacer(append(promRegexPairs(), `\`, `\\\\`, `"`, `\"`)...)
)

func promRegexPairs() []string {
	var pairs []string
	for _, c := range `$^*{}[]'+?.()|` {
		pairs = append(pairs, string(c), `\\`+string(c))
	}
	return pairs
}

func regexEscape(s string) string { return regexEscaper.Replace(s) }

// promValue writes values for PromQL as Grafana does if a reference names no format. If a variable
// may have several values, they become parts of a regular expression.
func promValue(values []string, regex bool) string {
	if !regex {
		return promEscaper.Replace(strings.Join(values, ","))
	}
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = promRegexEscaper.Replace(v)
	}
	if len(escaped) == 1 {
		return escaped[0]
	}
	return "(" + strings.Join(escaped, "|") + ")"
}

// formatValues writes the values of a variable in one of the formats that a reference may name. An
// unknown format counts as glob. If a variable may have several values, Grafana treats even a
// single one as a list, and some formats write a list differently.
func formatValues(name, format string, options []Option, list bool) string {
	values := make([]string, len(options))
	for i, o := range options {
		values[i] = o.Value
	}
	list = list || len(values) != 1
	format, arg, hasArg := strings.Cut(format, ":")
	switch format {
	case "raw", "csv":
		return strings.Join(values, ",")
	case "pipe":
		return strings.Join(values, "|")
	case "regex":
		return group(mapped(values, regexEscape))
	case "distributed":
		return strings.Join(values, ","+name+"=")
	case "json":
		if !list {
			return values[0]
		}
		return string(encode(append([]string{}, values...)))
	case "lucene":
		return lucene(values, list)
	case "html":
		return html.EscapeString(strings.Join(values, ", "))
	case "percentencode":
		return percent(braced(values, list))
	case "uriencode":
		return encodeURI(braced(values, list))
	case "join":
		if !hasArg {
			arg = ","
		}
		return strings.Join(values, arg)
	case "singlequote":
		return quoted(values, strings.NewReplacer(`'`, `\'`), `'`)
	case "doublequote":
		return quoted(values, strings.NewReplacer(`"`, `\"`), `"`)
	case "sqlstring":
		return quoted(values, strings.NewReplacer(`'`, `''`, `"`, `\"`), `'`)
	case "date":
		return dates(values, arg)
	case "text":
		texts := make([]string, len(options))
		for i, o := range options {
			texts[i] = o.Text
		}
		return strings.Join(texts, " + ")
	case "queryparam":
		return params("var-"+name, "", values)
	case "customqueryparam":
		key, prefix, _ := strings.Cut(arg, ":")
		if key == "" {
			key = name
		}
		return params(key, prefix, values)
	}
	return globbed(values)
}

func mapped(values []string, f func(string) string) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = f(v)
	}
	return all
}

// group writes alternatives as a group, and a single one without parentheses.
func group(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return "(" + strings.Join(values, "|") + ")"
}

func globbed(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return "{" + strings.Join(values, ",") + "}"
}

// braced puts braces around a list.
func braced(values []string, list bool) string {
	if list {
		return "{" + strings.Join(values, ",") + "}"
	}
	return values[0]
}

func lucene(values []string, list bool) string {
	escape := func(s string) string {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return s
		}
		return luceneEscaper.Replace(s)
	}
	switch {
	case len(values) == 0:
		return "__empty__"
	case !list:
		return escape(values[0])
	}
	return "(" + strings.Join(mapped(values, func(s string) string {
		return `"` + escape(s) + `"`
	}), " OR ") + ")"
}

func quoted(values []string, escape *strings.Replacer, mark string) string {
	return strings.Join(mapped(values, func(s string) string {
		return mark + escape.Replace(s) + mark
	}), ",")
}

// percent encodes everything but letters, digits, and - _ . ~.
func percent(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// encodeURI encodes the characters that an address cannot contain.
func encodeURI(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			strings.IndexByte("-_.~;/?:@&=+$,#", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func params(key, prefix string, values []string) string {
	return strings.Join(mapped(values, func(s string) string {
		return percent(key) + "=" + percent(prefix+s)
	}), "&")
}

// dates writes times, which are milliseconds since 1970, in a format of Moment.js.
func dates(values []string, format string) string {
	return strings.Join(mapped(values, func(s string) string {
		ms, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return "NaN"
		}
		return date(time.UnixMilli(ms).UTC(), format)
	}), ",")
}

func date(t time.Time, format string) string {
	switch format {
	case "", "iso":
		return t.Format("2006-01-02T15:04:05.000Z07:00")
	case "seconds":
		return strconv.FormatInt((t.UnixMilli()+500)/1000, 10)
	case "ms":
		return strconv.FormatInt(t.UnixMilli(), 10)
	}
	return moment(t, format)
}

// momentLayouts are the tokens of Moment.js, the longest first, as layouts of package time.
var momentLayouts = []struct{ token, layout string }{
	{"YYYY", "2006"}, {"MMMM", "January"}, {"dddd", "Monday"}, {"SSS", "000"}, {"MMM", "Jan"},
	{"ddd", "Mon"},
	{"YY", "06"}, {"MM", "01"}, {"DD", "02"}, {"HH", "15"}, {"hh", "03"}, {"mm", "04"},
	{"ss", "05"},
	{"ZZ", "-0700"}, {"Z", "-07:00"}, {"M", "1"}, {"D", "2"}, {"h", "3"}, {"m", "4"}, {"s", "5"},
	{"A", "PM"}, {"a", "pm"},
}

// moment writes a time in a format of Moment.js. It keeps text in brackets and unknown tokens as
// they are.
func moment(t time.Time, format string) string {
	var b strings.Builder
next:
	for i := 0; i < len(format); {
		rest := format[i:]
		if rest[0] == '[' {
			if end := strings.IndexByte(rest, ']'); end > 0 {
				b.WriteString(rest[1:end])
				i += end + 1
				continue
			}
		}
		for _, m := range momentLayouts {
			if strings.HasPrefix(rest, m.token) {
				if m.token == "SSS" {
					fmt.Fprintf(&b, "%03d", t.Nanosecond()/1e6)
				} else {
					b.WriteString(t.Format(m.layout))
				}
				i += len(m.token)
				continue next
			}
		}
		switch rest[0] {
		case 'X':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case 'x':
			b.WriteString(strconv.FormatInt(t.UnixMilli(), 10))
		case 'H':
			b.WriteString(strconv.Itoa(t.Hour()))
		default:
			b.WriteByte(rest[0])
		}
		i++
	}
	return b.String()
}
