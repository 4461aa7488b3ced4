package grafana

import (
	"reflect"
	"testing"
)

// What is read in the fast way is what the slow way reads.
func TestParseShort(t *testing.T) {
	for _, s := range []string{
		``, ` `, `"`, `""`, `"a"`, `"a b"`, `"a\n"`, `"a\""`, `"a", "b"`, `"a" "b"`, `"a"b"`, `"긴"`,
		"\"\xff\"", "\"a\nb\"", "\"\x00\"", ` "a" `, `'a'`, `true`, `false`, `null`, `true `, `truex`,
		`0`, `1`, `10`, `1.5`, `1e3`, `01`, `1.`, `.5`, `-1`, `1 `, `1 2`, `1,2`, `0x1`, `1_000`,
		`{}`, `{"a": 1}`, `[1]`, `{"a": "b"`, `NaN`, "\xef\xbb\xbf1",
	} {
		got, gotErr := parseShort([]byte(s))
		want, wantErr := parse([]byte(s))
		if !reflect.DeepEqual(got, want) || (gotErr == nil) != (wantErr == nil) {
			t.Errorf("%q: got %#v (%v), want %#v (%v)", s, got, gotErr, want, wantErr)
		}
	}
}
