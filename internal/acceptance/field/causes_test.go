package field

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/lab/labtest"
	"github.com/promsnap/promsnap/testdata/race"
)

// TestCauses plants incidents in a calm cluster and checks that each cause is one line.
func TestCauses(t *testing.T) {
	slot := defaultSlot
	ago := func(d time.Duration) time.Time { return slot.Add(-d) }
	down := lab.Incident{
		Kind: lab.NodeDown, Node: 4, From: ago(50 * time.Minute), To: ago(-time.Hour),
	}
	var everywhere, exporters []lab.Incident
	for i := range 12 {
		everywhere = append(everywhere, lab.Incident{
			Kind: lab.MemoryHigh, Node: i, From: ago(50 * time.Minute), To: ago(-time.Hour),
		})
		exporters = append(exporters, lab.Incident{
			Kind: lab.ExporterDown, Node: i, From: ago(50 * time.Minute), To: ago(-time.Hour),
		})
	}
	for name, tt := range map[string]struct {
		incidents []lab.Incident
		without   []string
		want      []string // the causes, worst first
		blind     []string
	}{
		"calm": {},
		"a node is down": {
			incidents: []lab.Incident{down},
			want: []string{
				"ip-10-0-2-11 down since 11:12: NotReady, targets up below 100 % in 2 scrape " +
					"jobs, without node_exporter, no data for memory, CPU, disk, inodes, " +
					"read-only, network errors",
			},
		},
		"a full disk, and then the node is down": {
			incidents: []lab.Incident{
				{Kind: lab.DiskFull, Node: 4, From: ago(2 * time.Hour), To: ago(-time.Hour)}, down,
			},
			want: []string{
				"ip-10-0-2-11 down since 11:12: NotReady, targets up below 100 % in 2 scrape " +
					"jobs, without node_exporter, no data for memory, CPU, inodes, read-only, " +
					"network errors",
				"ip-10-0-2-11 /var disk 95.6 % since 10:13; no data since 11:10",
			},
		},
		"memory on 12 nodes": {
			incidents: everywhere,
			want: []string{
				"memory above 90 % on 12 of 12 nodes; worst ip-10-0-1-10 98.5 % (63 of 64 GiB) " +
					"since 11:23",
			},
		},
		"the exporters stop": {
			incidents: exporters,
			want: []string{
				"no node_exporter on 12 of 12 nodes since 11:11; no data for Node memory, Node " +
					"CPU, Node disks, Node disk inodes and 2 more",
			},
		},
		"no node_exporter": {
			without: []string{"node_"},
			want: []string{
				"no node_exporter on 12 of 12 nodes for at least 24 h; no data for Node memory, " +
					"Node CPU, Node disks, Node disk inodes and 3 more",
			},
		},
		"no kube-state-metrics": {
			without: []string{"kube_"},
			blind: []string{
				"kube-state-metrics: no data for Node conditions, Node memory requests, Node " +
					"CPU requests, Container memory (% of limit) and 6 more",
			},
		},
		"a workload": {
			incidents: []lab.Incident{{
				Kind: lab.OOMLoop, Node: 2, Workload: "encoder", From: ago(2 * time.Hour),
				To: ago(-time.Hour),
			}},
			want: []string{
				"media/encoder: up to 5 OOM kills in 1 h, up to 5 restarts in 1 h, memory 93.5 % " +
					"since 10:13",
			},
		},
	} {
		if (race.Enabled || testing.Short()) && name != "a workload" {
			continue // as in TestField
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			incidents, err := json.Marshal(tt.incidents)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "incidents.json")
			if err := os.WriteFile(path, incidents, 0o600); err != nil {
				t.Fatal(err)
			}
			u := labtest.Start(t, "--now="+slot.Format(time.RFC3339), "--nodes=12", "--calm",
				"--profile=kps", "--incidents="+path, "--scrape-interval=1m",
				"--without="+strings.Join(tt.without, ","))
			c := field{url: u.String(), program: startWebhook(t)}
			text := "version: 1\ncluster: field\nprometheus: {timeout: 5m}\n" +
				"reports: [{name: field, range: 6h, receivers: [program]}]\n" +
				"receivers: [{name: program, webhook: {url: '" + c.program + "'}}]\n" +
				"state: {dir: '" + filepath.ToSlash(t.TempDir()) + "'}\n"
			r := c.run(t, text, app.Options{
				Slot: slot, To: app.Receivers{}, Now: func() time.Time { return slot },
			}).Report
			if got := causesOf(r); !slices.Equal(got, tt.want) {
				t.Errorf("got the causes\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"),
					strings.Join(tt.want, "\n\t"))
			}
			if !slices.Equal(r.Blind, tt.blind) {
				t.Errorf("got the missing data\n\t%s\nwant\n\t%s", strings.Join(r.Blind, "\n\t"),
					strings.Join(tt.blind, "\n\t"))
			}
		})
	}
}
