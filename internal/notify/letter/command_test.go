package letter

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// of returns an alert of a rule. pairs are the labels that identify it.
func of(rule string, pairs ...string) rules.Alert {
	identity := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		identity[pairs[i]] = pairs[i+1]
	}
	return rules.Alert{
		Panel: "panel-" + rule, Rule: rule, Name: "it", Labels: identity, Identity: identity,
		Severity: rules.Critical,
		Episodes: []rules.Episode{{Since: slot, Last: slot, Worst: rules.Critical}},
	}
}

// with returns the alert with further labels of its series.
func with(a rules.Alert, pairs ...string) rules.Alert {
	own := map[string]string{}
	for n, v := range a.Identity {
		own[n] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		own[pairs[i]] = pairs[i+1]
	}
	a.Labels = own
	return a
}

func keyOf(a rules.Alert) rules.Key { return rules.KeyOf(a.ID(), series.FromMap(a.Identity)) }

// news returns a message about new alerts, while others fire too.
func news(these, others []rules.Alert) notify.Delivery {
	d := notify.Delivery{
		Report: report.Build(report.Info{
			Cluster: "prod", Slot: slot, ConfigFile: "promsnap.yaml",
		}, []snapshot.Panel{{
			Spec: panel.Spec{
				Name:   "panel-ContainerOOMKilled",
				Events: &panel.Events{Said: words.Counted{One: "%s kill", Many: "%s kills"}},
				Rules:  []rules.Rule{{Name: "ContainerOOMKilled"}},
			},
			Data: snapshot.DataComplete,
		}}),
		Message: &notify.Message{Kind: notify.KindNew},
		Memory:  rules.Memory{Slot: slot, Alerts: map[rules.Key]rules.Alert{}},
	}
	for _, a := range these {
		d.Message.Items = append(d.Message.Items,
			notify.Item{Key: keyOf(a), Alert: a, Episode: a.Now()})
	}
	for _, a := range append(slices.Clone(these), others...) {
		d.Memory.Alerts[keyOf(a)] = a
	}
	return d
}

// commandsOf returns the commands of a delivery's message.
func commandsOf(d notify.Delivery) []string {
	var out []string
	for _, c := range Compose(d, limits).Commands {
		out = append(out, c.Lines...)
	}
	return out
}

// many returns alerts of a rule for n nodes.
func many(rule string, n int) []rules.Alert {
	var out []rules.Alert
	for i := range n {
		out = append(out, of(rule, "node", "node-"+strings.Repeat("x", i+1)))
	}
	return out
}

