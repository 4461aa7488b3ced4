// Package pushgateway is the receiver that pushes metrics about a run to a Pushgateway, so that
// Prometheus can alert when runs fail, take long or stop:
// https://github.com/prometheus/pushgateway#api. docs/metrics.md describes the metrics.
package pushgateway

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/prometheus/common/expfmt"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
)

// DefaultJob is the job of the grouping key if none is configured.
const DefaultJob = "promsnap"

// Options say which Pushgateway to push to.
type Options struct {
	// URL is of its pages, with its --web.route-prefix: http://pushgateway:9091. /metrics/job/… is
	// added to it.
	URL       string
	Job       string            // the label job of the metrics; "": DefaultJob
	Transport http.RoundTripper // with TLS and credentials; nil: http.DefaultTransport
}

// Notifier pushes metrics. It implements notify.Notifier, for RoleMirror. The grouping key is job,
// cluster and report: each run replaces the one before, and pushing again changes nothing.
type Notifier struct {
	groups string // URL, up to the job
	caller *notify.Caller
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver for a Pushgateway. It sends nothing yet.
func New(o Options) (*Notifier, error) {
	u, err := exchange.BaseURL(o.URL)
	if err != nil {
		return nil, fmt.Errorf("pushgateway: %w", err)
	}
	caller := notify.NewCaller("the Pushgateway", o.Transport)
	caller.Quotes = true
	caller.Advice = notify.Advice{
		Address: "check pushgateway.url, below which promsnap posts to /metrics/job/…: is a path " +
			"prefix missing, or is it another program, such as Prometheus?",
		Login: "set credentials for programs in pushgateway.http_config " +
			"(basic_auth, authorization, oauth2, tls_config)",
	}
	return &Notifier{
		u.JoinPath("metrics").String() + label("job", cmp.Or(o.Job, DefaultJob)), caller,
	}, nil
}

// Notify pushes the metrics of d's run. They replace only metrics of the same names (POST), so that
// the time of the last success survives a failed run. A test is deleted after the push. The receipt
// is empty.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	body, err := text(d)
	if err != nil {
		return notify.Receipt{}, &notify.RefusedError{
			Err: fmt.Errorf("writing the metrics for the Pushgateway: %w", err),
		}
	}
	in := d.Report.Info
	group := n.groups + label("cluster", in.Cluster) + label("report", in.Name)
	if err := n.call(ctx, http.MethodPost, group, body); err != nil {
		return notify.Receipt{}, err
	}
	if d.Message == nil || d.Message.Kind != notify.KindTest {
		return notify.Receipt{}, nil
	}
	return notify.Receipt{}, n.call(ctx, http.MethodDelete, group, nil)
}

func (n *Notifier) call(ctx context.Context, method, group string, body []byte) error {
	rq, err := http.NewRequestWithContext(ctx, method, group, bytes.NewReader(body))
	if err != nil {
		return &notify.RefusedError{Err: fmt.Errorf("pushing to the Pushgateway: %w", err)}
	}
	rq.Header.Set("Content-Type", string(format))
	return n.caller.Call(rq)
}

// format is a format that every Pushgateway reads.
var format = expfmt.NewFormat(expfmt.TypeTextPlain)

// label returns a label of the grouping key as two parts of a path. The value is in base64 if it
// would be misread in a path.
func label(name, value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	switch {
	case value == "":
		return "/" + name + "@base64/="
	case url.PathEscape(value) != value || strings.Trim(value, ".") == "":
		return "/" + name + "@base64/" + base64.RawURLEncoding.EncodeToString([]byte(value))
	}
	return "/" + name + "/" + value
}
