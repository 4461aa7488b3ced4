package fetch

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	link := func(s string) *url.URL {
		t.Helper()
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for arg, want := range map[string]Ref{
		"1860": {Number: 1860}, "1860\n": {Number: 1860}, "999999999": {Number: 999999999},
		"https://grafana.com/grafana/dashboards/1860-node-exporter-full/": {Number: 1860},
		"https://grafana.com/grafana/dashboards/1860?tab=revisions":       {Number: 1860},
		"https://grafana.com/api/dashboards/1860/revisions/37/download": {
			Number: 1860, Revision: 37,
		},
		"https://www.grafana.com/dashboards/1860": {Number: 1860},
		"https://g.example.com/d/rYdddlPWk/node-exporter?orgId=1&from=now-6h#x": {
			UID: "rYdddlPWk", Server: link("https://g.example.com/"),
		},
		"https://example.com/tools/grafana/d/a_b-c": {
			UID: "a_b-c", Server: link("https://example.com/tools/grafana"),
		},
		"http://g:3000/d-solo/abc/x?panelId=2": {UID: "abc", Server: link("http://g:3000/")},
		"http://g:3000/api/dashboards/uid/abc": {UID: "abc", Server: link("http://g:3000/")},
		"uid:rYdddlPWk":                        {UID: "rYdddlPWk"},
		"https://raw.example.com/o/r/main/d/x/board.json?token=a": {
			Link: link("https://raw.example.com/o/r/main/d/x/board.json?token=a"),
		},
		"https://example.com/d":               {Link: link("https://example.com/d")},
		"https://example.com/d/":              {Link: link("https://example.com/d/")},
		"https://example.com/d/board.v2":      {Link: link("https://example.com/d/board.v2")},
		"https://notgrafana.com/dashboards/1": {Link: link("https://notgrafana.com/dashboards/1")},
		"dashboards/1860.json":                {Path: "dashboards/1860.json"},
		"./1860":                              {Path: "./1860"},
		"-":                                   {Path: "-"}, "-1": {Path: "-1"},
		"1860.json": {Path: "1860.json"}, "javascript:alert(1)": {Path: "javascript:alert(1)"},
	} {
		got, err := Parse(arg)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", arg, err, diff)
		}
		if strings.Contains(got.String(), "token") || got.String() == "" {
			t.Errorf("%q: got String %q, want text without the token", arg, got)
		}
	}
	const secret = "hunter2"
	for arg, want := range map[string]string{
		"": "write its number on grafana.com, a file or a URL", "\t": "no dashboard is named",
		"0": "a file of this name is written ./0", "1000000000": "which is 1 to 999999999",
		"99999999999999999999999":            "not the number of a dashboard",
		"uid:":                               "the part after /d/",
		"uid:../../admin":                    "the part after /d/",
		"uid:" + strings.Repeat("a", 41):     "the part after /d/",
		"ftp://x/" + secret:                  "not an http or https URL",
		"file:///etc/" + secret:              "not an http or https URL",
		"https://u:" + secret + "@g/d/abc":   "has a user or password in it",
		"http://\x7f/" + secret:              "not an http or https URL",
		"https://g/dashboard/snapshot/abc":   "holds data and no queries",
		"https://g/x/dashboard/snapshot/a#b": "the page of the dashboard that it was made from",
		"https://g/public-dashboards/abc":    "does not show its queries",
		"https://grafana.com/grafana/":       "such as 1860",
		"https://grafana.com/dashboards/x1":  "such as 1860",
		"https://grafana.com/dashboards/0":   "which is 1 to 999999999",
		"a\x00b":                             "is not a dashboard",
		strings.Repeat("x", maxArgument+1):   "is not a dashboard",
	} {
		got, err := Parse(arg)
		if err == nil || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), secret) || len(err.Error()) > 500 {
			t.Errorf("%.60q: got %+v, %v; want %q", arg, got, err, want)
		}
	}
}
