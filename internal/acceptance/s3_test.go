//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/s3"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

// The only user of the S3 in these tests, and its bucket.
const (
	s3AccessKey = cloudtest.AccessKey
	s3Bucket    = "capacity-reports"
)

// gateway is a real S3 on a directory. It can be killed and restarted.
type gateway struct {
	address, root, url string
	*process
}

// startS3 runs versitygw with one bucket.
func startS3(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{address: freePort(t), root: t.TempDir()}
	g.url = "http://" + g.address
	if err := os.Mkdir(filepath.Join(g.root, s3Bucket), 0o755); err != nil {
		t.Fatal(err)
	}
	g.run(t)
	return g
}

func (g *gateway) run(t *testing.T) {
	t.Helper()
	env := []string{"ROOT_ACCESS_KEY=" + s3AccessKey, "ROOT_SECRET_KEY=" + statetest.Secret}
	g.process = start(t, env, installed(t, "versitygw"), "--port", g.address, "--health", "/health",
		"posix", g.root)
	await(t, "versitygw to be ready", func() error {
		response, err := http.Get(g.url + "/health")
		if err != nil {
			return err
		}
		return response.Body.Close()
	})
}

// proxy returns a handler that forwards requests to the gateway.
func (g *gateway) proxy(t *testing.T) *httputil.ReverseProxy {
	t.Helper()
	target, err := url.Parse(g.url)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
	}
}

// atomic starts a proxy through which no write ends during a read. versitygw reads an object's
// metadata and its ETag one after the other, and answers with those of two objects if a write comes
// between them. S3 does not. Writes still run at once.
func (g *gateway) atomic(t *testing.T) string {
	t.Helper()
	forward := g.proxy(t)
	var reading sync.RWMutex
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock := sync.Locker(&reading)
		if r.Method == http.MethodPut || r.Method == http.MethodDelete {
			lock = reading.RLocker()
		}
		lock.Lock()
		defer lock.Unlock()
		forward.ServeHTTP(w, r)
	}))
}

