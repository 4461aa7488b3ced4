// Package supply holds the tests of what promsnap's programs are made of and of what a release has:
// the licences of everything that is linked, that two builds of one commit are the same bytes, the
// configuration of releases, and, with the build tag release, the files of one. It is a package of
// its own because most of it needs no build tag.
package supply
