// Package value prints and colours numbers as Grafana does: its units, value mappings, thresholds
// and colours. It does no I/O and reads no clock.
//
// Tests compare it with Grafana's own code, npm's @grafana/data: see testdata.
package value
