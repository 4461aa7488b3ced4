package letter

import (
	"cmp"
	"regexp"
	"slices"

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

// nextSteps returns the commands to look at what a message is about, and to silence it. It returns
// none for a message that pages nobody, or that is about several causes.
func (w *writer) nextSteps() []Commands {
	items := w.message.Items
	if !w.message.Pages() || len(items) == 0 || !w.oneCause() {
		return nil
	}
	lines := w.commands(w.look(&items[0]), w.silence())
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
	if c := a.Cause; c.Kind == rules.CauseSource && sourceLooks[c.Name] != "" {
		return sourceLooks[c.Name]
	}
	if ns := a.Label("namespace"); objectName.MatchString(ns) {
		for _, o := range objects {
			if name := a.Label(o.label); objectName.MatchString(name) {
				return cmp.Or(w.logs(i, ns, name),
					"kubectl -n "+ns+" describe "+o.kind+" "+name)
			}
		}
		return ""
	}
	if node := a.Label("node"); objectName.MatchString(node) {
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

// silence returns the command that silences just the alerts of the message, or "" if promsnap has
// no state for silences or no matchers fit.
func (w *writer) silence() string {
	if w.report.Info.ConfigFile == "" {
		return ""
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
	ms := rules.MatchersFor(these, others)
	if ms == nil {
		return ""
	}
	return "promsnap silence add --duration " + silenceFor + " " +
		outside.ShellWord(ms.String()) + " -c " + outside.ShellWord(w.report.Info.ConfigFile)
}
