// Package race reports whether the race detector is on, under which tests take ten times as long.
// No shipped program contains it.
package race

import "testing"

// SkipSerial skips a test with one goroutine under the race detector, which finds nothing in it.
// make test runs it.
func SkipSerial(t testing.TB) {
	t.Helper()
	if Enabled {
		t.Skip("one goroutine has no races; make test runs this")
	}
}
