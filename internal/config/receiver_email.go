package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"regexp"
	"strconv"
	"strings"

	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/secret"
)

// KindEmail is the kind of people who read e-mail.
const KindEmail Kind = "email"

// Email is a group of people who read e-mail, and the server that takes their messages.
type Email struct {
	Host, Port         string // of the server
	From               mail.Address
	To, CC             []mail.Address
	Hello              string // the name in the greeting
	Username, Identity string // "": no login
	Password           secret.String
	RequireTLS         bool
	ImplicitTLS        bool // TLS from the first byte
	TLS                HTTP // only its tls_config
	Attach             []Attachment
	MaxSize            int64 // of a message, in bytes
}

// email is the people who get a message by e-mail, and the server that takes it. The keys are those
// of Alertmanager's email_configs.
type email struct {
	// The host and the port of the server that takes the messages: smtp.example.com:587
	Smarthost smarthost `yaml:"smarthost" jsonschema:"required"`
	// The address of the sender: promsnap <promsnap@example.com>
	From mailAddress `yaml:"from" jsonschema:"required"`
	// The addresses of the recipients, with commas between them.
	To mailAddresses `yaml:"to" jsonschema:"required"`
	// The addresses of those who get a copy.
	CC mailAddresses `yaml:"cc"`
	// The name by which promsnap greets the server.
	Hello hostName `yaml:"hello" jsonschema:"default=localhost"`
	// The name to log in with. Without it, promsnap does not log in.
	AuthUsername string `yaml:"auth_username"`
	// The password.
	AuthPassword string `yaml:"auth_password"`
	// The file that holds the password.
	AuthPasswordFile string `yaml:"auth_password_file"`
	// The name of the environment variable that holds the password.
	AuthPasswordEnv string `yaml:"auth_password_env"`
	// The place of the password in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or
	// aws-ssm:/NAME.
	AuthPasswordFrom string `yaml:"auth_password_from"`
	// The identity to act as, if it is another than auth_username (AUTH PLAIN).
	AuthIdentity string `yaml:"auth_identity"`
	// Whether to refuse a server without TLS. If it is false and the server offers STARTTLS,
	// promsnap uses it.
	RequireTLS bool `yaml:"require_tls" jsonschema:"default=true"`
	// Whether the server expects TLS from the first byte. By default, that is so at port 465.
	ForceImplicitTLS bool `yaml:"force_implicit_tls"`
	// How to verify the server's certificate, as in http_config.
	TLS promconfig.TLSConfig `yaml:"tls_config"`
	// The files of the report that are attached: html and pdf. By default, html. An empty list:
	// none.
	Attach []Attachment `yaml:"attach"`
	// The maximum size of a message. Attachments that do not fit are left out, and the message
	// says so.
	MaxSize byteSize `yaml:"max_size" jsonschema:"default=10MiB"`
}

func (*email) role() Role { return RolePeople }

const (
	implicitTLSPort = "465" // RFC 8314
	maxRecipients   = 100   // that every server accepts, RFC 5321
)

func (e *email) build(b *builder, path string) any {
	password := b.secretOf(path, "auth_password", sources{
		e.AuthPassword, e.AuthPasswordFile, e.AuthPasswordEnv, e.AuthPasswordFrom,
	})
	switch {
	case e.AuthUsername != "" && password.IsZero():
		b.problem(key(path, "auth_username"), "no password; set auth_password_file, "+
			"auth_password_env or auth_password_from")
	case e.AuthUsername == "" && !password.IsZero():
		b.problem(b.firstOf(path, "auth_password", "auth_password_file", "auth_password_env",
			"auth_password_from"), "has no effect without auth_username; write both")
	}
	if e.AuthIdentity != "" && e.AuthUsername == "" {
		b.problem(key(path, "auth_identity"), "has no effect without auth_username; write both")
	}
	if len(e.To)+len(e.CC) > maxRecipients {
		b.problem(key(path, "to"), "more than %d recipients; write the address of a mailing list, "+
			"or use several receivers", maxRecipients)
	}
	attach := e.Attach
	if !b.has(key(path, "attach")) {
		attach = []Attachment{AttachHTML}
	}
	from := promconfig.DefaultHTTPClientConfig
	from.TLSConfig = e.TLS
	return Email{
		Host: e.Smarthost.host, Port: e.Smarthost.port, From: mail.Address(e.From),
		To: e.To, CC: e.CC, Hello: string(e.Hello),
		Username: e.AuthUsername, Identity: e.AuthIdentity, Password: password,
		RequireTLS: e.RequireTLS, ImplicitTLS: e.ForceImplicitTLS ||
			!b.has(key(path, "force_implicit_tls")) && e.Smarthost.port == implicitTLSPort,
		TLS: b.http(key(path, "tls_config"), from), Attach: attach, MaxSize: int64(e.MaxSize),
	}
}

