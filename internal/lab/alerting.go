package lab

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// alertsName is the metric that Prometheus writes about the alerts of its rules.
const alertsName = "ALERTS"

// alertingRule is a rule that the simulated Prometheus evaluates, with what came of it.
type alertingRule struct {
	group, name, severity, expr string
	holds                       time.Duration // its for
	objects                     []alertedObject
}

// alertedObject is one alert of a rule: its labels and when it is pending and fires.
type alertedObject struct {
	labels          []string // as alternating names and values
	pending, firing spans
}

// alerted returns an object whose condition holds in these times.
func (r *alertingRule) alerted(holds spans, labels ...string) {
	o := alertedObject{labels: labels}
	wait := r.holds.Milliseconds()
	for _, x := range holds {
		fires := min(x.from+wait, x.to)
		if x.from == ever {
			fires = ever
		}
		if x.from < fires {
			o.pending = append(o.pending, span{x.from, fires})
		}
		if fires < x.to {
			o.firing = append(o.firing, span{fires, x.to})
		}
	}
	r.objects = append(r.objects, o)
}

// quietRules are rules that never fire.
var quietRules = []string{
	"AlertmanagerDown", "CPUThrottlingHigh", "ConfigReloaderFailing", "EtcdInsufficientMembers",
	"EtcdNoLeader", "KubeAPIDown", "KubeAPIErrorBudgetBurn", "KubeClientErrors",
	"KubeControllerManagerDown", "KubeDaemonSetRolloutStuck", "KubeDeploymentReplicasMismatch",
	"KubeHpaMaxedOut", "KubeJobFailed", "KubeSchedulerDown", "KubeStatefulSetUpdateNotRolledOut",
	"KubeVersionMismatch", "NodeClockSkewDetected", "NodeRAIDDegraded",
	"PrometheusBadConfig", "PrometheusRemoteStorageFailures",
}

// alertingRules returns the rules of a simulated cluster.
func alertingRules(c *cluster, tame bool) []alertingRule {
	watchdog := alertingRule{group: "general", name: "Watchdog", severity: "none", expr: "vector(1)"}
	watchdog.alerted(always())
	all := []alertingRule{watchdog}
	if !c.calm {
		all = append(all, nodeAlerts(c)...)
		all = append(all, podAlerts(c)...)
		// Nobody gave this rule a severity.
		backup := alertingRule{
			group: "backup", name: "BackupTooOld", expr: "time() - backup_last_success > 93600",
			holds: 10 * time.Minute,
		}
		backup.alerted(spans{{c.before(15 * hour), c.before(12 * hour)}}, "volume", "orders-db")
		all = append(all, backup)
	}
	if !c.calm && !tame {
		hurts := alertingRule{
			group: "hostile", severity: "warning", expr: "vector(1)",
			name: `<img src=x onerror=alert(1)>"&` + "\u202egnirif @channel",
		}
		hurts.alerted(spans{{c.before(3 * hour), c.before(2 * hour)}}, "pod", "<b>x</b>")
		all = append(all, hurts)
	}
	for i, name := range quietRules {
		severity := []string{"warning", "critical"}[i%2]
		all = append(all, alertingRule{
			group: "kubernetes", name: name, severity: severity, expr: "up == 0",
			holds: 15 * time.Minute,
		})
	}
	return all
}

// nodeAlerts returns the rules about nodes. They fire as the incidents of breakNodes have it.
func nodeAlerts(c *cluster) []alertingRule {
	memory := alertingRule{
		group: "nodes", name: "NodeMemoryHighUtilization", severity: "critical",
		expr:  "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes > 0.9",
		holds: 15 * time.Minute,
	}
	cpu := alertingRule{
		group: "nodes", name: "NodeCPUHighUsage", severity: "warning",
		expr:  `1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0.9`,
		holds: 15 * time.Minute,
	}
	ready := alertingRule{
		group: "nodes", name: "KubeNodeNotReady", severity: "critical",
		expr:  `kube_node_status_condition{condition="Ready",status="true"} == 0`,
		holds: 15 * time.Minute,
	}
	down := alertingRule{
		group: "general", name: "TargetDown", severity: "warning", expr: "up == 0",
		holds: 10 * time.Minute,
	}
	if n := c.in(leaking); n != nil {
		memory.alerted(since(c.before(6*hour)), "node", n.name)
	}
	if n := c.in(cpuBound); n != nil {
		cpu.alerted(since(c.before(70*minute)), "node", n.name)
	}
	if n := c.in(filling); n != nil {
		// Not long enough to fire.
		cpu.alerted(since(c.before(9*minute)), "node", n.name)
	}
	if n := c.in(wentDown); n != nil {
		gone := spans{{c.before(9 * hour), c.before(7 * hour)}}
		ready.alerted(gone, "node", n.name)
		down.alerted(gone, "node", n.name)
	}
	if n := c.in(wasNotReady); n != nil {
		ready.alerted(n.notReady, "node", n.name)
	}
	return []alertingRule{memory, cpu, ready, down}
}

