package sizing

import (
	"math"
	"testing"

	"github.com/promsnap/promsnap/testdata/race"
)

// hourly returns a function that is high for the first minutes of some hours, and low otherwise.
func hourly(low, high float64, minutes int, hour func(h int) bool) func(int) float64 {
	return func(i int) float64 {
		if hour(i/60) && i%60 < minutes {
			return high
		}
		return low
	}
}

func near(got, want, within float64) bool {
	return math.Abs(got-want) <= within*math.Abs(want) ||
		math.IsNaN(got) && math.IsNaN(want)
}

// TestMeasure measures containers whose 95th percentile and maximum are known.
func TestMeasure(t *testing.T) {
	race.SkipSerial(t)
	none := math.NaN()
	f := newFixture(8)
	// Two cores for three hours a day, an eighth of the time: the 95th percentile. Its memory has
	// one peak of one minute, 15 minutes before the end, which no grid of hours reaches.
	spike := func(i int) float64 {
		if i == 8*24*60-15 {
			return 900 * mib
		}
		return 200 * mib
	}
	f.container("shop", "api-7d9f8c6b5d-x2x4z", "api", "ReplicaSet", "api-7d9f8c6b5d",
		requests{cpu: 4, memory: 4 * gib, memoryLimit: 4 * gib},
		usage{hourly(.1, 2, 60, func(h int) bool { return h%24 < 3 }), spike, always})
	// The other pod is idle: the busiest one counts.
	f.container("shop", "api-7d9f8c6b5d-b2b4c", "api", "ReplicaSet", "api-7d9f8c6b5d",
		requests{cpu: 4, memory: 4 * gib, memoryLimit: 4 * gib},
		usage{constant(.01), constant(50 * mib), always})
	// Busy for 15 minutes a day: far from the percentile, but it is the peak.
	f.container("shop", "db-0", "postgres", "StatefulSet", "db",
		requests{cpu: .1, cpuLimit: .25, memory: 256 * mib},
		usage{hourly(.2, 1.2, 15, func(h int) bool { return h%24 == 3 }), constant(600 * mib),
			always})
	// Fits.
	f.container("kube-system", "proxy-x2x4z", "proxy", "DaemonSet", "proxy",
		requests{cpu: .1, memory: 128 * mib},
		usage{constant(.08), constant(100 * mib), always})
	// Began two days ago.
	f.container("shop", "new-7d9f8c6b5d-x2x4z", "new", "ReplicaSet", "new-7d9f8c6b5d",
		requests{cpu: 1, memory: gib}, usage{constant(.01), constant(50 * mib),
			func(i int) bool { return i > 6*24*60 }})
	// Runs two minutes of each ten, and now.
	f.container("batch", "job-29384750-x2x4z", "job", "Job", "job-29384750",
		requests{cpu: 1, memory: gib}, usage{constant(.01), constant(50 * mib),
			func(i int) bool { return i%10 < 2 || i > 8*24*60-3 }})
	a, rows := f.measure(t, Options{})
	if a.Step.Minutes() != 5 {
		t.Errorf("got steps of %v, want 5m", a.Step)
	}
	if a.History.Round(day) != 7*day || rows["shop/new/new"].history.Round(day) != 2*day {
		t.Errorf("got a history of %v, and %v of the new container, want 7 and 2 days", a.History,
			rows["shop/new/new"].history)
	}
	if len(rows) != 5 {
		t.Errorf("got %d rows, want 5", len(rows))
	}
	for _, tt := range []struct {
		row, kind, name string
		pods            float64
		cpu, memory     Resource
	}{
		{"shop/api/api", "Deployment", "api", 2,
			Resource{4, none, 2, 2, 2.5, none, ""},
			Resource{4 * gib, 4 * gib, 900 * mib, 900 * mib, none, none, ShortCut}},
		{"shop/db/postgres", "StatefulSet", "db", 1,
			Resource{.1, .25, .2, 1.2, .25, 1.5, ""},
			Resource{256 * mib, none, 600 * mib, 600 * mib, 752 * mib, none, ""}},
		{"kube-system/proxy/proxy", "DaemonSet", "proxy", 1,
			Resource{.1, none, .08, .08, none, none, Fits},
			Resource{128 * mib, none, 100 * mib, 100 * mib, none, none, Fits}},
		{"shop/new/new", "Deployment", "new", 1,
			Resource{1, none, .01, .01, none, none, Short},
			Resource{gib, none, 50 * mib, 50 * mib, none, none, Short}},
		{"batch/job/job", "CronJob", "job", 1,
			Resource{1, none, .0033, .0033, none, none, NoPeak},
			Resource{gib, none, 50 * mib, 50 * mib, none, none, NoPeak}},
	} {
		r := rows[tt.row]
		if r == nil {
			t.Errorf("%s: got no row", tt.row)
			continue
		}
		if r.Kind != tt.kind || r.Name != tt.name || r.Pods != tt.pods || r.Killed {
			t.Errorf("%s: got %s %s of %v pods, killed %v, want %s %s of %v, false", tt.row, r.Kind,
				r.Name, r.Pods, r.Killed, tt.kind, tt.name, tt.pods)
		}
		for _, x := range []struct {
			what      string
			got, want Resource
		}{{"CPU", r.CPU, tt.cpu}, {"memory", r.Memory, tt.memory}} {
			g, w := x.got, x.want
			if !near(g.Request, w.Request, 0) || !near(g.Limit, w.Limit, 0) ||
				!near(g.Used, w.Used, .02) || !near(g.Peak, w.Peak, .02) ||
				!near(g.Advised, w.Advised, 1e-9) || !near(g.AdvisedLimit, w.AdvisedLimit, 1e-9) ||
				g.Withheld != w.Withheld {
				t.Errorf("%s, %s:\ngot  %v\nwant %v", tt.row, x.what, g, w)
			}
		}
	}
}

