//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

// TestIndexedJob lets a real Job controller run the chart's Indexed Job of five clusters, of which
// the third cannot be reached. The same report then comes from Step Functions.
func TestIndexedJob(t *testing.T) {
	t.Parallel()
	p := startControlPlane(t)
	node := newKubelet(t, p)
	h := &installation{p, p.user(t, "helm", "system:masters")}
	g, prometheus := startS3(t), "http://"+serveLab(t)
	slack := slackdouble.Start("xoxb-lambda")
	t.Cleanup(slack.Close)
	p.startControllers(t)
	p.apply(t, fmt.Sprintf(`{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: `+
		`{pod-security.kubernetes.io/enforce: restricted}}}`+"\n", release))
	config := smallFleet(prometheus, slack.APIURL(), "token_env: SLACK_BOT_TOKEN")
	scheduled := strings.Replace(config, "- name: daily\n",
		"- name: daily\n    schedule: \"0 0 1 1 *\"\n", 1)
	h.helm(t, "install", "--set-file", "config="+configFile(t, scheduled), "-f",
		configFile(t, fmt.Sprintf(`
jobs: {daily: {backoffLimit: 1}}
extraEnv:
  - {name: AWS_ACCESS_KEY_ID, value: '%s'}
  - {name: AWS_SECRET_ACCESS_KEY, value: '%s'}
  - {name: AWS_ENDPOINT_URL_S3, value: '%s'}
  - {name: AWS_REGION, value: us-east-1}
  - {name: AWS_EC2_METADATA_DISABLED, value: 'true'}
  - {name: SLACK_BOT_TOKEN, value: xoxb-lambda}
`, s3AccessKey, statetest.Secret, g.url)))

	node.createJob(t, release, "fleet", "promsnap-daily")
	var seen []object
	var last object // the Pod of the last index but one
	attempts := map[string]int{}
	run := func(pod object, want int) {
		t.Helper()
		o := node.run(t, pod).want(t, want)
		node.ends(t, pod, o.code)
	}
	// The cluster of index 2 is down, so its index is tried twice, with a pause. The Pod of index 5
	// would wait for the parts; here it begins after all the others. That of index 6 only waits.
	for attempts["2"] < 2 || len(attempts) < 7 {
		pod := node.podOf(t, release, "fleet", seen...)
		seen = append(seen, pod)
		index := fieldOf(t, pod, "metadata.annotations['batch.kubernetes.io/job-completion-index']")
		attempts[index]++
		switch index {
		case "5":
			last = pod
		case "6": // no node has it yet when Kubernetes ends it
		case "2":
			run(pod, 1)
		default:
			run(pod, 0)
		}
	}
	run(last, 0)
	if attempts["2"] != 2 || attempts["0"] != 1 || attempts["5"] != 1 {
		t.Errorf("got %v attempts by index, want 2 of index 2 and 1 of each other", attempts)
	}
	await(t, "the Job to end", func() error {
		job := h.get(t, "/apis/batch/v1/namespaces/"+release+"/jobs/fleet")
		status := asJSON(t, job.at("status"))
		if job.at("status.failedIndexes") != "2" ||
			!strings.Contains(status, `"status":"True","type":"Complete"`) {
			return fmt.Errorf("its status is %s, want the failed index 2, and that it is complete",
				status)
		}
		return nil
	})
	if n := len(top(slack)); n != 1 {
		t.Errorf("got %d messages, want 1", n)
	}

	// The report, and the same one from Step Functions.
	slot := onlySlot(t, g.root, "archive/acme/daily")
	first := fleetFiles(t, g.root, slot)
	if !bytes.Contains(first["report.json"], []byte(`"name":"c002"`)) ||
		!bytes.Contains(first["index.html"], []byte("connection refused")) {
		t.Errorf("got a report without the cluster that is down, want it named:\n%s",
			tail(string(first["report.json"]), 2000))
	}
	if err := os.RemoveAll(filepath.Join(g.root, s3Bucket)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(g.root, s3Bucket), 0o755); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	lambda := strings.Replace(scheduled, "token_env: SLACK_BOT_TOKEN",
		"token_from: 'aws-ssm:/promsnap/slack'", 1)
	if err := os.WriteFile(filepath.Join(root, "promsnap.yaml"), []byte(lambda), 0o600); err != nil {
		t.Fatal(err)
	}
	pool := &sandboxes{
		free: make(chan *function, 1), attempts: map[string]int{}, t: t,
		fail: func(string, int) string { return "" },
	}
	f, _ := lambdaFunction(t, g, "LAMBDA_TASK_ROOT="+root)
	pool.free <- f
	s := httptest.NewServer(pool)
	t.Cleanup(s.Close)
	at := slot[:4] + "-" + slot[4:6] + "-" + slot[6:11] + ":" + slot[11:13] + ":" + slot[13:]
	stepFunctions(t, stateMachine(t), `{"reports": ["daily"], "time": "`+at+`"}`, s.URL)
	second := fleetFiles(t, g.root, slot)
	for name, want := range first {
		if !bytes.Equal(second[name], want) {
			t.Errorf("%s: got other bytes from Step Functions than from the Indexed Job, want the "+
				"same\n%s", name, firstDifference(second[name], want))
		}
	}
}

// smallFleet is a configuration of five clusters of one Prometheus. Cluster c002 is down.
func smallFleet(prometheus, slack, token string) string {
	config := fleetConfig(5, prometheus, slack)
	config = strings.Replace(config, "{name: c002, labels: {region: r2}, prometheus: {url: '"+
		prometheus+"'}}", "{name: c002, labels: {region: r2}, prometheus: {url: "+
		"'http://127.0.0.1:1'}}", 1)
	return strings.Replace(config, "token_from: 'aws-ssm:/promsnap/slack'", token, 1)
}

// onlySlot returns the only slot below a directory of the bucket.
func onlySlot(t *testing.T, root, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, s3Bucket, dir, "2*", "*", "*", "*Z"))
	if err != nil || len(found) != 1 {
		t.Fatalf("got the slots %v, %v; want one", found, err)
	}
	return filepath.Base(found[0])
}

// fleetFiles returns the page and the document of the fleet's report at a slot.
func fleetFiles(t *testing.T, root, slot string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, name := range []string{"index.html", "report.json"} {
		data, err := os.ReadFile(filepath.Join(root, s3Bucket, "archive", "acme", "daily", slot[:4],
			slot[4:6], slot[6:8], slot, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = data
	}
	return out
}

// firstDifference returns what is around the first byte in which two texts differ.
func firstDifference(got, want []byte) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	around := func(b []byte) string { return string(b[max(0, i-80):min(len(b), i+80)]) }
	return fmt.Sprintf("got  …%s…\nwant …%s…", around(got), around(want))
}
