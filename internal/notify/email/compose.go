package email

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// limits keep a message as long as people read. No mail server has a limit near them.
var limits = letter.Limits{
	Title: 90, // a subject, of which a phone shows about half
	Line:  400,
	Place: 1000,
	Body:  12000,
	Code:  4000,
	URL:   4000,
	Alt:   300,
}

// message is an e-mail.
type message struct {
	step    string // "post" or "reply"
	text    string // its text part
	body    []byte
	receipt notify.Receipt
	notes   []error // pictures that could not be drawn
}

// compose returns the e-mail for a delivery. Pictures and attachments that would make it larger
// than room are left out.
func compose(d notify.Delivery, o Options, room int64) message {
	l, details := letter.Compose(d, limits), letter.Details(d, limits)
	if !letter.HasDetails(d.Message.Kind) {
		details.Lines = letter.Expiry(d, limits)
	}
	e := envelopeOf(d, o, l)
	pictures, notes := draw(details.Pictures, e.id)
	c := contentOf(d, l, details)
	left := room - e.size(c) - noticeSize
	var missing []string
	for _, p := range pictures {
		if left -= p.size(); left < 0 {
			left += p.size()
			missing = append(missing, p.name)
			continue
		}
		c.pictures = append(c.pictures, p)
	}
	var attached []part
	for _, a := range attachments(d, o) {
		if left -= a.size(); left < 0 {
			left += a.size()
			missing = append(missing, a.name)
			continue
		}
		attached = append(attached, a)
	}
	if len(missing) > 0 {
		c.lines = append(c.lines, notAttached(d, missing, room)...)
	}
	m := message{
		step: "post", text: c.text(), receipt: notify.Receipt{ID: e.id, Subject: e.subject},
		notes: notes,
	}
	if e.thread.ID != "" {
		m.step, m.receipt = "reply", e.thread
	}
	var err error
	if m.body, err = e.write(c, attached); err != nil {
		m.notes = append(m.notes, err)
	}
	return m
}

// noticeSize is the room for the lines of notAttached, in both parts of the message.
const noticeSize = 4 << 10

// notAttached returns the lines about files that do not fit.
func notAttached(d notify.Delivery, names []string, room int64) []letter.Line {
	w := words.In(d.Report.Info.Language)
	lines := []letter.Line{{{Text: fmt.Sprintf(w.NotAttached, strings.Join(names, ", "),
		units.Bytes.Format(float64(room)))}}}
	if len(d.Archived) == 0 {
		lines = append(lines, letter.Line{{Text: w.NotKept}})
	}
	return lines
}

// Attaches reports whether messages of a kind have attachments. One with nothing to look up has
// none, such as one about a resolved alert.
func Attaches(k notify.Kind) bool { return letter.HasDetails(k) }

// attachments returns the files of the report that are attached.
func attachments(d notify.Delivery, o Options) []part {
	if !Attaches(d.Message.Kind) {
		return nil
	}
	in := &d.Report.Info
	var out []part
	for _, name := range o.Attach {
		i := slices.IndexFunc(d.Files, func(f report.File) bool { return f.Name == name })
		if i < 0 {
			continue
		}
		_, extension, _ := strings.Cut(name, ".")
		out = append(out, part{
			name:        report.Slug(in.Name) + "-" + report.SlotName(in.Slot) + "." + extension,
			contentType: d.Files[i].ContentType, body: d.Files[i].Body,
		})
	}
	return out
}

// draw draws pictures. One that cannot be drawn is left out: it must not stop a message.
func draw(all []letter.Picture, id string) (out []part, failed []error) {
	for i, p := range all {
		png, err := drawn(p)
		if err != nil {
			failed = append(failed, fmt.Errorf("a message has no picture: %w", err))
			continue
		}
		out = append(out, part{
			name: p.Name, contentType: "image/png", body: png, alt: p.Alt,
			cid: fmt.Sprintf("%d.%s", i+1, strings.Trim(id, "<>")),
		})
	}
	return out, failed
}

// drawn draws one picture. A panic becomes an error.
func drawn(p letter.Picture) (png []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("drawing %s: internal error (please report it): %v", p.Name, r)
		}
	}()
	return p.PNG()
}

// envelope is what the header of a message says.
type envelope struct {
	o       Options
	id      string // with the angle brackets
	subject string
	thread  notify.Receipt // the message that this one replies to; zero: none
	listID  string
	at      time.Time
	urgent  bool
}

// messageID matches a Message-ID. The thread of another kind of receiver has none.
var messageID = regexp.MustCompile(`^<[A-Za-z0-9._-]{1,80}@[A-Za-z0-9.-]{1,255}>$`)

// envelopeOf returns the header of a delivery's message.
func envelopeOf(d notify.Delivery, o Options, l letter.Letter) envelope {
	in, m := &d.Report.Info, d.Message
	at := in.Slot
	if in.Zone != nil {
		at = at.In(in.Zone)
	}
	_, domain, _ := strings.Cut(o.From.Address, "@")
	e := envelope{
		o: o, id: fmt.Sprintf("<%s@%s>", identity(d, o), domain), subject: l.Title, at: at,
		listID: fmt.Sprintf("<%s.%s.promsnap.%s>", report.Slug(in.Name), report.Slug(in.Cluster),
			domain),
		urgent: l.Severity == rules.Critical,
	}
	if m.Kind == notify.KindSummary || m.Kind == notify.KindTest || m.Kind == notify.KindAllClear ||
		!messageID.MatchString(m.Thread.ID) {
		return e
	}
	e.thread = m.Thread
	if s := outside.Line(m.Thread.Subject); s != "" {
		// Gmail shows a message in the thread only if the subject is the same.
		e.subject = "Re: " + limits.Clip(s, limits.Title)
	}
	return e
}

// identity returns what a delivery is known by. It is the same if the message is sent again, also
// by another run, so that mail programs that know the message show it once.
func identity(d notify.Delivery, o Options) string {
	m := d.Message
	type item struct {
		Key         rules.Key
		Since, Last int64
		Severity    rules.Severity
	}
	said := struct {
		From           string
		To             []string
		Cluster, Name  string
		Kind           string
		Group          []string
		Thread, Around string
		Items          []item
		Slot           int64
	}{
		From: o.From.Address, To: recipients(o), Cluster: d.Report.Info.Cluster,
		Name: d.Report.Info.Name, Kind: m.Kind.String(), Group: m.Group, Thread: m.Thread.ID,
		Around: m.InsteadOf,
	}
	for _, i := range m.Items {
		said.Items = append(said.Items, item{
			i.Key, i.Episode.Since.Unix(), i.Was.At.Unix(), i.Alert.Severity,
		})
	}
	if len(m.Items) == 0 || m.Kind == notify.KindSummary {
		said.Slot = d.Report.Info.Slot.Unix()
	}
	text, err := json.Marshal(said)
	if err != nil { // which text and numbers never cause
		text = []byte(err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// addresses returns addresses as a header has them, one a line.
func addresses(all []mail.Address) string {
	lines := make([]string, len(all))
	for i, a := range all {
		lines[i] = a.String()
	}
	return strings.Join(lines, ",\r\n ")
}
