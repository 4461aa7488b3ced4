// Package race tells the tests whether the race detector looks on, under which they take ten times
// as long. It is no part of what ships.
package race

import "testing"

// SkipSerial skips a test that has one goroutine under the race detector, which has nothing to see
// in it. make test runs it.
func SkipSerial(t testing.TB) {
	t.Helper()
	if Enabled {
		t.Skip("one goroutine has no races; make test runs this")
	}
}
