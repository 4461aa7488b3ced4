package promapi

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/config"
)

// rawServer answers every request with raw bytes and counts the requests.
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

// Errors that the network did not cause are not retried, and have a hint about their cause.
func TestWhatIsNoHTTP(t *testing.T) {
	const head, hint = "HTTP/1.1 200 OK\r\n", "the server there does not speak HTTP as " +
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
			"says that it is compressed with deflate, but it is not; turn off compression",
		},
		{
			"no gzip", head + "Content-Encoding: gzip\r\nContent-Length: " +
				"20\r\n\r\n{\"status\":\"success\"}", KindBadAnswer,
			"says that it is compressed with gzip, but it is not; turn off compression",
		},
		{
			"brotli", head + "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", KindBadAnswer,
			`compressed with "br", which was not asked for; turn off compression`,
		},
		{
			"nowhere", "HTTP/1.1 307 Temporary Redirect\r\nLocation: " +
				"http://[::\r\nContent-Length: 0\r\n\r\n", KindBadAnswer, hint,
		},
		{
			"a long header", head + "X: " + strings.Repeat("x", 11<<20) + "\r\n\r\n", KindTooMuch,
			"the answer's headers are longer than 256 KiB; those of Prometheus are short",
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
				t.Errorf("got %d requests: %s, want one: %s with %q", asked.Load(), describe(err),
					tt.kind, tt.want)
			}
		})
	}
}

// Headers are bounded on HTTP/2, too: a connection with longer ones is closed.
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
		t.Errorf("got %s, want too much or a bad answer, without a retry", describe(err))
	}
}

// Gzip is read under each of its names.
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
			t.Errorf("%s: got error %v, want none", name, err)
		}
	}
}
