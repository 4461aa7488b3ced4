package config

import (
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/rules"
)

// Dashboard is a Grafana dashboard that a report shows.
type Dashboard struct {
	Source    string             // the file or address that it comes from
	Board     *grafana.Dashboard // its content
	Variables map[string][]string
	Only      []string // globs of panel titles; empty: all
	Except    []string // globs of panel titles
	// Rules are those of the configuration, by panel title. Alerts of the file are not in it.
	Rules map[string][]rules.Rule
}
