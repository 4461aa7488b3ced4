package state

// Encode returns the document as it is stored: JSON, the same bytes for the same document, at most MaxSize of them.
func Encode(k Key, d Doc) ([]byte, error) { return nil, nil }

// Decode reads what Encode wrote, and what older versions of it did. Its errors are *CorruptError and *NewerError.
func Decode(k Key, data []byte) (Doc, error) { return Doc{}, nil }

// MaxSize is the most bytes that a document may have: a ConfigMap holds 1 MiB.
const MaxSize = 1000 << 10
