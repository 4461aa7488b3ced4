package config

import "time"

// KindS3 is the kind of an archive in a bucket.
const KindS3 Kind = "s3"

// Archive is a bucket that keeps reports.
type Archive struct {
	Bucket
	PublicURL  string
	LinkExpiry time.Duration
}

// archive is a bucket that keeps reports, and how people reach it.
type archive struct {
	bucket `yaml:",inline"`
	// The address at which people reach prefix by other means, such as a CDN. Without it, messages
	// have signed links.
	PublicURL base `yaml:"public_url"`
	// How long a signed link works. It ends earlier if the credentials that signed it expire.
	LinkExpiry duration `yaml:"link_expiry" jsonschema:"default=1w" limits:"1m..1w"`
}

func (*archive) role() Role { return RoleArchive }

func (a *archive) build(b *builder, path string) any {
	if a.PublicURL != "" && b.has(key(path, "link_expiry")) {
		b.problem(key(path, "link_expiry"), "cannot be used with public_url, whose links are not "+
			"signed; keep one of them")
	}
	return Archive{
		Bucket: b.bucket(&a.bucket, path), PublicURL: string(a.PublicURL),
		LinkExpiry: time.Duration(a.LinkExpiry),
	}
}
