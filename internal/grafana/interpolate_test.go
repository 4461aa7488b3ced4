package grafana

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func optionsOf(values ...string) []Option {
	all := []Option{}
	for _, v := range values {
		all = append(all, Option{Text: v, Value: v})
	}
	return all
}

func single(name string, values ...string) *Value {
	return &Value{Variable: Variable{Name: name}, Selected: optionsOf(values...)}
}

func multi(name string, values ...string) *Value {
	v := single(name, values...)
	v.Variable.Multi = true
	return v
}

func all(name, allValue string, values ...string) *Value {
	v := multi(name, values...)
	v.All, v.AllValue = true, allValue
	return v
}

func scopeOf(values ...*Value) scope {
	return scope{
		values: &Values{
			board: &Dashboard{Title: "Board", UID: "uid1", Timezone: "utc"}, list: values,
			window: Window{From: time.UnixMilli(1594671549254), To: time.UnixMilli(1594681549254)},
		},
		timing: Timing{Step: time.Minute, RateInterval: 75 * time.Second, Range: time.Hour},
	}
}

func TestFormats(t *testing.T) {
	two := optionsOf("test1", "test2")
	for _, tt := range []struct {
		format  string
		options []Option
		want    string
		list    bool
	}{
		{format: "csv", options: two, want: "test1,test2"},
		{format: "raw", options: two, want: "test1,test2"},
		{format: "raw", options: optionsOf(`a.b\c`), want: `a.b\c`},
		{format: "pipe", options: optionsOf("test1.", "test2"), want: "test1.|test2"},
		{format: "regex", options: optionsOf("test1.", "test2"), want: `(test1\.|test2)`},
		{format: "regex", options: optionsOf("a/b"), want: `a\/b`},
		{format: "distributed", options: two, want: "test1,servers=test2"},
		{format: "json", options: two, want: `["test1","test2"]`},
		{format: "json", options: optionsOf("test1"), want: `test1`},
		{format: "json", options: optionsOf("test1"), list: true, want: `["test1"]`},
		{format: "percentencode", options: optionsOf("a"), list: true, want: "%7Ba%7D"},
		{format: "lucene", options: optionsOf("a:b"), list: true, want: `("a\:b")`},
		{format: "lucene", options: optionsOf("-5"), want: `-5`},
		{format: "join:; ", options: two, want: `test1; test2`},
		{format: "join", options: two, want: `test1,test2`},
		{format: "sqlstring", options: optionsOf(`a"b`), want: `'a\"b'`},
		{format: "uriencode", options: optionsOf("it's"), want: `it%27s`},
		{format: "date:ms", options: optionsOf("1594671549254"), want: `1594671549254`},
		{format: "date:HH:mm", options: optionsOf("1594671549254"), want: `20:19`},
		{format: "glob", options: two, want: "{test1,test2}"},
		{format: "glob", options: optionsOf("test1"), want: "test1"},
		{format: "nonsense", options: two, want: "{test1,test2}"},
		{format: "lucene", options: two, want: `("test1" OR "test2")`},
		{format: "lucene", options: optionsOf("a:b"), want: `a\:b`},
		{format: "lucene", options: nil, want: "__empty__"},
		{format: "percentencode", options: optionsOf("foo()bar BAZ"), want: "foo%28%29bar%20BAZ"},
		{format: "percentencode", options: optionsOf("a", "b"), want: "%7Ba%2Cb%7D"},
		{format: "uriencode", options: optionsOf("a b/c"), want: "a%20b/c"},
		{format: "queryparam", options: two, want: "var-servers=test1&var-servers=test2"},
		{format: "customqueryparam:p:x", options: two, want: "p=xtest1&p=xtest2"},
		{format: "singlequote", options: optionsOf("it's", "b"), want: `'it\'s','b'`},
		{format: "doublequote", options: optionsOf(`a"b`, "c"), want: `"a\"b","c"`},
		{format: "sqlstring", options: optionsOf("test'1", "test2"), want: `'test''1','test2'`},
		{format: "html", options: optionsOf("<b>", "c"), want: "&lt;b&gt;, c"},
		{
			format: "text", options: []Option{{Text: "One", Value: "1"}, {Text: "Two", Value: "2"}},
			want: "One + Two",
		},
		{format: "date", options: optionsOf("1594671549254"), want: "2020-07-13T20:19:09.254Z"},
		{format: "date:iso", options: optionsOf("1594671549254"), want: "2020-07-13T20:19:09.254Z"},
		{format: "date:seconds", options: optionsOf("1594671549254"), want: "1594671549"},
		{format: "date:YYYY-MM", options: optionsOf("1594671549254"), want: "2020-07"},
		{
			format: "date:YYYY-MM-DD[T]HH:mm:ss.SSS", options: optionsOf("1594671549254"),
			want: "2020-07-13T20:19:09.254",
		},
		{format: "date:iso", options: optionsOf("soon"), want: "NaN"},
	} {
		if got := formatValues("servers", tt.format, tt.options, tt.list); got != tt.want {
			t.Errorf("%s of %v: got %q, want %q", tt.format, tt.options, got, tt.want)
		}
	}
}

