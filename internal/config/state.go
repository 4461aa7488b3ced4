package config

import (
	"maps"
	"reflect"
	"slices"
)

// StatePlaces lists the places for the state, for error messages.
const StatePlaces = "state: {dir: PATH}, state: {s3: {bucket: NAME}} or state: {configmap: " +
	"{name: NAME}}"

// State says where the state is kept: in a directory, a bucket or a ConfigMap. Exactly one is set.
type State struct {
	Dir       string
	S3        *Bucket
	ConfigMap *ConfigMap
}

// state builds the state section.
func (b *builder) state(s *stateSection) *State {
	const path = "state"
	known := fieldsOf(reflect.TypeFor[stateSection]())
	places := slices.SortedFunc(maps.Keys(known), func(a, b string) int {
		return slices.Compare(known[a].index, known[b].index)
	})
	set := slices.DeleteFunc(places, func(k string) bool { return !b.has(key(path, k)) })
	switch {
	case len(set) > 1:
		b.problem(path, "has both %s and %s; keep one of them", set[0], set[1])
	case s.S3 != nil:
		bucket := b.bucket(s.S3, key(path, "s3"))
		return &State{S3: &bucket}
	case s.ConfigMap != nil:
		return &State{
			ConfigMap: &ConfigMap{
				Namespace: string(s.ConfigMap.Namespace), Name: string(s.ConfigMap.Name),
			},
		}
	case s.Dir == "":
		b.problem(b.firstOf(path, "dir"), "no place; write dir: and a directory that is kept "+
			"between runs, s3: and a bucket, or configmap: and its name")
	}
	return &State{Dir: b.beside(s.Dir)}
}

// stateSection is the place of the state between runs: which alerts fire and what each receiver was
// last sent. Set exactly one of its keys.
type stateSection struct {
	// A directory that survives between runs, such as that of a volume. A relative path starts at
	// this file's directory.
	Dir string `yaml:"dir"`
	// A bucket in S3.
	S3 *bucket `yaml:"s3"`
	// A ConfigMap in the cluster that promsnap watches.
	ConfigMap *configMap `yaml:"configmap"`
}
