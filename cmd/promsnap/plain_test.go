package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/testdata/hostile"
)

// plain writes all text, but no control character reaches the terminal.
func TestPlain(t *testing.T) {
	for _, w := range hostile.Words() {
		var out bytes.Buffer
		n, err := plain{&out}.Write([]byte(w.Text))
		if err != nil || n != len(w.Text) {
			t.Errorf("%s: got %d bytes and error %v, want %d", w.Name, n, err, len(w.Text))
		}
		if r, bad := hostile.Unprintable(strings.NewReplacer("\n", "", "\t",
			"").Replace(out.String())); bad {
			t.Errorf("%s: got %U on the terminal, want only printable characters", w.Name, r)
		}
	}
	var out bytes.Buffer
	if _, err := (plain{&out}).Write([]byte("a\tb\n\x1b[2J\r\u202e\x9b\u009b한🔥\n")); err != nil {
		t.Fatal(err)
	}
	if want := "a\tb\n" + `\u001b[2J\u000d\u202e\x9b\u009b` + "한🔥\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// JSON keeps its meaning, and a log record stays on one line.
func TestPlainJSONAndLogs(t *testing.T) {
	for _, w := range hostile.Words() {
		var out bytes.Buffer
		e := json.NewEncoder(plain{&out})
		e.SetEscapeHTML(false)
		if err := e.Encode(w.Text); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := json.Unmarshal(out.Bytes(), &got); err != nil ||
			got != strings.ToValidUTF8(w.Text, "\ufffd") && strings.ToValidUTF8(got, "") != got {
			t.Errorf("%s: got %.200q and error %v, want %.200q", w.Name, got, err, w.Text)
		}
		want, err := json.Marshal(w.Text)
		var same string
		if err != nil || json.Unmarshal(want, &same) != nil || got != same {
			t.Errorf("%s: got %.80q, want %.80q", w.Name, got, same)
		}
		for name, handler := range map[string]slog.Handler{
			"text": slog.NewTextHandler(plain{&out}, nil),
			"json": slog.NewJSONHandler(plain{&out}, nil),
		} {
			out.Reset()
			slog.New(handler).Error(w.Text, "error", w.Text, w.Text, "key")
			line, ok := strings.CutSuffix(out.String(), "\n")
			if r, bad := hostile.Unprintable(line); bad || !ok {
				t.Errorf("%s: got %U in the %s log %.200q, want one line of printable characters",
					w.Name, r, name, out.String())
			}
			if name == "json" && !json.Valid([]byte(line)) {
				t.Errorf("%s: got %.200q, want JSON", w.Name, line)
			}
		}
	}
}
