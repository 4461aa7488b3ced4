package targets

import (
	"testing"
	"time"
)

// The errors are those that Prometheus 2.42, 3.x and vmagent report.
func TestTroubleOf(t *testing.T) {
	for _, tt := range []struct {
		message string
		want    Trouble
	}{
		{"", Trouble{Unknown, ""}},
		{
			`Get "http://10.0.1.12:9100/metrics": dial tcp 10.0.1.12:9100: connect: connection refused`,
			Trouble{Refused, ""},
		},
		{`Get "http://h/metrics": context deadline exceeded`, Trouble{Timeout, "10s"}},
		{
			`Get "http://h/m": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
			Trouble{Timeout, "10s"},
		},
		{`Get "http://h/m": dial tcp 10.0.0.1:80: i/o timeout`, Trouble{Timeout, "10s"}},
		{`Get "http://h/m": dial tcp 10.0.0.1:80: connect: no route to host`, Trouble{Unreachable, ""}},
		{`Get "http://h/m": EOF`, Trouble{BrokenOff, ""}},
		{`EOF`, Trouble{BrokenOff, ""}},
		{`Get "http://h/m": read tcp 10.0.0.9:1->10.0.0.1:80: read: connection reset by peer`, Trouble{BrokenOff, ""}},
		{`Get "http://nosuch/m": dial tcp: lookup nosuch on 10.96.0.10:53: no such host`, Trouble{NoHost, ""}},
		{`Get "http://h/m": dial tcp: lookup h on 10.96.0.10:53: server misbehaving`, Trouble{NoDNS, ""}},
		{`Get "https://h/m": tls: failed to verify certificate: x509: certificate signed by unknown authority`, Trouble{TLSAuthority, ""}},
		{`Get "https://10.0.0.1/m": tls: failed to verify certificate: x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs`, Trouble{TLSName, ""}},
		{`Get "https://h/m": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-03-10T12:00:00Z is after 2026-01-01T00:00:00Z`, Trouble{TLSExpired, ""}},
		{`Get "https://h/m": http: server gave HTTP response to HTTPS client`, Trouble{TLSPlain, ""}},
		{`Get "http://h/m": net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02"`, Trouble{TLSNeeded, ""}},
		{`Get "https://h/m": remote error: tls: certificate required`, Trouble{TLSClient, ""}},
		{`Get "https://h/m": remote error: tls: handshake failure`, Trouble{TLSOther, ""}},
		{`server returned HTTP status 401 Unauthorized`, Trouble{Unauthorized, ""}},
		{`server returned HTTP status 403 Forbidden`, Trouble{Forbidden, ""}},
		{`server returned HTTP status 404 Not Found`, Trouble{NotFound, ""}},
		{`server returned HTTP status 503 Service Unavailable`, Trouble{Status, "503"}},
		{`unexpected status code returned when scraping "http://10.0.0.1:80/m": 404; expecting 200; response body: "x"`, Trouble{NotFound, ""}},
		{`body size limit exceeded`, Trouble{BodyLimit, ""}},
		{`the response from "http://h/m" exceeds -promscrape.maxScrapeSize or max_scrape_size in the scrape config (16777216 bytes).`, Trouble{BodyLimit, ""}},
		{`sample limit exceeded`, Trouble{SampleLimit, ""}},
		{`histogram bucket limit exceeded`, Trouble{BucketLimit, ""}},
		{`target_limit exceeded (number of targets: 3, limit: 2)`, Trouble{TargetLimit, ""}},
		{`label_value_length_limit exceeded (metric: x, label name: y, value: "z", length: 9, limit: 8)`, Trouble{LabelLimit, ""}},
		{`out of order sample`, Trouble{Order, ""}},
		{`duplicate sample for timestamp`, Trouble{Order, ""}},
		{`received unsupported Content-Type "text/html" and no fallback_scrape_protocol specified for target`, Trouble{ContentType, ""}},
		{`expected value after metric, got "<" ("INVALID") while parsing: "<html"`, Trouble{Syntax, ""}},
		{`strconv.ParseFloat: parsing "x": invalid syntax`, Trouble{Syntax, ""}},
		{`proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused`, Trouble{Proxy, ""}},
		{`unable to read authorization credentials: open /var/run/secrets/token: no such file or directory`, Trouble{Credentials, ""}},
		{`oauth2: "invalid_client"`, Trouble{Credentials, ""}},
		{`the exporter had a bad day`, Trouble{Other, ""}},
	} {
		if got := TroubleOf(tt.message, 10*time.Second); got != tt.want {
			t.Errorf("%s:\ngot  %v\nwant %v", tt.message, got, tt.want)
		}
	}
	if got := TroubleOf("context deadline exceeded", 0); got != (Trouble{Timeout, ""}) {
		t.Errorf("without a timeout: got %v, want %v", got, Trouble{Timeout, ""})
	}
}
