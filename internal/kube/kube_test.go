package kube_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/kube"
)

func TestOpenFollowsTheKubeconfig(t *testing.T) {
	path := kubeconfig(t, "https://kube.example.com:6443")
	nowhere := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]struct {
		o    kube.Options
		env  string
		want string // name and namespace, or what the error says
	}{
		"the current context": {kube.Options{Kubeconfig: path}, "", "seoul team"},
		"another context": {
			kube.Options{Kubeconfig: path, Context: "tokyo"}, "", "tokyo default",
		},
		"another namespace": {
			kube.Options{Kubeconfig: path, Namespace: "monitoring"}, "", "seoul monitoring",
		},
		"$KUBECONFIG": {
			kube.Options{}, nowhere + string(os.PathListSeparator) + path, "seoul team",
		},
		"no such context": {
			kube.Options{Kubeconfig: path, Context: "osaka"}, "",
			`the kubeconfig has no context "osaka"; its contexts: seoul, tokyo`,
		},
		"no such file": {
			kube.Options{Kubeconfig: nowhere}, "", nowhere + ": no such file or directory",
		},
		"no kubeconfig and no Pod": {kube.Options{}, nowhere, kube.ErrNoConfig.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", c.env)
			t.Setenv("KUBERNETES_SERVICE_HOST", "")
			cluster, err := kube.Open(c.o)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = cluster.Name() + " " + cluster.Namespace()
			}
			if !strings.HasSuffix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if errors.Is(err, kube.ErrNoConfig) != (name == "no kubeconfig and no Pod") {
				t.Errorf("got error %v, want ErrNoConfig only without a kubeconfig", err)
			}
		})
	}
}

// TestOpenShowsNoSecret checks the errors of addresses that cannot be parsed.
func TestOpenShowsNoSecret(t *testing.T) {
	const secret = "hunter2"
	for name, c := range map[string]struct {
		server, proxy string
		want          string
	}{
		"an escape": {
			"https://u:" + secret + "%zzsecret@127.0.0.1:1/x", "", "the API server's address in " +
				"seoul is not an https or http URL: correct clusters[].cluster.server",
		},
		"an escape within": {"https://u:%" + secret + "@127.0.0.1:1/x", "", "is not an https or http URL"},
		"a slash":          {"https://u:" + secret + "/x@127.0.0.1:1", "", "is not an https or http URL"},
		"the proxy's": {
			"https://127.0.0.1:1", "https://u:" + secret + "%zz@127.0.0.1:2",
			`the proxy-url of its cluster is not an http, https or socks5 URL`,
		},
		"the proxy's scheme": {
			"https://127.0.0.1:1", "ftp://u:" + secret + "@127.0.0.1:2",
			"the proxy-url of its cluster",
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := kubeconfig(t, c.server)
			if c.proxy != "" {
				config, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				config = []byte(strings.Replace(string(config), "cluster: {server:",
					fmt.Sprintf("cluster: {proxy-url: %q, server:", c.proxy), 1))
				if err := os.WriteFile(path, config, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := kube.Open(kube.Options{Kubeconfig: path})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v\nis without %q", err, c.want)
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "hunt") ||
				strings.Contains(err.Error(), "%hu") {
				t.Errorf("got error %v, want it without the secret", err)
			}
		})
	}
}

// TestErrorsSayWhatToDo checks that every error names the request and what to do, and shows no
// token.
func TestErrorsSayWhatToDo(t *testing.T) {
	broken := func(h http.HandlerFunc) string {
		s := newAPIServer(t)
		s.on("/api/v1/nodes", h)
		return s.URL
	}
	plugin := filepath.Join(t.TempDir(), "config")
	config, err := os.ReadFile(kubeconfig(t, "https://127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	command := `{exec: {apiVersion: client.authentication.k8s.io/v1, command: "false", interactiveMode: Never}}`
	config = []byte(strings.Replace(string(config), fmt.Sprintf("{token: %q}", token), command, 1))
	if err := os.WriteFile(plugin, config, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		kubeconfig string
		want       []string
	}{
		"an expired token": {
			kubeconfig(t, broken(func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, 401, "Unauthorized", "Unauthorized")
			})),
			[]string{"list nodes: Unauthorized (401)", "the credentials of seoul", "log in again"},
		},
		"nothing listens": {
			kubeconfig(t, "https://127.0.0.1:1"), []string{
				"list nodes", "connection refused", "the API server of seoul at 127.0.0.1:1 " +
					"cannot be reached",
			},
		},
		"no such host": {
			kubeconfig(t, "https://kube..invalid"), []string{"list nodes", "no such host", "VPN"},
		},
		"broken off": {
			kubeconfig(t, broken(func(http.ResponseWriter, *http.Request) {
				panic(http.ErrAbortHandler)
			})),
			[]string{"list nodes", "failed or broke off"},
		},
		"a credential plugin that fails": {
			plugin, []string{
				"list nodes", "getting credentials",
				"command for the credentials of seoul failed",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cluster, err := kube.Open(kube.Options{Kubeconfig: c.kubeconfig})
			if err != nil {
				t.Fatal(err)
			}
			_, notes, err := cluster.Nodes(t.Context())
			if err == nil {
				t.Fatalf("got no error, and the notes %q; want an error", notes)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nis without %q", err, want)
				}
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("got error %v, want it without the token", err)
			}
		})
	}
}

