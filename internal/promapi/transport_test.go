package promapi

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	"go.yaml.in/yaml/v2"
)

// rawServer answers every request with bytes as they are, and counts them.
func rawServer(t *testing.T, answer func(io.Writer)) (string, *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	asked := new(atomic.Int32)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				if rq, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, rq.Body)
					asked.Add(1)
					answer(conn)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String(), asked
}

// What no network causes is not tried again, and its hint speaks of what it is.
func TestWhatIsNoHTTP(t *testing.T) {
	const head, hint = "HTTP/1.1 200 OK\r\n", "what listens there does not speak HTTP as " +
		"Prometheus does: check the port"
	for _, tt := range []struct {
		name, answer string
		kind         Kind
		want         string
	}{
		{
			"gRPC", "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00", KindBadAnswer,
			hint,
		},
		{"SSH", "SSH-2.0-OpenSSH_9.6\r\n", KindBadAnswer, hint},
		{"TLS", "\x15\x03\x01\x00\x02\x02\x16", KindTLS, "write https:// in the URL"},
		{"a bad length", head + "Content-Length: x\r\n\r\n", KindBadAnswer, hint},
		{
			"two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", KindBadAnswer,
			hint,
		},
		{"a bad header", head + "no colon\r\n\r\n", KindBadAnswer, hint},
		{
			"an unknown transfer encoding", head + "Transfer-Encoding: x\r\n\r\n", KindBadAnswer,
			hint,
		},
		{
			"no deflate", head + "Content-Encoding: deflate\r\nContent-Length: " +
				"20\r\n\r\n{\"status\":\"success\"}", KindBadAnswer,
			"says that it is compressed with deflate, and is not; switch the compression",
		},
		{
			"no gzip", head + "Content-Encoding: gzip\r\nContent-Length: " +
				"20\r\n\r\n{\"status\":\"success\"}", KindBadAnswer,
			"says that it is compressed with gzip, and is not; switch the compression",
		},
		{
			"brotli", head + "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", KindBadAnswer,
			`compressed with "br", which was not asked for; switch the compression`,
		},
		{
			"nowhere", "HTTP/1.1 307 Temporary Redirect\r\nLocation: " +
				"http://[::\r\nContent-Length: 0\r\n\r\n", KindBadAnswer, hint,
		},
		{
			"a long header", head + "X: " + strings.Repeat("x", 11<<20) + "\r\n\r\n", KindTooMuch,
			"the answer's headers are longer than 256 KiB; Prometheus' own are short",
		},
		{
			"many headers", head + strings.Repeat("X:\r\n", 1<<20) + "\r\n", KindTooMuch,
			"the answer's headers are longer than 256 KiB",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address, asked := rawServer(t, func(w io.Writer) {
				_, _ = io.WriteString(w, tt.answer)
			})
			err := rangeOver(t, config.DefaultHTTPClientConfig, address, Options{
				Backoff: time.Millisecond,
			})
			var e *Error
			if !errors.As(err, &e) || e.Kind != tt.kind ||
				!strings.Contains(err.Error(), tt.want) || asked.Load() != 1 {
				t.Errorf("asked %d times: %s", asked.Load(), describe(err))
			}
		})
	}
}

// Headers have a bound on HTTP/2 too, beyond which the connection is given up.
func TestLongHeadersOfHTTP2(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		for i := range 300 {
			w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 1<<10))
		}
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	cfg := config.DefaultHTTPClientConfig
	cfg.TLSConfig.InsecureSkipVerify = true
	var e *Error
	if err := rangeOver(t, cfg, srv.URL, Options{}); !errors.As(err, &e) ||
		e.Kind != KindTooMuch && e.Kind != KindBadAnswer || e.Again {
		t.Errorf("got %s", describe(err))
	}
}

// Gzip is read whatever its name is.
func TestGzipByEachName(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, one)
	_ = z.Close()
	for _, name := range []string{"gzip", "GZIP", "x-gzip", "X-GZip"} {
		c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
			return answer(r, 200, packed.String(), "Content-Encoding", name), nil
		})
		if _, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid},
			none); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What http_config reads from files is sent, without the space around it; and no file is waited
// for, or read for ever.
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
			"/dev/zero is longer than 64 KiB; it is something else",
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
			"holds a line break or another control character",
		},
	} {
		var cfg config.HTTPClientConfig
		if err := yaml.UnmarshalStrict([]byte(tt.config), &cfg); err != nil {
			t.Fatal(err)
		}
		cfg.TLSConfig.CAFile = ca
		// a second try would never end
		err := rangeOver(t, cfg, srv.URL, Options{Backoff: time.Hour})
		var e *Error
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.config, err)
		case tt.want != "" && (!errors.As(err, &e) || e.Kind != KindBadConfig ||
			!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "network")):
			t.Errorf("%s: got %s, want %q", tt.config, describe(err), tt.want)
		}
	}
	for _, path := range []string{"/dev/zero", pipe, hush} {
		if _, err := Transport(t.Context(),
			config.HTTPClientConfig{TLSConfig: config.TLSConfig{CAFile: path}}, nil); err == nil ||
			!strings.Contains(err.Error(), path) {
			t.Errorf("ca_file: %s: %v", path, err)
		}
	}
}
