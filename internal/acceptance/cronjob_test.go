//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// cronRun is the chart installed on a real control plane, with Prometheus behind its service proxy
// and a channel for messages.
type cronRun struct {
	*installation
	node  *kubelet
	slack *slackdouble.Double
}

const (
	stateMap  = "/api/v1/namespaces/" + release + "/configmaps/promsnap-state"
	cronToken = "xoxb-cronjob-token" // what no output may show
)

// longPanel is a query too long for a URL, so it is sent as a POST.
var longPanel = "node_load1" + strings.Repeat(" + 0 * node_load1", 400)

// startCronRun installs the chart with the values for the test's cluster.
func startCronRun(t *testing.T) *cronRun {
	p := startControlPlane(t)
	r := &cronRun{node: newKubelet(t, p), slack: slackdouble.Start(cronToken)}
	t.Cleanup(r.slack.Close)
	r.installation = &installation{p, p.user(t, "helm", "system:masters")}
	p.serve(t, "monitoring", "prometheus-server", communityLabels, serveLab(t))
	p.startControllers(t)
	p.apply(t,
		fmt.Sprintf(`{apiVersion: v1, kind: Namespace, metadata: {name: %[1]s, labels: {pod-security.kubernetes.io/enforce: restricted}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: elsewhere}}
---
{apiVersion: v1, kind: Secret, metadata: {name: promsnap-slack, namespace: %[1]s}, data: {token: %[2]s}}
---
{apiVersion: v1, kind: Node, metadata: {name: ip-10-0-1-11, labels: {node.kubernetes.io/instance-type: m5.2xlarge, topology.kubernetes.io/zone: ap-northeast-2a}}, status: {addresses: [{type: InternalIP, address: 10.0.1.11}]}}
`, release, encoded(cronToken)))
	r.helm(t, "install", "-f", r.values(t, "{service: monitoring/prometheus-server:80}", true))
	return r
}

// values are the chart's values with this section kubernetes. serviceProxy grants the right to
// query through the API server, which Pods need unless kubelet.names holds the Service: they have
// no DNS here, and nothing answers at a Service's own address.
func (r *cronRun) values(t *testing.T, kubernetes string, serviceProxy bool) string {
	t.Helper()
	return configFile(t, fmt.Sprintf(`
cluster: prod-seoul
timeZone: Asia/Seoul
kubernetes: %s
rbac: {serviceProxy: %t}
slack: {existingSecret: promsnap-slack}
receivers:
  - {name: disk, dir: {path: /var/lib/promsnap}}
  - {name: oncall, slack: {channel: C0123456789, token_env: SLACK_BOT_TOKEN, api_url: '%s'}}
reports:
  check: {schedule: "* * * * *", range: 1h, send: changes, archive: always}
  daily: {title: Daily capacity, schedule: "0 9 * * *", range: 6h, send: summary, trends: false}
  long: {schedule: "0 0 1 1 *", range: 1h, send: summary, panels: [{name: load, query: '%s', unit: short}]}
jobs: {long: {backoffLimit: 0}}
extraVolumes: [{name: reports, emptyDir: {}}]
extraVolumeMounts: [{name: reports, mountPath: /var/lib/promsnap}]
`, kubernetes, serviceProxy, r.slack.APIURL(), longPanel))
}

