package promapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Kind classifies an error, for callers that decide by it.
type Kind string

// The kinds of errors.
const (
	KindRefused  Kind = "connection refused" // nothing listens there
	KindNoHost   Kind = "no such host"
	KindTLS      Kind = "TLS"
	KindNetwork  Kind = "network"   // a connection failed or broke off
	KindDenied   Kind = "denied"    // 401, 403
	KindNotFound Kind = "not found" // no Prometheus API at this URL
	KindRedirect Kind = "redirect"  // one that the client does not follow
	KindQuery    Kind = "query"     // the server rejects the query, or fails to run it
	// more points, samples or bytes than the server or the client allows
	KindTooMuch   Kind = "too much"
	KindTimeout   Kind = "timeout"       // of the server or of the client
	KindGaveUp    Kind = "proxy timeout" // of a proxy in front of the server: 408, 504, 524
	KindCanceled  Kind = "canceled"      // by the client or by the server
	KindBusy      Kind = "busy"          // 429, 502, 503
	KindServer    Kind = "server"        // another 5xx
	KindBadAnswer Kind = "bad answer"    // not an answer of the Prometheus API
	KindNotMatrix Kind = "not a matrix"  // the answer is not a range vector
	KindHistogram Kind = "histogram"     // the answer has native histograms
	KindBadConfig Kind = "configuration" // the client's own input is wrong
)

// Error is a failed call. Its text contains no secret and, of the URL, only scheme, host and path.
type Error struct {
	Kind    Kind
	Op      string // what was being done: "range query"
	URL     string // without parameters
	Status  int    // of HTTP; 0 if there was no answer
	Type    string // Prometheus' errorType; "" if there was none
	Message string // the message of the server, or what went wrong
	Hint    string // what to do next
	Err     error  // the wrapped error, or nil
	Again   bool   // a retry may help

	// Took is the time after which a proxy gave up (KindGaveUp); 0 if unknown.
	Took time.Duration

	after time.Duration // the wait that the server asks for before another try
}

func (e *Error) Error() string {
	var b strings.Builder
	part := func(sep, s string) {
		if s == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s)
	}
	part("", e.Op)
	part(" at ", e.URL)
	if e.Status != 0 && e.Status != 200 {
		part(": ", fmt.Sprintf("HTTP %d", e.Status))
	}
	part(": ", e.Type)
	part(": ", e.Message)
	part("; ", e.Hint)
	return b.String()
}

// Unwrap returns the wrapped error.
func (e *Error) Unwrap() error { return e.Err }

// LimitError is an answer with more series than Query.Limit. The caller has got the series up to
// the limit and must discard them.
type LimitError struct {
	Limit int
	// Fixed says that the user cannot change the query, because it is one of a built-in panel.
	Fixed bool
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("the query returns more than %d series; %s", e.Limit, e.Hint())
}

// Hint returns what to do about the error.
func (e *LimitError) Hint() string {
	if e.Fixed {
		return "raise prometheus.max_series"
	}
	return "keep the ones that matter with topk(10, …), add them up with sum by (…) (…), or " +
		"raise max_series"
}

// answerError returns the error of an answer with the status "error". Its message is the server's
// own; Client.explain bounds its length.
func answerError(errorType, message string) *Error {
	e := &Error{Kind: KindServer, Type: errorType, Message: message}
	switch known := causeOf(message); {
	case known != nil:
		known.explain(e)
	case errorType == "timeout":
		timedOut.explain(e)
	case errorType == "bad_response": // client_golang's own, not a server's
		e.Kind, e.Hint = KindBadAnswer, hintNoAPI
	case errorType == "canceled":
		e.Kind = KindCanceled
		e.Hint = "the server ended the query: it may be shutting down, or a proxy dropped the " +
			"connection"
	case errorType == "400", errorType == "422": // VictoriaMetrics
		e.Kind, e.Hint = KindQuery, "correct the query"
	case errorType == "bad_data":
		e.Kind, e.Hint = KindQuery, "correct the query or its parameters"
	case errorType == "execution":
		e.Kind, e.Hint = KindQuery, "the query is well-formed but cannot be computed over this data"
	}
	return e
}

// A cause is a known reason for which a server or a proxy refuses a query. It is recognized by
// words in the message.
type cause struct {
	kind  Kind
	again bool
	hint  string
	words []string // in lower case; one of them is in the message
}

func (c *cause) explain(e *Error) { e.Kind, e.Again, e.Hint = c.kind, c.again, c.hint }

