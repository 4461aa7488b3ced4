package promapi

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	"golang.org/x/net/http2"
)

// TestGoAway checks that a server that closes its HTTP/2 connections is retried a few times after a
// pause, and that the error says so.
func TestGoAway(t *testing.T) {
	certificates := httptest.NewTLSServer(nil)
	defer certificates.Close()
	for name, end := range map[string]func(*http2.Framer, uint32) error{
		"before it looks": func(f *http2.Framer, _ uint32) error {
			return f.WriteGoAway(0, http2.ErrCodeNo, nil)
		},
		"after it looked": func(f *http2.Framer, id uint32) error {
			return f.WriteGoAway(id, http2.ErrCodeNo, nil)
		},
		"be calm": func(f *http2.Framer, id uint32) error {
			return f.WriteGoAway(id, http2.ErrCodeEnhanceYourCalm, []byte("too_many_pings"))
		},
	} {
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
			Certificates: certificates.TLS.Certificates, NextProtos: []string{"h2"},
		})
		if err != nil {
			t.Fatal(err)
		}
		var connections atomic.Int32
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				connections.Add(1)
				go refuseHTTP2(c, end)
			}
		}()
		cfg := config.DefaultHTTPClientConfig
		cfg.TLSConfig.InsecureSkipVerify = true
		var e *Error
		err = rangeOver(t, cfg, "https://"+l.Addr().String(), Options{
			Attempts: 2, Backoff: time.Millisecond,
		})
		if !errors.As(err, &e) || e.Kind != KindBusy || !strings.Contains(e.Error(), "GOAWAY") ||
			!strings.Contains(e.Hint, "enable_http2") {
			t.Errorf("%s: got %s, want busy, GOAWAY and a hint about enable_http2", name, describe(err))
		}
		if n := connections.Load(); n < 2 || n > 20 {
			t.Errorf("%s: %d connections, want 2 to 20", name, n)
		}
		_ = l.Close()
	}
}

// refuseHTTP2 speaks HTTP/2 up to the first request.
func refuseHTTP2(c net.Conn, end func(*http2.Framer, uint32) error) {
	defer func() { _ = c.Close() }()
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	f := http2.NewFramer(c, c)
	if f.WriteSettings() != nil {
		return
	}
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		if h, ok := frame.(*http2.HeadersFrame); ok {
			_ = end(f, h.StreamID)
			return
		}
	}
}
