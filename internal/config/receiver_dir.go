package config

// KindDir is the kind of an archive in a directory.
const KindDir Kind = "dir"

// Dir is the path of a directory that keeps reports.
type Dir string

// directory is the directory of an archive.
type directory struct {
	// The directory. A relative path starts at this file's directory.
	Path string `yaml:"path" jsonschema:"required"`
}

func (*directory) role() Role { return RoleArchive }

func (d *directory) build(b *builder, path string) any {
	if d.Path == "" {
		b.problem(key(path, "path"), "empty; write a directory such as /var/lib/promsnap")
	}
	return Dir(b.beside(d.Path))
}
