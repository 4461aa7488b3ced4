package promapi

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/series"
)

// twoGroups is an answer of Prometheus 3 with what it has for an alerting rule that fires.
const twoGroups = `{"groups":[{"name":"node","file":"/etc/rules.yml","rules":[
	{"state":"firing","name":"NodeDown","query":"up == 0","duration":300,"keepFiringFor":0,
	"labels":{"severity":"critical","team":"a"},"annotations":{"summary":"{{ $labels.x }}"},
	"alerts":[{"labels":{"severity":"x"},"value":"1e+00"}],"health":"ok",
	"evaluationTime":0.0002,"lastEvaluation":"2026-11-30T12:00:07.5Z","type":"alerting"},
	{"name":"a:b","query":"x","health":"err","lastError":"many-to-many\nmatching",
	"evaluationTime":0,"lastEvaluation":"2026-11-30T12:00:07Z","type":"recording"}],
	"interval":30,"limit":0,"evaluationTime":31.5,"lastEvaluation":"2026-11-30T12:00:07.5Z"},
	{"name":"new","file":"f","rules":null,"interval":1e99,"evaluationTime":null,
	"lastEvaluation":"0001-01-01T00:00:00Z"}]}`

var twoGroupsRead = []RuleGroup{
	{
		Name: "node", File: "/etc/rules.yml", Interval: 30 * time.Second,
		Took:      31500 * time.Millisecond,
		Evaluated: time.Date(2026, 11, 30, 12, 0, 7, 5e8, time.UTC),
		Rules: []RuleState{
			{Name: "NodeDown", Alerting: true, Severity: "critical"},
			{Name: "a:b", LastError: "many-to-many matching"},
		},
	},
	{Name: "new", File: "f"},
}

// clientOf returns a client of a server that answers so.
func clientOf(t *testing.T, o Options, status int, body string, asked *string) *Client {
	t.Helper()
	c, err := New(&url.URL{Scheme: "http", Host: "prometheus"}, roundTripper(
		func(r *http.Request) (*http.Response, error) {
			*asked = r.Method + " " + r.URL.RequestURI()
			return answer(r, status, body), nil
		}), o)
	if err != nil {
		t.Fatalf("New: got error %v, want none", err)
	}
	return c
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRuleGroups(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   []RuleGroup
		found  bool
		err    string
	}{
		{name: "two groups", status: 200, body: said(twoGroups), want: twoGroupsRead, found: true},
		{name: "no rules", status: 200, body: said(`{"groups":[]}`), found: true},
		{name: "null", status: 200, body: said(`{"groups":null}`), found: true},
		{name: "no endpoint", status: 404, body: "404 page not found"},
		{name: "another program", status: 200, body: said(`{"x":[]}`)},
		{name: "a web page", status: 200, body: "<html>"},
		{
			name: "no permission", status: 403, body: "no", err: "403",
		},
		{
			name: "too many", status: 200,
			body: said(`{"groups":[{"rules":[` + strings.Repeat("{},", maxGroupRules) + `{}]}]}`),
			err:  "more than 20000 rules",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []RuleGroup
			asked := ""
			c := clientOf(t, Options{}, tt.status, tt.body, &asked)
			found, err := c.RuleGroups(t.Context(), func() { got = nil }, func(g RuleGroup) {
				g.Rules = append([]RuleState(nil), g.Rules...)
				got = append(got, g)
			})
			if want := "GET /api/v1/rules?exclude_alerts=true"; asked != want {
				t.Errorf("got the request %s, want %s", asked, want)
			}
			if text := describe(err); !strings.Contains(text, tt.err) || (err == nil) != (tt.err == "") {
				t.Errorf("got error %v, want one with %q", err, tt.err)
			}
			if found != tt.found {
				t.Errorf("got found %v, want %v", found, tt.found)
			}
			if err == nil && found {
				if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("the groups differ (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestFiring(t *testing.T) {
	const some = `[{"annotations":{"a":"b"},"endsAt":"2026-11-30T12:04:07Z",
		"startsAt":"2026-11-30T12:00:07Z","status":{"inhibitedBy":[],"silencedBy":["x"],
		"state":"suppressed"},"labels":{"b":"2","alertname":"A"},"receivers":[{"name":"r"}]},
		{"labels":{},"status":null}]`
	for _, tt := range []struct {
		name, body string
		want       []Firing
		err        string
	}{
		{
			name: "two alerts", body: some, want: []Firing{
				{
					Labels:     series.Labels{{Name: "alertname", Value: "A"}, {Name: "b", Value: "2"}},
					Since:      time.Date(2026, 11, 30, 12, 0, 7, 0, time.UTC),
					Suppressed: true,
				}, {},
			},
		},
		{name: "none", body: "[]"},
		{name: "a Prometheus", body: said("[]"), err: "is this the address of an Alertmanager?"},
		{name: "cut short", body: some[:100], err: "ends at byte 100"},
		{
			name: "too many", body: "[" + strings.Repeat("{},", maxFiring) + "{}]",
			err: "more than 50000 alerts",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []Firing
			asked := ""
			c := clientOf(t, Options{Matchers: prod()}, 200, tt.body, &asked)
			err := c.Firing(t.Context(), func() { got = nil }, func(f Firing) {
				f.Labels = f.Labels.Clone()
				got = append(got, f)
			})
			if asked != "GET /api/v2/alerts" {
				t.Errorf("got the request %s, want GET /api/v2/alerts", asked)
			}
			if text := describe(err); !strings.Contains(text, tt.err) || (err == nil) != (tt.err == "") {
				t.Errorf("got error %v, want one with %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); err == nil && diff != "" {
				t.Errorf("the alerts differ (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzRules(f *testing.F) {
	for _, seed := range []string{
		said(twoGroups), said(`{"groups":[{"name":null,"rules":[{"labels":null}]},null]}`),
		`{"status":"error","errorType":"internal","error":"no"}`, said(`{}`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		read := func(r *rulesDecoder, got *[]RuleGroup) error {
			r.each = func(g RuleGroup) {
				g.Rules = append([]RuleState(nil), g.Rules...)
				*got = append(*got, g)
			}
			return r.decode()
		}
		var whole, slowly []RuleGroup
		err := read(newRulesDecoder(bytes.NewReader(body), nil), &whole)
		slow := read(newRulesDecoder(iotest.OneByteReader(bytes.NewReader(body)), nil), &slowly)
		if describe(err) != describe(slow) || !cmp.Equal(whole, slowly) {
			t.Fatalf("byte by byte: got %v, %v\nwant what the whole gives: %v, %v", slowly, slow,
				whole, err)
		}
		for _, g := range whole {
			if g.Interval < 0 || g.Took < 0 || len(g.Name) > maxRuleName {
				t.Errorf("got the group %+v, want bounded names and durations", g)
			}
		}
	})
}

func FuzzFiring(f *testing.F) {
	for _, seed := range []string{
		`[{"labels":{"a":"b"},"startsAt":"2026-11-30T12:00:07Z","status":{"state":"active"}}]`,
		`[null]`, `[]`, `{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, slowly := 0, 0
		err := decodeFiring(bytes.NewReader(body), func(Firing) { n++ })
		slow := decodeFiring(iotest.OneByteReader(bytes.NewReader(body)), func(Firing) { slowly++ })
		if describe(err) != describe(slow) || n != slowly {
			t.Fatalf("byte by byte: got %d, %v, want what the whole gives: %d, %v", slowly, slow, n,
				err)
		}
	})
}
