// Package fleet makes one report of many clusters in three steps. Each step can run in a process of
// its own, and can be repeated:
//
//   - plan: which clusters a report has at a slot, written once (Plan).
//   - map: an ordinary run of one cluster, which also writes a part of the fleet's report (Part).
//   - reduce: the parts, read one after the other in the plan's order, become one (Reduce).
//
// What they write is in a Store. The engines that run the steps, such as a Kubernetes Job or AWS
// Step Functions, keep nothing.
package fleet

import (
	"context"
	"errors"
	"path"
	"time"

	"github.com/promsnap/promsnap/internal/report"
)

// Store keeps the plans and the parts of a fleet, by key. It may be used by several goroutines and
// several programs at once. Keys have slashes between their elements, which are slugs.
type Store interface {
	// Get returns the object and its version. If there is none, the version is "". An object of
	// more than limit bytes is an error that wraps ErrTooLarge.
	Get(ctx context.Context, key string, limit int64) (data []byte, version string, err error)
	// Swap writes the object if its version is still was ("": there is none); otherwise the error
	// wraps ErrConflict. After any other error the object may be written or not, but never in part.
	Swap(ctx context.Context, key string, data []byte, was string) error
}

// The errors of a Store.
var (
	ErrConflict = errors.New("another process wrote it in the meantime")
	ErrTooLarge = errors.New("it is larger than anything that promsnap writes there")
)

// home returns where the plan and the parts of a report's slot are.
func home(reportName string, slot time.Time) string {
	return path.Join(report.Slug(reportName), report.SlotName(slot))
}
