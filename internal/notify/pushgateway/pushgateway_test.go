package pushgateway

import (
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden; look at it")

// double keeps groups of metrics as a Pushgateway does: POST replaces metrics of the same names.
type double struct {
	*httptest.Server
	mu      sync.Mutex
	groups  map[string]map[string]*dto.MetricFamily // by grouping key and name
	deleted int
	status  int // instead of taking anything; 0: takes it
	after   time.Duration
	hang    chan struct{}
}

func start(t *testing.T) *double {
	t.Helper()
	d := &double{groups: map[string]map[string]*dto.MetricFamily{}}
	d.Server = httptest.NewServer(d)
	t.Cleanup(func() {
		if d.hang != nil {
			close(d.hang)
		}
		d.Close()
	})
	return d
}

func (d *double) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	hang, status, after := d.hang, d.status, d.after
	d.mu.Unlock()
	switch {
	case hang != nil:
		<-hang
		return
	case status != 0:
		if after > 0 {
			rw.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		}
		rw.WriteHeader(status)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = d.take(r, string(body))
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
	}
}

func (d *double) take(r *http.Request, body string) error {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/pg/metrics/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts)%2 != 0 || parts[0] != "job" && parts[0] != "job@base64" {
		return fmt.Errorf("no grouping key: %s", r.URL.EscapedPath())
	}
	key := ""
	for i := 0; i < len(parts); i += 2 {
		name, value := parts[i], parts[i+1]
		if n, ok := strings.CutSuffix(name, "@base64"); ok {
			b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value, "="))
			if err != nil {
				return err
			}
			name, value = n, string(b)
		}
		if !model.LabelValue(value).IsValid() {
			return fmt.Errorf("label %s: %q", name, value)
		}
		key += fmt.Sprintf("%s=%q ", name, value)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.Method == http.MethodDelete {
		d.deleted++
		delete(d.groups, key)
		return nil
	}
	p := expfmt.NewTextParser(model.LegacyValidation)
	families, err := p.TextToMetricFamilies(strings.NewReader(body))
	if err != nil || r.Method != http.MethodPost || len(families) == 0 {
		return fmt.Errorf("%s of %d metrics: %w", r.Method, len(families), err)
	}
	if d.groups[key] == nil {
		d.groups[key] = map[string]*dto.MetricFamily{}
	}
	maps.Copy(d.groups[key], families)
	return nil
}

// all returns the metrics that are there now, and those that were deleted.
func (d *double) all() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out strings.Builder
	for _, key := range slices.Sorted(maps.Keys(d.groups)) {
		fmt.Fprintf(&out, "%s\n", key)
		for _, name := range slices.Sorted(maps.Keys(d.groups[key])) {
			_, _ = expfmt.MetricFamilyToText(&out, d.groups[key][name])
		}
	}
	if d.deleted > 0 {
		fmt.Fprintf(&out, "deleted %d\n", d.deleted)
	}
	return out.String()
}

func (d *double) answer(status int, after time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status, d.after = status, after
}

// credentials is a transport that adds a secret.
type credentials struct {
	Token string
	http.RoundTripper
}

