package letter

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
)

// Commands are commands for a POSIX shell, one a line, below a heading.
type Commands struct {
	Words string // the heading
	Lines []string
}

// silenceFor is the duration of the silence that a message offers.
const silenceFor = "4h"

// listedSilences is how many silences a message offers at most.
const listedSilences = 2

// nextSteps returns the commands to look at what a message is about, and to silence it. It returns
// none for a message that pages nobody, or that is about several causes.
func (w *writer) nextSteps() []Commands {
	items := w.message.Items
	if !w.message.Pages() || len(items) == 0 || !w.oneCause() {
		return nil
	}
	lines := w.commands(append([]string{w.look(&items[0])}, w.silences()...)...)
	if len(lines) == 0 {
		return nil
	}
	return []Commands{{w.NextSteps, lines}}
}

// commands returns the commands that fit. A command that would be cut or changed is another
// command, so it is left out.
func (w *writer) commands(all ...string) []string {
	var out []string
	room := w.limits.Code
	for _, c := range all {
		if c == "" || outside.Line(c) != c || w.limits.Size(c) >= room {
			continue
		}
		room -= w.limits.Size(c) + 1
		out = append(out, c)
	}
	return out
}

// oneCause reports whether all alerts of the message are of one rule or have one cause.
func (w *writer) oneCause() bool {
	first := w.message.Items[0].Alert
	return !slices.ContainsFunc(w.message.Items, func(i notify.Item) bool {
		return i.Alert.ID() != first.ID() && (i.Alert.Cause != first.Cause ||
			first.Cause.Kind == rules.CauseRule || first.Cause == rules.Cause{})
	})
}

// objects are the labels that name an object of Kubernetes, with its kind for kubectl. The first
// label that an alert has counts.
var objects = []struct{ label, kind string }{
	{"persistentvolumeclaim", "pvc"}, {"pod", "pod"}, {"deployment", "deployment"},
	{"statefulset", "statefulset"}, {"daemonset", "daemonset"}, {"cronjob", "cronjob"},
	{"job_name", "job"},
}

// objectName matches the names of objects and namespaces. Nothing in such a name means anything to
// a shell, and it cannot be read as a flag.
var objectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)

// sourceLooks are the commands that show the sources of metrics. Both Helm charts name the pods of
// the exporters like this.
var sourceLooks = map[string]string{
	string(panel.NodeExporter):     "kubectl get pods -A -o wide | grep node-exporter",
	string(panel.KubeStateMetrics): "kubectl get pods -A -o wide | grep kube-state-metrics",
	string(panel.Kubelet):          "kubectl get nodes",
}

// look returns the command that shows the object of an alert, or "" if it has none.
func (w *writer) look(i *notify.Item) string {
	a := i.Alert
	if a.IsBlindness() {
		if w.report.Info.ConfigFile == "" {
			return ""
		}
		return "promsnap doctor -c " + outside.ShellWord(w.report.Info.ConfigFile)
	}
	if c := a.Cause; c.Kind == rules.CauseNode && objectName.MatchString(c.Name) {
		return "kubectl describe node " + c.Name
	}
	if c := a.Cause; c.Kind == rules.CauseSource {
		source, _, _ := strings.Cut(c.Name, " ") // without the part that is gone
		if look := sourceLooks[source]; look != "" {
			return look
		}
	}
	node := a.Label("node")
	if !objectName.MatchString(node) {
		node = ""
	}
	// an alert about a pod is identified by its workload
	ofExporter := node != "" && a.Label("pod") != "" && a.Identity["workload"] == ""
	if ns := a.Label("namespace"); objectName.MatchString(ns) {
		for _, o := range objects {
			if o.label == "pod" && ofExporter {
				continue
			}
			if name := a.Label(o.label); objectName.MatchString(name) {
				return cmp.Or(w.logs(i, ns, name),
					"kubectl -n "+ns+" describe "+o.kind+" "+name)
			}
		}
		if !ofExporter {
			return ""
		}
	}
	if node != "" {
		return "kubectl describe node " + node
	}
	return ""
}

// logs returns the command that shows what a container wrote before its last restart, or "" if the
// alert is about something else.
func (w *writer) logs(i *notify.Item, namespace, pod string) string {
	container := i.Alert.Label("container")
	if w.alert(i).events() == nil || i.Alert.Label("pod") != pod ||
		!objectName.MatchString(container) {
		return ""
	}
	return "kubectl -n " + namespace + " logs " + pod + " -c " + container + " --previous --tail=50"
}

// silences returns the commands that silence just the alerts of the message: one if matchers fit
// all of them, else one for each part that has some, the part with the worst alert first. It
// returns none if promsnap has no state for silences.
func (w *writer) silences() []string {
	config := w.report.Info.ConfigFile
	if config == "" {
		return nil
	}
	var these, others []rules.Alert
	in := map[rules.Key]bool{}
	for _, i := range w.message.Items {
		these, in[i.Key] = append(these, i.Alert), true
	}
	for k, a := range w.d.Memory.Alerts {
		if a.Fires() && !in[k] {
			others = append(others, a)
		}
	}
	var out []string
	for _, ms := range matchersOfParts(these, others) {
		if len(out) < listedSilences {
			out = append(out, "promsnap silence add --duration "+silenceFor+" "+
				outside.ShellWord(ms.String())+" -c "+outside.ShellWord(config))
		}
	}
	return out
}

// matchersOfParts returns matchers that match these alerts and none of the others. If no one set of
// matchers fits alerts with different labels, such as those of a node and of its jobs, the alerts
// with the same labels have their own set, or share one with earlier alerts.
func matchersOfParts(these, others []rules.Alert) []rules.Matchers {
	if ms := rules.MatchersFor(these, others); ms != nil {
		return []rules.Matchers{ms}
	}
	var order []string
	byLabels := map[string][]rules.Alert{}
	for _, a := range these {
		k := strings.Join(slices.Sorted(maps.Keys(a.Identity)), "\n")
		if byLabels[k] == nil {
			order = append(order, k)
		}
		byLabels[k] = append(byLabels[k], a)
	}
	var parts [][]rules.Alert
	var out []rules.Matchers
next:
	for _, k := range order {
		for i, part := range parts {
			both := slices.Concat(part, byLabels[k])
			if ms := rules.MatchersFor(both, others); ms != nil {
				parts[i], out[i] = both, ms
				continue next
			}
		}
		if ms := rules.MatchersFor(byLabels[k], others); ms != nil {
			parts, out = append(parts, byLabels[k]), append(out, ms)
		}
	}
	return out
}
