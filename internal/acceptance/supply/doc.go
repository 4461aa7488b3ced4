// Package supply tests what promsnap's programs are made of and what a release holds: the licences
// of all linked code, reproducible builds, the configuration of releases, and, with the build tag
// release, the files of a release. It is separate because most of it needs no build tag.
package supply
