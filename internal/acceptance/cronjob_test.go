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

// cronRun is the chart, installed on a real control plane, with a Prometheus behind its service
// proxy and a channel to tell people in.
type cronRun struct {
	*installation
	node  *kubelet
	slack *slackdouble.Double
}

const (
	stateMap  = "/api/v1/namespaces/" + release + "/configmaps/promsnap-state"
	cronToken = "xoxb-cronjob-token" // what no output may show
)

// longPanel asks a query that no URL holds, so that it goes as a POST.
var longPanel = "node_load1" + strings.Repeat(" + 0 * node_load1", 400)

// startCronRun installs the chart with values for what a cluster of the test's has.
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

// values are those of the chart, with a section kubernetes, and with or without the right to ask
// through the API server, which Pods need for what kubelet.names does not hold: there is no DNS in
// the root of a Pod here, and nobody answers at a Service's own address.
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
  daily: {title: Daily capacity, schedule: "0 9 * * *", range: 6h, send: summary}
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

// told counts the messages that are no one's reply.
func (r *cronRun) told() int {
	n := 0
	for _, m := range r.slack.Messages() {
		if m.Thread == "" {
			n++
		}
	}
	return n
}

// remembered is what the state's ConfigMap holds of a report.
func (r *cronRun) remembered(t *testing.T, report string) object {
	t.Helper()
	data, _ := r.get(t, stateMap).at("data").(map[string]any)
	text, ok := data["prod-seoul."+report+".json"].(string)
	if !ok {
		t.Fatalf("the ConfigMap remembers nothing of %s: %s", report, tail(asJSON(t, data), 500))
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// forget empties the state, as somebody does who begins anew.
func (r *cronRun) forget(t *testing.T) {
	t.Helper()
	o := r.get(t, stateMap)
	o["data"] = map[string]string{}
	r.must(t, http.MethodPut, stateMap, o)
}

// kept returns the slots of which there is a report in the Pod's volume.
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

// TestCronJob lets the controllers of a real control plane make Jobs and Pods of the chart's
// CronJobs, and runs the program with exactly what its Pods have: arguments, environment, files,
// user, and the token of their service account.
func TestCronJob(t *testing.T) {
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
		t.Errorf("Slack refused: %s", m)
	}
}

// testScheduled waits for the CronJob controller to make a Job. A Pod that fails is followed by
// another one, for the same time.
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
	due, err := time.Parse(time.RFC3339,
		fmt.Sprint(annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]))
	if err != nil {
		t.Fatalf("the Job does not say for when it is: %v", err)
	}
	slot := due.UTC().Format("20060102T150405Z")
	name := job.at("metadata.name").(string)

	first := r.node.podOf(t, release, name)
	o := r.node.run(t, first).want(t, 0)
	says(t, o.stdout, "Job "+name+" was scheduled for "+due.UTC().Format(time.RFC3339),
		"monitoring/prometheus-server:80 through the API server's service proxy")
	says(t, o.stderr, `"manual":false`)
	if got := r.kept(t, "check"); !slices.Equal(got, []string{slot}) {
		t.Errorf("the Pod kept reports of %v, and the Job is for %s", got, slot)
	}
	told := r.told()
	if told == 0 {
		t.Fatal("nobody was told anything")
	}
	r.remembered(t, "check").is(t, "memory.slot", due.UTC().Format(time.RFC3339))
	if strings.Contains(o.stdout+o.stderr, cronToken) {
		t.Error("an output shows the token")
	}

	// The Pod ends with 1, although it has told people: the Job is tried again.
	r.node.ends(t, first, 1)
	second := r.node.podOf(t, release, name, first)
	r.node.run(t, second).want(t, 0)
	if got := r.kept(t, "check"); !slices.Equal(got, []string{slot}) {
		t.Errorf("tried again, the Pod kept reports of %v, and the Job is for %s", got, slot)
	}
	if got := r.told(); got != told {
		t.Errorf("tried again, the Job told the same again: %d messages, and before %d", got, told)
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

// testByHand runs a summary out of its time: it is for the minute in which the Job was made, and
// told once.
func (r *cronRun) testByHand(t *testing.T) {
	before := r.told()
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
		if got := r.told(); got != before+1 {
			t.Errorf("%d messages, want one", got-before)
		}
	}
	page, err := os.ReadFile(filepath.Join(r.node.volumes["reports"], "daily",
		made.Format("20060102T150405Z"), "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	says(t, string(page), "monitoring/prometheus-server:80", "m5.2xlarge, 2a")
	if bytes.Contains(page, []byte("/proxy")) {
		t.Error("the report leads to the API server's proxy, where nobody can follow")
	}
}

// testFailurePolicy tells the Job controller how Pods ended: a wrong configuration is not tried
// again, and a drain counts as no failure.
func (r *cronRun) testFailurePolicy(t *testing.T) {
	first := r.byHand(t, "wrong", "daily") // may be tried again twice
	r.node.ends(t, first, 2)
	if got := r.failed(t, "wrong"); got != "PodFailurePolicy" {
		t.Errorf("the Job of a wrong configuration has failed for %q", got)
	}
	if got := r.podsOf(t, "wrong"); got != 1 {
		t.Errorf("the Job of a wrong configuration has had %d Pods", got)
	}

	first = r.byHand(t, "drained", "long") // may not be tried again
	r.node.drained(t, first)
	second := r.node.podOf(t, release, "drained", first)
	r.node.ends(t, second, 1)
	if got := r.failed(t, "drained"); got != "BackoffLimitExceeded" {
		t.Errorf("the Job whose second Pod failed has failed for %q", got)
	}
	if got := r.podsOf(t, "drained"); got != 2 {
		t.Errorf("the Job whose first Pod was drained has had %d Pods", got)
	}
}

// failed waits for a Job to fail, and returns why it has.
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
	before := r.told()
	o := r.node.run(t, r.get(t, "/api/v1/namespaces/"+release+"/pods/promsnap-test")).want(t, 0)
	line := regexp.MustCompile(
		`(?m)^Prometheus ok \(\S+\) · (\d+)/(\d+) panels have data · receiver disk ok, test report kept · Slack oncall ok, test message sent · state ok$`)
	if m := line.FindStringSubmatch(o.stdout); m == nil || m[1] != m[2] {
		t.Errorf("the Pod says\n%s", o.stdout)
	}
	if got := r.told(); got != before+1 {
		t.Errorf("%d messages, want one", got-before)
	}
	if strings.Contains(o.stdout+o.stderr, cronToken) {
		t.Error("an output shows the token")
	}
}

// testRules takes one verb after the other away from the service account: something is lost each
// time, and the words for it name verb and resource, so that whoever reads them can give it back.
func (r *cronRun) testRules(t *testing.T) {
	const role, cluster = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + release +
		"/roles/promsnap", "/apis/rbac.authorization.k8s.io/v1/clusterroles/" + release +
		"-promsnap"
	const prometheus = "/apis/rbac.authorization.k8s.io/v1/namespaces/monitoring/roles/" + release +
		"-promsnap"
	pods := map[string]object{
		"daily": r.byHand(t, "rules", "daily"), "long": r.byHand(t, "rules-long", "long"),
	}
	rules := 0
	for _, path := range []string{role, cluster, prometheus} {
		for i, rule := range r.get(t, path)["rules"].([]any) {
			for _, verb := range object(rule.(map[string]any))["verbs"].([]any) {
				rules++
				resource := object(rule.(map[string]any)).at("resources.0").(string)
				t.Run(verb.(string)+" "+resource, func(t *testing.T) {
					report := "daily"
					if verb == "create" { // of a query that is too long for a GET
						report = "long"
					}
					r.forget(t)
					r.node.run(t, pods[report]).want(t, 0)
					r.forget(t)
					defer r.without(t, path, i, verb.(string))()
					o := r.node.run(t, pods[report])
					everything := o.stdout + o.stderr + r.page(t, report)
					lost := verb.(string) + " " + resource
					if resource == "jobs" {
						lost += ".batch"
					}
					says(t, everything, lost)
					if optional := resource == "jobs" ||
						resource == "nodes"; (o.code == 0) != optional {
						t.Errorf("exit code %d", o.code)
					}
				})
			}
		}
	}
	if rules != 6 {
		t.Errorf("the chart gives %d rights, and this test knows of 6", rules)
	}
}

// page is all that was kept of a report.
func (r *cronRun) page(t *testing.T, report string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Join(r.node.volumes["reports"], report),
		func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Name() != "report.json" && d.Name() != "index.html" {
				return err
			}
			b, err := os.ReadFile(path)
			all.Write(b)
			return err
		})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all.String()
}

