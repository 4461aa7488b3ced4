//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/alertmanager"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// startAlertmanager runs Debian's Alertmanager with a route to hook, which may be "", and a
// password where auth says so.
func startAlertmanager(t *testing.T, hook string, auth bool) *server {
	t.Helper()
	dir := t.TempDir()
	config := "route: {receiver: hook, group_by: [alertname], group_wait: 100ms, group_interval: " +
		"200ms, repeat_interval: 1h}\nreceivers:\n  - name: hook\n"
	if hook != "" {
		config += "    webhook_configs: [{url: '" + hook + "', send_resolved: true}]\n"
	}
	files := map[string]string{
		"alertmanager.yml": config, "web.yml": fmt.Sprintf("basic_auth_users: {%s: '%s'}\n",
			username, passwordHash),
	}
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	address := freePort(t)
	flags := []string{
		"--config.file=" + filepath.Join(dir, "alertmanager.yml"),
		"--storage.path=" + filepath.Join(dir, "data"),
		"--web.listen-address=" + address, "--web.route-prefix=/am", "--cluster.listen-address=",
		"--log.level=info",
	}
	s := &server{url: "http://" + address, client: http.DefaultClient}
	if auth {
		flags = append(flags, "--web.config.file="+filepath.Join(dir, "web.yml"))
		s.user = url.UserPassword(username, password)
	}
	s.process = start(t, nil, "/usr/bin/prometheus-alertmanager", flags...)
	await(t, "Alertmanager to be ready", func() error {
		_, err := s.get("/am/-/ready", nil)
		return err
	})
	return s
}

// gettable is an alert as Alertmanager gives it back.
type gettable struct {
	alertmanager.Alert
	Status struct {
		State      string
		SilencedBy []string
	}
}

