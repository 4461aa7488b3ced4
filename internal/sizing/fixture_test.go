package sizing

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/snapshot"
)

const (
	day    = 24 * time.Hour
	scrape = time.Minute
)

// fixture is a file of series with one sample a minute, in the notation of promtool.
type fixture struct {
	text strings.Builder
	days int
}

func newFixture(days int) *fixture {
	f := &fixture{days: days}
	fmt.Fprintf(&f.text, "# start: %d\ninterval: 60s\ninput_series:\n", start.Unix())
	return f
}

// start is that of the fixtures. It is no multiple of the steps.
var start = time.Date(2026, 11, 20, 3, 17, 0, 0, time.UTC)

func (f *fixture) end() time.Time { return start.Add(time.Duration(f.days) * day) }

// add adds a series whose value at a minute is of(minute), none where ok is false.
func (f *fixture) add(name string, of func(minute int) (v float64, ok bool), pairs ...string) {
	var ls []string
	for i := 0; i < len(pairs); i += 2 {
		ls = append(ls, pairs[i]+"="+strconv.Quote(pairs[i+1]))
	}
	fmt.Fprintf(&f.text, "- series: %s\n  values: '",
		strconv.Quote(name+"{"+strings.Join(ls, ",")+"}"))
	for i := range f.days*24*60 + 1 {
		v, ok := of(i)
		if !ok {
			f.text.WriteString("_ ")
			continue
		}
		f.text.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		f.text.WriteByte(' ')
	}
	f.text.WriteString("'\n")
}

// usage says how a container uses its resources at a minute. Where alive is false it does not run.
type usage struct {
	cpu, memory func(minute int) float64
	alive       func(minute int) bool
}

func constant(v float64) func(int) float64 { return func(int) float64 { return v } }

func always(int) bool { return true }

// requests are those of a container; 0 is none.
type requests struct{ cpu, cpuLimit, memory, memoryLimit float64 }

// container adds a container that is scraped twice, by two kubelet Services, and that two instances
// of kube-state-metrics report, because it is being restarted.
func (f *fixture) container(namespace, pod, name, ownerKind, owner string, r requests, u usage) {
	of := []string{"namespace", namespace, "pod", pod}
	named := append(of[:4:4], "container", name)
	total, sums := 0.0, map[int]float64{}
	for i := range f.days*24*60 + 1 {
		if u.alive(i) {
			total += 60 * u.cpu(i)
		}
		sums[i] = total
	}
	for _, service := range []string{"kubelet", "kube-prometheus-kubelet"} {
		from := append(named[:6:6], "service", service, "id", "/kubepods/"+pod)
		f.add("container_cpu_usage_seconds_total",
			func(i int) (float64, bool) { return sums[i], u.alive(i) }, from...)
		f.add("container_memory_working_set_bytes",
			func(i int) (float64, bool) { return u.memory(i), u.alive(i) }, from...)
	}
	for _, instance := range []string{"10.0.0.8:8080", "10.0.0.9:8080"} {
		from := append(named[:6:6], "uid", "u-"+pod, "instance", instance)
		one := func(v float64) func(int) (float64, bool) {
			return func(i int) (float64, bool) { return v, u.alive(i) }
		}
		for metric, v := range map[string][2]float64{
			"requests": {r.cpu, r.memory}, "limits": {r.cpuLimit, r.memoryLimit},
		} {
			for i, resource := range []string{"cpu", "memory"} {
				if v[i] > 0 {
					f.add("kube_pod_container_resource_"+metric, one(v[i]),
						append(from[:10:10], "resource", resource)...)
				}
			}
		}
		f.add("kube_pod_container_status_restarts_total", one(0), from...)
		f.add("kube_pod_owner", one(1), append(of[:4:4], "uid", "u-"+pod, "instance", instance,
			"owner_kind", ownerKind, "owner_name", owner, "owner_is_controller", "true")...)
	}
}

// measure measures the fixture.
func (f *fixture) measure(t *testing.T, o Options) (*Advice, map[string]*Row) {
	t.Helper()
	a, notes, err := Measure(t.Context(), f.querier(t), f.options(o))
	if err != nil || len(notes) > 0 {
		t.Fatalf("got notes %v and error %v, want neither", notes, err)
	}
	rows := map[string]*Row{}
	for i := range a.Rows {
		r := &a.Rows[i]
		rows[r.Namespace+"/"+r.Workload+"/"+r.Container] = r
	}
	return a, rows
}

func (f *fixture) options(o Options) Options {
	o.End, o.ScrapeInterval = f.end(), scrape
	if o.Window == 0 {
		o.Window = 7 * day
	}
	if o.Headroom == 0 {
		o.Headroom = 0.25
	}
	return o
}

func (f *fixture) querier(t *testing.T) snapshot.Querier {
	t.Helper()
	r, err := lab.ReadRecording(strings.NewReader(f.text.String()))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.New(lab.Options{Recording: r, Now: f.end()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(l.Handler())
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := promapi.New(base, nil, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
