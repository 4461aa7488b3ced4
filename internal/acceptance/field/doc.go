// Package field holds the cases of testdata/field against what promsnap says of them. Each case is
// a situation of a real cluster as series, with the right answer beside it. The package stands
// apart because its tests need no server and no build tag.
package field
