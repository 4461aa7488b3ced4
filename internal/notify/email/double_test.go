package email

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

// double is a mail server that the test controls.
type double struct {
	t    *testing.T
	port string
	cert tls.Certificate
	ca   *x509.CertPool

	hung     chan struct{} // closed when it hangs
	hangs    sync.Once
	mu       sync.Mutex
	offers   []string          // extensions, such as "SIZE 1000"
	implicit bool              // TLS from the first byte
	answers  map[string]string // by the begin of a command; "": it hangs; "-": it closes
	mails    []string          // "FROM TO,TO\n" and the message
	said     []string          // every command
	login    string            // what AUTH sent, decoded
}

// serve starts a double that offers STARTTLS and a login.
func serve(t *testing.T) *double {
	t.Helper()
	d := &double{
		t: t, offers: []string{"SIZE 30000000", "STARTTLS", "AUTH LOGIN PLAIN"},
		answers: map[string]string{}, hung: make(chan struct{}),
	}
	d.cert, d.ca = certificate(t, "localhost", slotYear())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, d.port, _ = net.SplitHostPort(l.Addr().String())
	var wg sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			wg.Go(func() { defer c.Close(); d.talk(c) })
		}
	})
	return d
}

// slotYear is how long certificates of the tests are valid.
func slotYear() time.Time { return time.Now().Add(24 * time.Hour) }

// certificate returns a certificate for a name that signs itself.
func certificate(t *testing.T, name string, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	var names []string
	if name != "" {
		names = []string{name}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: until.Add(-48 * time.Hour), NotAfter: until, DNSNames: names,
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// set changes the double.
func (d *double) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

// answer makes the double answer commands that begin with a text.
func (d *double) answer(command, text string) {
	d.set(func() { d.answers[command] = text })
}

// talk holds one conversation.
func (d *double) talk(c net.Conn) {
	d.mu.Lock()
	implicit := d.implicit
	d.mu.Unlock()
	if implicit {
		c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{d.cert}})
	}
	in := bufio.NewReader(c)
	say := func(command, text string) bool {
		d.mu.Lock()
		for k, v := range d.answers {
			if strings.HasPrefix(command, k) {
				text = v
			}
		}
		d.mu.Unlock()
		switch text {
		case "":
			d.hangs.Do(func() { close(d.hung) })
			_, _ = in.ReadByte() // nothing comes, until the other side gives up
			return false
		case "-":
			return false
		}
		_, err := fmt.Fprintf(c, "%s\r\n", text)
		return err == nil
	}
	if !say("(greeting)", "220 double ESMTP") {
		return
	}
	from, to := "", []string{}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		d.set(func() { d.said = append(d.said, line) })
		var going bool
		switch verb, rest, _ := strings.Cut(line, " "); strings.ToUpper(verb) {
		case "EHLO":
			d.mu.Lock()
			text := "250-double"
			for _, o := range d.offers {
				text += "\r\n250-" + o
			}
			d.mu.Unlock()
			going = say(line, text+"\r\n250 HELP")
		case "STARTTLS":
			if going = say(line, "220 go"); going {
				c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{d.cert}})
				in = bufio.NewReader(c)
			}
		case "AUTH":
			going = d.auth(line, rest, say, in)
		case "MAIL":
			from, to = rest, nil
			going = say(line, "250 ok")
		case "RCPT":
			to = append(to, rest)
			going = say(line, "250 ok")
		case "DATA":
			if !say(line, "354 go") {
				return
			}
			var body strings.Builder
			for {
				l, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if l == ".\r\n" {
					break
				}
				body.WriteString(strings.TrimPrefix(l, "."))
			}
			text := "250 kept"
			d.mu.Lock()
			if v, ok := d.answers["."]; ok {
				text = v
			}
			if strings.HasPrefix(text, "2") || text == "-" {
				d.mails = append(d.mails, from+" "+strings.Join(to, ",")+"\n"+body.String())
			}
			d.mu.Unlock()
			going = say(".", text)
		case "QUIT":
			_ = say(line, "221 bye")
			return
		default:
			going = say(line, "250 ok")
		}
		if !going {
			return
		}
	}
}

// auth answers AUTH PLAIN and AUTH LOGIN.
func (d *double) auth(line, rest string, say func(string, string) bool, in *bufio.Reader) bool {
	method, first, _ := strings.Cut(rest, " ")
	var got []string
	if method == "PLAIN" {
		plain, _ := base64.StdEncoding.DecodeString(first)
		got = []string{string(plain)}
	} else {
		for _, ask := range []string{"Username:", "Password:"} {
			if !say("(ask)", "334 "+base64.StdEncoding.EncodeToString([]byte(ask))) {
				return false
			}
			l, err := in.ReadString('\n')
			if err != nil {
				return false
			}
			plain, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(l))
			got = append(got, string(plain))
		}
	}
	d.set(func() { d.login = method + " " + strings.Join(got, "|") })
	return say(line, "235 welcome")
}

// arrived returns every message.
func (d *double) arrived() string { return strings.Join(d.received(), "\n") }

// received returns the messages, each below a line with its envelope.
func (d *double) received() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.mails)
}

// commands returns what the double was told.
func (d *double) commands() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.said)
}

// options returns the options for the double, with a login.
func (d *double) options() Options {
	return Options{
		Host: "localhost", Port: d.port, Hello: "promsnap.example.com",
		From:     mail.Address{Name: "promsnap", Address: "promsnap@example.com"},
		To:       []mail.Address{{Name: "팀", Address: "team@example.com"}},
		CC:       []mail.Address{{Address: "boss@example.com"}},
		Username: "promsnap", Password: secret.Inline(notifytest.Secret), RequireTLS: true,
		TLS:     &tls.Config{RootCAs: d.ca},
		Attach:  []string{"index.html", "report.pdf"},
		MaxSize: 10 << 20,
	}
}