func TestSlot(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 3, 20, 0, time.UTC)
	due := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	suffixed := fmt.Sprintf("promsnap-daily-%d", due.Unix()/60)
	job := func(s *apiServer, name, metadata string) {
		s.on("/apis/batch/v1/namespaces/monitoring/jobs/"+name,
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"kind":"Job","apiVersion":"batch/v1","metadata":{"name":%q,%s}}`,
					name, metadata)
			})
	}
	for name, c := range map[string]struct {
		serve  func(*apiServer)
		d      kube.Downward
		want   time.Time
		manual bool
		note   string
	}{
		"the annotation": {
			func(s *apiServer) {
				job(s, suffixed,
					`"annotations":{"batch.kubernetes.io/cronjob-scheduled-timestamp":"2026-11-22T18:00:00+09:00"}`)
			}, kube.Downward{Job: suffixed, Pod: suffixed + "-x2x4z"}, due, false, "",
		},
		"the Pod's name alone": {
			func(s *apiServer) {
				job(s, suffixed,
					`"annotations":{"batch.kubernetes.io/cronjob-scheduled-timestamp":"2026-11-22T09:00:00Z"}`)
			}, kube.Downward{Pod: suffixed + "-x2x4z"}, due, false, "",
		},
		"the name's minute, without the annotation": {func(s *apiServer) {
			job(s, suffixed, `"uid":"1"`)
		}, kube.Downward{Job: suffixed}, due, false, ""},
		"the name's minute, where the Job may not be read": {
			func(s *apiServer) {
				s.on("/apis/batch/v1/namespaces/monitoring/jobs/"+suffixed, forbid)
			},
			kube.Downward{Job: suffixed}, due, false,
			`{apiGroups: ["batch"], resources: [jobs], verbs: [get], resourceNames: ["` + suffixed +
				`"]}`,
		},
		"made by hand": {
			func(s *apiServer) { job(s, "try-it", `"creationTimestamp":"2026-11-22T09:02:00Z"`) },
			kube.Downward{Job: "try-it"}, due.Add(2 * time.Minute), true, "",
		},
		"made by hand, with a date behind its name": {
			func(s *apiServer) {
				job(s, "promsnap-20261122", `"creationTimestamp":"2026-11-22T09:02:00Z"`)
			},
			kube.Downward{Job: "promsnap-20261122"}, due.Add(2 * time.Minute), true, "",
		},
		"made by hand, where the Job may not be read": {
			func(s *apiServer) { s.on("/apis/batch/v1/namespaces/monitoring/jobs/try-it", forbid) },
			kube.Downward{Job: "try-it"}, now, true,
			"get jobs.batch try-it in namespace monitoring",
		},
		"no Job at all": {func(*apiServer) {}, kube.Downward{}, now, true, "belongs to no Job"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t)
			c.serve(s)
			c.d.Namespace = "monitoring"
			got := s.open(t, "").Slot(t.Context(), c.d, now)
			if !got.Time.Equal(c.want) || got.Manual != c.manual ||
				!strings.Contains(got.Note, c.note) || (got.Note == "") != (c.note == "") {
				t.Errorf("got %+v, want %v, manual %v, note %q", got, c.want, c.manual, c.note)
			}
			if asked := s.requests(); len(asked) > 1 {
				t.Errorf("got requests %q, want at most one", asked)
			}
		})
	}
}

// A retry of a Job is marked in the Slot, because an earlier Pod may have sent messages.
func TestSlotOfARetriedJob(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 3, 20, 0, time.UTC)
	for status, want := range map[string]bool{
		`{}`: false, `{"active":1}`: false, `{"active":1,"failed":2}`: true,
	} {
		s := newAPIServer(t)
		s.on("/apis/batch/v1/namespaces/monitoring/jobs/try-it",
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w,
					`{"kind":"Job","apiVersion":"batch/v1","metadata":{"name":"try-it"},"status":%s}`, status)
			})
		got := s.open(t, "").Slot(t.Context(), kube.Downward{
			Namespace: "monitoring", Job: "try-it",
		}, now)
		if got.Again != want {
			t.Errorf("status %s: again %v, want %v", status, got.Again, want)
		}
	}
}

func TestSlotWithoutAnAPIServer(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 3, 20, 0, time.UTC)
	cluster, err := kube.Open(kube.Options{Kubeconfig: kubeconfig(t, "https://127.0.0.1:1")})
	if err != nil {
		t.Fatal(err)
	}
	scheduled := now.Truncate(5 * time.Minute)
	job := fmt.Sprintf("check-%d", scheduled.Unix()/60)
	s := cluster.Slot(t.Context(), kube.Downward{Job: job}, now)
	if !s.Time.Equal(scheduled) || s.Manual || !strings.Contains(s.Note, "cannot be reached") {
		t.Errorf("got %+v, want the time %s and a note", s, scheduled)
	}
}
