package series

import "testing"

func TestHost(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1:9100": "10.0.0.1", "node-1": "node-1", "[fd00::1]:9100": "fd00::1",
		"fd00::1": "fd00::1", "": "", "[broken": "broken",
	} {
		if got := Host(in); got != want {
			t.Errorf("Host(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestHostID(t *testing.T) {
	for in, want := range map[string]string{
		"Node-1": "node-1", "10.0.0.1": "10.0.0.1", "10.0.0.1:9100": "10.0.0.1:9100",
		"FD00:0::1":       "fd00::1",
		"::ffff:10.0.0.1": "10.0.0.1", "[FD00::1]:9100": "[fd00::1]:9100", "": "",
	} {
		if got := HostID(in); got != want {
			t.Errorf("HostID(%q) = %q, want %q", in, got, want)
		}
	}
}
