// Package slackdouble plays Slack in tests: it answers as Slack does, records messages, refuses
// what Slack would refuse, and fails on demand. It is never shipped.
package slackdouble

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Channel is one channel of the workspace.
type Channel struct {
	ID       string
	Name     string
	Member   bool // the app is in it
	Private  bool
	Archived bool
}

// Message is one message or reply.
type Message struct {
	Channel   string // its ID
	TS        string
	Thread    string // the TS of the message that it replies to
	Broadcast bool   // a reply that the channel also sees
	Text      string
	Blocks    json.RawMessage // nil: none
	Markup    bool            // markup in Text is interpreted
	Edits     int
}

// File is an uploaded file.
type File struct {
	ID, Name, Alt, Title string
	Length               int // as announced before the upload
	Body                 []byte
	Channel, Thread      string // where it is shared; "": nowhere
}

// Fault is a failure of calls of one method.
type Fault struct {
	Method string // "chat.postMessage", …; "upload" and "webhook" for requests outside of the API
	Skip   int    // how many calls succeed first
	Times  int    // how many calls fail; 0: one

	Error      string // the answer is {"ok": false, "error": …}; for a webhook its status is 400
	Status     int    // the status of the answer
	RetryAfter int    // for status 429, in seconds; 0: no Retry-After
	Drop       bool   // the connection breaks before the call has an effect
	Lose       bool   // the connection breaks after the call
	Hang       bool   // there is no answer until the caller gives up
	Body       string // the answer, with status 200
	// Unshared is for files.completeUploadExternal: the answer is ok, but the files are not shared.
	Unshared bool
}

// Double is a workspace with one app.
type Double struct {
	server *httptest.Server
	done   chan struct{}
	end    sync.Once

	mu       sync.Mutex
	token    string
	scopes   []string
	channels []Channel
	messages []Message
	files    []File
	faults   []Fault
	calls    []string
	refused  []string
	clock    int
}

// webhookPath is the path of the webhook's URL. The secret follows it.
const webhookPath = "/services/T0001/B0001/"

// Start starts a double. Its app has a token, the scopes chat:write, files:write and files:read,
// and is in the channel C0123456789.
func Start(token string) *Double {
	d := &Double{
		token: token, done: make(chan struct{}), scopes: []string{
			"chat:write", "files:write", "files:read",
		},
		channels: []Channel{{ID: "C0123456789", Name: "oncall", Member: true}},
	}
	d.server = httptest.NewServer(d)
	return d
}

// Close stops the double. It may be called twice.
func (d *Double) Close() {
	d.end.Do(func() {
		close(d.done)
		d.server.CloseClientConnections()
		d.server.Close()
	})
}

// APIURL returns the URL of the API.
func (d *Double) APIURL() string { return d.server.URL + "/api/" }

// WebhookURL returns the URL of the incoming webhook, which posts to the first channel. Its secret
// is the token.
func (d *Double) WebhookURL() string { return d.server.URL + webhookPath + d.token }

// Fail adds a fault.
func (d *Double) Fail(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f.Times = max(f.Times, 1)
	d.faults = append(d.faults, f)
}

// Mend removes all faults.
func (d *Double) Mend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = nil
}

// Grant sets the scopes of the app.
func (d *Double) Grant(scopes ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.scopes = scopes
}

// Put adds a channel, or replaces the one with its ID.
func (d *Double) Put(c Channel) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.channels = append(slices.DeleteFunc(d.channels, func(o Channel) bool {
		return o.ID == c.ID
	}), c)
}

// Delete deletes a message.
func (d *Double) Delete(ts string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.messages = slices.DeleteFunc(d.messages, func(m Message) bool { return m.TS == ts })
}

// Messages returns the messages in their order.
func (d *Double) Messages() []Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.messages)
}

// Files returns the uploaded files in their order.
func (d *Double) Files() []File {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.files)
}

// Calls returns the methods that were called, in their order.
func (d *Double) Calls() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// Refused returns why Slack would have refused calls, without scripted faults.
func (d *Double) Refused() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.refused)
}