// timedOut is the cause if the server itself ended the query at its time limit.
var timedOut = cause{
	kind: KindTimeout,
	hint: "Prometheus gave up after the query's time limit: narrow the query, shorten its range, " +
		"use a recording rule, or give it more time",
	words: []string{
		"query timed out", "context deadline exceeded", "timeout exceeded", "deadline exceeded",
		"-search.maxqueryduration",
	},
}

const (
	hintNoAPI = "this is not an answer of the Prometheus API"
	hintLimit = "the server's own limit for a query is reached: narrow the selectors, shorten " +
		"the range or aggregate in a recording rule"
)

// causes are the known causes, in the order in which they are tried. They are those of Prometheus,
// Thanos, Mimir, Cortex and VictoriaMetrics, and of the proxies in front of them.
var causes = []cause{
	{
		kind: KindDenied,
		hint: "Mimir requires a tenant: http_config: {http_headers: {X-Scope-OrgID: {values: " +
			"[TENANT]}}}",
		words: []string{
			"no org id", "x-scope-orgid",
		},
	},
	{
		kind: KindDenied,
		hint: "the server accepts one tenant at a time: set one in http_config: http_headers: " +
			"X-Scope-OrgID, or enable its tenant federation",
		words: []string{
			"multiple org ids present",
		},
	},
	{
		kind: KindDenied,
		hint: "the proxy in front of Prometheus serves one namespace at a time: write " +
			"prometheus.params: {namespace: NAMESPACE}, or use the address that serves all " +
			"namespaces",
		words: []string{
			`"namespace" query parameter must be provided`, "prom-label-proxy",
		},
	},
	{
		kind: KindDenied,
		hint: "the service mesh forbids this request, with any credentials: allow promsnap's " +
			"service account in its AuthorizationPolicy",
		words: []string{
			"rbac: access denied",
		},
	},
	{
		kind: KindDenied,
		hint: "kube-rbac-proxy forbids this request to the service account: bind it to a role " +
			"that may read metrics (on OpenShift the cluster role cluster-monitoring-view)",
		words: []string{
			"forbidden (user=",
		},
	},
	{
		kind: KindDenied,
		hint: "the administrator of the server has blocked this query",
		words: []string{
			"err-mimir-query-blocked", "blocked by the cluster administrator",
		},
	},
	{
		kind: KindTLS,
		hint: "the server requires a client certificate: set one in http_config: tls_config: " +
			"cert_file, key_file",
		words: []string{
			"no required ssl certificate was sent", "ssl certificate error",
		},
	},
	{
		kind: KindNotFound,
		hint: "no Prometheus API at this URL: for VictoriaMetrics' cluster it ends in " +
			"/select/0/prometheus (vmselect, port 8481)",
		words: []string{
			"unsupported path requested", "missing route for", "cannot parse accountid",
		},
	},
	{
		kind: KindNotFound,
		hint: "the ingress has no such host or path: check the URL's host and path prefix",
		words: []string{
			"default backend - 404",
		},
	},
	{
		kind: KindQuery,
		hint: "this Prometheus runs as an agent, which keeps no data: query the server that it " +
			"writes to",
		words: []string{
			"unavailable with prometheus agent",
		},
	},
	{
		kind: KindBusy, again: true,
		hint: "the server is at its limit of concurrent queries: lower concurrency, query less " +
			"often, or raise the limit",
		words: []string{
			"-search.maxconcurrentrequests", "-search.maxqueueduration",
			"too many outstanding requests", "too many concurrent requests",
			"err-mimir-tenant-max-request-rate",
		},
	},
	{
		kind: KindTooMuch,
		hint: "use a larger step or a shorter range",
		words: []string{
			"exceeded maximum resolution", "too many points", "-search.maxpointspertimeseries",
		},
	},
	{
		kind: KindTooMuch,
		hint: "the server's own limit for a query's range is reached: shorten the range",
		words: []string{
			"err-mimir-max-query-length", "err-mimir-max-total-query-length",
			"query time range exceeds the limit",
		},
	},
	{
		kind: KindTooMuch,
		hint: "the server's own limit for a query's length is reached: shorten the query",
		words: []string{
			"-search.maxquerylen", "err-mimir-max-query-expression-size-bytes",
			"raw query size in bytes exceeds the limit",
		},
	},
	{
		kind: KindQuery,
		hint: "several series of one side match one of the other: name more labels in on (…), or " +
			"aggregate the side with several, such as with max by (…) (…)",
		words: []string{
			"many-to-many matching not allowed", "duplicate series for the match group",
			"duplicate time series on the", "duplicate timeseries on the",
		},
	},
	{
		kind: KindQuery,
		hint: "write group_left behind on (…) if the left side has several series for each of " +
			"the right, or group_right",
		words: []string{
			"many-to-one matching must be explicit", "multiple matches for labels",
		},
	},
	timedOut,
	{
		kind: KindTooMuch,
		hint: hintLimit,
		words: []string{
			"too many samples", "exceeded the maximum number of",
			"exceeded the aggregated chunks size limit", "exceeded the maximum allowed",
			"err-mimir-max-", "hit the max number of", "the limit of", "-search.max",
			"maxsamplesperquery", "maxuniquetimeseries",
			"number of matching timeseries exceeds", "number of unique timeseries exceeds",
			"not enough memory for processing",
			"exceeded series limit", "exceeded chunks limit", "exceeded samples limit",
			"exceeded bytes limit", "bytes limit exceeded", "violated (got",
			"larger than max", "larger than the max", "resourceexhausted", "too_large",
		},
	},
	{
		kind: KindBusy, again: true,
		hint: "the server cannot reach all of its stores: check that they run (Thanos Query " +
			"lists them at /stores, Mimir shows its rings at /)",
		words: []string{
			"code = unavailable", "too many unhealthy instances", "live replicas required",
			"no store matched", "empty ring",
		},
	},
}

