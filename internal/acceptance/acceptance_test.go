//go:build acceptance

package acceptance

import (
	"fmt"
	"testing"
)

// TestCommunityChart queries the community chart's Prometheus without a configuration, as on a
// first day.
func TestCommunityChart(t *testing.T) {
	t.Parallel()
	s := startFixture(t, community, nil)
	t.Run("answers", func(t *testing.T) { testAnswers(t, community, s) })
	t.Run("report", func(t *testing.T) {
		testReport(t, community, "default", []string{"--prometheus-url", s.url})
	})
	t.Run("query", func(t *testing.T) { testQuery(t, s, rangeQueries...) })
	t.Run("query now", func(t *testing.T) { testQueryNow(t, s, nowQueries...) })
	t.Run("questions", func(t *testing.T) { testQuestions(t, s) })
	t.Run("fail-on", func(t *testing.T) { testFailOn(t, s) })
	t.Run("hung", func(t *testing.T) { testHung(t, s) })
	t.Run("gone", func(t *testing.T) { testGone(t, s) }) // the last: it stops the server
}

// TestStackChart queries a Prometheus that requires TLS and a password and holds a second cluster.
func TestStackChart(t *testing.T) {
	t.Parallel()
	web := newWebConfig(t)
	s := startFixture(t, stack, web)
	config := configFile(t, fmt.Sprintf(`version: 1
cluster: kps
prometheus:
  url: %s
  matchers: ['cluster="kps"']
  http_config:
    tls_config: {ca_file: %s}
    basic_auth: {username: %s, password: %s}
reports:
  - {name: capacity, title: Capacity}
`, s.url, web.ca, username, password))
	t.Run("answers", func(t *testing.T) { testAnswers(t, stack, s) })
	t.Run("report", func(t *testing.T) { testReport(t, stack, "capacity", []string{"-c", config}) })
	t.Run("secret", func(t *testing.T) { testSecret(t, config) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, s, web.ca) })
}
