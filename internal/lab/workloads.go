package lab

// workload is a controller and its pods.
type workload struct {
	namespace, name, kind string
	replicas              int // of a DaemonSet: on every node
	containers            []spec
	perStage              bool    // one for each stage instead of one for the cluster
	claim                 float64 // GiB for each replica
	claimName             string  // if it is not data-<pod>
	claimFills            bool
	noStats               bool  // the claim's driver reports no statistics (such as EFS)
	rolled                int64 // time of its rollout before the anchor; 0: not recently
	overlap               int64 // how long an old pod runs alongside its successor
	scaled                int64 // when it got its last replica, before the anchor; 0: long ago
	created               int64 // when it came into being, before the anchor; 0: long ago
	released              []release
}

// spec is a container: its requests and limits, and its use of them.
type spec struct {
	name       string
	mem, limit float64 // MiB
	cpu, quota float64 // cores
	fill       float64 // working set: share of the limit, or of the request without a limit
	busy       float64 // CPU: share of the request
	throttled  float64 // share of throttled CPU periods at quiet times
	sidecar    bool
	flat       bool // never changes
	saw        bool // repeatedly climbs to its limit and is killed, since its rollout
}

// daemons run on every node.
func daemons() []workload {
	return []workload{
		{namespace: "kube-system", name: "aws-node", kind: "DaemonSet", containers: []spec{
			{name: "aws-node", mem: 64, cpu: .025, fill: 1.1, busy: .4}, {
				name: "aws-eks-nodeagent", cpu: .025, fill: 1, busy: .1,
			}}},
		{
			namespace: "monitoring", name: exporterName, kind: "DaemonSet", containers: []spec{
				{name: "node-exporter", mem: 32, limit: 64, cpu: .02, fill: .35, busy: .6},
			},
		},
		{
			namespace: "kube-system", name: "kube-proxy", kind: "DaemonSet", containers: []spec{
				{name: "kube-proxy", cpu: .1, fill: 1, busy: .05},
			},
		},
	}
}

// proxy is a native sidecar. Its limits are in the metrics of init containers.
func proxy() spec {
	return spec{
		name: "istio-proxy", mem: 128, limit: 256, cpu: .1, quota: 2, fill: .42, busy: .5,
		sidecar: true,
	}
}

// catalogue is what the company runs. If a fleet has room for more, the parts with perStage are
// repeated for the next stage.
func catalogue() []workload {
	proxy := proxy()
	return []workload{
		{
			namespace: "kube-system", name: "coredns", kind: "Deployment", replicas: 2,
			containers: []spec{{name: "coredns", mem: 70, limit: 170, cpu: .1, fill: .3, busy: .3}},
		},
		{
			namespace: "kube-system", name: "metrics-server", kind: "Deployment", replicas: 1,
			containers: []spec{
				{name: "metrics-server", mem: 200, limit: 400, cpu: .1, fill: .35, busy: .3},
			},
		},
		{
			perStage: true, namespace: "shop", name: "api", kind: "Deployment", replicas: 6,
			released: []release{{ago: 5*day + 2*hour}, {ago: 19*day + 4*hour}},
			containers: []spec{
				{name: "app", mem: 2048, limit: 3072, cpu: .4, quota: 2, fill: .58, busy: .6},
				proxy,
			},
		},
		{
			perStage: true, namespace: "shop", name: "cart", kind: "Deployment", replicas: 4,
			released: []release{{ago: 12*day + 3*hour}},
			containers: []spec{
				{name: "app", mem: 1024, limit: 2048, cpu: .25, quota: 1, fill: .5, busy: .5},
				proxy,
			},
		},
		{
			perStage: true, namespace: "shop", name: "web", kind: "Deployment", replicas: 6,
			released:   []release{{ago: 9*day + hour}, {ago: 23 * day}},
			containers: []spec{{name: "nginx", mem: 256, limit: 512, cpu: .1, fill: .25, busy: .4}},
		},
		{
			perStage: true, namespace: "payments", name: "ledger", kind: "Deployment", replicas: 4,
			released: []release{{ago: 16*day + 5*hour}},
			containers: []spec{
				{name: "ledger", mem: 3072, limit: 4096, cpu: .3, quota: 1, fill: .64, busy: .5},
				proxy,
			},
		},
		{
			namespace: "platform", name: "ingress-nginx-controller", kind: "Deployment",
			replicas: 3, released: []release{{ago: 20*day + 2*hour}}, containers: []spec{
				{name: "controller", mem: 512, cpu: .2, fill: 1.3, busy: 1.1},
			},
		},
		{
			namespace: "platform", name: "cert-manager", kind: "Deployment", replicas: 1,
			containers: []spec{
				{name: "cert-manager-controller", mem: 128, cpu: .05, fill: .8, busy: .1},
			},
		},
		{
			perStage: true, namespace: "kafka", name: "kafka", kind: "StatefulSet", replicas: 3,
			claim: 500, containers: []spec{
				{name: "kafka", mem: 8192, limit: 8192, cpu: 1, fill: .66, busy: .5}, {
					name: "jmx-exporter", mem: 128, limit: 256, cpu: .05, fill: .6, busy: .3,
				},
			},
		},
		{
			perStage: true, namespace: "search", name: "opensearch", kind: "StatefulSet",
			replicas: 3, claim: 300, containers: []spec{
				{name: "opensearch", mem: 8192, limit: 10240, cpu: 1, fill: .68, busy: .6},
			},
		},
		{
			perStage: true, namespace: "data", name: "redis", kind: "StatefulSet", replicas: 3,
			claim: 20, containers: []spec{
				{name: "redis", mem: 2048, limit: 3072, cpu: .2, fill: .46, busy: .4},
			},
		},
		{
			perStage: true, namespace: "data", name: "shared-files", kind: "StatefulSet",
			replicas: 1, claim: 100, noStats: true, containers: []spec{
				{name: "server", mem: 256, limit: 512, cpu: .05, fill: .4, busy: .2},
			},
		},
		{
			namespace: "monitoring", name: "prometheus-server", kind: "StatefulSet", replicas: 1,
			claim: 200, containers: []spec{
				{name: "prometheus", mem: 6144, limit: 8192, cpu: .8, fill: .66, busy: .5}, {
					name: "config-reloader", mem: 32, limit: 64, cpu: .01, fill: .4, busy: .1,
				},
			},
		},
		{
			perStage: true, namespace: "ml", name: "features", kind: "Deployment", replicas: 4,
			released: []release{{ago: 2*day + 3*hour, cpu: 2}},
			containers: []spec{
				{name: "worker", mem: 4096, limit: 6144, cpu: .5, fill: .5, busy: 1.4},
			},
		},
		{
			perStage: true, namespace: "ml", name: "trainer", kind: "StatefulSet", replicas: 2,
			containers: []spec{
				{
					name: "trainer", mem: 12288, limit: 16384, cpu: 1.5, quota: 4, fill: .6,
					busy: 1.2,
				},
			},
		},
		{
			namespace: "logging", name: "collector", kind: "Deployment", replicas: 4,
			scaled: 5 * hour, created: 20 * hour, containers: []spec{
				{name: "vector", mem: 512, limit: 1024, cpu: .2, quota: 1, fill: .4, busy: .8},
			},
		},
	}
}