// list is the alerts that Alertmanager holds, that are not over, and that match.
func (s *server) list(t *testing.T, filter ...string) []gettable {
	t.Helper()
	body, err := s.get("/am/api/v2/alerts", url.Values{"filter": filter})
	if err != nil {
		t.Fatal(err)
	}
	var list []gettable
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// alerts is list by node.
func (s *server) alerts(t *testing.T, filter ...string) map[string]gettable {
	t.Helper()
	out := map[string]gettable{}
	for _, a := range s.list(t, filter...) {
		out[a.Labels["node"]] = a
	}
	return out
}

// firing is a run at a slot at which these nodes' memory is beyond its limit since ten minutes.
func firing(slot time.Time, nodes ...string) notify.Delivery {
	panels := []snapshot.Panel{{Exprs: []string{
		"node_memory",
	}, Data: snapshot.DataComplete, Spec: panel.Spec{
		Name: "node-memory", Title: "Node memory", Subject: "memory", Queries: []panel.Query{
			{Unit: units.PercentUnit},
		},
		Rules: []rules.Rule{
			{
				Name: "NodeMemoryHigh", Warning: rules.At(.8), Critical: rules.At(.9),
				RunbookURL: "https://runbooks.example.com/memory",
			},
		},
	}}}
	d := notify.Delivery{
		Report: report.Build(report.Info{
			Cluster: "prod-seoul", Name: "check", Slot: slot,
			ExternalURL: "https://prometheus.example.com",
		}, panels),
		Memory:   rules.Memory{Slot: slot, Alerts: map[rules.Key]rules.Alert{}},
		Interval: 5 * time.Minute,
	}
	for _, node := range nodes {
		labels := map[string]string{"node": node}
		d.Memory.Alerts[rules.Key(node)] = rules.Alert{
			Panel: "node-memory", Rule: "NodeMemoryHigh", Name: node, Labels: labels,
			Identity: labels, Severity: rules.Critical, Value: .94, Limit: .9,
			Episodes: []rules.Episode{
				{
					Since: slot.Add(-10 * time.Minute), Last: slot, Worst: rules.Critical,
					Peak: .96, PeakAt: slot,
				},
			},
		}
	}
	return d
}

// over ends a node's alert at the delivery's slot.
func over(d notify.Delivery, node string) notify.Delivery {
	a := d.Memory.Alerts[rules.Key(node)]
	a.Episodes[0].Ended, a.Episodes[0].End = d.Report.Info.Slot, rules.Recovered
	return d
}

func openAlertmanager(t *testing.T, link string,
	transport http.RoundTripper) *alertmanager.Notifier {
	t.Helper()
	n, err := alertmanager.New(alertmanager.Options{URL: link + "/am", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// hand delivers, and asserts that it arrived.
func hand(t *testing.T, n notify.Notifier, d notify.Delivery) {
	t.Helper()
	if _, err := n.Notify(context.Background(), d); err != nil {
		t.Fatal(err)
	}
}

func TestAlertmanager(t *testing.T) {
	told := make(chan string, 100)
	hook := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m struct {
			Status string
			Alerts []struct {
				Status string
				Labels map[string]string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Errorf("Alertmanager's notification: %v", err)
		}
		for _, a := range m.Alerts {
			told <- a.Status + " " + a.Labels["node"] + " " + a.Labels["severity"]
		}
	}))
	s := startAlertmanager(t, hook, false)
	n := openAlertmanager(t, s.url, nil)
	now := time.Now().UTC().Truncate(time.Second)
	earlier := now.Add(-5 * time.Minute)

	hand(t, n, firing(earlier))
	if got := s.alerts(t); len(got) != 0 {
		t.Errorf("of a calm run there is %+v", got)
	}
	hand(t, n, firing(earlier, "ip-1", "ip-2"))
	checkPosted(t, s.alerts(t)["ip-1"], earlier)
	awaitTold(t, told, "firing ip-1 critical", "firing ip-2 critical")

	hand(t, n, firing(now, "ip-1", "ip-2"))
	if got := s.alerts(t)["ip-1"]; !got.EndsAt.Equal(now.Add(20*time.Minute)) ||
		!got.StartsAt.Equal(earlier.Add(-10*time.Minute)) {
		t.Errorf("posted again it is from %s until %s, at %s", got.StartsAt, got.EndsAt, now)
	}
	silence(t, s, "node", "ip-1")
	if got := s.alerts(t); got["ip-1"].Status.State != "suppressed" ||
		len(got["ip-1"].Status.SilencedBy) != 1 || got["ip-2"].Status.State != "active" {
		t.Errorf("ip-1 is silenced, and the alerts are %+v", got)
	}
	hand(t, n, over(firing(now, "ip-1", "ip-2"), "ip-2"))
	if got := s.alerts(t); len(got) != 1 {
		t.Errorf("ip-2 is over, and the alerts are %+v", got)
	}
	awaitTold(t, told, "resolved ip-2 critical")

	test := firing(now)
	test.Message = &notify.Message{Kind: notify.KindTest}
	hand(t, n, test)
	if got := s.alerts(t, "alertname="+alertmanager.TestName)[""]; !got.EndsAt.Equal(
		now.Add(5 * time.Minute)) {
		t.Errorf("the test is %+v", got)
	}
}

// checkPosted asserts what Alertmanager holds of an alert that was posted at a slot.
func checkPosted(t *testing.T, a gettable, slot time.Time) {
	t.Helper()
	want := map[string]string{
		"alertname": "NodeMemoryHigh", "severity": "critical", "cluster": "prod-seoul",
		"report": "check", "panel": "node-memory", "node": "ip-1",
	}
	if fmt.Sprint(a.Labels) != fmt.Sprint(want) {
		t.Errorf("labels %v, want %v", a.Labels, want)
	}
	if !strings.HasPrefix(a.Annotations["summary"], "ip-1 memory 94 % since ") ||
		a.Annotations["value"] != "94 %" ||
		!strings.Contains(a.Annotations["description"], "above 90 %") ||
		a.Annotations["runbook_url"] != "https://runbooks.example.com/memory" {
		t.Errorf("annotations %v", a.Annotations)
	}
	if !a.EndsAt.Equal(slot.Add(20*time.Minute)) || !a.StartsAt.Equal(slot.Add(-10*time.Minute)) ||
		a.Status.State == "suppressed" {
		t.Errorf("from %s until %s, %s", a.StartsAt, a.EndsAt, a.Status.State)
	}
	if !strings.HasPrefix(a.GeneratorURL, "https://prometheus.example.com/graph?") {
		t.Errorf("from %s", a.GeneratorURL)
	}
}

// awaitTold waits until Alertmanager has told all of what is wanted.
func awaitTold(t *testing.T, told <-chan string, want ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, w := range want {
		missing[w] = true
	}
	timeout := time.After(patience)
	for len(missing) > 0 {
		select {
		case got := <-told:
			delete(missing, got)
		case <-timeout:
			t.Fatalf("Alertmanager has not told %v", missing)
		}
	}
}

// silence silences what has a label, for an hour.
func silence(t *testing.T, s *server, name, value string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"matchers": []any{
			map[string]any{"name": name, "value": value, "isRegex": false, "isEqual": true},
		},
		"startsAt": time.Now().UTC(), "endsAt": time.Now().UTC().Add(time.Hour),
		"createdBy": "acceptance", "comment": "a test",
	})
	if err != nil {
		t.Fatal(err)
	}
	rq, err := http.NewRequest(http.MethodPost, s.url+"/am/api/v2/silences", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/json")
	if s.user != nil {
		rq.SetBasicAuth(username, password)
	}
	res, err := s.client.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if said, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		t.Fatalf("the silence: %s %s", res.Status, said)
	}
}

