package cloudtest

import (
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// PageSize is how many objects and groups a page of a listing has.
const PageSize = 1000

// listing is the answer to ListObjectsV2.
type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	EncodingType          string   `xml:",omitempty"`
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listedObject
	CommonPrefixes        []struct{ Prefix string }
}

type listedObject struct {
	Key          string
	Size         int
	ETag         string
	LastModified string `xml:",omitempty"`
}

// list answers ListObjectsV2. The token of a page is the last key of the one before it, encoded.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	prefix, delimiter := q.Get("prefix"), q.Get("delimiter")
	after, _ := url.QueryUnescape(q.Get("continuation-token"))
	encode := func(key string) string { return key }
	out := listing{EncodingType: q.Get("encoding-type")}
	if out.EncodingType == "url" {
		encode = url.QueryEscape
	}
	last := ""
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		name := key
		if at := strings.Index(key[len(prefix):], delimiter); delimiter != "" && at >= 0 {
			name = key[:len(prefix)+at+len(delimiter)]
		}
		if name == last || after != "" && name <= after {
			continue
		}
		if len(out.Contents)+len(out.CommonPrefixes) == PageSize {
			out.IsTruncated, out.NextContinuationToken = true, url.QueryEscape(last)
			break
		}
		last = name
		if name != key {
			out.CommonPrefixes = append(out.CommonPrefixes, struct{ Prefix string }{encode(name)})
			continue
		}
		o := s.objects[key]
		at := ""
		if !o.at.IsZero() {
			at = o.at.UTC().Format(time.RFC3339)
		}
		out.Contents = append(out.Contents, listedObject{encode(key), len(o.Body), o.ETag, at})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(out)
}
