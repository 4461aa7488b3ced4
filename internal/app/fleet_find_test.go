package app

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/config"
)

func TestParseList(t *testing.T) {
	got, err := parseList([]byte("- {name: a, url: 'http://a', labels: {region: eu}}\n" +
		"- {name: b, url: 'https://b/prometheus'}\n"))
	if err != nil || len(got) != 2 || got[0].Labels["region"] != "eu" || got[1].URL !=
		"https://b/prometheus" || got[1].From != "s3" {
		t.Errorf("got %+v, %v; want a and b", got, err)
	}
	if got, err := parseList([]byte(`[{"name": "c", "url": "http://c"}]`)); err != nil ||
		len(got) != 1 {
		t.Errorf("JSON: got %+v, %v; want c", got, err)
	}
	for says, text := range map[string]string{
		"not a list of clusters":   "name: a",
		"field token not found":    "- {name: a, url: 'http://a', token: x}",
		"cluster a: url":           "- {name: a}",
		"cluster 1: \"\" is not":   "- {url: 'http://a'}",
		"cluster 2: ":              "- {name: a, url: 'http://a'}\n- {name: \"a\\nb\", url: 'http://a'}",
		"has more than one list":   "- {name: a, url: 'http://a'}\n---\n- {name: b, url: 'http://b'}",
		"cluster b: url":           "- {name: a, url: 'http://a'}\n- {name: b, url: 'http://u:p@b'}",
		"has more than 10000 clus": strings.Repeat("- {name: a, url: 'http://a'}\n", 10001),
	} {
		_, err := parseList([]byte(text))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "u:p@") {
			t.Errorf("%.60q: got %v, want %q and no password", text, err, says)
		}
	}
}

// A list in a bucket may be written by others, so its addresses get no login.
func TestFoundClusterHasNoLogin(t *testing.T) {
	cfg, err := config.Load("promsnap.yaml", []byte("version: 1\nprometheus: {url: 'http://a', "+
		"http_config: {basic_auth: {username: u, password: p}}}\n"+
		"fleet: {discover: [{s3: {bucket: b, key: k}}]}\n"), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &Fleet{cfg: cfg}
	m := f.found(FoundCluster{Name: "x", URL: "http://elsewhere"})
	if m.config.Prometheus.HTTP.Client().BasicAuth != nil || m.Prometheus() != "http://elsewhere" {
		t.Errorf("got %s with a login, want the address without one", m.Prometheus())
	}
	own := f.found(FoundCluster{Name: "y"})
	if own.config.Prometheus.HTTP.Client().BasicAuth == nil {
		t.Error("a cluster of the configuration's Prometheus: got no login, want its login")
	}
}