// podAlerts returns the rules about pods. One of them comes and goes.
func podAlerts(c *cluster) []alertingRule {
	crash := alertingRule{
		group: "apps", name: "KubePodCrashLooping", severity: "warning",
		expr:  `max_over_time(kube_pod_container_status_waiting_reason[5m]) >= 1`,
		holds: 4 * time.Minute,
	}
	info := alertingRule{
		group: "apps", name: "InfoInhibitor", severity: "none", expr: "ALERTS == 1",
	}
	for i, p := range c.pods[:min(len(c.pods), 3)] {
		var holds spans
		every := int64(130+11*i) * minute
		for at := c.before(30 * hour); at < c.anchor+30*hour; at += every {
			holds = append(holds, span{at, at + 13*minute})
		}
		crash.alerted(holds, "namespace", p.namespace, "pod", p.name)
		info.alerted(holds, "namespace", p.namespace)
	}
	old := alertingRule{
		group: "apps", name: "KubePersistentVolumeFillingUp", severity: "critical",
		expr: "kubelet_volume_stats_available_bytes < 3e9", holds: time.Minute,
	}
	old.alerted(spans{{c.before(9 * day), c.before(9*day - 5*hour)}}, "namespace", "shop")
	return []alertingRule{crash, info, old}
}

// alertsMetric returns ALERTS.
func alertsMetric(all []alertingRule) metric {
	return metric{
		name: alertsName, kind: gauge, from: prometheusItself, bare: true,
		expose: func(_ *target, emit emitter) {
			for i := range all {
				r := &all[i]
				for _, o := range r.objects {
					common := slices.Concat(o.labels, []string{"alertname", r.name})
					if r.severity != "" {
						common = append(common, "severity", r.severity)
					}
					emit(o.pending, constant(1), slices.Concat(common,
						[]string{"alertstate", "pending"})...)
					emit(o.firing, constant(1), slices.Concat(common,
						[]string{"alertstate", "firing"})...)
				}
			}
		},
	}
}

// alertEntry is one alert of /api/v1/alerts and /api/v1/rules.
type alertEntry struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
	ActiveAt    time.Time         `json:"activeAt"`
	Value       string            `json:"value"`
}

// ruleEntry is one rule of /api/v1/rules.
type ruleEntry struct {
	State          string            `json:"state,omitempty"`
	Name           string            `json:"name"`
	Query          string            `json:"query"`
	Duration       float64           `json:"duration"`
	Labels         map[string]string `json:"labels,omitempty"`
	Annotations    map[string]string `json:"annotations,omitempty"`
	Alerts         []alertEntry      `json:"alerts,omitempty"`
	Health         string            `json:"health"`
	LastError      string            `json:"lastError,omitempty"`
	EvaluationTime float64           `json:"evaluationTime"`
	LastEvaluation time.Time         `json:"lastEvaluation"`
	Type           string            `json:"type"`
}

// groupEntry is one group of /api/v1/rules.
type groupEntry struct {
	Name           string      `json:"name"`
	File           string      `json:"file"`
	Rules          []ruleEntry `json:"rules"`
	Interval       float64     `json:"interval"`
	EvaluationTime float64     `json:"evaluationTime"`
	LastEvaluation time.Time   `json:"lastEvaluation"`
}

