package snapshot

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/promapi"
)

// Failure is the reason why a panel has no answer. It is also an error.
type Failure struct {
	Kind    FailureKind
	Message string // what went wrong, in a sentence
	Hint    string // what to do about it; "" if unknown
	// GaveUp is the time after which a proxy in front of the server gave up on a query, even if the
	// run was also stopped then; 0: none did.
	GaveUp time.Duration
}

// FailureKind is the cause of a failure.
type FailureKind string

// The causes.
const (
	FailureRefused  FailureKind = "refused"   // nothing listens at the server's address
	FailureNoHost   FailureKind = "no_host"   // the server's name is not known
	FailureTLS      FailureKind = "tls"       // the certificate or the handshake
	FailureNetwork  FailureKind = "network"   // the connection could not be made or broke off
	FailureDenied   FailureKind = "denied"    // denied by the server, a proxy or a tenant's rules
	FailureNotFound FailureKind = "not_found" // no Prometheus API is there
	FailureRedirect FailureKind = "redirect"  // a redirect that the client does not follow
	// the server rejects the query or fails to run it
	FailureQuery FailureKind = "query"
	// more points, samples or bytes than the server or the client allows
	FailureTooMuch   FailureKind = "too_much"
	FailureLimit     FailureKind = "limit"      // more series than max_series
	FailureTimeout   FailureKind = "timeout"    // of the server's query, or of the client
	FailureGaveUp    FailureKind = "gave_up"    // a proxy in front of the server gave up
	FailureCanceled  FailureKind = "canceled"   // the query was canceled by either side
	FailureBusy      FailureKind = "busy"       // the server accepts no more queries now
	FailureServer    FailureKind = "server"     // another server error
	FailureBadAnswer FailureKind = "bad_answer" // not an answer of Prometheus
	FailureNoSeries  FailureKind = "no_series"  // the answer is not a matrix of series
	FailureHistogram FailureKind = "histogram"  // the answer has native histograms
	FailureConfig    FailureKind = "config"     // the client's own configuration
	FailureStopped   FailureKind = "stopped"    // the run ended before the answer came
	FailureFault     FailureKind = "fault"      // an internal error of promsnap
	FailureUnsent    FailureKind = "unsent"     // the query needs a variable that has no value
	FailureParts     FailureKind = "parts"      // the parts of a panel cannot be merged
	FailureOther     FailureKind = "other"      // anything else
)

// failureKinds maps the kinds of the client's errors.
var failureKinds = map[promapi.Kind]FailureKind{
	promapi.KindRefused: FailureRefused, promapi.KindNoHost: FailureNoHost,
	promapi.KindTLS: FailureTLS, promapi.KindNetwork: FailureNetwork,
	promapi.KindDenied: FailureDenied, promapi.KindNotFound: FailureNotFound,
	promapi.KindRedirect: FailureRedirect,
	promapi.KindQuery:    FailureQuery, promapi.KindTooMuch: FailureTooMuch,
	promapi.KindTimeout: FailureTimeout, promapi.KindGaveUp: FailureGaveUp,
	promapi.KindCanceled: FailureCanceled, promapi.KindBusy: FailureBusy,
	promapi.KindServer:    FailureServer,
	promapi.KindBadAnswer: FailureBadAnswer, promapi.KindNotMatrix: FailureNoSeries,
	promapi.KindHistogram: FailureHistogram,
	promapi.KindBadConfig: FailureConfig,
}

// Error returns the message and, after a semicolon, the hint.
func (f *Failure) Error() string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + "; " + f.Hint
}

// The errors that do not come from the client.
var (
	errStopped   = errors.New("the run was stopped before this panel had an answer")
	errNotInPart = errors.New("the part does not have this panel")
	errParts     = errors.New("merging the panel")
)

// Fault is a panic, for a log. It is not part of the snapshot.
type Fault struct {
	Panic string
	Stack []byte
}

// panicError is a panic in one panel.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	return fmt.Sprintf("internal error (please report it): %v", e.value)
}

// FailureOf converts an error to a Failure, nil to nil.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	f := &Failure{Kind: FailureOther, Message: err.Error()}
	var (
		fault *panicError
		many  *promapi.LimitError
		api   *promapi.Error
	)
	hint := ""
	if errors.As(err, &api) {
		hint = api.Hint
		if kind, known := failureKinds[api.Kind]; known {
			f.Kind = kind
		}
		if api.Kind == promapi.KindGaveUp {
			f.GaveUp = api.Took
		}
	}
	switch {
	case errors.As(err, &fault):
		f.Kind = FailureFault
	case errors.Is(err, errStopped):
		f.Kind = FailureStopped
	case errors.Is(err, errParts), errors.Is(err, errNotInPart):
		f.Kind = FailureParts
	case errors.As(err, &many):
		f.Kind, hint = FailureLimit, many.Hint()
	}
	if message, ends := strings.CutSuffix(f.Message, "; "+hint); hint != "" && ends {
		f.Message, f.Hint = message, hint
	}
	return f
}
