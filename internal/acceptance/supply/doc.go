// Package supply holds the tests of what promsnap's programs are made of: the licences of
// everything that is linked into them, and that two builds of one commit are the same bytes. It is
// a package of its own because the licences are tested without a build tag.
package supply
