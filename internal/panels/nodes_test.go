package panels_test

import (
	"testing"
	"time"
)

func TestMemoryInUse(t *testing.T) {
	for _, tt := range []struct {
		name  string
		more  map[string]string // of 100 in all, 20 of it available
		share float64
	}{
		{"nothing else is known", nil, 0.8},
		{
			"huge pages of all sizes", map[string]string{
				"node_memory_Hugetlb_bytes": "60x20", "node_memory_HugePages_Total": "0x20",
				"node_memory_Hugepagesize_bytes": "2x20",
			}, 0.5,
		},
		{
			"huge pages of one size, as older kernels report",
			map[string]string{
				"node_memory_HugePages_Total": "30x20", "node_memory_Hugepagesize_bytes": "2x20",
			}, 0.5,
		},
		{
			"a ZFS cache of which some stays",
			map[string]string{"node_zfs_arc_size": "50x20", "node_zfs_arc_c_min": "10x20"}, 0.4,
		},
		{
			"a ZFS cache below its minimum",
			map[string]string{"node_zfs_arc_size": "5x20", "node_zfs_arc_c_min": "10x20"}, 0.8,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var st store
			ls := set{"instance": "n1:9100"}
			st.add(t, "node_memory_MemTotal_bytes", ls, scrape, "100x20")
			st.add(t, "node_memory_MemAvailable_bytes", ls, scrape, "20x20")
			for name, vs := range tt.more {
				st.add(t, name, ls, scrape, vs)
			}
			st.expectOne(t, "node-memory", 10*time.Minute, tt.share)
		})
	}
}

// expectOne checks the answer of a panel about the only node.
func (st *store) expectOne(t *testing.T, name string, at time.Duration, want float64) {
	t.Helper()
	got, _, err := st.at(t, builtin(t, name).Queries[0].Expr, at)
	if err != nil {
		t.Fatal(err)
	}
	if !got.equal(values{"n1:9100": want}) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCPUAtEdges(t *testing.T) {
	for _, tt := range []struct {
		name               string
		idle, iowait, user string // seconds of a core
		at                 time.Duration
		want               float64
	}{
		{
			"a gap", "0+48x10 _x9 960+48x20", "0x10 _x9 0x20", "0+12x10 _x9 240+12x20",
			21 * time.Minute, 0.2,
		},
		{
			"before a gap", "0+48x10 _x9 960+48x20", "0x10 _x9 0x20", "0+12x10 _x9 240+12x20",
			12 * time.Minute, 0.2,
		},
		{
			"the machine boots", "5000+48x10 48+48x20", "100x10 0x20", "5000+12x10 12+12x20",
			12 * time.Minute, 0.2,
		},
		{"iowait goes backwards", "0+48x40", "5000x10 4999x20", "0+12x40", 12 * time.Minute, 0.2},
		{"waiting for a disk does not count", "0x40", "0+48x40", "0+12x40", 12 * time.Minute, 0.2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var st store
			for mode, vs := range map[string]string{
				"idle": tt.idle, "iowait": tt.iowait, "user": tt.user,
			} {
				for _, cpu := range []string{"0", "1"} {
					st.add(t, "node_cpu_seconds_total", set{
						"instance": "n1:9100", "cpu": cpu, "mode": mode,
					}, scrape, vs)
				}
			}
			st.expectOne(t, "node-cpu", tt.at, tt.want)
		})
	}
}

func TestEachFlowIsCountedOnce(t *testing.T) {
	type card struct {
		device, address string // "": the exporter reports none
		rate            string // bytes received per second; as many are sent
		linked          bool   // its link is another device
	}
	for _, tt := range []struct {
		name  string
		cards []card
		want  float64
	}{
		{"two cards", []card{{"eth0", "a:1", "10", false}, {"eth1", "a:2", "5", false}}, 30},
		{
			"a bond and its slaves", []card{
				{"bond0", "a:1", "10", false}, {"eth0", "a:1", "6", false}, {
					"eth1", "a:1", "4", false,
				},
			}, 20,
		},
		{
			"a bridge of OVN over the card", []card{
				{"br-ex", "a:1", "10", false}, {"ens3", "a:1", "10", false},
				{"genev_sys_6081", "a:3", "9", false}, {"ovn-k8s-mp0", "a:4", "9", false},
			}, 20,
		},
		{
			"a virtual function", []card{
				{"eth0", "a:1", "10", false}, {"enP2s1", "a:1", "10", false},
			}, 20,
		},
		{
			"a virtual function by its name", []card{
				{"eth0", "", "10", false}, {"enP51234s1", "", "10", false},
			}, 20,
		},
		{"a card of a machine with several PCI domains", []card{{"enP2p3s0", "", "10", false}}, 20},
		{
			"pods' ends of an unknown network", []card{
				{"eth0", "a:1", "10", false}, {"xyz123", "a:7", "99", true},
			}, 20,
		},
		{
			"bonds and VLANs by their names", []card{
				{"bond0", "", "10", false}, {"eth0", "", "10", false}, {"eth0.7", "", "10", false},
			}, 20,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var st store
			for i, c := range tt.cards {
				ls := set{"instance": "n1:9100", "device": c.device}
				perMinute := "0+" + c.rate + "x20"
				st.add(t, "node_network_receive_bytes_total", ls, time.Second, perMinute+"00")
				st.add(t, "node_network_transmit_bytes_total", ls, time.Second, perMinute+"00")
				if c.address == "" {
					continue
				}
				st.add(t, "node_network_info", set{
					"instance": "n1:9100", "device": c.device, "address": c.address,
					"operstate": "up",
				}, scrape, "1x30")
				id, link := string(rune('1'+i)), string(rune('1'+i))
				if c.linked {
					link = "77"
				}
				st.add(t, "node_network_iface_id", ls, scrape, id+"x30")
				st.add(t, "node_network_iface_link", ls, scrape, link+"x30")
			}
			st.expectOne(t, "node-network", 20*time.Minute, tt.want)
		})
	}
}
