//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/state/statetest"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// wordsPerPanel is the number of series in a panel of hostile words. All of them are drawn.
const wordsPerPanel = 12

// longestLabels is promsnap's limit of a series' labels in bytes, with some room for the names.
const longestLabels = 64<<10 - 100

// hostileLabels returns the words that both Prometheus and promsnap accept as a label's value.
func hostileLabels() (words []string) {
	for _, w := range hostile.Words() {
		if text := strings.ToValidUTF8(w.Text, "\ufffd"); text != "" {
			words = append(words, strings.ToValidUTF8(text[:min(len(text), longestLabels)], ""))
		}
	}
	return words
}

// startHostileWords runs a real Prometheus whose series are named by the corpus. All are above
// their limit for the hour before slot.
func startHostileWords(t *testing.T, slot time.Time) *server {
	t.Helper()
	dir := t.TempDir()
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var om strings.Builder
	for i, w := range hostileLabels() {
		for at := slot.Add(-64 * time.Minute); !at.After(slot); at = at.Add(4 * time.Minute) {
			fmt.Fprintf(&om, "load{node=\"%s\",panel=\"p%d\"} 0.%d %d\n", escape.Replace(w),
				i/wordsPerPanel, 95+i%4, at.Unix())
		}
	}
	om.WriteString("# EOF\n")
	file, blocks := filepath.Join(dir, "words.om"), filepath.Join(dir, "data")
	if err := os.WriteFile(file, []byte(om.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	makeBlocks(t, file, blocks)
	return startPrometheus(t, installed(t, "prometheus"), nil, blockFlags(t, blocks)...)
}

// hearing is a webhook that keeps every body.
type hearing struct {
	sync.Mutex
	bodies [][]byte
}

func (h *hearing) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.Lock()
	defer h.Unlock()
	if err == nil {
		h.bodies = append(h.bodies, body)
	}
}

// TestHostileWords sends the corpus, as labels of a real Prometheus, through everything that
// promsnap writes to. Everything but Slack is real.
func TestHostileWords(t *testing.T) {
	t.Parallel()
	// Alertmanager treats an alert of yesterday as resolved.
	slot := time.Now().UTC().Truncate(time.Minute).Add(-2 * time.Minute)
	prom, alerts, metrics, archive := startHostileWords(t, slot), startAlertmanager(t, "", false),
		startPushgateway(t), startS3(t)
	slack, heard := slackdouble.Start("xoxb-words"), &hearing{}
	t.Cleanup(slack.Close)
	hook := httptest.NewServer(heard)
	t.Cleanup(hook.Close)
	dir := t.TempDir()
	kinds := []string{"lines", "bars", "heatmap", "area"}
	var panels strings.Builder
	for i := range (len(hostileLabels()) + wordsPerPanel - 1) / wordsPerPanel {
		fmt.Fprintf(&panels,
			`      - {name: p%d, title: Panel %d, kind: %s, query: 'max by (node) (load{panel="p%d"})', unit: percentunit, legend: '{{node}}', top: %d, rules: [{alertname: High, above: {critical: 90%%}, for: 15m}],
         detail: {query: 'max by (node, panel) (load{node="{{node}}"})', legend: '{{panel}} {{node}}', unit: percentunit}}
`, i, i, kinds[i%len(kinds)], i, wordsPerPanel)
	}
	config := configFile(t, fmt.Sprintf(`version: 1
cluster: words
prometheus: {url: '%s', external_url: 'https://prometheus.example.com'}
reports:
  - name: check
    range: 1h
    schedule: "*/5 * * * *"
    send: changes
    receivers: [oncall, bucket, disk, alerts, metrics, hook]
    panels:
%sreceivers:
  - {name: oncall, slack: {channel: C0123456789, token: xoxb-words, api_url: '%s'}}
  - {name: bucket, s3: %s}
  - {name: disk, dir: {path: '%s'}}
  - {name: alerts, alertmanager: {url: '%s/am'}}
  - {name: metrics, pushgateway: {url: '%s/pg'}}
  - {name: hook, webhook: {url: '%s'}}
state: {dir: '%s'}
`, prom.url, panels.String(), slack.APIURL(), s3Config(archive.url, "cap", statetest.Secret),
		filepath.Join(dir, "disk"), alerts.url, metrics.url, hook.URL, filepath.Join(dir, "state")))
	at := func(minutes int, args ...string) []string {
		return append([]string{
			"run", "-c", config, "--timeout", "100s", "--time",
			slot.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339),
		}, args...)
	}
	first := promsnap(t, at(0, "--deliver", "--log-format", "text")...).want(t, 0)
	t.Run("terminal", func(t *testing.T) {
		checkTerminal(t, first, "text")
		checkTerminal(t, promsnap(t, at(0, "--dry-run")...).want(t, 0), "")
		checkTerminal(t,
			promsnap(t, at(1, "--deliver", "-o", "json", "--log-format", "json")...).want(t, 0),
			"json")
		checkTerminal(t, promsnap(t, "state", "show", "check", "-c", config).want(t, 0), "")
		shown := promsnap(t, "state", "show", "check", "-c", config, "-o", "json").want(t, 0)
		checkTerminal(t, shown, "")
		if !json.Valid([]byte(shown.stdout)) {
			t.Errorf("state show -o json prints %.300q, want JSON", shown.stdout)
		}
	})
	written := promsnap(t, at(0, "--output-dir", "out")...).want(t, 0)
	t.Run("report.json", func(t *testing.T) {
		var got []string
		for _, p := range written.document(t, "check", slot).Panels {
			for _, f := range p.Findings {
				got = append(got, f.Labels["node"])
			}
		}
		for _, w := range hostileLabels() {
			if !slices.Contains(got, w) {
				t.Errorf("%d findings, want one of %.60q", len(got), w)
			}
		}
	})
	t.Run("names of files", func(t *testing.T) {
		checkNames(t, filepath.Join(dir, "disk"))
		checkNames(t, filepath.Join(dir, "state"))
		checkNames(t, filepath.Join(written.dir, "out"))
		checkNames(t, filepath.Join(archive.root, s3Bucket))
	})
	t.Run("slack", func(t *testing.T) { checkSlackWords(t, slack) })
	t.Run("programs", func(t *testing.T) { checkPrograms(t, alerts, metrics, heard) })
	t.Run("browser", func(t *testing.T) {
		page := filepath.Join(written.dir, "out", "check", slot.Format("20060102T150405Z"),
			"index.html")
		saw := browse(t, "read", page, "")
		checkQuiet(t, saw)
		if len(saw.Charts) == 0 {
			t.Error("read no chart, want one or more")
		}
		lists, err := filepath.Glob(filepath.Join(archive.root, s3Bucket, "cap", "words", "check",
			"index.html"))
		if err != nil || len(lists) != 1 {
			t.Fatalf("lists %v, want one (%v)", lists, err)
		}
		checkQuiet(t, browse(t, "read", lists[0], ""))
	})
}

