// Package acceptance holds the tests that run promsnap's own binary against real servers:
// Prometheus 3 over a fixture whose right answers are known exactly, and Debian's Prometheus over
// this machine's node_exporter. They need the build tag acceptance and the servers that
// testdata/servers/install.sh installs; the benchmarks that compare promsnap with curl live here
// too.
package acceptance