// ServeHTTP answers a call.
func (d *Double) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	method, handle := d.route(r)
	f, fails := d.called(method)
	switch {
	case fails && f.Hang:
		select {
		case <-r.Context().Done():
		case <-d.done:
		}
		return
	case fails && f.Drop:
		drop(rw)
		return
	case fails && f.Status != 0:
		if f.RetryAfter > 0 {
			rw.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		rw.WriteHeader(f.Status)
		return
	case fails && f.Body != "":
		_, _ = io.WriteString(rw, f.Body)
		return
	case fails && f.Error != "" && method == "webhook":
		http.Error(rw, f.Error, http.StatusBadRequest)
		return
	case fails && f.Error != "":
		reply(rw, map[string]any{"ok": false, "error": f.Error})
		return
	}
	answer := httptest.NewRecorder()
	d.mu.Lock()
	handle(answer, r, f)
	d.mu.Unlock()
	if fails && f.Lose {
		drop(rw)
		return
	}
	for k, v := range answer.Header() {
		rw.Header()[k] = v
	}
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes())
}

// called records a call and returns its fault, if it has one.
func (d *Double) called(method string) (Fault, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, method)
	for i := range d.faults {
		f := &d.faults[i]
		switch {
		case f.Method != method || f.Times == 0:
			continue
		case f.Skip > 0:
			f.Skip--
			continue
		}
		f.Times--
		return *f, true
	}
	return Fault{}, false
}

type handler func(http.ResponseWriter, *http.Request, Fault)

