//go:build !race

package field

// underRace says that the race detector looks on, which takes fifteen times as long.
const underRace = false
