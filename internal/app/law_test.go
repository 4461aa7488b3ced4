package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/promsnap/promsnap/"

// listed is what `go list` returns about a package, without the imports of tests.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// line is the order of the data. A package imports only packages to its left.
var line = []string{
	"internal/series", "internal/disk", "internal/swapdir", "internal/secret", "internal/exchange",
	"internal/outside", "internal/calendar", "internal/units", "internal/words",
	"internal/grafana/jsregexp", "internal/grafana/value", "internal/grafana/frame",
	"internal/promapi", "internal/rules", "internal/panel", "internal/forecast", "internal/change",
	"internal/rulefile", "internal/grafana",
	"internal/grafana/ask", "internal/grafana/fetch", "internal/board", "internal/dashboard",
	"internal/snapshot", "internal/ruleset", "internal/alerts", "internal/changelog",
	"internal/backtest", "internal/panels", "internal/metrics", "internal/metrics/ask",
	"internal/sizing", "internal/targets", "internal/fired", "internal/chart", "internal/report",
	"internal/archive", "internal/cloud", "internal/notify", "internal/notify/letter",
	"internal/notify/dir",
	"internal/notify/s3", "internal/notify/slack", "internal/notify/email",
	"internal/notify/pagerduty",
	"internal/notify/opsgenie", "internal/notify/teams",
	"internal/notify/discord", "internal/notify/telegram", "internal/notify/webhook",
	"internal/notify/alertmanager", "internal/notify/pushgateway", "internal/notify/heartbeat",
	"internal/state", "internal/fleet", "internal/fleet/store", "internal/config",
	"internal/report/json", "internal/report/csv", "internal/report/pdf", "internal/report/html",
	"internal/report/tuning",
	"internal/app", "internal/kube", "cmd/promsnap",
}

// leaves import no package of ours.
var leaves = []string{
	"internal/series", "internal/disk", "internal/exchange", "internal/outside",
	"internal/calendar", "internal/units", "internal/words", "internal/grafana/jsregexp",
}

