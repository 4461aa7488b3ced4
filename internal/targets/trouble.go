package targets

import (
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Trouble is what the error of a scrape means.
type Trouble struct {
	Code string
	Arg  string // of some codes: the status, or the timeout; "" if unknown
}

// The codes of troubles.
const (
	Refused      = "refused"        // nothing listens at the address
	RefusedByPod = "refused_by_pod" // the same, and the address is a pod's own
	Timeout      = "timeout"        // no answer within the scrape timeout, which is Arg
	Unreachable  = "unreachable"    // no connection to the host
	BrokenOff    = "broken_off"     // the connection ended before the answer did
	NoHost       = "no_host"        // the name does not exist
	NoDNS        = "no_dns"         // the name server does not answer
	TLSAuthority = "tls_authority"  // the authority of the certificate is not known
	TLSName      = "tls_name"       // the certificate is for another name
	TLSExpired   = "tls_expired"
	TLSPlain     = "tls_plain"  // HTTPS to a target that speaks HTTP
	TLSNeeded    = "tls_needed" // HTTP to a target that speaks HTTPS
	TLSClient    = "tls_client" // the target refuses the client's certificate, or wants one
	TLSOther     = "tls"
	Unauthorized = "unauthorized" // 401
	Forbidden    = "forbidden"    // 403
	NotFound     = "not_found"    // 404
	Status       = "status"       // another HTTP status, which is Arg
	BodyLimit    = "body_limit"
	SampleLimit  = "sample_limit"
	TargetLimit  = "target_limit"
	LabelLimit   = "label_limit"
	BucketLimit  = "bucket_limit"
	Order        = "order"        // samples out of order, out of bounds or twice
	ContentType  = "content_type" // the answer is no exposition format
	Syntax       = "syntax"       // the answer cannot be parsed
	Proxy        = "proxy"        // the proxy does not answer
	Credentials  = "credentials"  // Prometheus cannot get the credentials for the target
	Other        = "other"        // an error without a known meaning
	Unknown      = "unknown"      // the target is down, and nothing says why
)

// known are the words by which a trouble is recognized, in lower case, in the order in which they
// are tried. They are those of Prometheus, of vmagent and of Go's network packages.
var known = []struct {
	code  string
	words []string
}{
	{Credentials, []string{
		"oauth2", "unable to read", "no such file or directory",
		"permission denied", "unable to use specified client cert",
	}},
	{Proxy, []string{"proxyconnect", "proxy authentication required"}},
	{TargetLimit, []string{"target_limit exceeded"}},
	{LabelLimit, []string{
		"label_limit exceeded", "label_name_length_limit", "label_value_length_limit",
		"label_limit",
	}},
	{BucketLimit, []string{"bucket limit exceeded"}},
	{SampleLimit, []string{"sample limit exceeded", "sample_limit", "samplelimit"}},
	{BodyLimit, []string{
		"body size limit exceeded", "maxscrapesize", "max_scrape_size", "response size exceeds",
	}},
	{Order, []string{
		"out of order", "out of bounds", "duplicate sample", "too old sample", "too far in the",
	}},
	{NoDNS, []string{
		"server misbehaving", "temporary failure in name resolution",
	}},
	{NoHost, []string{"no such host"}},
	{Refused, []string{"connection refused"}},
	{Unreachable, []string{
		"no route to host", "network is unreachable", "host is down", "host is unreachable",
	}},
	{TLSAuthority, []string{"unknown authority", "certificate is not trusted"}},
	{TLSExpired, []string{"has expired or is not yet valid"}},
	{TLSName, []string{
		"certificate is valid for", "certificate is not valid for", "doesn't contain any ip sans",
		"cannot validate certificate for", "legacy common name",
	}},
	{TLSPlain, []string{"server gave http response to https client", "first record does not look"}},
	{TLSNeeded, []string{`malformed http response "\x15\x03`}},
	{TLSClient, []string{
		"certificate required", "bad certificate", "remote error: tls: unknown certificate",
		"tls: failed to find any pem",
	}},
	{TLSOther, []string{"x509:", "tls:"}},
	{Timeout, []string{
		"context deadline exceeded", "i/o timeout", "client.timeout", "timeout awaiting", "timed out",
	}},
	{BrokenOff, []string{
		"connection reset", "broken pipe", "unexpected eof", ": eof", "server closed",
		"use of closed network connection",
	}},
	{ContentType, []string{"content-type", "content type"}},
	{Syntax, []string{
		"while parsing", "expected ", "invalid metric", "parsefloat", "unexpected end of", "no newline",
		"does not end with # eof", "invalid utf-8", "cannot unmarshal", "cannot parse", "proto:",
		"malformed",
	}},
}

// httpStatus matches the status in the errors of Prometheus and of vmagent.
var httpStatus = regexp.MustCompile(`http status ([1-5][0-9][0-9])\b` +
	`|status code returned when scraping .*: ([1-5][0-9][0-9]);`)

// TroubleOf returns what the error of a target that is down means. timeout is the target's scrape
// timeout; 0 if unknown.
func TroubleOf(message string, timeout time.Duration) Trouble {
	if strings.TrimSpace(message) == "" {
		return Trouble{Code: Unknown}
	}
	low := strings.ToLower(message)
	if m := httpStatus.FindStringSubmatch(low); m != nil {
		status := m[1] + m[2]
		switch status {
		case "401":
			return Trouble{Code: Unauthorized}
		case "403":
			return Trouble{Code: Forbidden}
		case "404":
			return Trouble{Code: NotFound}
		}
		return Trouble{Status, status}
	}
	for _, k := range known {
		for _, w := range k.words {
			if !strings.Contains(": "+low, w) {
				continue
			}
			t := Trouble{Code: k.code}
			if k.code == Timeout && timeout > 0 {
				t.Arg = model.Duration(timeout).String()
			}
			return t
		}
	}
	return Trouble{Code: Other}
}

// Codes returns the codes of all troubles.
func Codes() []string {
	codes := []string{RefusedByPod, Unauthorized, Forbidden, NotFound, Status, Other, Unknown}
	for _, k := range known {
		codes = append(codes, k.code)
	}
	return codes
}
