package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/testdata/race"
)

// opposites are pairs of words with different meanings.
var opposites = [][2]string{
	{"active", "inactive"}, {"mute", "unmute"}, {"active", "mute"}, {"min", "max"},
	{"minimum", "maximum"}, {"least", "most"}, {"resolved", "unresolved"},
	{"include", "exclude"}, {"enable", "disable"}, {"enabled", "disabled"}, {"allow", "deny"},
	{"above", "below"}, {"upper", "lower"}, {"import", "export"},
	{"internal", "external"}, {"ingress", "egress"}, {"increase", "decrease"}, {"read", "write"},
	{"start", "stop"}, {"start", "end"}, {"begin", "end"},
	{"first", "last"}, {"before", "after"}, {"public", "private"}, {"cert", "key"}, {"ca", "cert"},
	{"cpu", "gpu"}, {"encode", "decode"}, {"lock", "unlock"},
	{"sent", "received"}, {"user", "password"}, {"warning", "critical"}, {"from", "to"},
	{"in", "out"}, {"on", "off"}, {"up", "down"}, {"top", "bottom"},
	{"hot", "cold"}, {"push", "pull"}, {"verify", "skip"}, {"secure", "insecure"},
	{"known", "unknown"}, {"healthy", "unhealthy"}, {"ready", "unready"},
	{"schedulable", "unschedulable"}, {"available", "unavailable"}, {"p90", "p95"}, {"p95", "p99"},
	{"p50", "p90"}, {"usage", "requests"}, {"limits", "requests"},
	{"node", "pod"}, {"node", "container"}, {"memory", "cpu"}, {"rx", "tx"},
	{"receive", "transmit"}, {"rate", "ratio"}, {"total", "free"}, {"env", "file"},
	{"_ms", ""}, {"_s", ""}, {"un", ""}, {"in", ""}, {"dis", ""}, {"non", ""}, {"no_", ""},
	{"not_", ""}, {"anti", ""}, {"de", ""}, {"un", "in"},
}

// knownWords are all the words that can be suggested.
func knownWords() map[string][]string {
	keys := map[string]bool{}
	typeKeys(reflect.TypeFor[file](), "", keys)
	words := map[string]bool{}
	for path := range keys {
		words[path[strings.LastIndexByte(path, '.')+1:]] = true
	}
	var builtin []string
	for _, p := range panels.All() {
		builtin = append(builtin, p.Name)
	}
	return map[string][]string{
		"keys": sortedKeys(words), "panels": builtin, "variables": queryVariables,
	}
}

// A suggestion is never the opposite of what was written, and never another unit.
func TestNoSuggestionChangesAMeaning(t *testing.T) {
	race.SkipSerial(t)
	for kind, known := range knownWords() {
		for _, k := range known {
			for _, pair := range opposites {
				for i := range pair {
					from, to := pair[i], pair[1-i]
					for _, word := range replaced(k, from, to) {
						if slices.Contains(known, word) {
							continue
						}
						if got := Nearest(word, known); got == k {
							t.Errorf("%s: got %s for %s, want another or none", kind, got, word)
						}
					}
				}
			}
		}
	}
}

// replaced returns word with from replaced by to, at each place where a part begins.
func replaced(word, from, to string) []string {
	var out []string
	if from == "" {
		parts := strings.Split(word, "_")
		for i := range parts {
			changed := slices.Clone(parts)
			changed[i] = strings.Trim(to, "_") + changed[i]
			if strings.HasPrefix(to, "_") {
				changed[i] = parts[i] + to
			}
			out = append(out, strings.Join(changed, "_"))
		}
		return out
	}
	for i := range word {
		if strings.HasPrefix(word[i:], from) && (i == 0 || divides(rune(word[i-1]))) {
			out = append(out, word[:i]+to+word[i+len(from):])
		}
	}
	return out
}

// A misspelling gets a suggestion.
func TestSlipsAreUnderstood(t *testing.T) {
	keys, builtin := knownWords()["keys"], knownWords()["panels"]
	for word, want := range map[string]string{
		"scrapeInterval": "scrape_interval", "receivres": "receivers", "pasword": "password",
		"quary": "query", "qurey": "query", "tittle": "title", "legnd": "legend",
		"time_zone": "timezone", "ulr": "url", "basic-auth": "basic_auth", "matcher": "matchers",
		"credential_file": "credentials_file", "MaxSeries": "max_series",
	} {
		if got := Nearest(word, keys); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
	for word, want := range map[string]string{
		"node-mem": "node-memory", "node_memory": "node-memory", "nodememory": "node-memory",
		"node-memroy": "node-memory", "node-gpu": "",
	} {
		if got := Nearest(word, builtin); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
	if got := Nearest("node", []string{"node-a", "node-b"}); got != "" {
		t.Errorf("got %s of two, want none", got)
	}
}

// For any text, a suggestion is one of the known words, each of its parts begins like the text's,
// and a known word gets none.
func TestSuggestionsAreNear(t *testing.T) {
	known := knownWords()["keys"]
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.SampledFrom(known), rapid.StringMatching(`[a-z_]{1,20}`)).Draw(t,
			"word")
		if i := rapid.IntRange(0, len(word)).Draw(t, "at"); i < len(word) {
			word = word[:i] + rapid.StringMatching(`[a-z_]{0,2}`).Draw(t, "with") + word[i+1:]
		}
		got := Nearest(word, known)
		if got == "" {
			return
		}
		if !slices.Contains(known, got) || joined(got)[0] != joined(word)[0] {
			t.Fatalf("%s: got suggestion %s, want a known word with the same first letter", word,
				got)
		}
	})
}

// Every unit of Grafana is accepted, or rejected without the suggestion of another unit.
func TestUnitsOfGrafana(t *testing.T) {
	suggested := regexp.MustCompile(`did you mean (\S+)\?`)
	accepted := 0
	for _, id := range strings.Fields(`none short sishort string percent percentunit humidity dB hex0x hex sci locale pixel
		bits bytes kbytes mbytes gbytes tbytes pbytes decbits decbytes deckbytes decmbytes decgbytes dectbytes decpbytes
		pps binBps Bps binbps bps KiBs Kibits KBs Kbits MiBs Mibits MBs Mbits GiBs Gibits GBs Gbits TiBs Tibits TBs Tbits PiBs Pibits PBs Pbits
		hertz rothz rotrpm rotrads ns µs ms s m h d dtdurationms dtdurations dthms dtdhms timeticks clockms clocks
		cps ops reqps rps wps iops eps mps recps rowsps cpm opm reqpm rpm wpm epm celsius fahrenheit kelvin watt kwatt megwatt joule kwh
		volt kvolt mvolt amp kamp bool bool_yes_no bool_on_off currencyUSD currencyEUR suffix:req time:YYYY flops mflops gflops hashps KHs MHs
		lengthm lengthkm velocityms pressurebar litre flowgpm conppm massg massmg masskg degree radian gray rads acceleration angle`) {
		var u unit
		err := u.UnmarshalText([]byte(id))
		if err == nil {
			accepted++
			if u.String() != id {
				t.Errorf("got unit %s, want %s", u, id)
			}
			continue
		}
		if m := suggested.FindStringSubmatch(err.Error()); m != nil {
			t.Errorf("%s: got suggestion %s, want none", id, m[1])
		}
	}
	if accepted < len(units.IDs())-1 { // cores is ours
		t.Errorf("got %d accepted ids, want %d", accepted, len(units.IDs())-1)
	}
}