func TestNextSteps(t *testing.T) {
	memory := with(of("NodeMemoryHigh", "instance", "10.0.1.12:9100"), "node", "ip-10-0-1-12")
	oom := with(of("ContainerOOMKilled", "namespace", "shop", "workload", "checkout",
		"container", "app"), "pod", "checkout-7d9f")
	near := with(of("ContainerMemoryNearLimit", "namespace", "shop", "workload", "checkout",
		"container", "app"), "pod", "checkout-7d9f")
	onNode := func(a rules.Alert) rules.Alert {
		a.Cause = rules.Cause{Kind: rules.CauseNode, Name: "ip-10-0-1-12"}
		return a
	}
	blind := rules.Alert{
		Rule: rules.BlindName, Name: "promsnap", Severity: rules.Critical,
		Episodes: []rules.Episode{{Since: slot, Last: slot, Worst: rules.Critical}},
	}
	silence := func(ms string) string {
		return "promsnap silence add --duration 4h '" + ms + "' -c promsnap.yaml"
	}
	for name, c := range map[string]struct {
		these, others []rules.Alert
		want          []string
	}{
		"node": {[]rules.Alert{memory}, nil, []string{
			"kubectl describe node ip-10-0-1-12",
			silence(`alertname="NodeMemoryHigh", node="ip-10-0-1-12"`),
		}},
		"two exporters on a node": {[]rules.Alert{memory}, []rules.Alert{
			with(of("NodeMemoryHigh", "instance", "10.0.1.12:9200"), "node", "ip-10-0-1-12"),
		}, []string{
			"kubectl describe node ip-10-0-1-12",
			silence(`alertname="NodeMemoryHigh", instance="10.0.1.12:9100"`),
		}},
		"kill": {[]rules.Alert{oom}, nil, []string{
			"kubectl -n shop logs checkout-7d9f -c app --previous --tail=50",
			silence(`alertname="ContainerOOMKilled", container="app", namespace="shop", ` +
				`workload="checkout"`),
		}},
		"container": {[]rules.Alert{near}, nil, []string{
			"kubectl -n shop describe pod checkout-7d9f",
			silence(`alertname="ContainerMemoryNearLimit", container="app", namespace="shop", ` +
				`workload="checkout"`),
		}},
		"claim": {[]rules.Alert{
			of("VolumeHigh", "namespace", "shop", "persistentvolumeclaim", "data-0"),
		}, nil, []string{
			"kubectl -n shop describe pvc data-0",
			silence(`alertname="VolumeHigh", namespace="shop", persistentvolumeclaim="data-0"`),
		}},
		"job": {[]rules.Alert{of("ScrapeTargetsDown", "job", "kafka")}, nil, []string{
			silence(`alertname="ScrapeTargetsDown", job="kafka"`),
		}},
		"several nodes": {many("NodeCPUHigh", 3), many("NodeCPUHigh", 5)[3:], []string{
			"kubectl describe node node-x",
			silence(`alertname="NodeCPUHigh", node=~"node-x|node-xx|node-xxx"`),
		}},
		"all nodes": {many("NodeCPUHigh", 9), []rules.Alert{memory}, []string{
			"kubectl describe node node-x", silence(`alertname="NodeCPUHigh"`),
		}},
		"too many to name, but not all": {many("NodeCPUHigh", 60), many("NodeCPUHigh", 61)[60:],
			[]string{"kubectl describe node node-x"}},
		"a node that is down": {[]rules.Alert{
			onNode(of("NodeCondition", "node", "ip-10-0-1-12", "condition", "NotReady")),
			onNode(of("NodeExporterMissing", "node", "ip-10-0-1-12")),
		}, []rules.Alert{of("NodeCondition", "node", "b", "condition", "NotReady")}, []string{
			"kubectl describe node ip-10-0-1-12",
			silence(`alertname=~"NodeCondition|NodeExporterMissing", node="ip-10-0-1-12"`),
		}},
		"a node that is down with its jobs": {[]rules.Alert{
			onNode(of("NodeCondition", "node", "ip-10-0-1-12", "condition", "NotReady")),
			onNode(of("NodeExporterMissing", "node", "ip-10-0-1-12")),
			onNode(of("ScrapeTargetsDown", "job", "a")),
			onNode(of("ScrapeTargetsDown", "job", "b")),
		}, []rules.Alert{
			of("NodeExporterMissing", "node", "b"), of("ScrapeTargetsDown", "job", "c"),
		}, []string{
			"kubectl describe node ip-10-0-1-12",
			silence(`alertname=~"NodeCondition|NodeExporterMissing", node="ip-10-0-1-12"`),
			silence(`alertname="ScrapeTargetsDown", job=~"a|b"`),
		}},
		"an exporter's pod": {[]rules.Alert{with(
			of("NodeTemperature", "instance", "10.0.1.12:9100", "namespace", "monitoring",
				"pod", "node-exporter-x"), "node", "ip-10-0-1-12"),
		}, nil, []string{
			"kubectl describe node ip-10-0-1-12",
			silence(`alertname="NodeTemperature", namespace="monitoring", node="ip-10-0-1-12", ` +
				`pod="node-exporter-x"`),
		}},
		"two causes": {[]rules.Alert{memory, near}, nil, nil},
		"blind": {[]rules.Alert{blind}, nil, []string{
			"promsnap doctor -c promsnap.yaml", silence(`alertname="PromsnapBlind"`),
		}},
		"two panels with one rule": {[]rules.Alert{memory}, []rules.Alert{func() rules.Alert {
			a := memory
			a.Panel = "other"
			return a
		}()}, []string{
			"kubectl describe node ip-10-0-1-12",
			silence(`alertname="NodeMemoryHigh", instance="10.0.1.12:9100", ` +
				`panel="panel-NodeMemoryHigh"`),
		}},
	} {
		d := news(c.these, c.others)
		if got := commandsOf(d); !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%q\nwant\n%q", name, got, c.want)
		}
		checkSilence(t, name, d)
		d.Message.Kind = notify.KindBetter
		if got := commandsOf(d); len(got) > 0 {
			t.Errorf("%s, and it gets better: got %q, want no command", name, got)
		}
	}
	d := news([]rules.Alert{memory}, nil)
	d.Report.Info.ConfigFile = ""
	if got, want := commandsOf(d), []string{
		"kubectl describe node ip-10-0-1-12",
	}; !slices.Equal(got, want) {
		t.Errorf("without a configuration: got %q, want %q", got, want)
	}
}

