// Package units says how a number reads: bytes, percent, cores, seconds, rates and counts. It is a leaf.
package units

// Unit is how the numbers of a panel read. The zero value is a plain number.
type Unit uint8
