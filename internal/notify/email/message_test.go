package email

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

var update = flag.Bool("update", false, "rewrite the goldens; look at every one of them")

// parsed is a message as a mail program reads it.
type parsed struct {
	header  mail.Header
	subject string
	text    string
	html    string
	outline string // the parts, indented
	files   map[string][]byte
	cids    map[string]bool
}

// parse reads a message.
func parse(t testing.TB, message []byte) parsed {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		t.Fatalf("%v in\n%.2000s", err, message)
	}
	p := parsed{header: m.Header, files: map[string][]byte{}, cids: map[string]bool{}}
	if p.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	p.part(t, textproto.MIMEHeader(m.Header), m.Body, "")
	return p
}

func (p *parsed) part(t testing.TB, h textproto.MIMEHeader, body io.Reader, indent string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	disposition, named, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	p.outline += strings.TrimRight(indent+kind+" "+disposition+" "+named["filename"], " ") + "\n"
	if strings.HasPrefix(kind, "multipart/") {
		for r := multipart.NewReader(body, params["boundary"]); ; {
			part, err := r.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p.part(t, part.Header, part, indent+"  ")
		}
	}
	if h.Get("Content-Transfer-Encoding") == "base64" {
		body = base64.NewDecoder(base64.StdEncoding, body)
	} else {
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case named["filename"] != "":
		p.files[named["filename"]] = data
		p.cids[strings.Trim(h.Get("Content-Id"), "<>")] = true
	case kind == "text/plain":
		p.text = strings.ReplaceAll(string(data), "\r\n", "\n")
	case kind == "text/html":
		p.html = strings.ReplaceAll(string(data), "\r\n", "\n")
	}
}

