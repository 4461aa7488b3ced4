//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package swapdir

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// The owners of files whose user a share does not know, or whose user is outside of a container.
// NFS uses the second one if it maps names.
const (
	nobody    = 65534
	nfsNobody = 1<<32 - 2
)

// checkLink refuses a link that somebody else has created.
func (d *Dir) checkLink(path string, link fs.FileInfo) error {
	if owned(link) {
		return nil
	}
	return &openError{
		path, fmt.Sprintf("is a link of user %d", ownerOf(link).Uid), d.use, "remove it",
	}
}

// checkDir refuses a directory in which others can write. Members of a group of this user may:
// Kubernetes gives volumes to Pods in this way (fsGroup). In a root where everybody may write, as
// in /tmp, it is enough that nobody can remove files of others (sticky): the directory below is
// promsnap's own. On a volume that is open to everybody, such as an emptyDir, or on a share that
// shows one owner for everything, modes say nothing: whoever has mounted it can write.
func (d *Dir) checkDir(dir *os.Root, sticky bool) error {
	info, err := dir.Stat(".")
	if err != nil {
		return err
	}
	mode, owner := info.Mode(), ownerOf(info)
	ours := mode&0o020 != 0 && inGroup(owner.Gid)
	why, advice := "", ""
	switch {
	case mode&0o002 != 0 && (!sticky || mode&fs.ModeSticky == 0):
		why, advice = "can be written by everybody", "run chmod o-w "+dir.Name()
	case mode&0o022 == 0o020 && !ours:
		why, advice = fmt.Sprintf("can be written by group %d, in which this user is not",
			owner.Gid), "run chmod g-w "+dir.Name()+" (in Kubernetes, set the Pod's fsGroup)"
	case !owned(info) && !ours:
		why, advice = fmt.Sprintf("belongs to user %d", owner.Uid), fmt.Sprintf("run chown %d %s",
			os.Geteuid(), dir.Name())
	default:
		return nil
	}
	if top := volume(dir.Name()); top != nil {
		open := top.Mode()&0o002 != 0 && top.Mode()&fs.ModeSticky == 0
		if open || mode&0o022 == 0 && ownerOf(top).Uid == owner.Uid {
			return nil
		}
	}
	return &openError{dir.Name(), why, d.use, advice}
}

// owned reports whether something belongs to this user, root or nobody.
func owned(info fs.FileInfo) bool {
	uid := int64(ownerOf(info).Uid)
	return uid == int64(os.Geteuid()) || uid == 0 || uid == nobody || uid == nfsNobody
}

func inGroup(gid uint32) bool {
	groups, err := os.Getgroups()
	return int(gid) == os.Getegid() || err == nil && slices.Contains(groups, int(gid))
}

// volume returns the top directory of the file system that holds path; nil if that is the machine's
// own file system, or if it is unknown.
func volume(path string) fs.FileInfo {
	path, err := filepath.Abs(path)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return nil
	}
	info, err := os.Stat(path)
	for err == nil && path != filepath.Dir(path) {
		path = filepath.Dir(path)
		var above fs.FileInfo
		if above, err = os.Stat(path); err == nil && ownerOf(above).Dev != ownerOf(info).Dev {
			return info
		}
		info = above
	}
	return nil
}

// ownerOf returns the system's data about a file.
func ownerOf(info fs.FileInfo) *syscall.Stat_t {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s
	}
	return &syscall.Stat_t{}
}
