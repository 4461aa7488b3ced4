package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/race"
)

// planted are secrets of many forms. All contain the same marks.
var planted = []string{
	"xoxb-s3cr3t-12345-abcdefghij", "xoxe.xoxb-1-s3cr3tABCDEF", "AKIAS3CR3TIOSFODNN7EX",
	"ghp_s3cr3tabcdefghijkl0123", "glpat-s3cr3tABCDEFGHIJK",
	"eyJhbGciOiJIs3cr3t.eyJzdWIiOiIx.SflKs3cr3t", "https://user:s3cr3t@prometheus.example.com",
	"https://hooks.slack.com/services/T0/B0/s3cr3t",
	"Bearer s3cr3tABCDEF", "a1b2c3s3cr3td4e5f6g7h8", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYs3cr3tKEY0z9",
}

// No error shows a secret at a wrong place: as a value, as a key, in a key without the space after
// its colon, in a list, in an address.
func TestNoErrorShowsAPlantedSecret(t *testing.T) {
	race.SkipSerial(t)
	keys := map[string]bool{}
	typeKeys(reflect.TypeFor[file](), "", keys)
	options := Options{Builtin: func(words.Language) []panel.Spec {
		return []panel.Spec{{Name: "node-memory"}}
	}}
	wrong, turn := 0, 0
	for _, path := range sortedKeys(keys) {
		k := path[strings.LastIndexByte(path, '.')+1:]
		around := strings.TrimSuffix(path[:len(path)-len(k)], ".")
		for range 2 {
			// each place has a few of them in turn, as loading all of them everywhere takes a
			// quarter of a minute
			s := planted[turn%len(planted)]
			turn++
			for _, value := range []string{
				fmt.Sprintf("%q", s), fmt.Sprintf("[%q]", s), fmt.Sprintf("{%q: 1}", s),
				fmt.Sprintf("{a: %q}", s), "*" + strings.NewReplacer(":", "", "/", "", "@", "", " ",
					"").Replace(s),
			} {
				text := yamlOf(path, value)
				for _, at := range []string{text, strings.TrimSuffix(text, "}") + ", version: 1}"} {
					wrong += shown(t, at, options)
				}
			}
			for _, key := range []string{k + ":" + s, k + "=" + s, k + " " + s, s, s + ":", k + s} {
				inside := fmt.Sprintf("{%q: 1}", key)
				if around != "" {
					inside = yamlOf(around, inside)
				}
				wrong += shown(t, inside, options)
			}
			wrong += shown(t, "version: 1\nprometheus:\n  url: http://p\n  "+k+":"+s+
				"\nreceivers:\n- name: a\n  "+k+":"+s+"\n  slack:\n    channel: C012\n    "+k+":"+
				s+"\n", options)
			wrong += shown(t, "version: 1\nprometheus: {url: http://p, "+k+":"+s+"}\n", options)
		}
	}
	if wrong < 5_000 {
		t.Errorf("got %d wrong files, want at least 5000", wrong)
	}
}

// shown loads a wrong file and fails the test if the error shows a secret.
func shown(t *testing.T, text string, o Options) int {
	t.Helper()
	_, err := Load("promsnap.yaml", []byte(text), o)
	if err == nil {
		return 0
	}
	if got := fmt.Sprintf("%v %+v", err, err); strings.Contains(strings.ToLower(got), "s3cr3t") {
		t.Errorf("got error %.400s, want it without the secret of\n%s", got, text)
	}
	return 1
}

// Text that is no secret is not masked.
func TestMaskedLeavesWordsAlone(t *testing.T) {
	for _, text := range []string{
		"node-memory", "spark-executors-production-2", "0 9 * * mon-fri", "Asia/Seoul",
		"https://host.example.com/path", "arn:aws:s3:::reports/prod",
		"node_memory_MemAvailable_bytes{cluster=\"prod-eu-west-1\"}",
		"the Bot User OAuth Token, xoxb-…", "aws-secretsmanager:prod/promsnap#token",
		"kube_pod_container_resource_limits", "double_exponential_smoothing",
		"ip-10-0-1-5.eu-west-1.compute.internal", "shop/checkout-5f7d8c9b6d-x2v4q",
	} {
		if got := masked(text); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
}