// bucket opens the bucket as promsnap would.
func bucket(t *testing.T, endpoint, key string,
	change ...func(*cloud.BucketOptions)) *cloud.Bucket {
	t.Helper()
	account, err := cloud.Open(context.Background(), cloud.Identity{
		Region: "us-east-1", AccessKey: s3AccessKey, SecretKey: secret.Inline(key),
	})
	if err != nil {
		t.Fatal(err)
	}
	o := cloud.BucketOptions{Name: s3Bucket, Endpoint: endpoint, PathStyle: true, Attempts: 3}
	for _, c := range change {
		c(&o)
	}
	b, err := account.Bucket(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// s3Config returns the bucket as a configuration has it.
func s3Config(endpoint, prefix, key string) string {
	return fmt.Sprintf("{bucket: %s, prefix: %s, endpoint: '%s', path_style: true, access_key: "+
		"%s, secret_key: %s}", s3Bucket, prefix, endpoint, s3AccessKey, key)
}

// claimEnd matches the end of a claim in a state document. claimPast is a time in the past.
var claimEnd = regexp.MustCompile(`("until":\s*)"[^"]*"`)

const claimPast = `"2026-01-01T00:00:00Z"`

// once turns off retries, because only notify.Deliver repeats the archive's calls.
func once(o *cloud.BucketOptions) { o.Attempts = 1 }

func archive(t *testing.T, b *cloud.Bucket, o s3.Options) *s3.Notifier {
	t.Helper()
	n, err := s3.New(b, o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// archived is the report of a slot, n times five minutes after midnight, with three files.
func archived(n int) notify.Delivery {
	slot := time.Date(2026, 11, 22, 0, 5*n, 0, 0, time.UTC)
	page := fmt.Sprintf("<!DOCTYPE html><title>%d</title>", n)
	return notify.Delivery{
		Report: report.Build(report.Info{
			Cluster: "prod-seoul", Name: "check", Title: "Check", Slot: slot,
		}, nil),
		Files: []report.File{
			{Name: "index.html", ContentType: "text/html; charset=utf-8", Body: []byte(page)},
			{Name: "report.json", ContentType: "application/json", Body: []byte("{}\n")},
			{Name: "node-memory.png", ContentType: "image/png", Body: []byte("\x89PNG" + page)},
		},
	}
}

func TestS3(t *testing.T) {
	t.Parallel()
	g := startS3(t)
	t.Run("state", func(t *testing.T) { testS3State(t, g) })
	t.Run("archive", func(t *testing.T) { testS3Archive(t, g) })
	t.Run("writers", func(t *testing.T) { testS3Writers(t, g) })
	t.Run("encryption", func(t *testing.T) { testS3Encryption(t, g) })
	t.Run("link", func(t *testing.T) { testS3Link(t, g) })
	t.Run("refused", func(t *testing.T) { testS3Refused(t, g) })
	t.Run("lost", func(t *testing.T) { testS3LostAnswer(t, g) })
	t.Run("killed", func(t *testing.T) { testS3Killed(t, g) }) // the last: it stops the server
}

// testS3State runs the contract of stores, each time below another prefix.
func testS3State(t *testing.T, g *gateway) {
	var n atomic.Int32
	statetest.Run(t, func(t *testing.T) statetest.Tested {
		prefix := fmt.Sprintf("state-%d", n.Add(1))
		b := bucket(t, g.url, statetest.Secret)
		return statetest.Tested{
			Store: state.NewS3(b, prefix),
			Corrupt: func(t *testing.T, k state.Key, data []byte) {
				key := prefix + "/" + report.Slug(k.Cluster) + "/" + report.Slug(k.Report) + ".json"
				if err := b.Put(context.Background(), key, cloud.Object{Body: data}); err != nil {
					t.Fatal(err)
				}
			},
			Broken: state.NewS3(bucket(t, "http://"+freePort(t), statetest.Secret), prefix),
		}
	})
}

func testS3Archive(t *testing.T, g *gateway) {
	n := archive(t, bucket(t, g.url, statetest.Secret, once), s3.Options{Prefix: "archive"})
	for _, slot := range []int{1, 1, 2, 0} { // a repetition, then a newer and an older slot
		if _, err := n.Notify(context.Background(), archived(slot)); err != nil {
			t.Fatal(err)
		}
	}
	home := filepath.Join(g.root, s3Bucket, "archive", "prod-seoul", "check")
	for path, want := range map[string]string{
		"2026/11/22/20261122T000000Z/index.html": "<title>0<",
		"2026/11/22/20261122T000500Z/index.html": "<title>1<",
		"latest/index.html":                      "<title>2<",
		"latest/node-memory.png":                 "<title>2<",
		"index.html":                             "3 reports",
		"2026/11/22/index.html":                  "20261122T001000Z/index.html",
	} {
		body, err := os.ReadFile(filepath.Join(home, filepath.FromSlash(path)))
		if err != nil {
			t.Error(err)
		} else if !bytes.Contains(body, []byte(want)) {
			t.Errorf("%s is\n%s\nwant %q in it", path, tail(string(body), 500), want)
		}
	}
	o, err := bucket(t, g.url, statetest.Secret).Stat(context.Background(),
		"archive/prod-seoul/check/2026/11/22/20261122T000000Z/index.html")
	if err != nil || o.Type != "text/html; charset=utf-8" ||
		!strings.Contains(o.Cache, "immutable") {
		t.Errorf("got %+v, %v; want HTML that is immutable", o, err)
	}
}

// testS3Writers archives eight runs at once, each through its own client.
func testS3Writers(t *testing.T, g *gateway) {
	const writers = 8
	address := g.atomic(t)
	var group sync.WaitGroup
	for i := range writers {
		n := archive(t, bucket(t, address, statetest.Secret, once), s3.Options{Prefix: "writers"})
		group.Go(func() {
			if _, err := n.Notify(context.Background(), archived(i)); err != nil {
				t.Errorf("writer %d: %v, want no error", i, err)
			}
		})
	}
	group.Wait()
	home := filepath.Join(g.root, s3Bucket, "writers", "prod-seoul", "check")
	var list struct{ Entries []struct{ Name string } }
	body, err := os.ReadFile(filepath.Join(home, "2026", "11", "22", "index.json"))
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	if err != nil || len(list.Entries) != writers {
		t.Errorf("the day lists %+v, want %d entries: %v", list, writers, err)
	}
	for path, want := range map[string]string{
		"index.html": "8 reports", "2026/11/22/index.html": "8 reports",
		"latest/index.html": "<title>7<", "latest/node-memory.png": "<title>7<",
	} {
		if body, err := os.ReadFile(filepath.Join(home, path)); err != nil ||
			!bytes.Contains(body, []byte(want)) {
			t.Errorf("%s is\n%s\nwant %q in it (%v)", path, tail(string(body), 500), want, err)
		}
	}
}

// testS3Encryption only checks that the headers are signed and accepted, because versitygw does not
// encrypt.
func testS3Encryption(t *testing.T, g *gateway) {
	for _, kind := range []cloud.Encryption{cloud.EncryptS3, cloud.EncryptKMS} {
		b := bucket(t, g.url, statetest.Secret, func(o *cloud.BucketOptions) {
			o.Encryption, o.KMSKey = kind, "arn:aws:kms:us-east-1:1:key/1"
		})
		if kind == cloud.EncryptS3 {
			b = bucket(t, g.url, statetest.Secret, func(o *cloud.BucketOptions) {
				o.Encryption = kind
			})
		}
		if err := b.Put(context.Background(), "encrypted",
			cloud.Object{Body: []byte(kind)}); err != nil {
			t.Errorf("%s: %v, want no error", kind, err)
		}
	}
}

func testS3Link(t *testing.T, g *gateway) {
	get := func(link string) (status int, body string) {
		t.Helper()
		response, err := http.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		b, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(b)
	}
	b := bucket(t, g.url, statetest.Secret, once)
	receipt, err := archive(t, b, s3.Options{
		Prefix: "link", LinkLife: time.Hour,
	}).Notify(context.Background(), archived(3))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := get(receipt.Location); status != http.StatusOK ||
		!strings.Contains(body, "<title>3<") {
		t.Errorf("the link answers %d, want 200 and the page: %s", status, body)
	}
	if left := time.Until(receipt.Expires); left < 55*time.Minute || left > time.Hour {
		t.Errorf("the link expires in %v, want 55 minutes to an hour", left)
	}
	tampered := strings.Replace(receipt.Location, "T001500Z/index.html", "T001500Z/report.json", 1)
	longer := strings.Replace(receipt.Location, "X-Amz-Expires=3600", "X-Amz-Expires=7200", 1)
	unsigned, _, _ := strings.Cut(receipt.Location, "?")
	for name, link := range map[string]string{
		"of another file": tampered, "made longer": longer, "without its signature": unsigned,
	} {
		if link == receipt.Location {
			t.Fatalf("%s: the link is still %s, want it changed", name, link)
		}
		if status, _ := get(link); status != http.StatusForbidden {
			t.Errorf("a link %s answers %d, want 403", name, status)
		}
	}
	short, expires, err := b.Link(context.Background(), "link/prod-seoul/check/latest/index.html",
		time.Second)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "a link of one second to expire", func() error {
		status, _ := get(short)
		if status != http.StatusForbidden {
			return fmt.Errorf("the link answers %d", status)
		}
		return nil
	})
	if now := time.Now(); now.Before(expires) {
		t.Errorf("the link expired %v early, want %v as returned", expires.Sub(now), expires)
	}
}

func testS3Refused(t *testing.T, g *gateway) {
	noBucket := func(o *cloud.BucketOptions) { o.Name = "not-there" }
	for _, tc := range []struct {
		name   string
		bucket *cloud.Bucket
		says   string
	}{
		{
			"wrong secret", bucket(t, g.url, "MARKED-wrong-secret", once),
			"the access key or its secret is not right",
		},
		{
			"no bucket", bucket(t, g.url, statetest.Secret, once, noBucket),
			"create the bucket not-there",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := archive(t, tc.bucket, s3.Options{}).Notify(context.Background(), archived(0))
			var refused *notify.RefusedError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("archiving: %v, want a RefusedError with %q", err, tc.says)
			}
			_, _, loading := state.NewS3(tc.bucket, "").Load(context.Background(), state.Key{
				Cluster: "c", Report: "r",
			})
			if loading == nil || !strings.Contains(loading.Error(), tc.says) {
				t.Errorf("loading: %v, want %q", loading, tc.says)
			}
			for _, e := range []error{err, loading} {
				if s := fmt.Sprintf("%+v", e); strings.Contains(s, "MARKED") ||
					strings.Contains(s, statetest.Secret) {
					t.Errorf("the error shows the secret, want it hidden: %s", s)
				}
			}
		})
	}
}

// testS3LostAnswer uses a proxy that closes the connection instead of forwarding the answer to the
// first write of a key.
func testS3LostAnswer(t *testing.T, g *gateway) {
	var lost sync.Map
	proxy := g.proxy(t)
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method != http.MethodPut || r.StatusCode != http.StatusOK {
			return nil
		}
		if _, before := lost.LoadOrStore(r.Request.URL.Path, true); !before {
			return errors.New("the response is lost")
		}
		return nil
	}
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {
		panic(http.ErrAbortHandler)
	}
	address := serve(t, proxy)
	b := bucket(t, address, statetest.Secret)
	store, k := state.NewS3(b, "lost"), state.Key{Cluster: "c", Report: "r"}
	if _, err := store.Save(context.Background(), k, state.Doc{Run: "run-1", Serial: 1},
		""); !errors.Is(err, state.ErrConflict) {
		t.Fatalf("a write whose answer was lost: %v, want ErrConflict", err)
	}
	d, v, err := store.Load(context.Background(), k)
	if err != nil || d.Run != "run-1" || d.Serial != 1 || v == "" {
		t.Errorf("loaded %+v %q, %v; want run-1 with serial 1", d, v, err)
	}
	n := archive(t, bucket(t, address, statetest.Secret, once), s3.Options{Prefix: "lost"})
	const writes = 10 // in a delivery
	tries := 0
	for tries <= writes {
		if _, err = n.Notify(context.Background(), archived(0)); err == nil {
			break
		}
		var retry *notify.RetryError
		if !errors.As(err, &retry) {
			t.Fatal(err)
		}
		tries++
	}
	if err != nil || tries == 0 {
		t.Errorf("after %d lost answers: %v, want one or more and then no error", tries, err)
	}
}

