//go:build unix

package promapi

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	"go.yaml.in/yaml/v2"
)

// What http_config reads from files is sent without the space around it. Reading a file ends within
// a bounded time.
func TestFilesOfHTTPConfig(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); r.Header.Get("Authorization") != "Bearer hush" &&
			user+":"+password != "me:hush" && strings.Join(r.Header["X-Key"], ",") != "plain,hush" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, one)
	}))
	srv.Config.ErrorLog = nil
	t.Cleanup(srv.Close)
	ca := file("ca.pem", string(pem.EncodeToMemory(&pem.Block{
		Type: "CERTIFICATE", Bytes: srv.Certificate().Raw,
	})))
	hush, pipe := file("hush", " hush\n"), filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ config, want string }{
		{
			"basic_auth: {username_file: " + file("me", "me\n") + ", password_file: " + hush + "}",
			"",
		},
		{"authorization: {credentials_file: " + hush + "}", ""},
		{"bearer_token_file: " + hush, ""},
		{"http_headers: {X-Key: {values: [plain], files: [" + hush + "]}}", ""},
		{
			"basic_auth: {username: me, password_file: " + pipe + "}",
			pipe + " is a pipe that nobody writes into",
		},
		{
			"basic_auth: {username: me, password_file: /dev/zero}",
			"/dev/zero is longer than 64 KiB, so it is not the right file",
		},
		{"authorization: {credentials_file: /dev/zero}", "/dev/zero is longer than 64 KiB"},
		{
			"http_headers: {X-Key: {files: [/dev/zero]}}",
			"http_config: /dev/zero is longer than 64 KiB",
		},
		{
			"oauth2: {client_id: me, token_url: 'http://127.0.0.1:1', client_secret_file: " +
				"/dev/zero}", "http_config: /dev/zero is longer than 64 KiB",
		},
		{
			"bearer_token_file: " + hush + "-none", "hush-none: no such file or directory; " +
				"correct the path in http_config, or mount the file there",
		},
		{
			"authorization: {credentials_file: " + file("empty", "\n") + "}",
			"empty is empty; correct the path in http_config, or the file",
		},
		{
			"authorization: {credentials_file: " + file("lines", "a\nb") + "}",
			"contains a line break or another control character",
		},
	} {
		var cfg config.HTTPClientConfig
		if err := yaml.UnmarshalStrict([]byte(tt.config), &cfg); err != nil {
			t.Fatal(err)
		}
		cfg.TLSConfig.CAFile = ca
		// a retry would never end
		err := rangeOver(t, cfg, srv.URL, Options{Backoff: time.Hour})
		var e *Error
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: got error %v, want none", tt.config, err)
		case tt.want != "" && (!errors.As(err, &e) || e.Kind != KindBadConfig ||
			!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "network")):
			t.Errorf("%s: got %s, want %q", tt.config, describe(err), tt.want)
		}
	}
	for _, path := range []string{"/dev/zero", pipe, hush} {
		if _, err := Transport(t.Context(),
			config.HTTPClientConfig{TLSConfig: config.TLSConfig{CAFile: path}}, nil); err == nil ||
			!strings.Contains(err.Error(), path) {
			t.Errorf("ca_file %s: got error %v, want one that names it", path, err)
		}
	}
}