// TestMeasureFindsKills checks which containers count as OOM-killed within the window.
func TestMeasureFindsKills(t *testing.T) {
	race.SkipSerial(t)
	const minutes = 8 * 24 * 60
	f := newFixture(8)
	rich := requests{cpu: 2, memory: 2 * gib, memoryLimit: 2 * gib}
	idle := usage{constant(.01), constant(50 * mib), always}
	from := func(first int, before, after float64) func(int) (float64, bool) {
		return func(i int) (float64, bool) {
			if i >= first {
				return after, true
			}
			return before, !math.IsNaN(before)
		}
	}
	none := math.NaN()
	const (
		restarts = "kube_pod_container_status_restarts_total"
		last     = "kube_pod_container_status_last_terminated_reason"
		ended    = "kube_pod_container_status_terminated_reason"
		events   = "container_oom_events_total"
	)
	const (
		calm = iota
		perhaps
		killed
		raised // its limit since the kill
	)
	want := map[string]int{}
	pod := func(name string, is int) []string {
		f.container("shop", name+"-0", "c", "StatefulSet", name, rich, idle)
		want["shop/"+name+"/c"] = is
		return []string{"namespace", "shop", "pod", name + "-0", "container", "c"}
	}
	known := func(ls []string) []string {
		return append(ls, "uid", "u-"+ls[3], "instance", "10.0.0.7:8080")
	}
	oom := func(ls []string) []string { return append(known(ls), "reason", "OOMKilled") }

	ls := pod("restarted", killed)
	f.add(restarts, from(minutes-2*24*60, 3, 4), known(ls)...)
	f.add(last, from(minutes-2*24*60, none, 1), oom(ls)...)
	ls = pod("now", killed)
	f.add(restarts, from(minutes-3, 3, 4), known(ls)...)
	f.add(last, from(minutes-3, none, 1), oom(ls)...)
	ls = pod("before", calm) // the window; the reason stays
	f.add(restarts, from(0, 0, 7), known(ls)...)
	f.add(last, from(0, 0, 1), oom(ls)...)
	ls = pod("failed", calm)
	f.add(restarts, from(minutes-2*24*60, 3, 4), known(ls)...)
	f.add(last, from(minutes-2*24*60, none, 1), append(known(ls), "reason", "Error")...)
	ls = pod("unexplained", perhaps)
	f.add(restarts, from(minutes-2*24*60, 3, 4), known(ls)...)
	ls = pod("ended", killed)
	f.add(ended, from(minutes-60, none, 1), oom(ls)...)
	ls = pod("worker", killed)
	f.add(events, from(minutes-5*24*60, 0, 1), append(ls, "id", "/a")...)
	ls = pod("oldworker", calm)
	f.add(events, from(0, 0, 1), append(ls, "id", "/a")...)
	pod("calm", calm)
	// Killed five days ago at 1 GiB, and has 2 GiB since.
	rich.memory, rich.memoryLimit = 0, 0
	ls = pod("fixed", raised)
	f.add(restarts, from(minutes-5*24*60, 3, 4), known(ls)...)
	f.add(last, from(minutes-5*24*60, none, 1), oom(ls)...)
	memory := append(ls[:6:6], "uid", "u-fixed-0", "resource", "memory")
	for _, of := range []string{"requests", "limits"} {
		f.add("kube_pod_container_resource_"+of, from(minutes-5*24*60+30, gib, 2*gib), memory...)
	}

	_, rows := f.measure(t, Options{})
	for name, is := range want {
		r := rows[name]
		if r == nil {
			t.Errorf("%s: got no row", name)
			continue
		}
		if r.Killed != (is >= killed) || r.Restarted != (is == perhaps) {
			t.Errorf("%s: got killed %v, restarted %v, want case %d", name, r.Killed, r.Restarted, is)
		}
		at, cpu, memory, why := none, none, none, OOMKilled
		switch is {
		case calm:
			cpu, why = .02, ""
		case perhaps:
			why = Restarted
		case killed:
			at, memory = 2*gib, 2.5*gib
		case raised:
			at = gib
		}
		if !near(r.KilledAt, at, 0) {
			t.Errorf("%s: got killed at %v, want %v", name, r.KilledAt, at)
		}
		if !near(r.CPU.Advised, cpu, 1e-9) || r.CPU.Withheld != why {
			t.Errorf("%s: got %v cores, %q, want %v, %q", name, r.CPU.Advised, r.CPU.Withheld, cpu,
				why)
		}
		if !near(r.Memory.Advised, memory, 0) || !near(r.Memory.AdvisedLimit, memory, 0) {
			t.Errorf("%s: got %v and the limit %v of memory, want %v", name, r.Memory.Advised,
				r.Memory.AdvisedLimit, memory)
		}
	}
}

