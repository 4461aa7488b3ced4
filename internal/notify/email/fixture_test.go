package email

import (
	"testing"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// slot is 03:10 in Seoul.
var slot = notifytest.Night

// delivery returns a message of a kind about three nodes, with the report's files.
func delivery(t testing.TB, k notify.Kind, l words.Language) notify.Delivery {
	t.Helper()
	d := notifytest.NewCluster(3, l).Delivery(t, k)
	d.Files = []report.File{
		{
			Name: "index.html", ContentType: "text/html; charset=utf-8",
			Body: []byte("<!doctype html><title>Daily capacity</title>\n"),
		},
		{Name: "report.json", ContentType: "application/json", Body: []byte("{}\n")},
		{Name: "report.pdf", ContentType: "application/pdf", Body: []byte("%PDF-1.7\n")},
	}
	if d.Message.Thread != (notify.Receipt{}) {
		d.Message.Thread = notify.Receipt{
			ID:      "<3b1ee67c1d9b55f1a2cbd3d6e0d9f4f5@example.com>",
			Subject: "🔴 prod-seoul memory > 90 % on 3 of 42 nodes",
		}
	}
	return d
}

// plainOptions returns options without a server.
func plainOptions() Options {
	o := (&double{port: "587"}).options()
	o.Host = "smtp.example.com"
	return o
}