// reporter is the exporter that every cluster has.
func reporter() workload {
	return workload{
		namespace: "monitoring", name: stateMetricsName, kind: "Deployment", replicas: 1,
		containers: []spec{
			{name: "kube-state-metrics", mem: 128, limit: 256, cpu: .05, fill: .5, busy: .6},
		},
	}
}

// troubled are the workloads with incidents.
func troubled() []workload {
	// Rolled out three hours ago. Every object was reported by two instances for five minutes.
	exporter := reporter()
	exporter.rolled, exporter.overlap = 3*hour, 5*minute
	return []workload{
		exporter,
		// Killed for its memory every 47 minutes. Its new version leaks: it was rolled out 14
		// minutes before the first kill.
		{
			namespace: "shop", name: "recommend", kind: "Deployment", replicas: 1,
			rolled: firstKill + 14*minute, overlap: 30 * second, containers: []spec{
				{
					name: "app", mem: 2048, limit: 2560, cpu: .5, quota: 2, saw: true, fill: .6,
					busy: .7,
				},
			},
		},
		// Needs more CPU than its limit.
		{
			namespace: "payments", name: "risk", kind: "Deployment", replicas: 1,
			containers: []spec{
				{
					name: "risk", mem: 1024, limit: 1536, cpu: .25, quota: .5, fill: .5,
					throttled: .45,
				},
			},
		},
		// Idle and constant.
		{
			namespace: "kube-system", name: "license-server", kind: "Deployment", replicas: 1,
			containers: []spec{
				{
					name: "license-server", mem: 256, limit: 512, cpu: .05, quota: .2, fill: .5,
					flat: true,
				},
			},
		},
		// Rolled out four hours ago.
		{
			namespace: "shop", name: "checkout", kind: "Deployment", replicas: 5, rolled: 4 * hour,
			overlap: 30 * second, released: []release{
				{ago: 3*day + 2*hour, mem: 1 / 1.4}, {ago: 18*day + 6*hour},
			}, containers: []spec{
				{name: "app", mem: 1536, limit: 8192, cpu: .3, quota: 1, fill: .55, busy: .5},
				proxy(),
			},
		},
		// Fills its volume. Its name is not ASCII.
		{
			namespace: "payments", name: "orders-db", kind: "StatefulSet", replicas: 1, claim: 50,
			claimName: "주문-데이터-0", claimFills: true, containers: []spec{
				{name: "postgres", mem: 2048, limit: 4096, cpu: .4, fill: .55, busy: .6},
			},
		},
		{
			namespace: "정산", name: "정산-배치", kind: "Deployment", replicas: 1, containers: []spec{
				{name: "일괄처리", mem: 512, limit: 1024, cpu: .2, quota: 1, fill: .68, busy: .9},
			},
		},
	}
}

// The names of the two exporters that run as pods.
const (
	stateMetricsName = "kube-state-metrics"
	exporterName     = "prometheus-node-exporter"
)

const hostileNamespace = "hostile"

// hostile are hostile names. Kubernetes refuses them, but a label may hold anything.
func hostile() []string {
	return []string{
		"<script>alert(1)</script>",
		"<!channel> <@U012AB3CD> *bold* <https://example.com|click>",
		`"quoted" & 'single' \ back`,
		"{{.Secrets}} ${HOME} $(id) %s%n",
		"../../../etc/passwd",
		"two\nlines\tand \u202eright to left",
		"long-" +
			"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	}
}