// TestAlertmanagerTakesEverything posts what a memory may hold at most, with words that somebody
// chose to break it.
func TestAlertmanagerTakesEverything(t *testing.T) {
	s := startAlertmanager(t, "", false)
	now := time.Now().UTC().Truncate(time.Second)
	d := firing(now)
	for i := range 400 {
		node := fmt.Sprintf("%03d<script>\"'\n\x00\u202e\xff{{.}}", i)
		for k, a := range firing(now, node).Memory.Alerts {
			a.Identity = map[string]string{
				"node": node, "k8s.io/긴 name": node, "long": strings.Repeat("긴", 2000),
				"alertname": "x", "": "y",
			}
			d.Memory.Alerts[k] = a
		}
	}
	hand(t, openAlertmanager(t, s.url, nil), d)
	got := s.alerts(t, `alertname="NodeMemoryHigh"`)
	if len(got) != 400 {
		t.Errorf("%d of 400 alerts have arrived", len(got))
	}
}

func TestAlertmanagerRefuses(t *testing.T) {
	s := startAlertmanager(t, "", true)
	now := time.Now().UTC().Truncate(time.Second)
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	allowed, wrong := basicAuth(t, password), basicAuth(t, "MARKED-wrong-password")
	hand(t, openAlertmanager(t, s.url, allowed), firing(now, "ip-1"))
	if len(s.alerts(t)) != 1 {
		t.Error("nothing has arrived")
	}
	// A proxy that turns beginning and end around, which Alertmanager itself refuses.
	garbling := serve(t, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		body, _ := io.ReadAll(r.In.Body)
		body = bytes.NewBuffer(
			bytes.ReplaceAll(bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("startsAt"),
				[]byte("X")), []byte("endsAt"), []byte("startsAt")), []byte("X"),
				[]byte("endsAt"))).Bytes()
		r.Out.Body, r.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}})
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, tc := range []struct {
		name, url string
		transport http.RoundTripper
		retry     bool
		says      string
	}{
		{
			"wrong password", s.url, wrong, false,
			"Alertmanager answered 401 Unauthorized; give credentials",
		},
		{"no password", s.url, nil, false, "401"},
		{"wrong path", s.url + "/elsewhere", allowed, false, "404 Not Found; check alertmanager.url"},
		{
			"its own words", garbling, allowed, false, "400 Bad Request: \"start time must be " +
				"before end time",
		},
		{"not there", gone.URL, allowed, true, "connection refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := openAlertmanager(t, tc.url, tc.transport).Notify(context.Background(),
				firing(now, "ip-2"))
			var retry *notify.RetryError
			var refused *notify.RefusedError
			if err == nil || !strings.Contains(err.Error(), tc.says) ||
				errors.As(err, &retry) != tc.retry || errors.As(err, &refused) == tc.retry {
				t.Errorf("%v, want %q", err, tc.says)
			}
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, password) ||
				strings.Contains(text, "MARKED") {
				t.Error("the error shows the password")
			}
		})
	}
}

// basicAuth is the transport that http_config makes of a name and a password.
func basicAuth(t *testing.T, password string) http.RoundTripper {
	t.Helper()
	client, err := promconfig.NewClientFromConfig(promconfig.HTTPClientConfig{
		BasicAuth: &promconfig.BasicAuth{Username: username, Password: promconfig.Secret(password)},
	}, "acceptance")
	if err != nil {
		t.Fatal(err)
	}
	return client.Transport
}
