package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Everything except a kind's own keys depends on the table only, so a new kind needs only a new
// line. These tests use the table, too.
func TestEveryKindOfReceiver(t *testing.T) {
	kinds := Kinds()
	if len(kinds) < 7 {
		t.Fatalf("got kinds %v, want at least 7", kinds)
	}
	for i, k := range kinds {
		if slices.Index(kinds, k) != i || k == "" {
			t.Errorf("got kind %q twice or without a key, want each once", k)
		}
		if roles := rolesOf(k); len(roles) != 1 {
			t.Errorf("%s: got roles %v, want one", k, roles)
		}
		other := kinds[(i+1)%len(kinds)]
		first, second := k, other
		if slices.Index(kinds, other) < i {
			first, second = other, k
		}
		got := problemsOf(t, fmt.Sprintf("{name: r, %s: {}, %s: {}}", k, other))
		if want := fmt.Sprintf("receivers[0].%s: cannot be used with %s; split it", second,
			first); !strings.Contains(got, want) {
			t.Errorf("of two kinds: got\n%s\nwant %q", got, want)
		}
		got = problemsOf(t, fmt.Sprintf("{name: r, %s: {}, min_severity: critical}", k))
		if of := strings.Contains(got, "min_severity: has no effect"); of == slices.Contains(
			Kinds(RolePeople), k) {
			t.Errorf("%s with min_severity: got\n%s\nwant no effect, except for people", k, got)
		}
	}
	if got, want := problemsOf(t, "{name: r}"), "no destination; write one of "+
		listed(kinds); !strings.Contains(got, want) {
		t.Errorf("without a kind: got\n%s\nwant %q", got, want)
	}
}

func rolesOf(k Kind) []Role {
	return slices.DeleteFunc([]Role{RoleArchive, RolePeople, RoleProgram}, func(r Role) bool {
		return !slices.Contains(Kinds(r), k)
	})
}

// problemsOf returns the problems of a configuration with one receiver.
func problemsOf(t *testing.T, receiver string) string {
	t.Helper()
	_, err := Load("promsnap.yaml", []byte("version: 1\nprometheus: {url: http://p}\nreceivers: ["+
		receiver+"]\n"), Options{})
	if err == nil {
		return ""
	}
	return err.Error()
}