func TestFill(t *testing.T) {
	s := scopeOf(
		single("one", "a.b"), single("odd", `it's a\b`), single("quote", `x"} or vector(1) #`),
		multi("some", "a.b", "c"), multi("lone", "a.b"), all("every", "", "a", "b+"),
		all("raw", ".*"),
		all("nested", "$one.*", "x"), multi("none"),
		&Value{Variable: Variable{Name: "bad"}, Problem: "no"}, &Value{
			Variable: Variable{Name: "later"}, Pending: true,
		},
		&Value{Variable: Variable{Name: "named"}, Selected: []Option{{Text: "Prod", Value: "p1"}}},
		all("loop", "$loop"),
	)
	for _, tt := range []struct {
		name, text, want string
		how              filling
		missing, pending []string
	}{
		{name: "one value is not a regular expression", text: `up{a="$one"}`, want: `up{a="a.b"}`},
		{name: "of it \\ and ' are escaped", text: `up{a="$odd"}`, want: `up{a="it\\'s a\\b"}`},
		{name: "and quotation marks", text: `up{a="$quote"}`, want: `up{a="x\"} or vector(1) #"}`},
		{
			name: "several values are alternatives", text: `up{a=~"$some"}`,
			want: `up{a=~"(a\\.b|c)"}`,
		},
		{name: "one of them stands alone", text: `up{a=~"$lone"}`, want: `up{a=~"a\\.b"}`},
		{name: "All is every option", text: `up{a=~"$every"}`, want: `up{a=~"(a|b\\+)"}`},
		{name: "All with a value is that, raw", text: `up{a=~"$raw"}`, want: `up{a=~".*"}`},
		{name: "also where a format is named", text: `up{a=~"${raw:regex}"}`, want: `up{a=~".*"}`},
		{name: "which is interpolated itself", text: `up{a=~"$nested"}`, want: `up{a=~"a.b.*"}`},
		{name: "no value at all", text: `up{a=~"$none"}`, want: `up{a=~"()"}`},
		{
			name: "all forms", text: `$one ${one} [[one]] ${some:pipe} [[some:csv]]`,
			want: `a.b a.b a.b a.b|c a.b,c`,
		},
		{name: "regex escapes once", text: `${some:regex}`, want: `(a\.b|c)`},
		{
			name: "fields", text: `${named.text} ${named.value} ${named.text:percentencode}`,
			want: `Prod p1 Prod`,
		},
		{
			name: "a name ends where the word does", text: `$one-x $ones`, want: `a.b-x $ones`,
			missing: []string{"$ones"},
		},
		{
			name: "time", text: `[$__rate_interval] [${__interval}] [$__range] $__interval_ms`,
			want: `[1m15s] [1m] [3600s] 60000`,
		},
		{
			name: "from and to", text: `$__from ${__to} ${__from:date:YYYY}`,
			want: `1594671549254 1594681549254 2020`,
		},
		{
			name: "the dashboard", text: `$__dashboard ${__dashboard.uid} $__timezone`,
			want: `Board uid1 utc`,
		},
		{
			name: "unknown stays", text: `$x [[y]] ${z:csv}`, want: `$x [[y]] ${z:csv}`,
			missing: []string{"$x", "${z:csv}", "[[y]]"},
		},
		{name: "a problem stays", text: `$bad`, want: `$bad`, missing: []string{"$bad"}},
		{
			name: "what only Prometheus knows stays", text: `$later $later`, want: `$later $later`,
			pending: []string{"later"},
		},
		{name: "the end of a regular expression", text: `up{a=~"b$"}`, want: `up{a=~"b$"}`},
		{
			name: "a class of characters", text: `up{a=~"[[:alpha:]]$"}`,
			want: `up{a=~"[[:alpha:]]$"}`,
		},
		{
			name: "numbered groups", text: `label_replace(up, "a", "$1-${2}", "b", "(.*)x(.*)")`,
			want: `label_replace(up, "a", "$1-${2}", "b", "(.*)x(.*)")`,
		},
		{
			name: "named groups", text: `label_replace(up, "a", "$who", "b", "(?P<who>.*)")`,
			want: `label_replace(up, "a", "$who", "b", "(?P<who>.*)")`,
		},
		{name: "a circle of All", text: `$loop`, want: `$loop`, missing: []string{"$loop"}},
		{
			name: "titles have texts", text: `$named: $some, $every, $raw`, how: asText,
			want: `Prod: a.b + c, All, All`,
		},
		{name: "legends have globs", text: `{{x}} $some`, how: asGlob, want: `{{x}} {a.b,c}`},
		{name: "regular expressions", text: `/$some-(.*)/`, how: asRegex, want: `/(a\.b|c)-(.*)/`},
	} {
		got := s.fill(tt.text, tt.how)
		if got.text != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got.text, tt.want)
		}
		if !cmp.Equal(got.missing, tt.missing) || !cmp.Equal(got.pending, tt.pending) {
			t.Errorf("%s: got missing %q and pending %q, want %q and %q", tt.name, got.missing,
				got.pending, tt.missing, tt.pending)
		}
	}
}

