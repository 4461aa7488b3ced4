package app

import (
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
)

// ConfigOptions is what every main reads a configuration with, so that one file means the same to all of
// them: the environment, the built-in panels, and the secrets that lie in AWS, which are kept for a
// while. A main that reads more than once keeps it.
func ConfigOptions(getenv func(string) string, now func() time.Time) config.Options {
	return config.Options{Env: getenv, Builtin: panels.In, Secrets: cloud.NewSecrets(now).Resolve}
}
