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

// startAlertmanager runs Debian's Alertmanager with a route to hook, if it is not "", and with a
// password if auth is set.
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

// gettable is an alert as Alertmanager returns it.
type gettable struct {
	alertmanager.Alert
	Status struct {
		State      string
		SilencedBy []string
	}
}

// list returns the unresolved alerts that Alertmanager holds and that match filter.
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

// alerts returns what list does, by node.
func (s *server) alerts(t *testing.T, filter ...string) map[string]gettable {
	t.Helper()
	out := map[string]gettable{}
	for _, a := range s.list(t, filter...) {
		out[a.Labels["node"]] = a
	}
	return out
}

// firing is a run at a slot where the memory of these nodes has been above its limit for ten
// minutes.
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

// resolve ends a node's alert at the delivery's slot.
func resolve(d notify.Delivery, node string) notify.Delivery {
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

// deliver sends d through n and fails the test if it is refused.
func deliver(t *testing.T, n notify.Notifier, d notify.Delivery) {
	t.Helper()
	if _, err := n.Notify(context.Background(), d); err != nil {
		t.Fatal(err)
	}
}

func TestAlertmanager(t *testing.T) {
	notified := make(chan string, 100)
	hook := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m struct {
			Status string
			Alerts []struct {
				Status string
				Labels map[string]string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Errorf("Alertmanager's notification: got error %v, want JSON", err)
		}
		for _, a := range m.Alerts {
			notified <- a.Status + " " + a.Labels["node"] + " " + a.Labels["severity"]
		}
	}))
	s := startAlertmanager(t, hook, false)
	n := openAlertmanager(t, s.url, nil)
	now := time.Now().UTC().Truncate(time.Second)
	earlier := now.Add(-5 * time.Minute)

	deliver(t, n, firing(earlier))
	if got := s.alerts(t); len(got) != 0 {
		t.Errorf("a run without alerts posted %+v, want nothing", got)
	}
	deliver(t, n, firing(earlier, "ip-1", "ip-2"))
	checkPosted(t, s.alerts(t)["ip-1"], earlier)
	awaitNotified(t, notified, "firing ip-1 critical", "firing ip-2 critical")

	deliver(t, n, firing(now, "ip-1", "ip-2"))
	if got := s.alerts(t)["ip-1"]; !got.EndsAt.Equal(now.Add(20*time.Minute)) ||
		!got.StartsAt.Equal(earlier.Add(-10*time.Minute)) {
		t.Errorf("posted again: from %s until %s, want from %s until %s", got.StartsAt, got.EndsAt,
			earlier.Add(-10*time.Minute), now.Add(20*time.Minute))
	}
	silence(t, s, "node", "ip-1")
	if got := s.alerts(t); got["ip-1"].Status.State != "suppressed" ||
		len(got["ip-1"].Status.SilencedBy) != 1 || got["ip-2"].Status.State != "active" {
		t.Errorf("after the silence: %+v, want ip-1 suppressed and ip-2 active", got)
	}
	deliver(t, n, resolve(firing(now, "ip-1", "ip-2"), "ip-2"))
	if got := s.alerts(t); len(got) != 1 {
		t.Errorf("after the end of ip-2: %+v, want one alert", got)
	}
	awaitNotified(t, notified, "resolved ip-2 critical")

	test := firing(now)
	test.Message = &notify.Message{Kind: notify.KindTest}
	deliver(t, n, test)
	if got, want := s.alerts(t, "alertname="+alertmanager.TestName)[""],
		now.Add(5*time.Minute); !got.EndsAt.Equal(want) {
		t.Errorf("the test alert is %+v, want its end at %s", got, want)
	}
}

// checkPosted checks what Alertmanager holds of the alert of ip-1 that was posted at slot.
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
		t.Errorf("annotations %v, want the summary, value, limit and runbook of ip-1",
			a.Annotations)
	}
	if !a.EndsAt.Equal(slot.Add(20*time.Minute)) || !a.StartsAt.Equal(slot.Add(-10*time.Minute)) ||
		a.Status.State == "suppressed" {
		t.Errorf("from %s until %s, %s; want ten minutes before and twenty after %s, not "+
			"suppressed",
			a.StartsAt, a.EndsAt, a.Status.State, slot)
	}
	if !strings.HasPrefix(a.GeneratorURL, "https://prometheus.example.com/graph?") {
		t.Errorf("generator URL %s, want one of prometheus.example.com", a.GeneratorURL)
	}
}

// awaitNotified waits until Alertmanager has sent every notification in want.
func awaitNotified(t *testing.T, notified <-chan string, want ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, w := range want {
		missing[w] = true
	}
	timeout := time.After(patience)
	for len(missing) > 0 {
		select {
		case got := <-notified:
			delete(missing, got)
		case <-timeout:
			t.Fatalf("no notification of %v, want all of them", missing)
		}
	}
}

// silence silences for an hour the alerts that have the label.
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
		t.Fatalf("posting the silence: %s %s, want 200", res.Status, said)
	}
}

// TestAlertmanagerTakesEverything posts the most alerts that a memory holds, with hostile labels.
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
	deliver(t, openAlertmanager(t, s.url, nil), d)
	got := s.alerts(t, `alertname="NodeMemoryHigh"`)
	if len(got) != 400 {
		t.Errorf("%d alerts arrived, want 400", len(got))
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
	deliver(t, openAlertmanager(t, s.url, allowed), firing(now, "ip-1"))
	if got := s.alerts(t); len(got) != 1 {
		t.Errorf("%d alerts arrived, want 1", len(got))
	}
	// This proxy swaps startsAt and endsAt, so that Alertmanager itself refuses the alert.
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
			"Alertmanager answered 401 Unauthorized; set credentials",
		},
		{"no password", s.url, nil, false, "401"},
		{
			"wrong path", s.url + "/elsewhere", allowed, false,
			"404 Not Found; check alertmanager.url",
		},
		{
			"invalid times", garbling, allowed, false, "400 Bad Request: \"start time must be " +
				"before end time",
		},
		{"unreachable", gone.URL, allowed, true, "connection refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := openAlertmanager(t, tc.url, tc.transport).Notify(context.Background(),
				firing(now, "ip-2"))
			var retry *notify.RetryError
			var refused *notify.RefusedError
			if err == nil || !strings.Contains(err.Error(), tc.says) ||
				errors.As(err, &retry) != tc.retry || errors.As(err, &refused) == tc.retry {
				t.Errorf("%v, want %q, a RetryError: %v", err, tc.says, tc.retry)
			}
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, password) ||
				strings.Contains(text, "MARKED") {
				t.Errorf("the error shows the password: %s, want it hidden", text)
			}
		})
	}
}

// basicAuth returns the transport that http_config makes for a name and a password.
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
