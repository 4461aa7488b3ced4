// The servers that the acceptance tests run: Prometheus and promtool, pinned.
// A module of its own, so that ./... of promsnap does not see it.
module github.com/promsnap/promsnap/testdata/servers/prometheus

go 1.26.0

require github.com/prometheus/prometheus v0.315.0
