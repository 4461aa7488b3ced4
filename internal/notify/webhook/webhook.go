// Package webhook is the receiver that posts what a run has found to an address, as JSON, for a program of the reader's own.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
)

// callTime is how long the other side has for its answer.
const callTime = 15 * time.Second

// PayloadVersion is the version of Payload. It grows where a field changes its meaning or goes away, not where one is added.
const PayloadVersion = 1

// Payload is what is posted. Times are RFC 3339 in UTC; values are in the panel's base unit, null where there is none.
type Payload struct {
	Version    int              `json:"version"`
	Cluster    string           `json:"cluster"`
	Report     string           `json:"report"`
	Title      string           `json:"title"`
	Slot       time.Time        `json:"slot"`
	Headline   string           `json:"headline"`
	Counts     report.DocCounts `json:"counts"`
	Incomplete string           `json:"incomplete,omitempty"`
	MemoryLost string           `json:"memory_lost,omitempty"` // why what follows may have been told before
	Archived   []notify.Receipt `json:"archived"`              // where the report lies
	Message    *Message         `json:"message,omitempty"`     // what is to be told; none where all alerts are handed on at each run
	Alerts     []Alert          `json:"alerts"`                // that fire, or have ended within two days, by key
}

// Message is what is told in one go.
type Message struct {
	Kind              string      `json:"kind"`
	Group             []string    `json:"group,omitempty"`
	Keys              []rules.Key `json:"keys"` // of the alerts that it is about, the worst first
	PossibleDuplicate bool        `json:"possible_duplicate,omitempty"`
	InsteadOf         string      `json:"instead_of,omitempty"`
}

// Alert is an alert with its key.
type Alert struct {
	Key rules.Key `json:"key"`
	rules.Alert
}

// Options say where to post.
type Options struct {
	URL       secret.String     // it may hold a token; read at each use
	Token     secret.String     // sent as Authorization: Bearer; zero: none
	Transport http.RoundTripper // nil: http.DefaultTransport
}

// Notifier posts to an address. It implements notify.Notifier.
type Notifier struct {
	o    Options
	http *http.Client
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver of an address. It follows no redirect, because where that leads is not to see a token.
func New(o Options) *Notifier {
	return &Notifier{o, &http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Notify posts d. Its receipt is empty: the address is a secret.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	body, err := json.Marshal(payload(d))
	if err != nil {
		return notify.Receipt{}, &notify.RefusedError{Err: fmt.Errorf("writing the webhook's message: %w", err)}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, callTime, fmt.Errorf("no answer within %s", callTime))
	defer cancel()
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	rq, err := n.request(traced, body)
	if err != nil {
		return notify.Receipt{}, &notify.RefusedError{Err: err}
	}
	res, err := n.http.Do(rq)
	if err != nil {
		err = fmt.Errorf("posting to the webhook: %w", withoutAddress(ctx, err))
		if !connected.Load() {
			return notify.Receipt{}, &notify.RetryError{Err: err}
		}
		return notify.Receipt{}, err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // so that the connection can be used again
	return notify.Receipt{}, answer(res)
}

func payload(d notify.Delivery) Payload {
	doc := d.Report.Document()
	p := Payload{
		Version: PayloadVersion, Cluster: doc.Cluster, Report: doc.Report, Title: doc.Title, Slot: doc.Slot, Headline: doc.Headline, Counts: doc.Counts,
		Incomplete: doc.Incomplete, MemoryLost: d.MemoryLost, Archived: append([]notify.Receipt{}, d.Archived...), Alerts: []Alert{},
	}
	for k, a := range d.Memory.Alerts {
		p.Alerts = append(p.Alerts, Alert{k, a})
	}
	slices.SortFunc(p.Alerts, func(a, b Alert) int { return strings.Compare(string(a.Key), string(b.Key)) })
	if m := d.Message; m != nil {
		p.Message = &Message{Kind: m.Kind.String(), Group: m.Group, Keys: []rules.Key{}, PossibleDuplicate: m.PossibleDuplicate, InsteadOf: m.InsteadOf}
		for _, i := range m.Items {
			p.Message.Keys = append(p.Message.Keys, i.Key)
		}
	}
	return p
}

func (n *Notifier) request(ctx context.Context, body []byte) (*http.Request, error) {
	link, err := n.o.URL.Reveal(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the webhook's address: %w", err)
	}
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("reading the webhook's address: it is none; it begins with https:// or http://")
	}
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("reading the webhook's address: no request can be made of it")
	}
	rq.Header.Set("Content-Type", "application/json")
	if n.o.Token.IsZero() {
		return rq, nil
	}
	token, err := n.o.Token.Reveal(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the webhook's token: %w", err)
	}
	rq.Header.Set("Authorization", "Bearer "+token)
	return rq, nil
}

// withoutAddress is what went wrong, without the address, which may be a secret.
func withoutAddress(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// answer is the error of an answer. One of 5xx may have been given after the work was done.
func answer(res *http.Response) error {
	code := res.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	err := fmt.Errorf("the webhook answered %d %s", code, http.StatusText(code))
	seconds, _ := strconv.Atoi(res.Header.Get("Retry-After")) // a date, or none, is no number: then it did not say
	switch {
	case code == http.StatusTooManyRequests:
		return &notify.RetryError{After: time.Duration(max(seconds, 0)) * time.Second, Err: err}
	case code >= http.StatusInternalServerError:
		return err
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return &notify.RefusedError{Err: fmt.Errorf("%w; see its token", err)}
	}
	return &notify.RefusedError{Err: fmt.Errorf("%w; see its address", err)}
}