// checkSilence checks that a shell and the parser of silences read the silences of a message, and
// that together they match its alerts and no others.
func checkSilence(t *testing.T, name string, d notify.Delivery) {
	t.Helper()
	var all []rules.Matchers
	for _, c := range commandsOf(d) {
		if !strings.HasPrefix(c, "promsnap s") {
			continue
		}
		args := shellWords(t, c)
		if len(args) != 7 || !slices.Equal(slices.Delete(slices.Clone(args), 4, 5),
			[]string{"silence", "add", "--duration", "4h", "-c", d.Report.Info.ConfigFile}) {
			t.Errorf("%s: got the arguments %q, want a silence with %q", name, args,
				d.Report.Info.ConfigFile)
			return
		}
		ms, err := notify.ParseMatch(args[4])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		all = append(all, ms)
	}
	if len(all) == 0 {
		return
	}
	for k, a := range d.Memory.Alerts {
		want := slices.ContainsFunc(d.Message.Items, func(i notify.Item) bool { return i.Key == k })
		if got := slices.ContainsFunc(all, func(ms rules.Matchers) bool {
			return ms.Match(a.Label)
		}); got != want {
			t.Errorf("%s: %v match %s: got %v, want %v", name, all, k, got, want)
		}
	}
}

// shellWords returns the arguments of promsnap that a shell reads from a command.
func shellWords(t *testing.T, command string) []string {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	out, err := exec.CommandContext(t.Context(), sh, "-c",
		`promsnap() { for a in "$@"; do printf '%s\000' "$a"; done; }; `+command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v, %s", command, err, out)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// A name from outside stays a name: in a silence it is quoted, and for kubectl it must be the name
// of an object.
func TestCommandsOfHostileNames(t *testing.T) {
	names := []string{"-x", "a b", "$(id)", "a;id", "'; id; '", "a'b\"c\\d`e`", "ä", "x\u202ey"}
	for _, w := range hostile.Words() {
		names = append(names, w.Text)
	}
	for _, name := range names {
		for _, a := range []rules.Alert{
			of("NodeMemoryHigh", "node", name), of("VolumeHigh", "namespace", name,
				"persistentvolumeclaim", "x"), of(name, "job", name),
			with(of("ContainerOOMKilled", "namespace", "shop", "container", name), "pod", name),
		} {
			d := news([]rules.Alert{a}, []rules.Alert{of("other", "job", "x")})
			d.Report.Info.ConfigFile = "it's mine.yaml"
			for _, c := range commandsOf(d) {
				if strings.HasPrefix(c, "kubectl") && strings.Contains(c, name) && name != "" &&
					!objectName.MatchString(name) {
					t.Errorf("%q: got %s, want no such name", name, c)
				}
				if outside.Line(c) != c {
					t.Errorf("%q: got %q, want one line without hidden characters", name, c)
				}
			}
			checkSilence(t, name, d)
		}
	}
}

// A command that does not fit is left out.
func TestCommandsThatDoNotFit(t *testing.T) {
	d := news([]rules.Alert{with(of("NodeMemoryHigh", "node", "a"))}, nil)
	small := limits
	for room, want := range map[int]int{2000: 2, 60: 1, 10: 0} {
		small.Code = room
		got := 0
		for _, c := range Compose(d, small).Commands {
			got += len(c.Lines)
		}
		if got != want {
			t.Errorf("with %d characters: got %d commands, want %d", room, got, want)
		}
	}
}

// If a source of metrics is gone, its pods are what to look at, and not the object of the alert.
func TestTheNextStepOfASourceThatIsGone(t *testing.T) {
	for source, want := range map[panel.Source]string{
		panel.KubeStateMetrics + " 10.0.0.5:8080": "kubectl get pods -A -o wide | " +
			"grep kube-state-metrics",
		panel.NodeExporter:     "kubectl get pods -A -o wide | grep node-exporter",
		panel.KubeStateMetrics: "kubectl get pods -A -o wide | grep kube-state-metrics",
		panel.Kubelet:          "kubectl get nodes",
	} {
		a := of("NodeExporterMissing", "node", "n1")
		a.Cause = rules.Cause{Kind: rules.CauseSource, Name: string(source)}
		if got := commandsOf(news([]rules.Alert{a}, nil)); len(got) == 0 || got[0] != want {
			t.Errorf("%s: got the commands %q, want %q first", source, got, want)
		}
	}
}