// without takes a verb out of a rule, waits until the API server knows, and returns what gives it
// back.
func (r *cronRun) without(t *testing.T, path string, rule int, verb string) (restore func()) {
	t.Helper()
	had := r.get(t, path)
	less := r.get(t, path)
	one := less["rules"].([]any)[rule].(map[string]any)
	one["verbs"] = slices.DeleteFunc(one["verbs"].([]any), func(v any) bool { return v == verb })
	if len(one["verbs"].([]any)) == 0 {
		less["rules"] = slices.Delete(less["rules"].([]any), rule, rule+1)
	}
	group, _ := one["apiGroups"].([]any)[0].(string)
	resource, name, namespace := one["resources"].([]any)[0].(string), "", ""
	if names, ok := one["resourceNames"].([]any); ok {
		name = names[0].(string)
	}
	if n, ok := had.at("metadata.namespace").(string); ok {
		namespace = n
	}
	put := func(o object, want bool) {
		current := r.get(t, path)
		o.at("metadata").(map[string]any)["resourceVersion"] = current.at(
			"metadata.resourceVersion")
		r.must(t, http.MethodPut, path, o)
		await(t, "the API server to know of the rule", func() error {
			if r.can(t, verb, namespace, group+"/"+resource, name) != want {
				return errors.New("not yet")
			}
			return nil
		})
	}
	put(less, false)
	return func() { put(had, true) }
}

// testDiscovery lets promsnap look for Prometheus by itself, which takes the right to list
// Services.
func (r *cronRun) testDiscovery(t *testing.T) {
	r.helm(t, "upgrade", "--force-conflicts", "-f", r.values(t, "{}", true))
	const cluster = "/apis/rbac.authorization.k8s.io/v1/clusterroles/" + release + "-promsnap"
	pod := r.byHand(t, "discovery", "daily")
	o := r.node.run(t, pod).want(t, 0)
	says(t, o.stdout, "monitoring/prometheus-server:80 (prometheus chart) through the API "+
		"server's service proxy")
	rules := r.get(t, cluster)["rules"].([]any)
	i := slices.IndexFunc(rules, func(v any) bool {
		return object(v.(map[string]any)).at("resources.0") == "services"
	})
	if i < 0 {
		t.Fatalf("the chart does not let promsnap list Services: %s", asJSON(t, rules))
	}
	r.forget(t)
	before := r.told()
	defer r.without(t, cluster, i, "list")()
	o = r.node.run(t, pod).want(t, 1)
	says(t, o.stdout+o.stderr+r.page(t, "daily"), "list services")
	if r.told() == before {
		t.Error("nobody was told that nothing can be seen")
	}
}

// testLaptop is somebody with a kubeconfig and no URL.
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

// says checks that a text has all of words.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not said:\n%s", w, tail(text, 3000))
		}
	}
}
