package panels_test

import (
	"maps"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panels"
)

// events is a store of pods in the namespace shop. Its samples end at noon, three hours after the
// first.
type events struct {
	store
	t *testing.T
}

const noon = 3 * time.Hour

// put adds a series that an instance of kube-state-metrics reports.
func (e *events) put(name, instance, pod string, more set, values string) {
	e.t.Helper()
	ls := set{"job": "ksm", "instance": instance, "namespace": "shop", "pod": pod}
	maps.Copy(ls, more)
	e.add(e.t, name, ls, scrape, values)
}

func (e *events) restarts(instance, pod, uid, values string) {
	e.put("kube_pod_container_status_restarts_total", instance, pod,
		set{"container": "app", "uid": uid}, values)
}

// killed reports an OOM kill as the last end of the container.
func (e *events) killed(instance, pod, uid, values string) {
	e.put("kube_pod_container_status_last_terminated_reason", instance, pod,
		set{"container": "app", "uid": uid, "reason": "OOMKilled"}, values)
}

// since reports when a pod started, in seconds of the store.
func (e *events) since(instance, pod, uid, values string) {
	e.put("kube_pod_start_time", instance, pod, set{"uid": uid}, values)
}

// TestRestartsAreCountedAlikeOnEveryServer checks that no query depends on what the first sample of
// a counter means: increase() of Prometheus and of VictoriaMetrics differ there. A restart counts
// if the counter was seen to rise, or if a new pod starts with it.
func TestRestartsAreCountedAlikeOnEveryServer(t *testing.T) {
	for _, tt := range []struct {
		name string
		fill func(e *events)
		want values
	}{
		{"a counter that rises", func(e *events) {
			e.restarts("a", "p", "1", "3x150 5x60")
		}, values{"app shop p": 2}},
		{"a counter that rose 59 minutes ago", func(e *events) {
			e.restarts("a", "p", "1", "3x120 4x60")
		}, values{"app shop p": 1}},
		{"a counter that rose an hour ago", func(e *events) {
			e.restarts("a", "p", "1", "3x119 4x60")
		}, values{"app shop p": 0}},
		{"a new scrape of an old pod", func(e *events) {
			e.restarts("a", "p", "1", "_x160 4x20")
			e.since("a", "p", "1", "_x160 0x20")
		}, values{"app shop p": 0}},
		{"a new pod that restarted before its first scrape", func(e *events) {
			e.restarts("a", "old", "0", "7x180")
			e.restarts("a", "p", "1", "_x160 1x20")
			e.since("a", "p", "1", "_x160 9540x20")
		}, values{"app shop old": 0, "app shop p": 1}},
		{"a new pod, known as new only by the instance that did not know it", func(e *events) {
			e.restarts("a", "old", "0", "7x180")
			e.restarts("a", "p", "1", "_x160 1x20")
		}, values{"app shop old": 0, "app shop p": 1}},
		{"a new instance that does not report when pods started", func(e *events) {
			e.restarts("b", "p", "1", "_x160 4x20")
		}, values{"app shop p": 0}},
		{"a restart between the old and the new instance", func(e *events) {
			e.restarts("a", "p", "1", "4x160")
			e.restarts("b", "p", "1", "_x165 5x15")
		}, values{"app shop p": 1}},
		{"two instances that overlap", func(e *events) {
			e.restarts("a", "p", "1", "4x150 5x15")
			e.restarts("b", "p", "1", "_x155 5x25")
		}, values{"app shop p": 1}},
		{"two shards, one of them new", func(e *events) {
			e.restarts("a", "p", "1", "2x180")
			e.restarts("b", "q", "2", "_x150 9x30")
			e.since("b", "q", "2", "_x150 60x30")
		}, values{"app shop p": 0, "app shop q": 0}},
		{"a gap an hour ago", func(e *events) {
			e.restarts("a", "p", "1", "4x100 _x40 4x40")
			e.since("a", "p", "1", "0x180")
		}, values{"app shop p": 0}},
		{"a recreated pod of a StatefulSet", func(e *events) {
			e.restarts("a", "db-0", "1", "40x150")
			e.restarts("a", "db-0", "2", "_x155 0x10 1x15")
			e.since("a", "db-0", "1", "0x150")
			e.since("a", "db-0", "2", "_x155 9240x25")
		}, values{"app shop db-0": 1}},
		{"a recreated pod without a uid", func(e *events) {
			e.restarts("a", "db-0", "", "40x150 0x10 1x20")
		}, values{"app shop db-0": 1}},
		{"a native sidecar", func(e *events) {
			e.put("kube_pod_init_container_status_restarts_total", "a", "p",
				set{"container": "proxy", "uid": "1"}, "1x150 3x30")
		}, values{"proxy shop p": 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &events{t: t}
			tt.fill(e)
			got, _, err := e.at(t, builtin(t, "container-restarts").Queries[0].Expr, noon)
			if err != nil || !got.equal(tt.want) {
				t.Errorf("got %v, want %v (error %v)", got, tt.want, err)
			}
		})
	}
}

