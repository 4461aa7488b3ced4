// Package field tests the built-in panels on the cases of testdata/field. Each case is a situation
// of a real cluster, given as series with the correct answer. The package is separate because its
// tests need no server and no build tag.
package field
