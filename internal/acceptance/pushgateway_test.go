//go:build acceptance

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/pushgateway"
)

// startPushgateway runs Debian's Pushgateway.
func startPushgateway(t *testing.T) *server {
	t.Helper()
	address := freePort(t)
	s := &server{url: "http://" + address, client: http.DefaultClient}
	s.process = start(t, nil, "/usr/bin/prometheus-pushgateway", "--web.listen-address="+address,
		"--web.route-prefix=/pg", "--log.level=debug")
	await(t, "the Pushgateway to be ready", func() error {
		_, err := s.get("/pg/-/ready", nil)
		return err
	})
	return s
}

// scraping runs a Prometheus that scrapes a Pushgateway every second.
func scraping(t *testing.T, gateway *server) *server {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf(`scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    scrape_interval: 1s
    metrics_path: /pg/metrics
    static_configs: [{targets: ['%s']}]
`, strings.TrimPrefix(gateway.url, "http://"))
	path := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	return startPrometheus(t, installed(t, "prometheus"), nil, "--config.file="+path,
		"--storage.tsdb.path="+filepath.Join(dir, "data"))
}

func openPushgateway(t *testing.T, link string, rt http.RoundTripper) *pushgateway.Notifier {
	t.Helper()
	n, err := pushgateway.New(pushgateway.Options{URL: link + "/pg", Transport: rt})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPushgateway(t *testing.T) {
	t.Parallel()
	gateway := startPushgateway(t)
	prometheus := scraping(t, gateway)
	n := openPushgateway(t, gateway.url, nil)
	slot := time.Now().UTC().Truncate(time.Minute)
	ran := func(cluster string, slot time.Time, failed int) notify.Delivery {
		d := firing(slot, "ip-1")
		d.Report.Info.Cluster, d.Report.Critical, d.Report.Warning, d.Report.Panels[0].
			Total = cluster, 1, 2, 42
		d.Run = notify.Run{Took: 1500 * time.Millisecond, Delivered: 3, Failed: failed}
		return d
	}
	odd := "edge/서울 \"1\"\\"
	deliver(t, n, ran("prod-seoul", slot, 0))
	deliver(t, n, ran("prod-seoul", slot.Add(5*time.Minute), 1))
	deliver(t, n, ran(odd, slot, 0))
	test := ran("tested", slot, 0)
	test.Message = &notify.Message{Kind: notify.KindTest}
	deliver(t, n, test)

	at := func(t time.Time) string { return fmt.Sprint(t.Unix()) }
	for query, want := range map[string]string{
		`promsnap_run_duration_seconds{job="promsnap",cluster="prod-seoul",report="check"}`: "1.5",
		`promsnap_run_slot_timestamp_seconds{cluster="prod-seoul"}`: at(
			slot.Add(5 * time.Minute)),
		`promsnap_last_success_timestamp_seconds{cluster="prod-seoul"}`:         at(slot),
		`promsnap_run_panels{cluster="prod-seoul"}`:                             "1",
		`promsnap_run_panels_failed{cluster="prod-seoul"}`:                      "0",
		`promsnap_run_series{cluster="prod-seoul"}`:                             "42",
		`promsnap_run_findings{cluster="prod-seoul",severity="critical"}`:       "1",
		`promsnap_run_findings{cluster="prod-seoul",severity="warning"}`:        "2",
		`promsnap_run_deliveries{cluster="prod-seoul",result="ok"}`:             "3",
		`promsnap_run_deliveries{cluster="prod-seoul",result="failed"}`:         "1",
		fmt.Sprintf(`promsnap_last_success_timestamp_seconds{cluster=%q}`, odd): at(slot),
		// The test's metrics were deleted.
		`count(promsnap_run_panels)`: "2",
	} {
		await(t, query, func() error {
			got, err := prometheus.instant(query)
			if err != nil {
				return err
			}
			for _, v := range got {
				if len(got) == 1 && v == want {
					return nil
				}
			}
			return fmt.Errorf("got %v, want %s", got, want)
		})
	}
}

func TestPushgatewayRefuses(t *testing.T) {
	t.Parallel()
	gateway := startPushgateway(t)
	d := firing(time.Now().UTC())
	// Another program's metric has the same name and another type.
	res, err := http.Post(gateway.url+"/pg/metrics/job/other", "text/plain",
		strings.NewReader("# TYPE promsnap_run_panels counter\npromsnap_run_panels 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	_, err = openPushgateway(t, gateway.url, nil).Notify(context.Background(), d)
	var refused *notify.RefusedError
	if !errors.As(err, &refused) ||
		!strings.Contains(err.Error(), "400 Bad Request: pushed metrics are invalid or "+
			"inconsistent with existing metrics") {
		t.Errorf("got %v, want a RefusedError with the Pushgateway's words", err)
	}
	gateway.stop()
	// On a connection from before the stop, the request may have been sent; on a new one it was not.
	_, err = openPushgateway(t, gateway.url, &http.Transport{}).Notify(context.Background(), d)
	var retry *notify.RetryError
	if !errors.As(err, &retry) || !strings.Contains(err.Error(), "calling the Pushgateway") {
		t.Errorf("got %v, want a RetryError", err)
	}
}
