package exchange

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// An answer that switches protocols is an error, and its connection is closed. Any other answer is
// passed on.
func TestPlain(t *testing.T) {
	gone := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/good" {
			_, _ = io.WriteString(w, "here")
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			gone <- err
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: "+
			"Upgrade\r\nUpgrade: x\r\n\r\n")
		_, err = conn.Read(make([]byte, 1))
		gone <- errors.Join(err, conn.Close())
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: Plain{&http.Transport{}}}
	t.Cleanup(client.CloseIdleConnections)
	res, err := client.Get(server.URL + "/good")
	if err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(res.Body); err != nil || string(said) != "here" {
		t.Errorf("got %q, %v; want here", said, err)
	}
	_ = res.Body.Close()
	if res, err = client.Get(server.URL + "/switch"); !errors.Is(err, ErrSwitched) {
		t.Fatalf("got %v, %v; want ErrSwitched", res, err)
	}
	if err := <-gone; !errors.Is(err, io.EOF) {
		t.Errorf("the other side: got %v, want io.EOF", err)
	}
}
