package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
)

// browser returns the command that opens a location in a browser: the first of $BROWSER, or that of
// the desktop.
func (c *console) browser(location string) []string {
	first, _, _ := strings.Cut(c.getenv("BROWSER"), ":")
	if words := strings.Fields(first); len(words) > 0 {
		placed := false
		for i, w := range words {
			placed = placed || strings.Contains(w, "%s")
			words[i] = strings.ReplaceAll(w, "%s", location)
		}
		if placed {
			return words
		}
		return append(words, location)
	}
	switch runtime.GOOS {
	case "darwin":
		return []string{"open", location}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", location}
	}
	return []string{"xdg-open", location}
}

// browse opens a location in a browser. It does not wait for the browser.
func (c *console) browse(location string) error {
	command := c.browser(location)
	if err := exec.Command(command[0], command[1:]...).Start(); err != nil {
		return fmt.Errorf("%w; open it yourself, or set $BROWSER to the command of a browser", err)
	}
	return nil
}
