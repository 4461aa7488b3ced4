package promapi

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
)

func TestStores(t *testing.T) {
	const up = `{"name":"10.0.0.1:10901","lastCheck":"2026-03-10T12:00:00Z","lastError":null,"labelSets":[{"store":"a"}]}`
	for name, tc := range map[string]struct {
		status int
		answer string
		want   []Store
	}{
		"Prometheus has none": {404, "404 page not found", nil},
		"a page":              {200, "<html></html>", nil},
		"nothing of the kind": {200, `{"status":"success","data":["a"]}`, nil},
		"an error": {
			400, `{"status":"error","errorType":"bad_data","error":"no such path"}`, nil,
		},
		"all answer": {
			200, `{"status":"success","data":{"sidecar":[` + up + `]}}`, []Store{
				{"sidecar", "10.0.0.1:10901", ""},
			},
		},
		"one is down": {
			200,
			`{"status":"success","data":{"store":[{"name":"s","lastError":"connection refused"}],"sidecar":[` + up + `]}}`, []Store{{"sidecar", "10.0.0.1:10901", ""}, {"store", "s", "connection refused"}},
		},
		"an error without a word": {
			200, `{"status":"success","data":{"store":[{"name":"s","lastError":{}}]}}`, []Store{
				{"store", "s", "no reason given"},
			},
		},
		"hostile names": {
			200,
			`{"status":"success","data":{"store":[{"name":"s\u001b[31m\n","lastError":"a\u0000b"}]}}`, []Store{{"store", "s[31m", "ab"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
				r *http.Request) {
				if r.URL.Path != "/prefix/api/v1/stores" {
					t.Errorf("got request %s, want /prefix/api/v1/stores", r.URL.Path)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.answer))
			}))
			defer srv.Close()
			base, err := url.Parse(srv.URL + "/prefix")
			if err != nil {
				t.Fatal(err)
			}
			c, err := New(base, nil, Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Stores(t.Context())
			if err != nil || !slices.Equal(got, tc.want) {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}