// checkTerminal checks that the output holds no control character and no forged line, and that each
// line of a log has its format.
func checkTerminal(t *testing.T, o outcome, format string) {
	t.Helper()
	for name, text := range map[string]string{"stdout": o.stdout, "stderr": o.stderr} {
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if r, bad := hostile.Unprintable(line); bad {
				t.Errorf("%U on %s, want only printable characters: %.200q", r, name, line)
			}
			if strings.HasPrefix(line, "time=2026-11-22T00:00:00Z level=INFO") ||
				strings.HasPrefix(line, `{"level":"INFO","msg":"all is well"`) ||
				strings.HasPrefix(line, "evil_metric") {
				t.Errorf("got a forged line on %s, want none: %.200q", name, line)
			}
			if len(line) > 64<<10 {
				t.Errorf("a line of %d bytes on %s, want at most 64 KiB", len(line), name)
			}
			if name == "stderr" && (format == "json" && !json.Valid([]byte(line)) ||
				format == "text" && !strings.HasPrefix(line, "time=")) {
				t.Errorf("stderr holds %.200q, want a log line in %s", line, format)
			}
		}
	}
}

// checkNames checks that every file below root has a name that is valid on every system.
func checkNames(t *testing.T, root string) {
	t.Helper()
	plain := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)
	files := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		if files++; !plain.MatchString(e.Name()) && !strings.HasPrefix(e.Name(), ".sgwtmp") {
			// the S3 server's own files
			t.Errorf("got a file %q, want a plain name", path)
		}
		return nil
	})
	if err != nil || files < 3 {
		t.Errorf("%d files below %s, want 3 or more (%v)", files, root, err)
	}
}

