package promapi

import (
	"context"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/series"
)

// Target is a target that a server scrapes now. Its texts are one line each. URL and LastError have
// no user, password or parameters of a URL.
type Target struct {
	Labels     series.Labels // after relabelling
	Pool       string        // the server's name of the scrape configuration, often the job
	URL        string        // "http://10.0.1.12:9100/metrics"
	Health     Health
	LastError  string    // of the newest scrape; "" if it succeeded
	LastScrape time.Time // zero: never scraped
	Duration   float64   // of the newest scrape, in seconds
	Samples    float64   // of the newest scrape; NaN if the server does not say
	// how often the target is scraped, and for how long at most; 0 if the server does not say
	Interval, Timeout time.Duration
}

// Health is the result of a target's newest scrape.
type Health string

// The healths of targets.
const (
	HealthUp      Health = "up"
	HealthDown    Health = "down"
	HealthUnknown Health = "unknown" // not scraped yet
)

// The limits of a list of targets.
const (
	maxTargets = 100_000
	maxAddress = 300 // characters of a URL
)

// Targets calls each with every target that the server scrapes, in the server's order. The labels
// of a Target are valid only during the call, but their strings may be kept. Targets calls begin
// before each try, and the targets of earlier tries do not count. If the client has matchers, it
// passes on only the targets whose labels match.
//
// A server that keeps what others scrape has no such list: then served is false, which is no error.
// Some of these servers answer with an empty list. The error is an *Error.
func (c *Client) Targets(ctx context.Context, begin func(),
	each func(Target)) (served bool, meta Meta, err error) {
	const op = "listing targets"
	if err := c.enter(ctx); err != nil {
		return false, Meta{}, c.explain(ctx, op, err)
	}
	defer c.leave()
	form := c.params()
	form.Set("state", "active") // dropped targets may be many more
	err = c.attempts(ctx, op, 2*c.o.QueryTimeout, func(ctx context.Context) error {
		begin()
		resp, err := c.get(ctx, "api/v1/targets", form)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		d := newTargetDecoder(resp.Body, func(t Target) {
			if c.matches(t.Labels) {
				t.LastError = c.said(t.LastError, maxMessage)
				t.URL = outside.Said(secret.HideURL(t.URL), maxAddress)
				each(t)
			}
		})
		err = d.decode()
		meta = d.meta
		return err
	})
	c.scrub(meta)
	if lacksEndpoint(err) {
		return false, meta, nil
	}
	return err == nil, meta, err
}

// said returns a text of the server as one line without secrets.
func (c *Client) said(text string, most int) string {
	text = string(secret.Whole([]byte(text), maxText))
	return outside.Said(secret.HideURLs(c.sent.Scrub(text)), most)
}

// matches reports whether labels match the client's matchers.
func (c *Client) matches(ls series.Labels) bool {
	for _, m := range c.o.Matchers {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

// A targetDecoder reads a list of targets
// (https://prometheus.io/docs/prometheus/latest/querying/api/#targets).
type targetDecoder struct {
	answerReader
	each    func(Target)
	hasList bool
	count   int
}

func newTargetDecoder(body io.Reader, each func(Target)) *targetDecoder {
	return &targetDecoder{answerReader: newAnswer(body, 0), each: each}
}

// decode reads the whole answer.
func (d *targetDecoder) decode() error {
	err := d.read(func() error { return d.object("the data", d.dataField) })
	if err == nil && !d.hasList {
		err = d.wrong("the answer has no active targets")
	}
	return err
}

func (d *targetDecoder) dataField(key []byte) error {
	if string(key) != "activeTargets" {
		return d.skip(0)
	}
	if d.hasList {
		return d.wrong("the answer has active targets twice")
	}
	d.hasList = true
	return d.array("a list of targets", d.target)
}

// target reads one target and passes it to each.
func (d *targetDecoder) target() error {
	if d.count++; d.count > maxTargets {
		return &Error{
			Kind: KindTooMuch, Message: "the server has more than " + strconv.Itoa(maxTargets) +
				" targets",
		}
	}
	d.nextLabels()
	t := Target{Samples: math.NaN(), Health: HealthUnknown}
	if err := d.object("a target", func(key []byte) error {
		return d.targetField(key, &t)
	}); err != nil {
		return err
	}
	t.Labels = d.labels
	d.each(t)
	return nil
}

func (d *targetDecoder) targetField(key []byte, t *Target) (err error) {
	switch string(key) {
	case "labels":
		return d.metric()
	case "scrapePool":
		t.Pool, err = d.kept("a scrape pool")
	case "scrapeUrl":
		t.URL, err = d.head("a URL")
	case "lastError":
		t.LastError, err = d.head("an error")
	case "health":
		err = d.health(t)
	case "lastScrape":
		t.LastScrape, err = d.moment()
	case "lastScrapeDuration":
		t.Duration, err = d.amount("a duration")
	case "lastSamplesScraped": // vmagent's
		t.Samples, err = d.amount("a number of samples")
	case "scrapeInterval":
		t.Interval, err = d.span("an interval")
	case "scrapeTimeout":
		t.Timeout, err = d.span("a timeout")
	default:
		err = d.skip(0)
	}
	return err
}

// kept reads the beginning of a string that many targets share. null is an empty string.
func (d *targetDecoder) kept(what string) (string, error) {
	text, err := d.head(what)
	return d.strings.intern([]byte(outside.Said(text, maxAddress))), err
}

func (d *targetDecoder) health(t *Target) error {
	text, err := d.head("a health")
	switch h := Health(text); h {
	case HealthUp, HealthDown:
		t.Health = h
	default:
		t.Health = HealthUnknown
	}
	return err
}

// moment reads a time. The zero time and a text that is no time are the zero time.
func (d *targetDecoder) moment() (time.Time, error) {
	text, err := d.head("a time")
	at, wrong := time.Parse(time.RFC3339Nano, text)
	if wrong != nil || at.Year() < 1970 {
		return time.Time{}, err
	}
	return at.UTC(), err
}

// amount reads a number that is not negative. null is NaN.
func (d *targetDecoder) amount(what string) (float64, error) {
	if none, err := d.null(what); none || err != nil {
		return math.NaN(), err
	}
	text, err := d.number(what)
	if err != nil {
		return math.NaN(), err
	}
	v, wrong := strconv.ParseFloat(string(text), 64)
	if wrong != nil || v < 0 {
		return math.NaN(), nil
	}
	return v, nil
}

// span reads a duration such as "30s" or, as vmagent writes it, "0.5s". A text that is no duration
// is 0.
func (d *targetDecoder) span(what string) (time.Duration, error) {
	text, err := d.head(what)
	if err != nil {
		return 0, err
	}
	if p, wrong := model.ParseDuration(text); wrong == nil {
		return time.Duration(p), nil
	}
	if g, wrong := time.ParseDuration(text); wrong == nil && g > 0 {
		return g, nil
	}
	return 0, nil
}
