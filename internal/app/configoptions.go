package app

import (
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
)

// ConfigOptions returns the options with which every main loads a configuration, so that one file
// means the same everywhere: the environment, the built-in panels, and the secrets stored in AWS.
// Secrets are cached for a while, so a main that loads more than once keeps the options.
func ConfigOptions(getenv func(string) string, now func() time.Time) config.Options {
	return config.Options{Env: getenv, Builtin: panels.In, Secrets: cloud.NewSecrets(now).Resolve}
}