// TestMeasureKnowsAutoscalers checks that no request is advised by which the number of pods is set.
func TestMeasureKnowsAutoscalers(t *testing.T) {
	f := newFixture(4)
	one := func(int) (float64, bool) { return 1, true }
	const info, target = "kube_horizontalpodautoscaler_info",
		"kube_horizontalpodautoscaler_spec_target_metric"
	want := map[string][2]Reason{
		"cpu": {Autoscaled, ""}, "memory": {"", Autoscaled}, "queue": {"", ""},
		"silent": {Autoscaled, ""}, "other": {"", ""}, "none": {"", ""},
	}
	for name := range want {
		f.container("shop", name+"-0", "c", "StatefulSet", name, requests{cpu: 2, memory: gib},
			usage{constant(.1), constant(100 * mib), always})
		if name == "none" {
			continue
		}
		for _, instance := range []string{"10.0.0.8:8080", "10.0.0.9:8080"} {
			ls := []string{
				"namespace", "shop", "horizontalpodautoscaler", "of-" + name, "instance", instance,
			}
			kind, metric := "StatefulSet", name
			if name == "other" {
				kind, metric = "Deployment", "cpu"
			}
			f.add(info, one, append(ls[:6:6], "scaletargetref_kind", kind, "scaletargetref_name",
				name)...)
			if name != "silent" {
				kind := "utilization"
				if name == "queue" {
					kind = "average"
				}
				f.add(target, one, append(ls[:6:6], "metric_name", metric, "metric_target_type",
					kind)...)
			}
		}
	}
	_, rows := f.measure(t, Options{Window: 4 * day})
	for name, want := range want {
		r := rows["shop/"+name+"/c"]
		if r == nil || r.CPU.Withheld != want[0] || r.Memory.Withheld != want[1] {
			t.Errorf("%s: got %+v, want %q", name, r, want)
		}
	}
}