// causeOf returns the known cause of a message, or nil if there is none.
func causeOf(message string) *cause {
	low := strings.ToLower(message)
	for i := range causes {
		if slices.ContainsFunc(causes[i].words, func(w string) bool {
			return strings.Contains(low, w)
		}) {
			return &causes[i]
		}
	}
	return nil
}

func errWebPage() *Error {
	return &Error{
		Kind:    KindNotFound,
		Message: "a web page instead of JSON",
		Hint: "this is not the Prometheus API, or there is a login in front of it: check the URL " +
			"and its path prefix, and set credentials in http_config if it needs them",
	}
}

func errNotMatrix(resultType string) *Error {
	e := &Error{
		Kind: KindNotMatrix, Message: fmt.Sprintf("the answer is a %s, not a matrix of series",
			resultType),
	}
	switch resultType {
	case "vector":
		e.Hint = "this is the answer to an instant query: the URL must lead to /api/v1/query_range"
	case "":
		e.Message = "the answer has no result type"
		e.Hint = "this is not the Prometheus API, or a proxy changes its answers"
	default:
		e.Hint = "write a query that returns series, such as vector(1) for a number"
	}
	return e
}

func errNotVector(resultType string) *Error {
	e := &Error{
		Kind: KindQuery, Message: fmt.Sprintf("the answer is a %s, not one value a series",
			resultType),
		Hint: "write a query that returns one value a series, such as last_over_time(up[5m])",
	}
	if resultType == "" {
		e.Kind, e.Message = KindBadAnswer, "the answer has no result type"
		e.Hint = "this is not the Prometheus API, or a proxy changes its answers"
	}
	return e
}

func errHistogram(labels series.Labels) *Error {
	return &Error{
		Kind: KindHistogram,
		Message: fmt.Sprintf("the series %s has native histograms, which cannot be drawn as a line",
			labels.String()),
		Hint: "query a number of them: histogram_quantile(0.9, …), histogram_avg(…), " +
			"histogram_count(…) or histogram_sum(…)",
	}
}

// errLabels returns the error of labels that are too many or too long.
func errLabels(format string, args ...any) *Error {
	return &Error{
		Kind:    KindTooMuch,
		Message: fmt.Sprintf(format, args...),
		Hint:    "keep only the labels that matter: max by (namespace, pod) (…)",
	}
}

func errTwice(labels series.Labels) *Error {
	return &Error{
		Kind:    KindBadAnswer,
		Message: fmt.Sprintf("the answer has the series %s twice", labels.String()),
		Hint: "a server that merges answers did not remove the copies: for Thanos write params: " +
			"{dedup: \"true\"}, or keep one with max by (…) (…)",
	}
}

func errSlow(limit time.Duration) *Error {
	return &Error{
		Kind:    KindTimeout,
		Message: fmt.Sprintf("no complete answer after %v", limit),
		Hint: "the server or the network is too slow for so much data: narrow the query, shorten " +
			"its range, or give it more time",
	}
}

// Unreachable returns the *Error in err if every further query would fail with it, too. Otherwise
// it returns nil.
func Unreachable(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Kind {
	case KindRefused, KindNoHost, KindTLS, KindDenied, KindNotFound, KindRedirect,
		KindBadConfig:
		return e
	}
	return nil
}