// serveLab serves a simulated cluster where the API server's proxy can reach it.
func serveLab(t *testing.T) string {
	t.Helper()
	l, err := lab.New(lab.Options{
		Profile: lab.KPS, Nodes: 10, Now: time.Now().Truncate(time.Minute), Clock: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(outwardIP(t), "0"))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(l.Handler())
	_ = srv.Listener.Close()
	srv.Listener = listener
	srv.Start()
	t.Cleanup(srv.Close)
	return listener.Addr().String()
}

// sent counts the messages that are not replies.
func (r *cronRun) sent() int {
	n := 0
	for _, m := range r.slack.Messages() {
		if m.Thread == "" {
			n++
		}
	}
	return n
}

// remembered returns what the state's ConfigMap holds of a report.
func (r *cronRun) remembered(t *testing.T, report string) object {
	t.Helper()
	data, _ := r.get(t, stateMap).at("data").(map[string]any)
	text, ok := data["prod-seoul."+report+".json"].(string)
	if !ok {
		t.Fatalf("the ConfigMap holds nothing of %s, want a document: %s", report,
			tail(asJSON(t, data), 500))
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// forget empties the state.
func (r *cronRun) forget(t *testing.T) {
	t.Helper()
	o := r.get(t, stateMap)
	o["data"] = map[string]string{}
	r.must(t, http.MethodPut, stateMap, o)
}

// kept returns the slots of the reports in the Pod's volume.
func (r *cronRun) kept(t *testing.T, report string) []string {
	t.Helper()
	var slots []string
	err := filepath.WalkDir(r.node.volumes["reports"],
		func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "index.html" &&
				filepath.Base(filepath.Dir(filepath.Dir(path))) == report &&
				filepath.Base(filepath.Dir(path)) != "latest" {
				slots = append(slots, filepath.Base(filepath.Dir(path)))
			}
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	return slots
}

// TestCronJob lets the controllers of a real control plane make Jobs and Pods from the chart's
// CronJobs. It runs the program with exactly what its Pods have: arguments, environment, files,
// user and the service account's token.
func TestCronJob(t *testing.T) {
	t.Parallel()
	r := startCronRun(t)
	t.Run("scheduled", r.testScheduled)
	t.Run("by hand", r.testByHand)
	t.Run("failure policy", r.testFailurePolicy)
	t.Run("helm test", r.testDoctor)
	t.Run("rules", r.testRules)
	t.Run("discovery", r.testDiscovery)
	t.Run("laptop", r.testLaptop)
	t.Run("direct", r.testDirect)
	for _, m := range r.slack.Refused() {
		t.Errorf("Slack refused %s, want nothing refused", m)
	}
}

// testScheduled waits for the CronJob controller to make a Job. A failed Pod is replaced by one for
// the same time.
func (r *cronRun) testScheduled(t *testing.T) {
	var job object
	await(t, "the CronJob controller to make a Job", func() error {
		var jobs struct{ Items []map[string]any }
		if err := json.Unmarshal(r.must(t, http.MethodGet, "/apis/batch/v1/namespaces/"+release+
			"/jobs", nil), &jobs); err != nil {
			return err
		}
		if len(jobs.Items) == 0 {
			return errors.New("there is none")
		}
		job = jobs.Items[0]
		return nil
	})
	annotations, _ := job.at("metadata.annotations").(map[string]any)
	scheduled, err := time.Parse(time.RFC3339,
		fmt.Sprint(annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]))
	if err != nil {
		t.Fatalf("the Job's scheduled time: %v", err)
	}
	slot := scheduled.UTC().Format("20060102T150405Z")
	name := job.at("metadata.name").(string)

	first := r.node.podOf(t, release, name)
	o := r.node.run(t, first).want(t, 0)
	says(t, o.stdout, "Job "+name+" was scheduled for "+scheduled.UTC().Format(time.RFC3339),
		"monitoring/prometheus-server:80 through the API server's service proxy")
	says(t, o.stderr, `"manual":false`)
	if got := r.kept(t, "check"); !slices.Equal(got, []string{slot}) {
		t.Errorf("the Pod kept reports of %v, want only that of %s", got, slot)
	}
	sent := r.sent()
	if sent == 0 {
		t.Fatal("no message, want one")
	}
	r.remembered(t, "check").is(t, "memory.slot", scheduled.UTC().Format(time.RFC3339))
	if strings.Contains(o.stdout+o.stderr, cronToken) {
		t.Error("the output shows the token, want it hidden")
	}

	// The Pod ends with 1 although its messages were sent, so the Job is retried.
	r.node.ends(t, first, 1)
	second := r.node.podOf(t, release, name, first)
	r.node.run(t, second).want(t, 0)
	if got := r.kept(t, "check"); !slices.Equal(got, []string{slot}) {
		t.Errorf("the retry kept reports of %v, want only that of %s", got, slot)
	}
	if got := r.sent(); got != sent {
		t.Errorf("%d messages after the retry, want %d as before", got, sent)
	}
	r.node.ends(t, second, 0)
	await(t, "the Job to be complete", func() error {
		o := r.get(t, "/apis/batch/v1/namespaces/"+release+"/jobs/"+name)
		if o.at("status.succeeded") == nil {
			return fmt.Errorf("its status is %s", asJSON(t, o.at("status")))
		}
		return nil
	})
}

// byHand makes a Job from a report's CronJob by hand and returns its Pod.
func (r *cronRun) byHand(t *testing.T, job, report string) object {
	t.Helper()
	r.node.createJob(t, release, job, "promsnap-"+report)
	return r.node.podOf(t, release, job)
}

// testByHand runs a summary outside its schedule. It is for the minute in which the Job was made,
// and is sent once.
func (r *cronRun) testByHand(t *testing.T) {
	before := r.sent()
	pod := r.byHand(t, "now", "daily")
	job := r.get(t, "/apis/batch/v1/namespaces/"+release+"/jobs/now")
	made, err := time.Parse(time.RFC3339, job.at("metadata.creationTimestamp").(string))
	if err != nil {
		t.Fatal(err)
	}
	made = made.UTC().Truncate(time.Minute)
	for range 2 {
		o := r.node.run(t, pod).want(t, 0)
		says(t, o.stdout, "Job now was created manually; the run is for "+made.Format(time.RFC3339))
		says(t, o.stderr, `"manual":true`)
		if got := r.sent(); got != before+1 {
			t.Errorf("%d messages, want 1", got-before)
		}
	}
	page, err := os.ReadFile(filepath.Join(r.node.volumes["reports"], "daily",
		made.Format("20060102T150405Z"), "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	says(t, string(page), "monitoring/prometheus-server:80", "m5.2xlarge, 2a")
	if bytes.Contains(page, []byte("/proxy")) {
		t.Error("the report links to the API server's proxy, want no link that a reader " +
			"cannot open")
	}
}

// testFailurePolicy reports to the Job controller how Pods ended. A wrong configuration is not
// retried, and a drain does not count as a failure.
func (r *cronRun) testFailurePolicy(t *testing.T) {
	first := r.byHand(t, "wrong", "daily") // may be tried again twice
	r.node.ends(t, first, 2)
	if got := r.failed(t, "wrong"); got != "PodFailurePolicy" {
		t.Errorf("the Job of a wrong configuration failed for %q, want PodFailurePolicy", got)
	}
	if got := r.podsOf(t, "wrong"); got != 1 {
		t.Errorf("the Job of a wrong configuration had %d Pods, want 1", got)
	}

	first = r.byHand(t, "drained", "long") // may not be tried again
	r.node.drained(t, first)
	second := r.node.podOf(t, release, "drained", first)
	r.node.ends(t, second, 1)
	if got := r.failed(t, "drained"); got != "BackoffLimitExceeded" {
		t.Errorf("the Job whose second Pod failed failed for %q, want BackoffLimitExceeded", got)
	}
	if got := r.podsOf(t, "drained"); got != 2 {
		t.Errorf("the Job whose first Pod was drained had %d Pods, want 2", got)
	}
}

// failed waits for a Job to fail and returns the reason.
func (r *cronRun) failed(t *testing.T, job string) (reason string) {
	t.Helper()
	await(t, "the Job "+job+" to fail", func() error {
		status := r.get(t, "/apis/batch/v1/namespaces/"+release+"/jobs/"+job).at("status")
		conditions, _ := object(status.(map[string]any))["conditions"].([]any)
		for _, c := range conditions {
			if condition := object(c.(map[string]any)); condition.at("type") == "Failed" &&
				condition.at("status") == "True" {
				reason, _ = condition.at("reason").(string)
				return nil
			}
		}
		return fmt.Errorf("its status is %s", asJSON(t, status))
	})
	return reason
}

// podsOf counts the Pods of a Job.
func (r *cronRun) podsOf(t *testing.T, job string) int {
	t.Helper()
	pods := r.get(t, "/api/v1/namespaces/"+release+
		"/pods?labelSelector=batch.kubernetes.io/job-name%3D"+job)
	items, _ := pods["items"].([]any)
	return len(items)
}

// testDoctor runs the Pod that helm test makes: everything works, and the channel gets one message.
func (r *cronRun) testDoctor(t *testing.T) {
	r.apply(t,
		string(render(t, "-f", r.values(t, "{service: monitoring/prometheus-server:80}", true),
			"--show-only", "templates/tests/doctor.yaml")))
	before := r.sent()
	o := r.node.run(t, r.get(t, "/api/v1/namespaces/"+release+"/pods/promsnap-test")).want(t, 0)
	lines := regexp.MustCompile(`(?m)^✓ Prometheus ok \(\S+\)\n✓ (\d+)/(\d+) panels have data\n` +
		`  panel alerts: Prometheus does not have ALERTS\..*\n` + // none fires
		`✓ receiver disk ok, test report kept\n✓ Slack oncall ok, test message sent\n✓ state ok\n`)
	if m := lines.FindStringSubmatch(o.stdout); m == nil || m[1] != m[2] {
		t.Errorf("the Pod prints, want lines that match %s:\n%s", lines, o.stdout)
	}
	if got := r.sent(); got != before+1 {
		t.Errorf("%d messages, want 1", got-before)
	}
	if strings.Contains(o.stdout+o.stderr, cronToken) {
		t.Error("the output shows the token, want it hidden")
	}
}

// testLaptop runs promsnap with a kubeconfig and no URL.
func (r *cronRun) testLaptop(t *testing.T) {
	kubeconfig := "--kubeconfig=" + r.user(t, "kim", "system:masters")
	o := promsnap(t, "run", kubeconfig, "--range", "1h", "--output-dir", "out").want(t, 0)
	says(t, o.stdout, "acceptance: monitoring/prometheus-server:80 (prometheus chart) through "+
		"the API server's service proxy\nacceptance   Prometheus ", "0 no data")
	o = promsnap(t, "init", "-", kubeconfig).want(t, 0)
	says(t, o.stdout, `service: "monitoring/prometheus-server:80"`, `cluster: "acceptance"`,
		"scrape_interval: 30s")
	config := configFile(t, o.stdout)
	promsnap(t, "check-config", config).want(t, 0)
	promsnap(t, "run", "check", "-c", config, kubeconfig, "--output-dir", "out").want(t, 0)

	remembers := configFile(t, "version: 1\ncluster: prod-seoul\nkubernetes: {}\nreports: "+
		"[{name: daily, send: summary, receivers: [oncall]}]\nreceivers: [{name: oncall, slack: "+
		"{channel: C0123456789}}]\n")
	o = promsnap(t, "state", "show", "daily", "-c", remembers, kubeconfig, "-n", release).want(t, 0)
	says(t, o.stdout, "newest slot ")

	r.serve(t, "elsewhere", "prometheus-server", communityLabels, serveLab(t))
	o = promsnap(t, "run", kubeconfig).want(t, 2)
	says(t, o.stderr, "2 services look like Prometheus; choose one:", "--prometheus-service "+
		"elsewhere/prometheus-server:80", "--prometheus-service monitoring/prometheus-server:80")
	promsnap(t, "run", kubeconfig, "-n", "elsewhere", "--range", "1h", "--output-dir",
		"out").want(t, 0)
	promsnap(t, "run", kubeconfig, "--prometheus-service", "elsewhere/prometheus-server", "--range",
		"1h", "--output-dir", "out").want(t, 0)
}

// says checks that text holds all of words.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("want %q in:\n%s", w, tail(text, 3000))
		}
	}
}
