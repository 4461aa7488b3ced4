package cloudtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// AccessKey is the access key of Secret.
const AccessKey = "AKIDEXAMPLE"

// skew is the largest difference between the time of a signature and that of the server, as in AWS.
const skew = 15 * time.Minute

// CheckSignature returns an error unless a received request and its body are signed with Signature
// Version 4, AccessKey and Secret for a service in a region. It computes the signature itself from
// the received request:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func CheckSignature(r *http.Request, body []byte, region, service string) error {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return errors.New("MissingAuthenticationTokenException: the request is not signed")
	}
	said := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		said[name] = value
	}
	at := r.Header.Get("X-Amz-Date")
	when, err := time.Parse("20060102T150405Z", at)
	if err != nil || time.Since(when).Abs() > skew {
		return fmt.Errorf("RequestExpired: signed at %q", at)
	}
	scope := strings.Join([]string{at[:8], region, service, "aws4_request"}, "/")
	key, got, _ := strings.Cut(said["Credential"], "/")
	switch {
	case key != AccessKey:
		return errors.New("UnrecognizedClientException: The security token included in the " +
			"request is invalid")
	case got != scope:
		return fmt.Errorf("InvalidSignatureException: Credential should be scoped to a valid "+
			"region: %s, not %s", scope, got)
	}
	names := strings.Split(said["SignedHeaders"], ";")
	if !slices.Contains(names, "host") || !slices.Contains(names, "x-amz-date") {
		return fmt.Errorf("InvalidSignatureException: 'Host' and 'X-Amz-Date' must be signed, "+
			"not only %v", names)
	}
	for _, name := range names {
		if name != "host" && name != "content-length" && len(r.Header.Values(name)) == 0 {
			return fmt.Errorf("InvalidSignatureException: the header %s is signed, and is not in "+
				"the request", name)
		}
	}
	canonical := canonicalRequest(r, body, names)
	sum := sha256.Sum256([]byte(canonical))
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", at, scope, hex.EncodeToString(sum[:])},
		"\n")
	mac := []byte("AWS4" + Secret)
	for _, part := range []string{at[:8], region, service, "aws4_request", toSign} {
		h := hmac.New(sha256.New, mac)
		h.Write([]byte(part))
		mac = h.Sum(nil)
	}
	if want := hex.EncodeToString(mac); said["Signature"] != want {
		return fmt.Errorf("InvalidSignatureException: The request signature we calculated does "+
			"not match the signature you provided. Check your AWS Secret Access Key and signing "+
			"method.\n\n"+
			"The Canonical String for this request should have been\n'%s'", canonical)
	}
	return nil
}

func canonicalRequest(r *http.Request, body []byte, names []string) string {
	var query []string
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		query = append(query, encoded(k)+"="+encoded(v))
	}
	slices.Sort(query)
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	var headers strings.Builder
	for _, name := range names {
		values := r.Header.Values(name)
		switch name {
		case "host":
			values = []string{r.Host}
		case "content-length":
			values = []string{fmt.Sprint(r.ContentLength)}
		}
		for i, v := range values {
			values[i] = strings.Join(strings.Fields(v), " ")
		}
		headers.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	sum := sha256.Sum256(body)
	return strings.Join([]string{
		r.Method, strings.ReplaceAll(url.QueryEscape(path), "%2F", "/"), strings.Join(query, "&"),
		headers.String(), strings.Join(names, ";"), hex.EncodeToString(sum[:]),
	}, "\n")
}

// encoded encodes a part of a query as AWS requires: a space is %20.
func encoded(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		plain = s
	}
	return strings.ReplaceAll(url.QueryEscape(plain), "+", "%20")
}

// ManagedAction returns the IAM action of a request to Amazon Managed Service for Prometheus, or ""
// for a request that the service does not support. The service's guide lists them under
// Prometheus-compatible APIs.
func ManagedAction(r *http.Request) string {
	_, call, _ := strings.Cut(r.URL.Path, "/api/v1/")
	switch parts := strings.Split(call, "/"); {
	case call == "query", call == "query_range":
		return "aps:QueryMetrics"
	case call == "labels", len(parts) == 3 && parts[0] == "label" && parts[2] == "values":
		return "aps:GetLabels"
	case call == "series":
		return "aps:GetSeries"
	case call == "metadata":
		return "aps:GetMetricMetadata"
	}
	return ""
}
