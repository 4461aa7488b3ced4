package app

import (
	"context"
	"fmt"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/email"
	"github.com/promsnap/promsnap/internal/promapi"
)

// attachable are the files that e-mail can have.
var attachable = map[config.Attachment]string{
	config.AttachHTML: "index.html", config.AttachPDF: "report.pdf",
}

func openEmail(ctx context.Context, e config.Email) (opened, error) {
	o := emailOptions(e)
	var err error
	if o.TLS, err = promapi.TLSConfig(ctx, e.TLS.Client().TLSConfig, e.TLS); err != nil {
		return opened{}, fmt.Errorf("tls_config: %w", err)
	}
	n := email.New(o)
	to := opened{notifier: n, followUp: n.FollowUp}
	if len(o.Attach) > 0 {
		to.attaches = email.Attaches
	}
	return to, nil
}

func rehearseEmail(e config.Email, draft drafter) (notify.Notifier, error) {
	return emailDrafts{emailOptions(e), draft}, nil
}

func emailOptions(e config.Email) email.Options {
	o := email.Options{
		Host: e.Host, Port: e.Port, Hello: e.Hello, From: e.From, To: e.To, CC: e.CC,
		Username: e.Username, Identity: e.Identity, Password: e.Password,
		RequireTLS: e.RequireTLS, ImplicitTLS: e.ImplicitTLS, MaxSize: e.MaxSize,
	}
	for _, a := range e.Attach {
		o.Attach = append(o.Attach, attachable[a])
	}
	return o
}

// emailDrafts passes on each message as a file that mail programs open.
type emailDrafts struct {
	o     email.Options
	draft drafter
}

// Notify implements notify.Notifier.
func (n emailDrafts) Notify(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	step, text, message := email.Draft(n.o, d)
	n.draft(d.Message.Kind, step, text, messageType, message)
	return notify.Receipt{}, nil
}