func open(t *testing.T, link, job string) *Notifier {
	t.Helper()
	n, err := New(Options{
		URL: link + "/pg", Job: job, Transport: credentials{notifytest.Secret, &http.Transport{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestContract(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		d := start(t)
		return notifytest.Tested{
			Notifier: open(t, d.URL, ""), Role: notify.RoleMirror,
			Unreachable: open(t, "http://127.0.0.1:1", ""), Arrived: d.all,
			Busy:   func(after time.Duration) { d.answer(http.StatusTooManyRequests, after) },
			Refuse: func() { d.answer(http.StatusForbidden, 0) },
			Hang:   func() { d.hang = make(chan struct{}) },
		}
	})
}

func TestAddress(t *testing.T) {
	for _, link := range []string{
		"", "pushgateway:9091", "http://u:" + notifytest.Secret + "@pg",
		"http://pg?x=" + notifytest.Secret,
	} {
		if _, err := New(Options{URL: link}); err == nil ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("%q: got %v, want an error without the secret", link, err)
		}
	}
}

// run returns the delivery of a successful run.
func run() notify.Delivery {
	d := notifytest.Delivery(notify.RoleMirror, notify.KindNone)
	d.Report = report.Build(report.Info{
		Cluster: "prod-seoul", Name: "check", Slot: notifytest.Slot,
	}, []snapshot.Panel{
		{Spec: panel.Spec{Name: "a", Title: "A"}, Total: 42, Data: snapshot.DataComplete}, {
			Spec: panel.Spec{Name: "b", Title: "B"}, Total: 8, Data: snapshot.DataComplete,
		},
	})
	d.Report.Critical, d.Report.Warning = 2, 3
	d.Run = notify.Run{Took: 2500 * time.Millisecond, Delivered: 3}
	return d
}

func TestText(t *testing.T) {
	got, err := text(run())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "metrics.txt")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != string(got) {
		t.Errorf("%v; got the metrics\n%s\nwant\n%s\nrun with -update to accept them", err, got,
			want)
	}
	docs, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families(run()) {
		if !strings.Contains(string(docs), "`"+f.GetName()) {
			t.Errorf("docs/metrics.md: got no `%s`, want its description", f.GetName())
		}
	}
}

func TestLastSuccess(t *testing.T) {
	const name = "promsnap_last_success_timestamp_seconds"
	for what, change := range map[string]func(*notify.Delivery){
		"a delivery failed": func(d *notify.Delivery) { d.Run.Failed = 1 },
		"a panel failed": func(d *notify.Delivery) {
			d.Report.Failures = []report.Failure{{Panel: "a"}}
		},
		"cut short": func(d *notify.Delivery) {
			d.Report.Info.Incomplete = snapshot.NoteOf(snapshot.NoteStopped)
		},
		"memory lost": func(d *notify.Delivery) { d.MemoryLost = "state is corrupt" },
	} {
		gateway := start(t)
		n := open(t, gateway.URL, "")
		if _, err := n.Notify(t.Context(), run()); err != nil {
			t.Fatal(err)
		}
		d := run()
		d.Report.Info.Slot = d.Report.Info.Slot.Add(5 * time.Minute)
		change(&d)
		text, err := text(d)
		if err != nil || strings.Contains(string(text), name) {
			t.Errorf("%s: got a success (%v), want none", what, err)
		}
		if _, err := n.Notify(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		all := gateway.all()
		if !strings.Contains(all, name+" 1.795317e+09\n") ||
			!strings.Contains(all, "promsnap_run_slot_timestamp_seconds 1.7953173e+09\n") {
			t.Errorf("%s: got\n%s\nwant the new slot, and the last success before it", what, all)
		}
	}
}

func TestGroupingKey(t *testing.T) {
	for _, tc := range []struct{ job, cluster, report, want string }{
		{"", "prod-seoul", "check", `job="promsnap" cluster="prod-seoul" report="check" `},
		{
			"snapshots", "prod/seoul", "check",
			`job="snapshots" cluster="prod/seoul" report="check" `,
		},
		{"a b", "", "..", `job="a b" cluster="" report=".." `},
		{"%2F", "서울", "?x#y", `job="%2F" cluster="서울" report="?x#y" `},
		{"../..", "\xff", "+", `job="../.." cluster="` + "\uFFFD" + `" report="+" `},
	} {
		gateway := start(t)
		d := run()
		d.Report.Info.Cluster, d.Report.Info.Name = tc.cluster, tc.report
		if _, err := open(t, gateway.URL, tc.job).Notify(t.Context(), d); err != nil {
			t.Errorf("%+v: got %v, want no error", tc, err)
		}
		if got := slices.Collect(maps.Keys(gateway.groups)); !slices.Equal(got, []string{tc.want}) {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

func TestATestIsDeleted(t *testing.T) {
	gateway := start(t)
	d := run()
	d.Message = &notify.Message{Kind: notify.KindTest}
	if _, err := open(t, gateway.URL, "").Notify(t.Context(), d); err != nil ||
		len(gateway.groups) != 0 || gateway.deleted != 1 {
		t.Errorf("got %v and %d groups, want none", err, len(gateway.groups))
	}
}

func TestRefusalSaysWhy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		http.Error(rw, "pushed metrics are invalid or inconsistent with existing metrics: x",
			http.StatusBadRequest)
	}))
	defer server.Close()
	_, err := open(t, server.URL, "").Notify(t.Context(), run())
	var refused *notify.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "the Pushgateway answered 400 "+
		"Bad Request: pushed metrics are invalid") {
		t.Errorf("got %v, want the refusal of the Pushgateway", err)
	}
}

func FuzzGroupingKey(f *testing.F) {
	for _, s := range []string{"", "a", "a/b", "..", "%2e", "긴", "\xff", "a b", "=", "@base64"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		gateway := &double{groups: map[string]map[string]*dto.MetricFamily{}}
		d := run()
		d.Report.Info.Cluster = value
		text, err := text(d)
		if err != nil {
			t.Fatal(err)
		}
		rq := httptest.NewRequest(http.MethodPost, "http://pg/pg/metrics"+label("job", value)+
			label("cluster", value), strings.NewReader(""))
		if err := gateway.take(rq, string(text)); err != nil {
			t.Error(err)
		}
		clean := strings.ToValidUTF8(value, "\uFFFD")
		if gateway.groups[fmt.Sprintf("job=%q cluster=%q ", clean, clean)] == nil {
			t.Errorf("got the groups %q, want one for %q",
				slices.Collect(maps.Keys(gateway.groups)), value)
		}
	})
}
