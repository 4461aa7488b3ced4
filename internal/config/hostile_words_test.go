package config_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

// A hostile text at any place of a configuration is accepted or is a problem, and the text of a
// problem has no control characters.
func TestHostileWords(t *testing.T) {
	race.SkipSerial(t)
	for _, w := range hostile.Words() {
		quoted, err := json.Marshal(w.Text)
		if err != nil {
			t.Fatal(err)
		}
		for place, text := range map[string]string{
			"a name": "version: 1\ncluster: %\nprometheus: {url: http://p}\nreports:\n- " +
				"{name: %, title: %, timezone: %, schedule: %, language: %}\n",
			"a key": "version: 1\n%: 1\nprometheus: {%: 1, url: %}\n",
			"a matcher": "version: 1\nprometheus: {url: http://p, matchers: [%], external_url: " +
				"%, params: {%: %}}\n",
			"a panel": "version: 1\nprometheus: {url: http://p}\nreports:\n- name: a\n  " +
				"panels:\n  - {name: %, query: %, unit: %, legend: %, kind: %}\n  - {use: %}\n",
			"a rule": "version: 1\nprometheus: {url: http://p}\nreports:\n- name: a\n  " +
				"panels:\n  - {name: p, query: up, rules: [{alertname: %, above: {warning: %}, " +
				"for: %, runbook_url: %}]}\n",
			"a receiver": "version: 1\ncluster: c\nprometheus: {url: http://p}\nreports:\n- " +
				"{name: a, receivers: [%]}\nreceivers:\n- {name: %, dir: %}\n- {name: s, s3: " +
				"{bucket: %, prefix: %}}\nstate: {dir: %}\n",
		} {
			_, err := config.Load("promsnap.yaml",
				[]byte(strings.ReplaceAll(text, "%", string(quoted))), options())
			if err == nil {
				continue
			}
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if r, bad := hostile.Unprintable(line); bad {
					t.Errorf("%s as %s: got %U in %.200q, want it escaped", w.Name, place, r, line)
				}
				if !strings.HasPrefix(line, "promsnap.yaml:") {
					t.Errorf("%s as %s: got line %.200q, want one that begins with the file", w.Name,
						place, line)
				}
				if len(line) > 2000 {
					t.Errorf("%s as %s: got a line of %d bytes, want at most 2000", w.Name, place,
						len(line))
				}
			}
		}
	}
}