// hold compares a text with a golden file.
func hold(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run with -update, and inspect the diff", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

var boundaries = regexp.MustCompile(`boundary=promsnap-[0-9a-f]{30}`)

func TestGoldens(t *testing.T) {
	race.SkipSerial(t)
	for _, l := range words.Languages() {
		for _, k := range []notify.Kind{
			notify.KindNew, notify.KindWorse, notify.KindResolved, notify.KindStillFiring,
			notify.KindAllClear, notify.KindSummary, notify.KindTest,
		} {
			name := fmt.Sprintf("%s-%s", k, l)
			t.Run(name, func(t *testing.T) {
				step, _, body := Draft(plainOptions(), delivery(t, k, l))
				p := parse(t, body)
				head, _, _ := bytes.Cut(body, []byte("\r\n\r\n"))
				fields := boundaries.ReplaceAllString(string(head), "boundary=HASH") // of pictures too
				hold(t, name+".txt", fmt.Sprintf("%s\n\n%s\n\n%s\n%s\n%s", step,
					strings.ReplaceAll(fields, "\r\n", "\n"), p.subject, p.outline, p.text))
				hold(t, name+".html", p.html)
			})
		}
	}
}

// The same delivery has the same bytes.
func TestSameBytes(t *testing.T) {
	_, _, first := Draft(plainOptions(), delivery(t, notify.KindSummary, words.Korean))
	_, _, second := Draft(plainOptions(), delivery(t, notify.KindSummary, words.Korean))
	if !bytes.Equal(first, second) {
		t.Error("got two messages of one delivery, want the same bytes")
	}
}

// A message has the structure that mail programs expect, and only 7-bit lines of a limited length.
func TestStructure(t *testing.T) {
	_, _, body := Draft(plainOptions(), delivery(t, notify.KindNew, words.Korean))
	p := parse(t, body)
	const want = `multipart/mixed
  multipart/alternative
    text/plain
    multipart/related
      text/html
      image/png inline node-memory.png
  text/html attachment daily-20261121T181000Z.html
  application/pdf attachment daily-20261121T181000Z.pdf
`
	if diff := cmp.Diff(want, p.outline); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if got := string(p.files["daily-20261121T181000Z.pdf"]); got != "%PDF-1.7\n" {
		t.Errorf("got PDF %q, want that of the report", got)
	}
	if png := p.files["node-memory.png"]; !bytes.HasPrefix(png, []byte("\x89PNG")) {
		t.Errorf("got a picture of %d bytes, want a PNG", len(png))
	}
	for line := range strings.SplitSeq(string(body), "\r\n") {
		if len(line) > 200 || strings.ContainsAny(line, "\r\n") || !ascii.MatchString(line) {
			t.Errorf("got line %.300q, want at most 200 bytes of ASCII", line)
		}
	}
	images := regexp.MustCompile(`<img src="cid:([^"]+)"`).FindAllStringSubmatch(p.html, -1)
	if len(images) != 1 || !p.cids[images[0][1]] {
		t.Errorf("got images %q and parts %v, want the same", images, p.cids)
	}
}

var ascii = regexp.MustCompile(`^[ -~]*$`)

// Replies belong to the thread of the message that first announced their alerts. A thread of
// another kind of receiver is none.
func TestThread(t *testing.T) {
	n, srv := New(Options{}), serve(t)
	n.o = srv.options()
	first, err := n.Notify(t.Context(), delivery(t, notify.KindNew, words.English))
	if err != nil {
		t.Fatal(err)
	}
	d := delivery(t, notify.KindResolved, words.English)
	d.Message.Thread = first
	second, err := n.Notify(t.Context(), d)
	if err != nil || second != first {
		t.Fatalf("got receipt %+v and %v, want that of the thread, %+v", second, err, first)
	}
	var mails []parsed
	for _, m := range srv.received() {
		_, body, _ := strings.Cut(m, "\n")
		mails = append(mails, parse(t, []byte(body)))
	}
	if mails[0].header.Get("Message-Id") != first.ID || mails[0].subject != first.Subject {
		t.Errorf("got %q about %q, want the receipt's %+v", mails[0].header.Get("Message-Id"),
			mails[0].subject, first)
	}
	if h := mails[1].header; h.Get("In-Reply-To") != first.ID || h.Get("References") != first.ID ||
		h.Get("Message-Id") == first.ID || mails[1].subject != "Re: "+mails[0].subject {
		t.Errorf("got header %v, want a reply to %s", h, first.ID)
	}
	for _, foreign := range []notify.Receipt{
		{ID: "1795305600.000001", Channel: "C0123456789"},
		{ID: "<a@example.com>\r\nBcc: eve@example.com"}, {ID: "<" + strings.Repeat("x", 900) + "@y>"},
	} {
		d.Message.Thread = foreign
		step, _, body := Draft(plainOptions(), d)
		if h := parse(t, body).header; step != "post" || h.Get("References") != "" ||
			h.Get("Bcc") != "" {
			t.Errorf("%q: got a %s with header %v, want a message of its own", foreign.ID, step, h)
		}
	}
}

// A message that is sent again by a later run has the same Message-ID; others have another one.
func TestIdentity(t *testing.T) {
	o := plainOptions()
	base := delivery(t, notify.KindNew, words.English)
	id := identity(base, o)
	later := delivery(t, notify.KindNew, words.English)
	later.Report.Info.Slot = slot.Add(300e9)
	later.Message.PossibleDuplicate = true
	later.Message.Items[0].Alert.Value = 0.99
	if got := identity(later, o); got != id {
		t.Errorf("the same message of a later run: got %s, want %s", got, id)
	}
	for name, change := range map[string]func(*notify.Delivery, *Options){
		"kind":      func(d *notify.Delivery, _ *Options) { d.Message.Kind = notify.KindWorse },
		"alerts":    func(d *notify.Delivery, _ *Options) { d.Message.Items = d.Message.Items[:1] },
		"episode":   func(d *notify.Delivery, _ *Options) { d.Message.Items[0].Episode.Since = slot },
		"repeated":  func(d *notify.Delivery, _ *Options) { d.Message.Items[0].Was.At = slot },
		"severity":  func(d *notify.Delivery, _ *Options) { d.Message.Items[0].Alert.Severity = 1 },
		"cluster":   func(d *notify.Delivery, _ *Options) { d.Report.Info.Cluster = "x" },
		"report":    func(d *notify.Delivery, _ *Options) { d.Report.Info.Name = "x" },
		"recipient": func(_ *notify.Delivery, o *Options) { o.CC = nil },
	} {
		d, o := delivery(t, notify.KindNew, words.English), o
		change(&d, &o)
		if identity(d, o) == id {
			t.Errorf("another %s: got the same identity, want another one", name)
		}
	}
	today := delivery(t, notify.KindSummary, words.English)
	tomorrow := delivery(t, notify.KindSummary, words.English)
	tomorrow.Report.Info.Slot = slot.Add(24 * 3600e9)
	if identity(today, o) == identity(tomorrow, o) {
		t.Error("got the same identity for the summaries of two days, want two")
	}
}

// What does not fit is left out, the attachments before the pictures, and the message says so.
func TestTooLarge(t *testing.T) {
	srv := serve(t)
	srv.set(func() { srv.offers[0] = "SIZE 200000" })
	n := New(srv.options())
	d := delivery(t, notify.KindNew, words.English)
	d.Files[2].Body = bytes.Repeat([]byte("%PDF"), 200_000)
	if _, err := n.Notify(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	got := srv.received()[0]
	p := parse(t, []byte(got[strings.Index(got, "\n")+1:]))
	const want = "Not attached, because the message would be larger than 195 KiB: " +
		"daily-20261121T181000Z.pdf."
	for part, text := range map[string]string{"text": p.text, "HTML": p.html} {
		if !strings.Contains(text, want) || strings.Contains(text, "No archive keeps") {
			t.Errorf("got %s part %s, want it to say %q", part, text, want)
		}
	}
	if len(got) > 200_000 || p.files["node-memory.png"] == nil ||
		p.files["daily-20261121T181000Z.html"] == nil || len(p.files) != 2 {
		t.Errorf("got %d bytes with %d files, want at most 200000 with the picture and the page",
			len(got), len(p.files))
	}
	d.Archived = nil
	srv.set(func() { srv.offers[0] = "SIZE 20000" })
	if _, err := n.Notify(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	got = srv.received()[1]
	p = parse(t, []byte(got[strings.Index(got, "\n")+1:]))
	if !strings.Contains(p.text, "node-memory.png") ||
		!strings.Contains(p.text, "No archive keeps the report.") || len(got) > 20_000 {
		t.Errorf("got %d bytes: %s\nwant no picture, and why", len(got), p.text)
	}
}

// A picture that cannot be drawn does not stop the message.
func TestNoPicture(t *testing.T) {
	d := delivery(t, notify.KindNew, words.English)
	d.Report.Panels[0].Grid.Step = 0
	d.Report.Panels[0].Lines = nil
	m := compose(d, plainOptions(), 1<<20)
	if parse(t, m.body).text == "" {
		t.Error("got no text, want the message without its picture")
	}
}

// checkMessage fails the test if a message is not what a mail program can read safely.
func checkMessage(t *testing.T, name string, body []byte) {
	t.Helper()
	p := parse(t, body)
	for k := range p.header {
		if !knownHeaders[k] {
			t.Errorf("%s: got a header %s, want none", name, k)
		}
	}
	for k, v := range map[string]string{"subject": p.subject, "text": p.text} {
		for _, line := range strings.Split(v, "\n") {
			if c, bad := hostile.Unprintable(line); bad {
				t.Errorf("%s: got %U in the %s, want it removed", name, c, k)
			}
		}
	}
	z := html.NewTokenizer(strings.NewReader(p.html))
	for z.Next() != html.ErrorToken {
		tag := z.Token()
		if tag.Type != html.StartTagToken && tag.Type != html.SelfClosingTagToken {
			continue
		}
		if !knownTags[tag.Data] {
			t.Errorf("%s: got a tag <%s>, want none", name, tag.Data)
		}
		for _, a := range tag.Attr {
			link := strings.ToLower(a.Val)
			if strings.HasPrefix(a.Key, "on") ||
				a.Key == "src" && !strings.HasPrefix(link, "cid:") ||
				a.Key == "href" && !strings.HasPrefix(link, "http") ||
				a.Key == "style" && strings.Contains(link, "url(") {
				t.Errorf("%s: got the attribute %s=%q, want none", name, a.Key, a.Val)
			}
		}
	}
}

var knownHeaders = map[string]bool{
	"From": true, "To": true, "Cc": true, "Subject": true, "Date": true, "Message-Id": true,
	"In-Reply-To": true, "References": true, "List-Id": true, "Auto-Submitted": true,
	"X-Auto-Response-Suppress": true, "Importance": true, "Mime-Version": true,
	"Content-Type": true, "Content-Transfer-Encoding": true,
}

var knownTags = map[string]bool{
	"html": true, "head": true, "meta": true, "title": true, "body": true, "table": true,
	"tr": true, "td": true, "div": true, "a": true, "img": true, "strong": true,
}

// hostileDelivery returns a message in which everything from outside is one word.
func hostileDelivery(t testing.TB, word string, k notify.Kind) notify.Delivery {
	t.Helper()
	d := delivery(t, k, words.English)
	in := &d.Report.Info
	in.Cluster, in.Name, in.Title, in.Version, in.Command = word, word, word, word, word
	d.Report = report.Build(*in, d.Report.Panels)
	for i := range d.Message.Items {
		a := &d.Message.Items[i].Alert
		a.Name, a.Labels, a.Identity = word, map[string]string{"node": word},
			map[string]string{"node": word}
		a.Rule, a.Panel = word, word
	}
	if k != notify.KindSummary { // drawing is slow, and its words are the same
		d.Report.Panels[0].Total = 0
	}
	d.Message.InsteadOf, d.MemoryLost, d.Unarchived = word, word, []string{word}
	d.Message.Thread.Subject = word
	d.Archived[0].Location = word
	return d
}

func TestHostile(t *testing.T) {
	race.SkipSerial(t)
	for _, w := range append(hostile.Words(),
		hostile.Word{Name: "header", Text: "x\r\nBcc: eve@example.com\r\n\r\n<b>"},
		hostile.Word{Name: "encoded-word", Text: "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLmNvbQ==?="},
		hostile.Word{Name: "dot", Text: "\r\n.\r\nMAIL FROM:<eve@example.com>\r\n"},
	) {
		kinds := []notify.Kind{notify.KindNew, notify.KindResolved}
		if slices.Contains([]string{"script", "attribute", "apostrophe", "header"}, w.Name) {
			kinds = append(kinds, notify.KindSummary) // with a picture
		}
		for _, k := range kinds {
			_, _, body := Draft(plainOptions(), hostileDelivery(t, w.Text, k))
			checkMessage(t, w.Name, body)
			if s := parse(t, body).subject; strings.Contains(s, "\r") || strings.Contains(s, "\n") {
				t.Errorf("%s: got subject %q, want one line", w.Name, s)
			}
		}
	}
}

func FuzzMessage(f *testing.F) {
	for _, w := range hostile.Words() {
		f.Add(w.Text)
	}
	f.Fuzz(func(t *testing.T, word string) {
		d := hostileDelivery(t, word, notify.KindResolved)
		_, _, body := Draft(plainOptions(), d)
		checkMessage(t, "fuzzed", body)
	})
}

// FuzzAnswers gives the sender any answers of a server.
func FuzzAnswers(f *testing.F) {
	f.Add("220 x", "250-x\r\n250 SIZE 9", "250 ok")
	f.Add("554-a\r\n554 b", "", "")
	f.Add("220", "250 AUTH PLAIN", "-1 x")
	f.Fuzz(func(t *testing.T, greeting, hello, rest string) {
		d := serve(t)
		for k, v := range map[string]string{"(greeting)": greeting, "EHLO": hello, "MAIL": rest} {
			if v == "" {
				v = "-"
			}
			d.answer(k, v+"\r\n")
		}
		o := d.options()
		o.Username, o.RequireTLS = "", false
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // both may wait
		defer cancel()
		_, _ = New(o).Notify(ctx, notifytest.Delivery(notify.RoleChanges, notify.KindTest))
	})
}
