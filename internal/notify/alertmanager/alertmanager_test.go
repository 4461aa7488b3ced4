package alertmanager

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/rules"
)

// double accepts alerts by the rules of Alertmanager: api/v2/api.go and postableAlert in its
// openapi.yaml.
type double struct {
	*httptest.Server
	mu       sync.Mutex
	alerts   map[string]Alert // by labels
	requests []int            // alerts in each request
	status   int              // instead of taking anything; 0: takes it
	after    time.Duration
	hang     chan struct{}
}

func start(t *testing.T) *double {
	t.Helper()
	d := &double{alerts: map[string]Alert{}}
	d.Server = httptest.NewServer(d)
	t.Cleanup(func() {
		if d.hang != nil {
			close(d.hang)
		}
		d.Close()
	})
	return d
}

var legacy = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (d *double) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hang != nil {
		hang := d.hang
		d.mu.Unlock()
		<-hang
		d.mu.Lock()
		return
	}
	if d.status != 0 {
		if d.after > 0 {
			rw.Header().Set("Retry-After", strconv.Itoa(int(d.after.Seconds())))
		}
		rw.WriteHeader(d.status)
		return
	}
	body, err := io.ReadAll(r.Body)
	var posted []Alert
	if err == nil {
		err = json.Unmarshal(body, &posted)
	}
	switch {
	case err != nil:
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	case r.Method != http.MethodPost || r.URL.Path != "/am/api/v2/alerts" ||
		r.Header.Get("Content-Type") != "application/json":
		http.Error(rw, "page not found", http.StatusNotFound)
		return
	case len(body) > 1<<20:
		http.Error(rw, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	d.requests = append(d.requests, len(posted))
	var wrong []string
	for _, a := range posted {
		if err := valid(a); err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		key, _ := json.Marshal(a.Labels)
		d.alerts[string(key)] = a
	}
	if len(wrong) > 0 {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(rw).Encode(strings.Join(wrong, "; "))
	}
}

func valid(a Alert) error {
	for what, set := range map[string]map[string]string{
		"label": a.Labels, "annotation": a.Annotations,
	} {
		for name, value := range set {
			if !legacy.MatchString(name) || !model.LabelValue(value).IsValid() || value == "" {
				return fmt.Errorf("invalid %s %q: %q", what, name, value)
			}
		}
	}
	if a.GeneratorURL != "" {
		if _, err := url.ParseRequestURI(a.GeneratorURL); err != nil {
			return err
		}
	}
	switch {
	case len(a.Labels) == 0:
		return errors.New("at least one label pair required")
	case a.StartsAt.IsZero() || a.EndsAt.Before(a.StartsAt):
		return errors.New("start time must be before end time")
	case a.Labels["alertname"] == "" || a.Labels["severity"] == "":
		return fmt.Errorf("nobody can route %v", a.Labels)
	}
	return nil
}

// all returns the alerts that are there now.
func (d *double) all() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out strings.Builder
	for _, k := range slices.Sorted(maps.Keys(d.alerts)) {
		body, _ := json.Marshal(d.alerts[k])
		fmt.Fprintf(&out, "%s\n", body)
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

func (c credentials) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+c.Token)
	return c.RoundTripper.RoundTrip(r)
}

func open(t *testing.T, link string) *Notifier {
	t.Helper()
	n, err := New(Options{
		URL: link + "/am/", Transport: credentials{notifytest.Secret, &http.Transport{}},
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
			Notifier: open(t, d.URL), Role: notify.RoleMirror,
			Unreachable: open(t, "http://127.0.0.1:1"), Arrived: d.all,
			Busy:   func(after time.Duration) { d.answer(http.StatusServiceUnavailable, after) },
			Refuse: func() { d.answer(http.StatusUnauthorized, 0) },
			Hang:   func() { d.hang = make(chan struct{}) },
		}
	})
}

func TestAddress(t *testing.T) {
	for _, link := range []string{
		"", "alertmanager:9093", "http://", "http://u:" + notifytest.Secret + "@am",
		"http://am?x=" + notifytest.Secret,
	} {
		if _, err := New(Options{URL: link}); err == nil ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("%q: got %v, want an error without the secret", link, err)
		}
	}
}

// many returns a delivery with n alerts with the longest labels that a memory allows.
func many(n, size int) notify.Delivery {
	d := notifytest.Delivery(notify.RoleMirror, notify.KindNew)
	var one rules.Alert
	for _, one = range d.Memory.Alerts {
		break
	}
	d.Memory.Alerts = map[rules.Key]rules.Alert{}
	for i := range n {
		a := one
		a.Identity = map[string]string{"node": fmt.Sprint(i), "long": strings.Repeat("<", size)}
		a.Labels = a.Identity
		d.Memory.Alerts[rules.Key(fmt.Sprintf("k%04d", i))] = a
	}
	return d
}

func TestRequestsAreBounded(t *testing.T) {
	for _, tc := range []struct {
		alerts, size int
		want         []int
	}{
		{0, 0, []int{0}}, {256, 10, []int{256}}, {257, 10, []int{256, 1}}, {
			600, 10, []int{256, 256, 88},
		},
	} {
		d := start(t)
		if _, err := open(t, d.URL).Notify(t.Context(), many(tc.alerts, tc.size)); err != nil ||
			!slices.Equal(d.requests, tc.want) {
			t.Errorf("%d alerts: got the requests %v and error %v, want %v", tc.alerts, d.requests,
				err, tc.want)
		}
	}
	d := start(t) // accepts at most 1 MiB
	if _, err := open(t, d.URL).Notify(t.Context(), many(400, 2000)); err != nil ||
		len(d.requests) < 3 || len(d.alerts) != 400 {
		t.Errorf("got %d alerts in the requests %v and error %v, want 400 in at least 3",
			len(d.alerts), d.requests, err)
	}
}

func TestAnswers(t *testing.T) {
	for status, says := range map[int]string{
		400: "Alertmanager answered 400 Bad Request: no", 401: "alertmanager.http_config",
		413: "413 Request Entity Too Large: no", 404: "check alertmanager.url",
	} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter,
			_ *http.Request) {
			asked++
			http.Error(rw, "no", status)
		}))
		_, err := open(t, server.URL).Notify(t.Context(), many(257, 1))
		server.Close()
		var refused *notify.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), says) || asked != 2 {
			t.Errorf("%d: got %d requests and error %v, want 2 and a refusal that says %q", status,
				asked, err, says)
		}
	}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		asked++
		rw.Header().Set("Retry-After", "7")
		http.Error(rw, "no", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	_, err := open(t, server.URL).Notify(t.Context(), many(257, 1))
	var retry *notify.RetryError
	if !errors.As(err, &retry) || retry.After != 7*time.Second || asked != 1 {
		t.Errorf("got %d requests, %v; want a RetryError", asked, err)
	}
}