// narrower lists what a package may import of ours, if that is less than everything to its left.
var narrower = map[string][]string{
	"internal/promapi": {
		"internal/series", "internal/disk", "internal/secret", "internal/exchange",
		"internal/outside",
	},
	"internal/rules": {"internal/series", "internal/outside"},
	"internal/config": {
		"internal/series", "internal/disk", "internal/secret", "internal/exchange",
		"internal/outside", "internal/calendar", "internal/units", "internal/words",
		"internal/rules", "internal/panel", "internal/rulefile", "internal/grafana",
	},
	"internal/grafana/value":           {"internal/grafana/jsregexp"},
	"internal/grafana/frame":           {"internal/series", "internal/grafana/jsregexp"},
	"internal/grafana/frame/frametest": {"internal/series", "internal/grafana/frame"},
	// no promapi: it queries through an interface
	"internal/grafana": {
		"internal/series", "internal/outside", "internal/units", "internal/rules", "internal/panel",
		"internal/grafana/jsregexp", "internal/grafana/value", "internal/grafana/frame",
	},
	"internal/grafana/ask": {"internal/promapi", "internal/grafana"},
	"internal/grafana/fetch": {
		"internal/disk", "internal/secret", "internal/exchange", "internal/outside",
		"internal/grafana",
	},
	"internal/grafana/fetch/grafanadouble": {},
	"internal/board": {
		"internal/series", "internal/outside", "internal/grafana", "internal/grafana/value",
		"internal/grafana/frame",
	},
	// no words: report has them
	"internal/dashboard": {
		"internal/series", "internal/outside", "internal/promapi", "internal/rules",
		"internal/panel", "internal/grafana", "internal/grafana/ask", "internal/grafana/value",
		"internal/board",
	},
	"internal/grafana/value/valuetest": {"internal/grafana/value"},
	"internal/panel": {
		"internal/series", "internal/units", "internal/words", "internal/rules",
	},
	"internal/alerts": {
		"internal/series", "internal/promapi", "internal/rules", "internal/panel",
		"internal/snapshot",
	},
	// no words: report has them
	"internal/changelog": {
		"internal/series", "internal/outside", "internal/units", "internal/promapi",
		"internal/rules", "internal/panel", "internal/snapshot", "internal/alerts",
	},
	"internal/rulefile": {
		"internal/series", "internal/outside", "internal/rules", "internal/panel",
	},
	"internal/forecast": {"internal/series"},
	"internal/change":   {"internal/series"},
	// no words: report has them
	"internal/snapshot": {
		"internal/series", "internal/outside", "internal/units", "internal/promapi",
		"internal/rules", "internal/panel", "internal/forecast", "internal/change",
	},
	// no words: report has them
	"internal/ruleset": {
		"internal/series", "internal/outside", "internal/exchange", "internal/promapi",
		"internal/rules", "internal/panel", "internal/rulefile", "internal/snapshot",
	},
	"internal/sizing": {
		"internal/series", "internal/promapi", "internal/panel", "internal/snapshot",
		"internal/alerts", "internal/panels",
	},
	"internal/metrics": {},
	"internal/metrics/ask": {
		"internal/series", "internal/outside", "internal/units", "internal/promapi",
		"internal/metrics",
	},
	// no words: report has them
	"internal/targets": {
		"internal/series", "internal/secret", "internal/outside", "internal/promapi",
		"internal/snapshot", "internal/alerts",
	},
	// no words: report has them
	"internal/fired": {
		"internal/series", "internal/promapi", "internal/panel", "internal/snapshot",
		"internal/panels",
	},
	"internal/backtest": {
		"internal/series", "internal/units", "internal/promapi", "internal/rules", "internal/panel",
		"internal/rulefile", "internal/snapshot", "internal/alerts",
	},
	"internal/backtest/backtesttest": {
		"internal/series", "internal/units", "internal/rules", "internal/panel",
		"internal/rulefile",
		"internal/backtest",
	},
	"internal/panels":  {"internal/units", "internal/words", "internal/rules", "internal/panel"},
	"internal/archive": {"internal/disk", "internal/report"},
	"internal/notify/dir": {
		"internal/archive", "internal/disk", "internal/notify", "internal/report",
		"internal/report/json",
	},
	"internal/swapdir": {"internal/disk"},
	"internal/cloud":   {"internal/disk", "internal/secret", "internal/exchange"},
	"internal/notify/s3": {
		"internal/outside", "internal/exchange", "internal/archive", "internal/cloud",
		"internal/notify", "internal/report", "internal/report/json", "internal/words",
		"templates",
	},
	"internal/lab":         {},
	"internal/lab/labtest": {},
	"cmd/promlab":          {"internal/lab"},
	"functions/report": {
		"internal/cloud", "internal/notify", "internal/fleet", "internal/config", "internal/app",
	},

	// It is beside app, which gets it from the command: Lambda links no Kubernetes code.
	"internal/kube": {
		"internal/exchange", "internal/outside", "internal/promapi", "internal/panel",
		"internal/snapshot", "internal/changelog", "internal/report", "internal/state",
	},

	// They write a report, each in its own form.
	"internal/report/html": {
		"internal/series", "internal/units", "internal/words", "internal/panel",
		"internal/board", "internal/snapshot", "internal/chart", "internal/report", "templates",
	},
	"internal/report/tuning": {
		"internal/series", "internal/outside", "internal/units", "internal/words", "internal/rules",
		"internal/panel", "internal/rulefile", "internal/backtest", "internal/chart",
		"internal/report", "templates",
	},
	"internal/report/json": {
		"internal/series", "internal/words", "internal/rules", "internal/grafana",
		"internal/board", "internal/snapshot", "internal/changelog", "internal/sizing",
		"internal/targets", "internal/fired", "internal/report",
		"internal/rulefile", "internal/ruleset",
	},
	"internal/report/csv": {
		"internal/outside", "internal/units", "internal/rules", "internal/snapshot",
		"internal/report",
	},
	"internal/report/pdf": {
		"internal/series", "internal/exchange", "internal/units", "internal/words",
		"internal/board", "internal/chart", "internal/report",
	},
	"internal/report/reporttest": {
		"internal/series", "internal/sizing", "internal/targets", "internal/fired",
		"internal/units", "internal/words", "internal/promapi", "internal/rules",
		"internal/panel", "internal/forecast", "internal/change", "internal/grafana",
		"internal/grafana/value", "internal/board", "internal/snapshot", "internal/changelog",
		"internal/report", "internal/rulefile", "internal/ruleset",
	},

	"internal/cloud/cloudtest": {"internal/cloud", "internal/secret"},

	"internal/notify/letter": {
		"internal/series", "internal/exchange", "internal/outside", "internal/units",
		"internal/words", "internal/rules", "internal/panel", "internal/snapshot", "internal/chart",
		"internal/report", "internal/notify",
	},
	"internal/notify/slack": {
		"internal/secret", "internal/exchange", "internal/outside", "internal/rules",
		"internal/notify", "internal/notify/letter",
	},
	"internal/notify/slack/slackdouble": {},
	"internal/notify/email": {
		"internal/secret", "internal/exchange", "internal/outside", "internal/units",
		"internal/words", "internal/rules", "internal/report", "internal/notify",
		"internal/notify/letter", "templates",
	},
	"internal/notify/pagerduty": {
		"internal/secret", "internal/exchange", "internal/outside", "internal/rules",
		"internal/report", "internal/notify", "internal/notify/letter",
	},
	"internal/notify/opsgenie": {
		"internal/secret", "internal/exchange", "internal/outside", "internal/rules",
		"internal/notify", "internal/notify/letter",
	},
	"internal/notify/teams": {"internal/secret", "internal/notify", "internal/notify/letter"},
	"internal/notify/discord": {
		"internal/secret", "internal/rules", "internal/notify", "internal/notify/letter",
	},
	"internal/notify/telegram": {
		"internal/secret", "internal/exchange", "internal/notify", "internal/notify/letter",
	},
	"internal/notify/webhook": {
		"internal/secret", "internal/rules", "internal/report/json", "internal/notify",
		"internal/notify/letter",
	},
	"internal/notify/alertmanager": {
		"internal/exchange", "internal/rules", "internal/words", "internal/report",
		"internal/notify", "internal/notify/letter",
	},
	"internal/notify/pushgateway": {"internal/exchange", "internal/rules", "internal/notify"},
	"internal/notify/heartbeat":   {"internal/secret", "internal/notify"},
	"internal/notify/notifytest": {
		"internal/series", "internal/units", "internal/words", "internal/rules", "internal/panel",
		"internal/snapshot", "internal/board", "internal/report", "internal/notify",
		"testdata/hostile",
	},
	"internal/state/statetest": {
		"internal/notify", "internal/rules", "internal/state", "testdata/hostile",
	},
}

