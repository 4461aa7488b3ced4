package promapi

import (
	"fmt"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Kind is what went wrong, for a caller that decides by it.
type Kind string

// The kinds of errors.
const (
	KindRefused   Kind = "connection refused" // nothing listens there
	KindNoHost    Kind = "no such host"
	KindTLS       Kind = "TLS"
	KindNetwork   Kind = "network"       // a connection that could not be made or broke off
	KindDenied    Kind = "denied"        // 401, 403
	KindNotFound  Kind = "not found"     // no Prometheus API at this URL
	KindRedirect  Kind = "redirect"      // to where the client does not follow
	KindQuery     Kind = "query"         // the server does not take the query, or fails at it
	KindTooMuch   Kind = "too much"      // more points, samples or bytes than the server or the client allows
	KindTimeout   Kind = "timeout"       // of the server's query, or of ours
	KindCanceled  Kind = "canceled"      // by our side, or by the server's
	KindBusy      Kind = "busy"          // 429, 502, 503, 504
	KindServer    Kind = "server"        // another 5xx
	KindBadAnswer Kind = "bad answer"    // not what Prometheus answers
	KindNotMatrix Kind = "not a matrix"  // the query has no range vector for an answer
	KindHistogram Kind = "histogram"     // the answer has native histograms
	KindBadConfig Kind = "configuration" // the client's own input is wrong
)

// Error is a call that failed. Its text holds no secret and no part of the URL but scheme, host and path.
type Error struct {
	Kind    Kind
	Op      string // what was being done: "range query"
	URL     string // without parameters
	Status  int    // of HTTP, 0 where there was no answer
	Type    string // Prometheus' errorType, where it gave one
	Message string // the server's own words, or what was seen
	Hint    string // what to do next
	Err     error  // what is beneath it, if anything
	Again   bool   // another try may help

	after time.Duration // the wait that the server asks for before it
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

// Unwrap returns what is beneath e.
func (e *Error) Unwrap() error { return e.Err }

// LimitError is an answer with more series than Query.Limit. The series up to the limit have been handed on; they do not count.
type LimitError struct {
	Limit int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("the query answers with more than %d series; keep those that matter with topk(10, …), add them up with sum by (…) (…), or raise max_series", e.Limit)
}

// answerError is the error that an answer of status "error" tells of. Its words are the server's own: Client.explain bounds them.
func answerError(errorType, message string) *Error {
	e := &Error{Kind: KindServer, Type: errorType, Message: message}
	low := strings.ToLower(message)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(low, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("exceeded maximum resolution", "too many points", "-search.maxpointspertimeseries"):
		e.Kind = KindTooMuch
		e.Hint = "ask for a larger step or a shorter range"
	case has("too many samples", "maxsamplesperquery", "exceeded the maximum number of", "maxuniquetimeseries", "the limit of"):
		e.Kind = KindTooMuch
		e.Hint = "the server's own limit for a query is reached: narrow the selectors, shorten the range or aggregate in a recording rule"
	case errorType == "timeout" || has("query timed out", "context deadline exceeded"):
		e.Kind = KindTimeout
		e.Hint = "Prometheus gave up after the query's time limit: narrow the query, shorten its range, use a recording rule, or give it more time"
	case errorType == "bad_response": // client_golang's own, not a server's
		e.Kind = KindBadAnswer
		e.Hint = "this is not an answer of Prometheus' API"
	case errorType == "canceled":
		e.Kind = KindCanceled
		e.Hint = "the server ended the query: it may be shutting down, or something between dropped the connection"
	case errorType == "bad_data":
		e.Kind = KindQuery
		e.Hint = "mend the query or its parameters"
	case errorType == "execution":
		e.Kind = KindQuery
		e.Hint = "the query is well-formed but cannot be computed over this data"
	}
	return e
}

func errWebPage() *Error {
	return &Error{
		Kind:    KindNotFound,
		Message: "a web page instead of JSON",
		Hint:    "this is not Prometheus' API, or a login stands before it: check the URL and its path prefix, and configure http_config if it wants credentials",
	}
}

func errNotMatrix(resultType string) *Error {
	e := &Error{Kind: KindNotMatrix, Message: fmt.Sprintf("the answer is a %s, not a matrix of series", resultType)}
	switch resultType {
	case "vector":
		e.Hint = "this is an instant query's answer: the URL must reach /api/v1/query_range"
	case "":
		e.Message = "the answer does not say what type its result is"
		e.Hint = "it is not Prometheus' API, or what stands before it changes answers"
	default:
		e.Hint = "write an expression that gives series: vector(1) for a number"
	}
	return e
}

func errHistogram(labels series.Labels) *Error {
	return &Error{
		Kind:    KindHistogram,
		Message: fmt.Sprintf("the series %s has native histograms, which have no line to draw", brief(labels.String(), 200)),
		Hint:    "take a number out of them: histogram_quantile(0.9, …), histogram_avg(…), histogram_count(…) or histogram_sum(…)",
	}
}

// errLabels is the error of labels that are more than anybody reads, whose format says so.
func errLabels(format string, args ...any) *Error {
	return &Error{
		Kind:    KindTooMuch,
		Message: fmt.Sprintf(format, args...),
		Hint:    "keep those that matter: max by (namespace, pod) (…)",
	}
}

func errTwice(labels series.Labels) *Error {
	return &Error{
		Kind:    KindBadAnswer,
		Message: fmt.Sprintf("the series %s is there twice", brief(labels.String(), 200)),
		Hint:    "what joins several servers' answers does not drop copies: for Thanos write params: {dedup: \"true\"}, or take one of them: max by (…) (…)",
	}
}

func errSlow(limit time.Duration) *Error {
	return &Error{
		Kind:    KindTimeout,
		Message: fmt.Sprintf("no whole answer after %v", limit),
		Hint:    "the server or the way to it is too slow for so much data: narrow the query, shorten its range, or give it more time",
	}
}
