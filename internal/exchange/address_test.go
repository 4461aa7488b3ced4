package exchange

import (
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	const secret = "hunter2"
	for _, tt := range []struct {
		address          string
		web, shown, base string // what the errors say; "": none
	}{
		{"https://am:9093/alerts", "", "", ""},
		{"http://h", "", "", ""},
		{"https://hooks.example.com/x?k=" + secret, "", "", "has a query"},
		{"https://am/#/" + secret, "", "", "a page in the browser"},
		{"https://am/?a#" + secret, "", "", "has a query"},
		{"https://am/?", "", "", "has a query"},
		{"https://u:" + secret + "@am/", "", "http_config", "http_config"},
		{"", "not an http", "not an http", "not an http"},
		{secret, "not an http", "not an http", "not an http"},
		{"ftp://x/" + secret, "not an http", "not an http", "not an http"},
		{"https://", "not an http", "not an http", "not an http"},
		{"http://\x7f/" + secret, "not an http", "not an http", "not an http"},
		{"https://u:" + secret + "@ /", "not an http", "not an http", "not an http"},
		{"javascript:alert(1)//", "not an http", "not an http", "not an http"},
	} {
		_, web := WebURL(tt.address)
		_, shown := ShownURL(tt.address)
		_, base := BaseURL(tt.address)
		for _, c := range []struct {
			of   string
			got  error
			want string
		}{{"WebURL", web, tt.web}, {"ShownURL", shown, tt.shown}, {"BaseURL", base, tt.base}} {
			if c.want == "" && c.got != nil ||
				c.want != "" && (c.got == nil || !strings.Contains(c.got.Error(), c.want)) {
				t.Errorf("%s(%q): got %v, want %q", c.of, tt.address, c.got, c.want)
			}
			if c.got != nil && strings.Contains(c.got.Error(), secret) {
				t.Errorf("%s(%q): got error %v, want it without the secret", c.of, tt.address,
					c.got)
			}
		}
	}
}