// TestUsedMemoryOfRestarted checks that the page cache of a container's next cgroup is not
// subtracted from the memory of the one before.
func TestUsedMemoryOfRestarted(t *testing.T) {
	e := &events{t: t}
	for id, values := range map[string][2]string{
		"one": {"1000x178", "0x178"}, "two": {"_x179 500x1", "_x179 400x1"},
	} {
		ls := set{"namespace": "shop", "pod": "p", "container": "app", "id": id}
		e.add(t, "container_memory_working_set_bytes", ls, scrape, values[0])
		e.add(t, "container_memory_total_active_file_bytes", ls, scrape, values[1])
	}
	e.add(t, "container_memory_working_set_bytes", set{
		"namespace": "shop", "pod": "q", "container": "app", "id": "three",
	}, scrape, "700x180")
	want := values{"app shop p": 1000, "app shop q": 700}
	if got, _, err := e.at(t, panels.UsedMemory(), noon); err != nil || !got.equal(want) {
		t.Errorf("got %v, want %v (error %v)", got, want, err)
	}
}

func TestOOMKills(t *testing.T) {
	terminated := func(e *events, pod, values string) {
		e.put("kube_pod_container_status_terminated_reason", "a", pod,
			set{"container": "app", "uid": "1", "reason": "OOMKilled"}, values)
	}
	cadvisor := func(e *events, id, values string) {
		e.add(e.t, "container_oom_events_total", set{
			"namespace": "shop", "pod": "p", "container": "app", "id": id,
		}, scrape, values)
	}
	for _, tt := range []struct {
		name string
		fill func(e *events)
		want values
	}{
		{"a kill that ends the container", func(e *events) {
			e.restarts("a", "p", "1", "0x150 1x30")
			e.killed("a", "p", "1", "_x151 1x29")
		}, values{"app shop p": 1}},
		{"the same kill as cAdvisor saw it too", func(e *events) {
			e.restarts("a", "p", "1", "0x150 1x30")
			e.killed("a", "p", "1", "_x151 1x29")
			cadvisor(e, "one", "0x149 1x5")
		}, values{"app shop p": 1}},
		{"a new pod's first kill", func(e *events) {
			e.restarts("a", "p", "1", "_x150 1x30")
			e.killed("a", "p", "1", "_x150 1x30")
			e.since("a", "p", "1", "_x150 8900x30")
		}, values{"app shop p": 1}},
		{"old kills after kube-state-metrics restarts", func(e *events) {
			e.restarts("a", "p", "1", "4x120")
			e.killed("a", "p", "1", "1x120")
			e.restarts("b", "p", "1", "_x125 4x55")
			e.killed("b", "p", "1", "_x125 1x55")
		}, values{"app shop p": 0}},
		{"a restart for another reason", func(e *events) {
			e.restarts("a", "p", "1", "0x150 1x30")
		}, values{}},
		{"a Job's pod killed half an hour ago", func(e *events) {
			e.restarts("a", "p", "1", "0x180")
			terminated(e, "p", "_x150 1x30")
			e.put("kube_pod_completion_time", "a", "p", nil, "_x150 9000x30")
		}, values{"app shop p": 1}},
		{"the same without a completion time, in a running pod", func(e *events) {
			e.restarts("a", "p", "1", "0x180")
			terminated(e, "p", "0x150 1x30")
		}, values{"app shop p": 1}},
		{"a Job's pod killed two hours ago", func(e *events) {
			e.restarts("a", "p", "1", "0x180")
			terminated(e, "p", "_x60 1x120")
		}, values{"app shop p": 0}},
		{"a Job's pod killed days ago, seen again after a gap of hours", func(e *events) {
			e.restarts("a", "q", "2", "0x180")
			terminated(e, "p", "_x150 1x30")
			e.put("kube_pod_completion_time", "a", "p", nil, "_x150 -200000x30")
		}, values{"app shop p": 0}},
		{"an old kill in a running pod, seen by a new kube-state-metrics", func(e *events) {
			e.restarts("a", "p", "1", "_x150 0x30")
			e.since("a", "p", "1", "_x150 -200000x30")
			terminated(e, "p", "_x150 1x30")
		}, values{"app shop p": 0}},
		{"workers killed while their parent lives on", func(e *events) {
			e.restarts("a", "p", "1", "0x180")
			cadvisor(e, "one", "2x120 2+1x59")
		}, values{"app shop p": 59}},
		{"workers before and after a restart of the container", func(e *events) {
			e.restarts("a", "p", "1", "0x160 1x20")
			cadvisor(e, "one", "0x140 3x20")
			cadvisor(e, "two", "_x161 0x5 2x14")
		}, values{"app shop p": 5}},
		{"workers killed long ago", func(e *events) {
			e.restarts("a", "p", "1", "0x180")
			cadvisor(e, "one", "7x180")
		}, values{"app shop p": 0}},
		{"workers killed before the kubelet was scraped", func(e *events) {
			e.restarts("a", "p", "1", "0x180")
			cadvisor(e, "one", "_x150 7x30")
		}, values{"app shop p": 0}},
		{"a kubelet whose counters start again", func(e *events) {
			e.restarts("a", "p", "1", "0x180")
			cadvisor(e, "one", "7x150 0x10 2x20")
		}, values{"app shop p": 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &events{t: t}
			tt.fill(e)
			got, _, err := e.at(t, builtin(t, "container-oom").Queries[0].Expr, noon)
			if err != nil || !got.equal(tt.want) {
				t.Errorf("got %v, want %v (error %v)", got, tt.want, err)
			}
		})
	}
}