func (d *Double) route(r *http.Request) (string, handler) {
	if strings.HasPrefix(r.URL.Path, webhookPath) {
		return "webhook", d.webhook
	}
	if strings.HasPrefix(r.URL.Path, "/upload/") {
		return "upload", d.upload
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	methods := map[string]struct {
		scope  string
		handle handler
	}{
		"chat.postMessage":             {"chat:write", d.post},
		"chat.update":                  {"chat:write", d.update},
		"files.getUploadURLExternal":   {"files:write", d.uploadURL},
		"files.completeUploadExternal": {"files:write", d.complete},
		"files.info":                   {"files:read", d.info},
		"conversations.info":           {"channels:read", d.conversation},
		"auth.test": {
			"", func(rw http.ResponseWriter, _ *http.Request, _ Fault) {
				rw.Header().Set("X-OAuth-Scopes", strings.Join(d.scopes, ","))
				reply(rw, map[string]any{"ok": true, "team": "Acme", "user": "promsnap"})
			},
		},
	}
	m, ok := methods[method]
	if !ok {
		return method, func(rw http.ResponseWriter, _ *http.Request, _ Fault) {
			d.refuse(rw, "unknown_method", method)
		}
	}
	return method, func(rw http.ResponseWriter, r *http.Request, f Fault) {
		if token := r.FormValue("token"); token != d.token &&
			r.Header.Get("Authorization") != "Bearer "+d.token {
			d.refuse(rw, "invalid_auth", "another token")
			return
		}
		if m.scope != "" && !slices.Contains(d.scopes, m.scope) {
			d.refused = append(d.refused, "missing_scope: "+m.scope)
			reply(rw, map[string]any{
				"ok": false, "error": "missing_scope", "needed": m.scope,
				"provided": strings.Join(d.scopes, ","),
			})
			return
		}
		m.handle(rw, r, f)
	}
}

func (d *Double) refuse(rw http.ResponseWriter, code, why string) {
	d.refused = append(d.refused, code+": "+why)
	reply(rw, map[string]any{
		"ok": false, "error": code, "response_metadata": map[string]any{
			"messages": []string{"[ERROR] " + why},
		},
	})
}

func reply(rw http.ResponseWriter, v any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(rw).Encode(v)
}

// drop breaks the connection.
func drop(rw http.ResponseWriter) {
	h, ok := rw.(http.Hijacker)
	if !ok {
		return
	}
	if conn, _, err := h.Hijack(); err == nil {
		_ = conn.Close()
	}
}

// conversation describes a channel. The app does not see a private one that it is not in.
func (d *Double) conversation(rw http.ResponseWriter, r *http.Request, _ Fault) {
	for _, c := range d.channels {
		if c.ID == r.FormValue("channel") && (c.Member || !c.Private) {
			reply(rw, map[string]any{"ok": true, "channel": map[string]any{
				"id": c.ID, "name": c.Name, "is_member": c.Member, "is_archived": c.Archived,
			}})
			return
		}
	}
	d.refuse(rw, "channel_not_found", r.FormValue("channel"))
}

// channel returns the channel that a message may go to, or the code of the refusal.
func (d *Double) channel(id string) (*Channel, string) {
	for i := range d.channels {
		c := &d.channels[i]
		switch {
		case c.ID != id:
			continue
		case c.Archived:
			return nil, "is_archived"
		case !c.Member && c.Private:
			return nil, "channel_not_found"
		case !c.Member:
			return nil, "not_in_channel"
		}
		return c, ""
	}
	return nil, "channel_not_found"
}

func (d *Double) find(channel, ts string) *Message {
	for i := range d.messages {
		if m := &d.messages[i]; m.Channel == channel && m.TS == ts {
			return m
		}
	}
	return nil
}

// tick returns the ts of the next message.
func (d *Double) tick() string {
	d.clock++
	return fmt.Sprintf("1795305600.%06d", d.clock)
}

// content reads a message's text and blocks, refuses what Slack refuses, and reports whether the
// message is valid.
func (d *Double) content(rw http.ResponseWriter, m *Message, text, blocks string) bool {
	m.Text, m.Blocks = text, nil
	if blocks != "" && blocks != "null" && blocks != "[]" {
		m.Blocks = json.RawMessage(blocks)
	}
	code, why := "", ""
	switch {
	case text == "" && m.Blocks == nil:
		code, why = "no_text", "neither text nor blocks"
	case len([]rune(text)) > 40000:
		code, why = "msg_too_long", "more than 40,000 characters"
	case m.Blocks != nil:
		code, why = CheckBlocks(m.Blocks)
	}
	if code != "" {
		d.refuse(rw, code, why)
	}
	return code == ""
}

func (d *Double) post(rw http.ResponseWriter, r *http.Request, _ Fault) {
	c, code := d.channel(r.FormValue("channel"))
	if code != "" {
		d.refuse(rw, code, r.FormValue("channel"))
		return
	}
	m := Message{
		Channel: c.ID, Thread: r.FormValue("thread_ts"),
		Broadcast: r.FormValue("reply_broadcast") == "true",
		Markup:    r.FormValue("mrkdwn") != "false",
	}
	if !d.content(rw, &m, r.FormValue("text"), r.FormValue("blocks")) {
		return
	}
	if m.Thread != "" && d.find(c.ID, m.Thread) == nil {
		m.Thread, m.Broadcast = "", false // as Slack does if the message was deleted
	}
	m.TS = d.tick()
	d.messages = append(d.messages, m)
	reply(rw, map[string]any{
		"ok": true, "channel": c.ID, "ts": m.TS, "message": map[string]any{
			"text": m.Text, "thread_ts": m.Thread,
		},
	})
}

func (d *Double) update(rw http.ResponseWriter, r *http.Request, _ Fault) {
	c, code := d.channel(r.FormValue("channel"))
	if code != "" {
		d.refuse(rw, code, r.FormValue("channel"))
		return
	}
	m := d.find(c.ID, r.FormValue("ts"))
	if m == nil {
		d.refuse(rw, "message_not_found", r.FormValue("ts"))
		return
	}
	edited := *m
	if !d.content(rw, &edited, r.FormValue("text"), r.FormValue("blocks")) {
		return
	}
	edited.Edits++
	*m = edited
	reply(rw, map[string]any{"ok": true, "channel": c.ID, "ts": m.TS, "text": m.Text})
}

func (d *Double) webhook(rw http.ResponseWriter, r *http.Request, _ Fault) {
	var in struct {
		Text   string          `json:"text"`
		Blocks json.RawMessage `json:"blocks"`
		Markup *bool           `json:"mrkdwn"`
	}
	if strings.TrimPrefix(r.URL.Path, webhookPath) != d.token {
		http.Error(rw, "invalid_token", http.StatusForbidden)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(rw, "invalid_payload", http.StatusBadRequest)
		return
	}
	c := d.channels[0]
	if c.Archived {
		http.Error(rw, "channel_is_archived", http.StatusGone)
		return
	}
	m := Message{Channel: c.ID, Markup: in.Markup == nil || *in.Markup}
	answer := httptest.NewRecorder()
	if !d.content(answer, &m, in.Text, string(in.Blocks)) {
		http.Error(rw, strings.SplitN(d.refused[len(d.refused)-1], ":", 2)[0],
			http.StatusBadRequest)
		return
	}
	m.TS = d.tick()
	d.messages = append(d.messages, m)
	_, _ = io.WriteString(rw, "ok")
}
