// Package cloudtest is AWS for tests, in the process of the test: an S3 with conditional writes,
// metadata and scripted failures, and the stores of secrets. The S3 accepts every signature; the
// acceptance tests use a server that checks them. The stores of secrets check signatures with
// CheckSignature.
package cloudtest

import (
	"context"
	"crypto/md5" //nolint:gosec // what an ETag is made of
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/secret"
)

// Secret is the secret key of the buckets that Server.Bucket returns. No error and no receipt may
// show it. It equals notifytest.Secret and statetest.Secret.
const Secret = "s3cr3t-hunter2"

// Server is an S3 with one bucket.
type Server struct {
	URL  string
	Name string // of the bucket

	mu      sync.Mutex
	objects map[string]Object
	calls   []string
	fault   func(r *http.Request, n int) *Fault
	now     time.Time
}

// Object is the content of a key.
type Object struct {
	Body   []byte
	Header http.Header // as it was written: Content-Type, Cache-Control, X-Amz-Meta-…
	ETag   string
	at     time.Time
}

// Fault is a scripted failure of a request.
type Fault struct {
	Status        int
	Code, Message string
	Header        map[string]string
	// Lost executes the request and cuts the connection instead of answering.
	Lost bool
	// Hang does nothing and does not answer until the client gives up.
	Hang bool
}

// New starts a server that stops with the test.
func New(t testing.TB) *Server {
	s := &Server{Name: "reports", objects: map[string]Object{}}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	s.URL = h.URL
	return s
}

// Bucket returns the server's bucket.
func (s *Server) Bucket(t testing.TB, change ...func(*cloud.BucketOptions)) *cloud.Bucket {
	t.Helper()
	account, err := cloud.Open(context.Background(), cloud.Identity{
		Region: "us-east-1", AccessKey: "AKIDEXAMPLE", SecretKey: secret.Inline(Secret),
	})
	if err != nil {
		t.Fatal(err)
	}
	o := cloud.BucketOptions{Name: s.Name, Endpoint: s.URL, PathStyle: true}
	for _, c := range change {
		c(&o)
	}
	b, err := account.Bucket(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Clock sets the server's clock. Without it, objects have no time of writing.
func (s *Server) Clock(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// Break lets fault decide whether a request fails. n is the number of requests before it. fault
// returns nil for a request that succeeds.
func (s *Server) Break(fault func(r *http.Request, n int) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.calls = fault, nil
}

// Calls returns the requests since the start or since Break, such as "PUT key", or "GET ?prefix" for
// a listing.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Keys returns the keys of all objects, sorted.
func (s *Server) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

// Object returns the object at a key, or the zero value if there is none.
func (s *Server) Object(key string) Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[key]
}

// Write writes an object, like another client.
func (s *Server) Write(key string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = Object{Body: body, Header: http.Header{}, ETag: etag(body)}
}

// Delete deletes an object, like another client.
func (s *Server) Delete(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, key)
}

// ServeHTTP answers GET, HEAD, PUT and DELETE of an object, and ListObjectsV2.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	key, known := strings.CutPrefix(r.URL.Path, "/"+s.Name+"/")
	list := r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2" &&
		strings.Trim(r.URL.Path, "/") == s.Name
	if list {
		key = "?" + r.URL.Query().Get("prefix")
	}
	f := s.faultOf(r, key)
	if f != nil && f.Hang {
		<-r.Context().Done()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case f != nil && f.Lost:
		s.answer(httptest.NewRecorder(), r, key, body)
		panic(http.ErrAbortHandler)
	case f != nil:
		for k, v := range f.Header {
			w.Header().Set(k, v)
		}
		refuse(w, r, f.Status, f.Code, f.Message)
	case list:
		s.list(w, r)
	case !known:
		refuse(w, r, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	default:
		s.answer(w, r, key, body)
	}
}

// faultOf records a request and returns its fault.
func (s *Server) faultOf(r *http.Request, key string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+key)
	if s.fault == nil {
		return nil
	}
	return s.fault(r, len(s.calls)-1)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	have, there := s.objects[key]
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if !there {
			refuse(w, r, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
			return
		}
		maps.Copy(w.Header(), have.Header)
		w.Header().Set("ETag", have.ETag)
		if !have.at.IsZero() {
			w.Header().Set("Last-Modified", have.at.UTC().Format(http.TimeFormat))
		}
		_, _ = w.Write(have.Body)
	case http.MethodPut:
		match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
		switch {
		case match != "" && !there:
			refuse(w, r, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
			return
		case match != "" && match != have.ETag, none == "*" && there:
			refuse(w, r, http.StatusPreconditionFailed, "PreconditionFailed",
				"At least one of the pre-conditions you specified did not hold")
			return
		}
		o := Object{Body: body, Header: http.Header{}, ETag: etag(body), at: s.now}
		for name, values := range r.Header {
			if name == "Content-Type" || name == "Cache-Control" ||
				strings.HasPrefix(name, "X-Amz-") {
				o.Header[name] = values
			}
		}
		s.objects[key] = o
		w.Header().Set("ETag", o.ETag)
	case http.MethodDelete:
		if match := r.Header.Get("If-Match"); match != "" && match != have.ETag {
			refuse(w, r, http.StatusPreconditionFailed, "PreconditionFailed",
				"At least one of the pre-conditions you specified did not hold")
			return
		}
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, r, http.StatusMethodNotAllowed, "MethodNotAllowed", r.Method)
	}
}

func refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	w.Header().Set("X-Amz-Request-Id", "REQUEST1")
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_ = xml.NewEncoder(w).EncodeElement(struct{ Code, Message string }{code, message},
			xml.StartElement{Name: xml.Name{Local: "Error"}})
	}
}

func etag(body []byte) string {
	sum := md5.Sum(body) //nolint:gosec // what an ETag is made of
	return fmt.Sprintf("%q", hex.EncodeToString(sum[:]))
}
