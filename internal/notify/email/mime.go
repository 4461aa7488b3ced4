package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"
)

// part is a file in a message.
type part struct {
	name, contentType string
	body              []byte
	alt, cid          string // of a picture in the HTML part; "" for an attachment
}

const (
	lineLength = 76  // of base64
	partHeader = 500 // bytes, at most, with the boundary
)

// size returns at least how many bytes the part needs in a message.
func (p *part) size() int64 {
	n := int64(base64.StdEncoding.EncodedLen(len(p.body)))
	return n + (n/lineLength+1)*2 + partHeader
}

// size returns how many bytes a message without files has.
func (e envelope) size(c content) int64 {
	body, _ := e.write(c, nil) // the error comes again when the message is written
	return int64(len(body))
}

// write returns the message:
//
//	mixed
//	  alternative
//	    text
//	    related
//	      HTML
//	      pictures
//	  attachments
//
// If the HTML part cannot be written, the message has only the text, and write returns an error
// too.
func (e envelope) write(c content, attached []part) ([]byte, error) {
	html, err := c.html()
	alternatives := []node{textPart("text/plain", c.text())}
	if err == nil {
		alternatives = append(alternatives, e.related(html, c.pictures))
	}
	top := node{kind: "alternative", nodes: alternatives}
	if len(alternatives) == 1 {
		top = alternatives[0]
	}
	if len(attached) > 0 {
		all := []node{top}
		for _, a := range attached {
			all = append(all, a.node("attachment"))
		}
		top = node{kind: "mixed", nodes: all}
	}
	var out bytes.Buffer
	e.writeHeader(&out)
	header, body := top.encode()
	for _, k := range []string{"Content-Type", "Content-Transfer-Encoding"} {
		if v := header.Get(k); v != "" {
			writeField(&out, k, v)
		}
	}
	out.WriteString("\r\n")
	out.Write(body)
	return out.Bytes(), err
}

// related returns the HTML part with its pictures.
func (envelope) related(html string, pictures []part) node {
	all := []node{textPart("text/html", html)}
	for _, p := range pictures {
		all = append(all, p.node("inline"))
	}
	if len(all) == 1 {
		return all[0]
	}
	return node{kind: "related", nodes: all}
}

// writeHeader writes all fields but those of the content.
func (e envelope) writeHeader(out *bytes.Buffer) {
	writeField(out, "From", e.o.From.String())
	writeField(out, "To", addresses(e.o.To))
	if len(e.o.CC) > 0 {
		writeField(out, "Cc", addresses(e.o.CC))
	}
	writeField(out, "Subject", encoded(e.subject))
	writeField(out, "Date", e.at.Format(time.RFC1123Z))
	writeField(out, "Message-ID", e.id)
	if e.thread.ID != "" {
		writeField(out, "In-Reply-To", e.thread.ID)
		writeField(out, "References", e.thread.ID)
	}
	writeField(out, "List-Id", e.listID)
	writeField(out, "Auto-Submitted", "auto-generated")
	writeField(out, "X-Auto-Response-Suppress", "All")
	if e.urgent {
		writeField(out, "Importance", "high")
	}
	writeField(out, "MIME-Version", "1.0")
}

// writeField writes a field of a header. Only folded lines may break it.
func writeField(out *bytes.Buffer, name, value string) {
	lines := strings.Split(value, "\r\n ")
	for i, l := range lines {
		lines[i] = strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return -1
			}
			return r
		}, l)
	}
	fmt.Fprintf(out, "%s: %s\r\n", name, strings.Join(lines, "\r\n "))
}

// encoded returns a subject as encoded words (RFC 2047), folded. Plain ASCII stays; nothing in it
// can be read as an encoded word.
func encoded(s string) string {
	words := mime.BEncoding.Encode("utf-8", strings.ReplaceAll(s, "=?", "= ?"))
	return strings.ReplaceAll(words, "?= =?", "?=\r\n =?")
}

// node is a part of a message: a leaf with a body, or several nodes.
type node struct {
	header textproto.MIMEHeader // of a leaf
	body   []byte               // of a leaf, encoded
	kind   string               // "mixed", "alternative" or "related"
	nodes  []node
}

// textPart returns a leaf with a text.
func textPart(contentType, text string) node {
	var body bytes.Buffer
	w := quotedprintable.NewWriter(&body)
	_, _ = io.WriteString(w, text) // a buffer never fails
	_ = w.Close()
	return node{body: body.Bytes(), header: textproto.MIMEHeader{
		"Content-Type":              {contentType + "; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	}}
}

// node returns the part as a leaf.
func (p *part) node(disposition string) node {
	var body bytes.Buffer
	text := base64.StdEncoding.EncodeToString(p.body)
	for len(text) > lineLength {
		body.WriteString(text[:lineLength] + "\r\n")
		text = text[lineLength:]
	}
	body.WriteString(text)
	header := textproto.MIMEHeader{
		"Content-Type":              {p.contentType},
		"Content-Transfer-Encoding": {"base64"},
		"Content-Disposition": {
			mime.FormatMediaType(disposition, map[string]string{"filename": p.name}),
		},
	}
	if p.cid != "" {
		header.Set("Content-Id", "<"+p.cid+">")
	}
	return node{body: body.Bytes(), header: header}
}

// encode returns the header and the body of a node. The boundaries are hashes of the content, so
// the same message always has the same bytes, and no text can contain them.
func (n *node) encode() (textproto.MIMEHeader, []byte) {
	if n.kind == "" {
		return n.header, n.body
	}
	headers := make([]textproto.MIMEHeader, len(n.nodes))
	bodies := make([][]byte, len(n.nodes))
	hash := sha256.New()
	for i := range n.nodes {
		headers[i], bodies[i] = n.nodes[i].encode()
		hash.Write(bodies[i])
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.SetBoundary("promsnap-" + hex.EncodeToString(hash.Sum(nil)[:15]))
	for i := range n.nodes {
		if to, err := w.CreatePart(headers[i]); err == nil { // a buffer never fails
			_, _ = to.Write(bodies[i])
		}
	}
	_ = w.Close()
	return textproto.MIMEHeader{
		"Content-Type": {fmt.Sprintf("multipart/%s; boundary=%s", n.kind, w.Boundary())},
	}, body.Bytes()
}