// checkSlackWords checks that Slack accepted everything, and that messages mention nobody, link
// only where the configuration does, and hold no invisible character.
func checkSlackWords(t *testing.T, slack *slackdouble.Double) {
	control := regexp.MustCompile(`<([^>]*)>`)
	if refused := slack.Refused(); len(refused) > 0 {
		t.Errorf("Slack refused %q, want nothing refused", refused)
	}
	if len(slack.Messages()) == 0 || len(slack.Files()) == 0 {
		t.Fatalf("%d messages and %d files, want some of both", len(slack.Messages()),
			len(slack.Files()))
	}
	for _, m := range slack.Messages() {
		for _, sequence := range control.FindAllStringSubmatch(m.Text, -1) {
			if !strings.HasPrefix(sequence[1], "!date^") &&
				!strings.HasPrefix(sequence[1], "https://prometheus.example.com/") &&
				!strings.HasPrefix(sequence[1], "http://127.0.0.1:") {
				t.Errorf("a message holds %q, want only dates and links of the configuration",
					sequence[0])
			}
		}
		if r, bad := hostile.Unprintable(strings.ReplaceAll(m.Text, "\n", "")); bad {
			t.Errorf("%U in the text of a message, want only printable characters: %.300q", r,
				m.Text)
		}
		if strings.Contains(string(m.Blocks), `"mrkdwn"`) &&
			strings.Contains(string(m.Blocks), "!channel") {
			t.Errorf("blocks with hostile words use mrkdwn, want plain text: %.300q", m.Blocks)
		}
	}
	for _, f := range slack.Files() {
		for _, text := range []string{f.Name, f.Alt, f.Title} {
			if r, bad := hostile.Unprintable(text); bad || len(text) > 4000 {
				t.Errorf("%U in a picture's name of %d bytes, want printable and at most "+
					"4000: %.200q", r, len(text), text)
			}
		}
	}
}

// checkPrograms checks that a real Alertmanager has an alert for each word, that a real Pushgateway
// has metrics that a parser reads, and that the webhook got JSON.
func checkPrograms(t *testing.T, alerts, metrics *server, heard *hearing) {
	var listed []gettable
	await(t, "the alerts", func() error {
		if listed = alerts.list(t); len(listed) < len(hostileLabels()) {
			return fmt.Errorf("%d alerts, want %d", len(listed), len(hostileLabels()))
		}
		return nil
	})
	if len(listed) != len(hostileLabels()) {
		t.Errorf("%d alerts, want %d", len(listed), len(hostileLabels()))
	}
	for _, a := range listed {
		for name := range a.Labels {
			if !slices.Contains(
				[]string{
					"alertname", "severity", "cluster", "node", "panel", "report", "rule", "unit",
				}, name) {
				t.Errorf("got a label %q, want only promsnap's own", name)
			}
		}
	}
	body, err := metrics.get("/pg/metrics", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(string(body)))
	if err != nil || families["evil_metric"] != nil {
		t.Errorf("the Pushgateway's metrics: %v, evil_metric %v; want them valid and none", err,
			families["evil_metric"])
	}
	heard.Lock()
	defer heard.Unlock()
	if len(heard.bodies) == 0 {
		t.Error("the webhook got nothing, want alerts")
	}
	for _, body := range heard.bodies {
		var v struct{ Alerts []any }
		if err := json.Unmarshal(body, &v); err != nil || len(v.Alerts) != len(hostileLabels()) {
			t.Errorf("the webhook got %d alerts, want %d (%v)", len(v.Alerts),
				len(hostileLabels()), err)
		}
	}
}