// active returns the alerts of a rule at a time.
func (r *alertingRule) active(at int64, cluster string) []alertEntry {
	all := []alertEntry{}
	for _, o := range r.objects {
		for _, s := range []struct {
			state string
			in    spans
		}{{"pending", o.pending}, {"firing", o.firing}} {
			if !s.in.contains(at) {
				continue
			}
			e := alertEntry{
				Labels: map[string]string{"alertname": r.name}, Annotations: map[string]string{},
				State: s.state, Value: "1e+00",
			}
			for _, x := range s.in {
				if x.contains(at) && x.from != ever {
					e.ActiveAt = time.UnixMilli(x.from).UTC()
				}
			}
			for i := 0; i < len(o.labels); i += 2 {
				e.Labels[o.labels[i]] = o.labels[i+1]
			}
			if r.severity != "" {
				e.Labels["severity"] = r.severity
			}
			if cluster != "" {
				e.Labels["cluster"] = cluster
			}
			all = append(all, e)
		}
	}
	return all
}

// alerts answers /api/v1/alerts.
func (a *api) alerts(*http.Request) (answer, error) {
	all := []alertEntry{}
	for i := range a.lab.rules {
		all = append(all,
			a.lab.rules[i].active(a.lab.now().UnixMilli(), a.lab.options.Cluster)...)
	}
	return answer{data: map[string]any{"alerts": all}}, nil
}

// managed answers /api/v2/alerts as an Alertmanager does that gets the alerts. One is silenced.
func (a *api) managed(w http.ResponseWriter, _ *http.Request) {
	type status struct {
		State string `json:"state"`
	}
	type alert struct {
		Labels   map[string]string `json:"labels"`
		StartsAt time.Time         `json:"startsAt"`
		Status   status            `json:"status"`
	}
	all := []alert{}
	for i := range a.lab.rules {
		for _, x := range a.lab.rules[i].active(a.lab.now().UnixMilli(), a.lab.options.Cluster) {
			if x.State == "firing" {
				all = append(all, alert{x.Labels, x.ActiveAt, status{"active"}})
			}
		}
	}
	if len(all) > 0 {
		all[len(all)-1].Status.State = "suppressed"
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // a client that left needs no error
}

// rules answers /api/v1/rules. One recording rule fails, and one group is slow.
func (a *api) rules(r *http.Request) (answer, error) {
	now := a.lab.now()
	evaluated := now.Truncate(30 * time.Second).UTC()
	groups := map[string]*groupEntry{}
	add := func(group string, rule ruleEntry) {
		if groups[group] == nil {
			groups[group] = &groupEntry{
				Name: group, File: "/etc/prometheus/rules/" + group + ".yaml", Interval: 30,
				EvaluationTime: .012, LastEvaluation: evaluated,
			}
		}
		rule.EvaluationTime, rule.LastEvaluation = .0007, evaluated
		groups[group].Rules = append(groups[group].Rules, rule)
	}
	for i := range a.lab.rules {
		x := &a.lab.rules[i]
		e := ruleEntry{
			Name: x.name, Query: x.expr, Duration: x.holds.Seconds(), Health: "ok",
			Type: "alerting", State: "inactive", Labels: map[string]string{},
			Annotations: map[string]string{"summary": fmt.Sprintf("%s of {{ $labels.job }}", x.group)},
		}
		if x.severity != "" {
			e.Labels["severity"] = x.severity
		}
		active := x.active(now.UnixMilli(), a.lab.options.Cluster)
		for _, one := range active {
			if e.State != "firing" {
				e.State = one.State
			}
		}
		if !strings.EqualFold(r.FormValue("exclude_alerts"), "true") {
			e.Alerts = active
		}
		add(x.group, e)
	}
	if len(a.lab.rules) > 0 && !a.lab.options.Calm {
		add("usage.recording", ruleEntry{
			Name: "namespace:container_cpu_usage:sum", Query: "sum by (namespace) (x) * on (pod) y",
			Type: "recording", Health: "err",
			LastError: "found duplicate series for the match group {pod=\"api-0\"} on the right " +
				"hand-side of the operation: many-to-many matching not allowed",
		})
		add("slo.recording", ruleEntry{
			Name: "apiserver:requests:burnrate3d", Query: "sum(rate(apiserver_request_total[3d]))",
			Type: "recording", Health: "ok",
		})
		groups["slo.recording"].EvaluationTime = 41.3
	}
	all := []groupEntry{}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, *groups[name])
	}
	return answer{data: map[string]any{"groups": all}}, nil
}