// A repetition has one value, which is escaped as the variable's are.
func TestFillLocal(t *testing.T) {
	s := scopeOf(multi("node", "a.1", "b"), all("every", ".*", "x"))
	s.local = map[string]Option{"node": {Text: "A", Value: "a.1"}, "every": {Text: "x", Value: "x"}}
	if got, want := s.fill(`$node $every`, asPromQL).text, `a\\.1 x`; got != want {
		t.Errorf("in a query: got %q, want %q", got, want)
	}
	if got, want := s.fill(`$node $every`, asText).text, `A x`; got != want {
		t.Errorf("in a title: got %q, want %q", got, want)
	}
}

func TestFillIsBounded(t *testing.T) {
	s := scopeOf(multi("v", strings.Repeat("x", 100_000)))
	if got := s.fill(strings.Repeat("$v", 1000), asPromQL); !got.tooLong {
		t.Errorf("got a text of %d bytes, want it to be too long", len(got.text))
	}
}

// Whatever a label's value holds, the query with it is PromQL that asks for this value and no
// other.
func TestValuesStayInTheirString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[a-z"'\\.$*+?(){}|\[\]^/# -]{0,20}`).Draw(t, "value")
		some := multi("v", value)
		expr := scopeOf(some).fill(`up{a=~"$v"}`, asPromQL).text
		_, err := checkPromQL(expr)
		if err != nil {
			t.Fatalf("%q: got %s (%v), want PromQL", value, expr, err)
		}
		m := selectors(t, expr)
		if len(m) != 1 || !m[0].Matches(value) || value != "" && m[0].Matches(value+"x") {
			t.Fatalf("%q: got %s, want it to match that value alone", value, expr)
		}
	})
}

// What names no variable is the same after it.
func TestFillKeepsOtherText(t *testing.T) {
	s := scopeOf(single("a", "1"))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z0-9 {}\[\]:."=~()|^\\]{0,40}`).
			Filter(func(s string) bool {
				return !strings.Contains(s, "[[")
			}).Draw(t, "text")
		if got := s.fill(text, asPromQL); got.text != text || got.missing != nil {
			t.Fatalf("got %q and missing %q, want %q", got.text, got.missing, text)
		}
	})
}
