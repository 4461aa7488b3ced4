package secret

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const marked = "xoxb-MARKED-token"

func reveal(t *testing.T, s String) string {
	t.Helper()
	got, err := s.Reveal(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestNothingPrintsIt(t *testing.T) {
	type holder struct {
		Token  String
		hidden String
		List   []String
		Point  *String
	}
	s := Inline(marked)
	h := holder{s, s, []String{s}, &s}
	prints := map[string]string{"String": s.String(), "joined": fmt.Errorf("with %v", h).Error()}
	for _, verb := range []string{
		"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%z",
	} {
		prints[verb], prints[verb+" held"] = fmt.Sprintf(verb, s), fmt.Sprintf(verb, h)
		prints[verb+" pointed at"] = fmt.Sprintf(verb, &h)
	}
	if b, err := json.Marshal(h); err == nil {
		prints["json"] = string(b)
	} else {
		t.Error(err)
	}
	if b, err := yaml.Marshal(h); err == nil {
		prints["yaml"] = string(b)
	} else {
		t.Error(err)
	}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("said", "secret", s, "held", h)
		prints[fmt.Sprintf("%T", handler(&b))] = b.String()
	}
	for how, text := range prints {
		if strings.Contains(text, "MARKED") ||
			strings.Contains(text, fmt.Sprintf("%x", "MARKED")) ||
			strings.Contains(text, fmt.Sprintf("%X", "MARKED")) {
			t.Errorf("%s: got %s, want it without the secret", how, text)
		}
	}
	for _, how := range []string{"%v", "%+v", "%#v", "%s", "%x", "json", "yaml", "String"} {
		if !strings.Contains(prints[how], "redacted") {
			t.Errorf("%s: got %q, want <redacted>", how, prints[how])
		}
	}
}

func TestReveal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(" "+marked+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lookup := func(name string) (string, bool) { return marked + "\n", name == "TOKEN" }
	for name, s := range map[string]String{
		"inline": Inline(marked), "file": File(path), "environment": Env("TOKEN", lookup),
		"store": From(func(context.Context) (string, error) { return marked, nil }),
	} {
		if got := reveal(t, s); got != marked || s.IsZero() {
			t.Errorf("%s: got %q, want %q", name, got, marked)
		}
	}
	if !(String{}).IsZero() || (String{}).String() != "" {
		t.Errorf("the zero value: got IsZero %v and text %q, want true and no text",
			(String{}).IsZero(), (String{}).String())
	}
}

func TestFileIsReadAtEachUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	s := File(path)
	for _, want := range []string{"first", "second"} {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := reveal(t, s); got != want {
			t.Errorf("revealed %q, want %q", got, want)
		}
	}
}

func TestWhatIsNoSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(strings.Repeat("MARKED", maxSize)), 0o600); err != nil {
		t.Fatal(err)
	}
	down := errors.New("the store does not answer")
	for _, tc := range []struct {
		name string
		s    String
		want string
	}{
		{"none", String{}, "no secret is configured"},
		{"empty", Inline(" \n"), "the secret is empty"},
		{"two lines", Inline("MARKED\r\nMARKED"), "one line"},
		{"no file", File(path + "-none"), "no such file"},
		{"a directory", File(filepath.Dir(path)), "is a directory"},
		{"a long file", File(path), path + ": longer than 64 KiB"},
		{"no variable", Env("SLACK_BOT_TOKEN", func(string) (string, bool) {
			return "", false
		}), "the environment variable SLACK_BOT_TOKEN is not set"},
		{"an empty variable", Env("SLACK_BOT_TOKEN", func(string) (string, bool) {
			return "", true
		}), "$SLACK_BOT_TOKEN: the secret is empty"},
		{"a store that is down", From(func(context.Context) (string, error) {
			return "", down
		}), down.Error()},
		{"a store with nothing", From(func(context.Context) (string, error) {
			return "", nil
		}), "the secret is empty"},
	} {
		got, err := tc.s.Reveal(context.Background())
		if err == nil || got != "" {
			t.Fatalf("%s: got %q and error %v, want no text and an error", tc.name, got, err)
		}
		if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "MARKED") {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

func ExampleString() {
	receiver := struct {
		Channel string
		Token   String
	}{"C0123456789", Inline("xoxb-1")}
	fmt.Printf("%+v\n", receiver)
	// Output: {Channel:C0123456789 Token:<redacted>}
}