// Attachment is a form of the report that can be attached to an e-mail.
type Attachment string

// The attachments.
const (
	AttachHTML Attachment = "html"
	AttachPDF  Attachment = "pdf"
)

// UnmarshalText accepts html and pdf.
func (a *Attachment) UnmarshalText(b []byte) error {
	switch v := Attachment(b); v {
	case AttachHTML, AttachPDF:
		*a = v
		return nil
	}
	return fmt.Errorf("%q cannot be attached; write html or pdf", shorten(string(b)))
}

// smarthost is the host and the port of a mail server.
type smarthost struct{ host, port string }

// hostSyntax matches the names and addresses of hosts.
var hostSyntax = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?\.?$`)

// UnmarshalText accepts HOST:PORT.
func (s *smarthost) UnmarshalText(b []byte) error {
	host, port, err := net.SplitHostPort(string(b))
	n, notNumber := strconv.ParseUint(port, 10, 16)
	if err != nil || notNumber != nil || n == 0 ||
		!hostSyntax.MatchString(host) && net.ParseIP(host) == nil {
		return errors.New("not a host with a port; write one such as smtp.example.com:587, without " +
			"smtp:// before it")
	}
	*s = smarthost{host, port}
	return nil
}

// hostName is the name of a host in a greeting.
type hostName string

// UnmarshalText accepts a name, or an address in brackets.
func (h *hostName) UnmarshalText(b []byte) error {
	inner, bracketed := strings.CutPrefix(string(b), "[")
	inner = strings.TrimPrefix(strings.TrimSuffix(inner, "]"), "IPv6:")
	if bracketed && net.ParseIP(inner) == nil || !bracketed && !hostSyntax.Match(b) {
		return errors.New("not the name of a host; write one such as promsnap.example.com")
	}
	*h = hostName(b)
	return nil
}

// mailAddress is the address of one mailbox, with or without a name.
type mailAddress mail.Address

// UnmarshalText accepts one address.
func (a *mailAddress) UnmarshalText(b []byte) error {
	all, err := parseAddresses(string(b))
	if err != nil {
		return err
	}
	if len(all) != 1 {
		return errors.New("more than one address; write one")
	}
	*a = mailAddress(all[0])
	return nil
}

// mailAddresses are the addresses of mailboxes, with commas between them.
type mailAddresses []mail.Address

// UnmarshalText accepts a list of addresses.
func (a *mailAddresses) UnmarshalText(b []byte) (err error) {
	*a, err = parseAddresses(string(b))
	return err
}

// addressSyntax matches the addresses that every server accepts: those that need no quotes. RFC
// 5321.
var addressSyntax = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_{|}~`-]+" +
	"(\\.[A-Za-z0-9!#$%&'*+/=?^_{|}~`-]+)*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")

const (
	maxLocalPart = 64 // before the @, RFC 5321
	maxAddress   = 254
	maxName      = 128 // before an address, so that a line of the header is not too long
)

// parseAddresses parses addresses with commas between them. Its errors show at most an address.
func parseAddresses(text string) ([]mail.Address, error) {
	list, err := mail.ParseAddressList(text)
	if err != nil {
		return nil, errors.New("not an e-mail address; write one such as team@example.com or " +
			"\"Team <team@example.com>\", and commas between several")
	}
	out := make([]mail.Address, len(list))
	for i, a := range list {
		if len(a.Name) > maxName {
			return nil, fmt.Errorf("a name of more than %d bytes; write a shorter one", maxName)
		}
		if !addressSyntax.MatchString(a.Address) || len(a.Address) > maxAddress ||
			strings.IndexByte(a.Address, '@') > maxLocalPart {
			return nil, fmt.Errorf("%q is not an address that every server accepts; write it "+
				"without quotes, spaces and accents, the domain as xn--… if it has some",
				shorten(a.Address))
		}
		out[i] = *a
	}
	return out, nil
}

// byteSize is a number of bytes.
type byteSize int64

var byteSizeSyntax = regexp.MustCompile(`^([0-9]{1,9})(B|K|KB|KiB|M|MB|MiB|G|GB|GiB)$`)

// The limits of a size.
const (
	minByteSize = 100 << 10
	maxByteSize = 100 << 20
)

// UnmarshalText accepts 10MiB, and 10MB for the same, as Prometheus does.
func (s *byteSize) UnmarshalText(b []byte) error {
	m := byteSizeSyntax.FindStringSubmatch(string(b))
	if m == nil {
		return errors.New("not a size; write one such as 10MiB")
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // at most 9 digits
	n <<= map[byte]int{'B': 0, 'K': 10, 'M': 20, 'G': 30}[m[2][0]]
	if n < minByteSize || n > maxByteSize {
		return errors.New("must be between 100KiB and 100MiB")
	}
	*s = byteSize(n)
	return nil
}
