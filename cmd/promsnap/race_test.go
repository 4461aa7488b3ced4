//go:build race

package main

// underRace says that the race detector looks on, under which drawing takes ten times as long.
const underRace = true
