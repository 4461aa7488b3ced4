// Package acceptance runs promsnap's binary against real servers: Prometheus 3 with a fixture whose
// answers are known exactly, and Debian's Prometheus with this machine's node_exporter. The tests
// need the build tag acceptance and the servers that testdata/servers/install.sh installs. The
// benchmarks that compare promsnap with curl are here too.
package acceptance
