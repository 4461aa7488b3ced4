//go:build race

package state_test

// underRace says that the race detector looks on, which takes six times as long.
const underRace = true
