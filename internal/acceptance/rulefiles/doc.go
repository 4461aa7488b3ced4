// Package rulefiles holds the replay of rule files against Prometheus: over many series, the alerts
// of internal/rulefile equal those of promtool at every evaluation. Goldens that promtool has
// confirmed hold it without promtool.
package rulefiles