// testS3Killed kills the server while a run writes and restarts it on the same files.
func testS3Killed(t *testing.T, g *gateway) {
	const before = 9 // responses: the slot is written, latest/ partly
	var answers atomic.Int32
	proxy := g.proxy(t)
	proxy.ModifyResponse = func(*http.Response) error {
		if answers.Add(1) == before {
			g.stop()
		}
		return nil
	}
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {
		panic(http.ErrAbortHandler)
	}
	address := serve(t, proxy)
	n := archive(t, bucket(t, address, statetest.Secret, once), s3.Options{Prefix: "killed"})
	_, err := n.Notify(context.Background(), archived(0))
	var retry *notify.RetryError
	if !errors.As(err, &retry) {
		t.Fatalf("the server was killed: %v, want a RetryError", err)
	}
	g.run(t)
	if _, err := n.Notify(context.Background(), archived(0)); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(g.root, s3Bucket, "killed", "prod-seoul", "check")
	for _, path := range []string{
		"latest/node-memory.png", "latest/index.html", "2026/11/22/20261122T000000Z/index.html",
	} {
		if body, err := os.ReadFile(filepath.Join(home, path)); err != nil ||
			!bytes.Contains(body, []byte("<title>0<")) {
			t.Errorf("%s: %q, %v; want the page or picture of slot 0", path, body, err)
		}
	}
	if body, err := os.ReadFile(filepath.Join(home, "index.html")); err != nil ||
		!bytes.Contains(body, []byte("1 report")) {
		t.Errorf("the list: %v, want \"1 report\" in\n%s", err, tail(string(body), 500))
	}
}

// serve runs a handler until the test ends and returns its URL.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
