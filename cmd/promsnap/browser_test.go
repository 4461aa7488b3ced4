package main

import (
	"slices"
	"strings"
	"testing"
)

func TestBrowser(t *testing.T) {
	const page = "https://s3.example.com/a?b=c;d e"
	for setting, want := range map[string][]string{
		"firefox":                   {"firefox", page},
		"firefox --new-tab":         {"firefox", "--new-tab", page},
		"w3m -T %s -o x:lynx":       {"w3m", "-T", page, "-o", "x"},
		"open-it --url=%s:firefox:": {"open-it", "--url=" + page},
	} {
		c := &console{getenv: func(name string) string {
			return map[string]string{"BROWSER": setting}[name]
		}}
		if got := c.browser(page); !slices.Equal(got, want) {
			t.Errorf("BROWSER=%q: got %q, want %q", setting, got, want)
		}
	}
	c := &console{getenv: func(string) string { return "" }}
	if got := c.browser(page); len(got) < 2 || got[len(got)-1] != page {
		t.Errorf("without $BROWSER: got %q, want the command of the desktop", got)
	}
	c.getenv = func(string) string { return "/none/browser" }
	if err := c.browse(page); err == nil || !strings.Contains(err.Error(), "set $BROWSER to") {
		t.Errorf("a browser that is not there: got error %v, want one that names $BROWSER", err)
	}
}
