package notify

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"
	"time"
)

// Work is done once, in its order, and again while the receiver asks to wait.
func TestLater(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		var l Later
		var did []string
		l.Add("first", func(ctx context.Context) error {
			return Again(ctx, func() error {
				did = append(did, "first")
				return &RetryError{After: 4 * time.Second, Err: errors.New("busy")}
			})
		})
		l.Add("second", func(context.Context) error { did = append(did, "second"); return nil })
		l.Add("third", func(ctx context.Context) error {
			did = append(did, "third")
			<-ctx.Done() // it never answers
			return ctx.Err()
		})
		l.Add("fourth", func(ctx context.Context) error {
			return Again(ctx, func() error {
				did = append(did, "fourth")
				return &RetryError{After: time.Hour, Err: errors.New("very busy")}
			})
		})
		began := time.Now()
		err := l.FollowUp(t.Context())
		if got := strings.Join(did, " "); got != "first first first second third fourth" {
			t.Errorf("got %s, want each once, the first one three times", got)
		}
		for _, part := range []string{"first: busy", "third: context deadline", "fourth: very"} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("got %v, want an error with %q", err, part)
			}
		}
		if took := time.Since(began); took != 8*time.Second+laterTime {
			t.Errorf("got %s, want two waits of 4s and the time of one message", took)
		}
		if err := l.FollowUp(t.Context()); err != nil || len(did) != 6 {
			t.Errorf("again: got %d steps (%v), want none", len(did)-6, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l.Add("late", func(context.Context) error { did = append(did, "late"); return nil })
		if err := l.FollowUp(ctx); err == nil || len(did) != 6 ||
			!strings.Contains(err.Error(), "stay without pictures: 1") {
			t.Errorf("without time: got %v and %d steps, want an error and none", err, len(did)-6)
		}
	})
}

func TestForm(t *testing.T) {
	body, kind, err := Form([]FormPart{
		{Name: "payload_json", ContentType: "application/json", Body: []byte("{}")},
		{
			Name: "files[0]", FileName: "a\"b\r\nX: y.png", ContentType: "image/png",
			Body: []byte("png"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, with, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(strings.NewReader(string(body)), with["boundary"])
	var got []string
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("X") != "" {
			t.Errorf("got the header X: %s from a file name, want none", p.Header.Get("X"))
		}
		got = append(got, p.FormName()+" "+p.Header.Get("Content-Type")+" "+string(text))
	}
	want := "payload_json application/json {}, files[0] image/png png"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}
