package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

var update = flag.Bool("update", false, "rewrite the golden; look at it")

// other is the server that a webhook posts to.
type other struct {
	*httptest.Server
	mu      sync.Mutex
	arrived []string
	token   string
	status  int
	after   time.Duration
	hang    chan struct{}
}

func start(t *testing.T) *other {
	t.Helper()
	o := &other{status: http.StatusNoContent}
	o.Server = httptest.NewServer(o)
	t.Cleanup(func() {
		if o.hang != nil {
			close(o.hang)
		}
		o.Close()
	})
	return o
}

func (o *other) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	o.mu.Lock()
	status, hang, after := o.status, o.hang, o.after
	o.token = r.Header.Get("Authorization")
	if err == nil && status < 300 && hang == nil {
		o.arrived = append(o.arrived, string(body))
	}
	o.mu.Unlock()
	if hang != nil {
		<-hang
		return
	}
	if after > 0 {
		rw.Header().Set("Retry-After", fmt.Sprint(int(after.Seconds())))
	}
	rw.WriteHeader(status)
}

func (o *other) answer(status int, after time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.status, o.after = status, after
}

func (o *other) all() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.arrived, "\n")
}

func options(link string) Options {
	return Options{
		URL:   secret.Inline(link + "/hook/" + notifytest.Secret),
		Token: secret.Inline(notifytest.Secret), Transport: &http.Transport{},
	}
}

func TestContract(t *testing.T) {
	for _, role := range []notify.Role{notify.RoleMirror, notify.RoleChanges} {
		t.Run(fmt.Sprint(role), func(t *testing.T) {
			notifytest.Run(t, func(t *testing.T) notifytest.Tested {
				o := start(t)
				return notifytest.Tested{
					Notifier: New(options(o.URL)), Role: role,
					Unreachable: New(options("http://127.0.0.1:1")), Arrived: o.all,
					Busy: func(after time.Duration) {
						o.answer(http.StatusTooManyRequests, after)
					},
					Refuse: func() { o.answer(http.StatusUnauthorized, 0) },
					Hang:   func() { o.hang = make(chan struct{}) },
				}
			})
		})
	}
}

func TestPayload(t *testing.T) {
	o := start(t)
	d := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
	d.MemoryLost, d.Message.PossibleDuplicate = "state is corrupt", true
	if r, err := New(options(o.URL)).Notify(t.Context(), d); err != nil || r != (notify.Receipt{}) {
		t.Fatalf("got %+v, %v; want an empty receipt", r, err)
	}
	if o.token != "Bearer "+notifytest.Secret {
		t.Errorf("got the token %q, want %q", o.token, "Bearer "+notifytest.Secret)
	}
	var v any
	if err := json.Unmarshal([]byte(o.all()), &v); err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "payload.json")
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != string(got)+"\n" {
		t.Errorf("%v; got the payload\n%s\nwant\n%s\nrun with -update to accept it", err, got, want)
	}
}

func TestAnswers(t *testing.T) {
	o := start(t)
	n := New(options(o.URL))
	for status, want := range map[int]string{
		200: "", 202: "", 302: "check its address", 404: "check its address",
		403: "check its token",
		500: "answered 500", 413: "answered 413", 503: "asked to wait 9s", 429: "asked to wait 9s",
	} {
		o.answer(status, 9*time.Second)
		_, err := n.Notify(t.Context(), notifytest.Delivery(notify.RoleMirror, notify.KindNone))
		if want == "" && err != nil ||
			want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d: %v, want %q", status, err, want)
		}
	}
}

func TestInvalidAddresses(t *testing.T) {
	for _, link := range []string{
		"", "hooks", "ftp://x/" + notifytest.Secret, "https://", "http://\x7f/" + notifytest.Secret,
	} {
		_, err := New(Options{URL: secret.Inline(link)}).Notify(t.Context(),
			notifytest.Delivery(notify.RoleMirror, notify.KindNone))
		if err == nil || !strings.Contains(err.Error(), "address") ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("%q: got %v, want an error without the secret", link, err)
		}
	}
}

// later is the error of a store of secrets that may answer later.
type later struct{ error }

func (later) Temporary() bool { return true }

// A token that cannot be read now may be readable soon, so the error is no refusal.
func TestTokenThatIsReadLater(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		again bool
	}{
		{"throttled", later{errors.New("too many requests")}, true},
		{"not there", errors.New("no such secret"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(start(t).URL)
			o.Token = secret.From(func(context.Context) (string, error) { return "", tt.err })
			_, err := New(o).Notify(t.Context(),
				notifytest.Delivery(notify.RoleChanges, notify.KindNew))
			var retry *notify.RetryError
			if got := errors.As(err, &retry); got != tt.again {
				t.Errorf("to be tried again: %v, want %v: %v", got, tt.again, err)
			}
		})
	}
}
