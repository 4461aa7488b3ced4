//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package state

import "os"

// Where there is no lock, no directory keeps a state, whoever may write in it.

func checkLink(string) error        { return nil }
func checkDir(*os.Root, bool) error { return nil }
