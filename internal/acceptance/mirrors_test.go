//go:build acceptance

package acceptance

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

const mirrorsConfig = `version: 1
cluster: prod-seoul
prometheus: {url: 'http://given.by.flag.invalid', external_url: 'https://prometheus.example.com'}
reports:
  - name: check
    schedule: "*/5 * * * *"
    range: 1h
    receivers: [archive, am, push]
%s
receivers:
  - {name: archive, dir: {path: archive}}
  - {name: am, alertmanager: {url: '%s/am', http_config: {basic_auth: {username: %s, password: %s}}}}
  - {name: push, pushgateway: {url: '%s/pg'}}
state: {dir: state}
`

// TestMirrors runs the program on a simulated cluster, with a real Alertmanager and a real
// Pushgateway that a real Prometheus scrapes.
func TestMirrors(t *testing.T) {
	t.Parallel()
	am, gateway := startAlertmanager(t, "", true), startPushgateway(t)
	prometheus := scraping(t, gateway)
	lab := filepath.Join(t.TempDir(), "promlab")
	if out, err := exec.Command("go", "build", "-o", lab, "../../cmd/promlab").
		CombinedOutput(); err != nil {
		t.Fatalf("building promlab: %v\n%s", err, out)
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Minute).Add(-time.Minute)
	earlier := now.Add(-5 * time.Minute)
	run := func(slot time.Time, panels string, code int) string {
		t.Helper()
		config := fmt.Sprintf(mirrorsConfig, panels, am.url, username, password, gateway.url)
		if err := os.WriteFile(filepath.Join(dir, "promsnap.yaml"), []byte(config),
			0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(lab, "--now", now.Format(time.RFC3339), "--", program,
			"run", "check", "-c", "promsnap.yaml", "--prometheus-url", "{url}", "--time",
			slot.Format(time.RFC3339), "--deliver")
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput() // the exit code is compared below
		if cmd.ProcessState.ExitCode() != code {
			t.Fatalf("exit code %d, want %d:\n%s", cmd.ProcessState.ExitCode(), code,
				tail(string(out), 6000))
		}
		if strings.Contains(string(out), password) {
			t.Errorf("the output shows the password, want it hidden:\n%s", out)
		}
		return string(out)
	}
	metric := func(query string, want int64) {
		t.Helper()
		await(t, query, func() error {
			got, err := prometheus.instant(query)
			if err != nil {
				return err
			}
			if v := slices.Collect(maps.Values(got)); len(v) != 1 || v[0] != fmt.Sprint(want) {
				return fmt.Errorf("got %v, want %d", got, want)
			}
			return nil
		})
	}

	run(earlier, "", 0)
	checkMirrored(t, am, remembered(t, dir), earlier)
	metric(
		`promsnap_last_success_timestamp_seconds{job="promsnap",cluster="prod-seoul",report="check"}`, earlier.Unix())

	// A silence in Alertmanager suppresses the alerts, and the next run moves their ends.
	silence(t, am, "alertname", "NodeMemoryHigh")
	run(now, "", 0)
	fires := remembered(t, dir)
	checkMirrored(t, am, fires, now)
	for _, a := range am.list(t, `alertname="NodeMemoryHigh"`) {
		if a.Status.State != "suppressed" {
			t.Errorf("%v is %s, want suppressed", a.Labels, a.Status.State)
		}
	}
	metric(`promsnap_last_success_timestamp_seconds{report="check"}`, now.Unix())
	metric(`promsnap_run_slot_timestamp_seconds{report="check"}`, now.Unix())

	// The alerts of removed rules are resolved at once.
	const one = "    panels: [{use: node-memory, rules: [{alertname: NodeMemoryHigh, above: " +
		"{critical: 0.9}}]}]"
	run(now, one, 0)
	left := remembered(t, dir)
	if len(left) == 0 || len(left) >= len(fires) {
		t.Fatalf("%d alerts fire with one rule, want 1 to %d", len(left), len(fires)-1)
	}
	checkMirrored(t, am, left, now)

	// A receiver that is down makes the run fail, but the others get everything.
	am.stop()
	out := run(now.Add(time.Minute), one, 1)
	if !strings.Contains(out, "calling Alertmanager: dial tcp") ||
		!strings.Contains(out, "connection refused") {
		t.Errorf("got output\n%s\nwant it to name the refused connection to Alertmanager", out)
	}
	metric(`promsnap_run_deliveries{report="check",result="failed"}`, 1)
	metric(`promsnap_run_slot_timestamp_seconds{report="check"}`, now.Add(time.Minute).Unix())
	metric(`promsnap_last_success_timestamp_seconds{report="check"}`, now.Unix())
}

// remembered returns the firing alerts in the program's state.
func remembered(t *testing.T, dir string) map[rules.Key]rules.Alert {
	t.Helper()
	doc, _, err := state.NewDir(filepath.Join(dir, "state")).Load(t.Context(), state.Key{
		Cluster: "prod-seoul", Report: "check",
	})
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(doc.Memory.Alerts, func(_ rules.Key, a rules.Alert) bool { return !a.Fires() })
	return doc.Memory.Alerts
}

// checkMirrored checks that Alertmanager holds the firing alerts and no others.
func checkMirrored(t *testing.T, am *server, fires map[rules.Key]rules.Alert, slot time.Time) {
	t.Helper()
	got := am.list(t)
	if len(fires) == 0 || len(got) != len(fires) {
		t.Errorf("Alertmanager has %d alerts, want the %d that fire", len(got), len(fires))
	}
	for k, a := range fires {
		i := slices.IndexFunc(got, func(g gettable) bool {
			for name, value := range a.Identity {
				if g.Labels[name] != value {
					return false
				}
			}
			return g.Labels["alertname"] == a.Rule && g.Labels["panel"] == a.Panel &&
				g.Labels["severity"] == a.Severity.String()
		})
		if i < 0 {
			t.Errorf("Alertmanager has %+v, want %s among them", got, k)
			continue
		}
		g := got[i]
		if !g.EndsAt.Equal(slot.Add(20*time.Minute)) || !g.StartsAt.Equal(a.Now().Since) ||
			g.Labels["cluster"] != "prod-seoul" || g.Labels["report"] != "check" ||
			g.Labels["pod"] != "" && g.Labels["workload"] != "" ||
			!strings.HasPrefix(g.GeneratorURL, "https://prometheus.example.com/graph?") ||
			g.Annotations["summary"] == "" {
			t.Errorf("%s became %+v, want the times, labels and link of %+v", k, g, a)
		}
	}
}