// alone lists who may import a module. Everybody else uses these packages.
var alone = map[string][]string{
	"github.com/wcharczuk/go-chart/v2": {"internal/chart"},
	"github.com/golang/freetype":       {"internal/chart"},
	"codeberg.org/go-pdf/fpdf":         {"internal/chart"},
	"github.com/spf13/cobra":           {"cmd/promsnap", "cmd/promlab"},
	"github.com/dlclark/regexp2":       {"internal/grafana/jsregexp"},
	"github.com/aws/aws-sdk-go-v2":     {"internal/cloud"},
	"github.com/aws/smithy-go":         {"internal/cloud"},
	"github.com/aws/aws-lambda-go":     {"functions/report"},
	"github.com/slack-go/slack":        {"internal/notify/slack"},
	"github.com/fxamacker/cbor/v2":     {"internal/snapshot"},
	"k8s.io":                           {"internal/kube"},
}

// unshipped is what the shipped programs never link. promql/parser is allowed.
var unshipped = []string{
	module + "internal/lab", module + "internal/lab/labtest", module + "internal/cloud/cloudtest",
	module + "internal/notify/slack/slackdouble",
	module + "internal/notify/notifytest", module + "internal/state/statetest",
	module + "internal/grafana/frame/frametest",
	module + "internal/grafana/value/valuetest", module + "internal/grafana/fetch/grafanadouble",
	module + "internal/report/reporttest", module + "internal/backtest/backtesttest", module + "testdata/hostile", module + "testdata/race",
	module + "testdata/dashboards",
	"github.com/prometheus/prometheus/promql", "github.com/prometheus/prometheus/tsdb",
	"github.com/invopop/jsonschema", "k8s.io/client-go/kubernetes",
}

func TestLawOfImports(t *testing.T) {
	for _, p := range list(t, module+"...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imp := range p.Imports {
			if other, ok := strings.CutPrefix(imp, module); ok && !mayImport(name, other) {
				t.Errorf("%s: got an import of %s, want only packages to its left", name, other)
			}
			for mod, owners := range alone {
				if (imp == mod || strings.HasPrefix(imp, mod+"/")) &&
					!slices.Contains(owners, name) {
					t.Errorf("%s: got an import of %s, want it only in %s", name, imp,
						strings.Join(owners, " and "))
				}
			}
		}
	}
}

func mayImport(name, other string) bool {
	if strings.HasPrefix(name, "internal/acceptance") {
		return true // tests, and what they run
	}
	if slices.Contains(leaves, name) {
		return false
	}
	if allowed, ok := narrower[name]; ok {
		return slices.Contains(allowed, other)
	}
	i, j := slices.Index(line, name), slices.Index(line, other)
	return i >= 0 && j >= 0 && j < i
}

func TestBinaryHoldsNoLab(t *testing.T) {
	for _, p := range list(t, module+"cmd/promsnap", module+"functions/report") {
		for _, dep := range p.Deps {
			if slices.Contains(unshipped, dep) {
				t.Errorf("%s: got a link of %s, want none", p.ImportPath, dep)
			}
		}
		if !slices.Contains(p.Deps, module+"internal/app") {
			t.Errorf("%s: got no link of internal/app, want one: else this test finds nothing",
				p.ImportPath)
		}
	}
}

// The function links no Kubernetes code, which would double its size.
func TestFunctionHoldsNoKubernetes(t *testing.T) {
	for _, p := range list(t, module+"functions/report") {
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, "k8s.io/") || dep == module+"internal/kube" {
				t.Errorf("%s: got a link of %s, want none", p.ImportPath, dep)
			}
		}
		if !slices.Contains(p.Deps, module+"internal/app") {
			t.Errorf("%s: got no link of internal/app, want one: else this test finds nothing",
				p.ImportPath)
		}
	}
}

func list(t *testing.T, patterns ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"},
		patterns...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var ps []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
	if len(ps) == 0 {
		t.Fatalf("go list %s: got no package, want at least one", patterns)
	}
	return ps
}
