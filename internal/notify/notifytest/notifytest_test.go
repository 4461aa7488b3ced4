package notifytest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
)

func TestDir(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		root := t.TempDir()
		return notifytest.Tested{
			Notifier: dir.New(root), Role: notify.RoleArchive, Arrived: func() string {
				return files(t, root)
			},
		}
	})
}

// files returns the content of every file below root.
func files(t *testing.T, root string) string {
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s: %s\n", path, body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// hook is a minimal receiver of messages. It shows that the contract can be kept, and how.
type hook struct{ url, token string }

func (hook) String() string               { return "hook" }
func (hook) GoString() string             { return "hook" }
func (hook) MarshalText() ([]byte, error) { return []byte("hook"), nil }

func (h hook) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	body, err := json.Marshal(d.Message)
	if err != nil {
		return notify.Receipt{}, &notify.RefusedError{Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return notify.Receipt{}, &notify.RefusedError{Err: err}
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	resp, err := http.DefaultClient.Do(req)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return notify.Receipt{}, &notify.RetryError{Err: err}
	case err != nil:
		return notify.Receipt{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
		return notify.Receipt{ID: resp.Header.Get("ID")}, nil
	case http.StatusTooManyRequests:
		seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		return notify.Receipt{}, &notify.RetryError{
			After: time.Duration(seconds) * time.Second, Err: errors.Join(errors.New(resp.Status),
				err),
		}
	}
	return notify.Receipt{}, &notify.RefusedError{Err: errors.New(resp.Status)}
}

func TestHook(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		var mu sync.Mutex
		var arrived []string
		var answer http.HandlerFunc
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if answer != nil {
				answer(w, r)
				return
			}
			var body bytes.Buffer
			_, _ = body.ReadFrom(r.Body)
			arrived = append(arrived, body.String())
			w.Header().Set("ID", strconv.Itoa(len(arrived)))
		}))
		over := make(chan struct{})
		t.Cleanup(server.Close)
		t.Cleanup(func() { close(over) }) // before the server waits for its handlers
		set := func(f http.HandlerFunc) {
			mu.Lock()
			defer mu.Unlock()
			answer = f
		}
		gone := httptest.NewServer(nil)
		gone.Close()
		return notifytest.Tested{
			Notifier: hook{server.URL, notifytest.Secret}, Role: notify.RoleChanges,
			Arrived: func() string {
				mu.Lock()
				defer mu.Unlock()
				return strings.Join(arrived, "\n")
			},
			Busy: func(after time.Duration) {
				set(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
					w.WriteHeader(http.StatusTooManyRequests)
				})
			},
			Refuse: func() {
				set(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(http.StatusUnauthorized)
				})
			},
			Hang:        func() { set(func(http.ResponseWriter, *http.Request) { <-over }) },
			Unreachable: hook{gone.URL, notifytest.Secret},
		}
	})
}
