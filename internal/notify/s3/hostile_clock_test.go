package s3

import (
	"bytes"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
)

// A run with a wrong clock does not block the link to the newest report for years.
func TestLatestIsNotOfTheFuture(t *testing.T) {
	s := cloudtest.New(t)
	s.Clock(morning)
	n := receiver(t, s, Options{})
	latest := func() []byte { return s.Object("prod-seoul/daily/latest/index.html").Body }
	wrong, right := delivery(morning.AddDate(5, 0, 0)), delivery(morning)
	deliver(t, n, wrong)
	if !bytes.Equal(latest(), wrong.Files[0].Body) {
		t.Fatalf("got %q at latest/, want the report of the wrong clock", latest())
	}
	deliver(t, n, right)
	if !bytes.Equal(latest(), right.Files[0].Body) {
		t.Errorf("got %q at latest/, want the newest report", latest())
	}
	// A slot of the past counts, and an older one does not replace it.
	s.Clock(morning.Add(2 * time.Hour))
	deliver(t, n, delivery(morning.Add(2*time.Hour)))
	newest := latest()
	deliver(t, n, right)
	if !bytes.Equal(latest(), newest) {
		t.Errorf("got %q at latest/, want the newest report", latest())
	}
}
