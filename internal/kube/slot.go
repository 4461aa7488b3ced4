package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Downward holds what a Pod knows about itself from the downward API.
type Downward struct {
	Namespace string // metadata.namespace
	Pod       string // metadata.name
	Job       string // metadata.labels['batch.kubernetes.io/job-name']; "" before Kubernetes 1.27
}

// Slot is the time for which a Job runs.
type Slot struct {
	Time   time.Time
	Manual bool   // the Job was created manually
	Job    string // its name
	Again  bool   // an earlier Pod of the Job has failed
	// why the time comes from the Job's name or the clock; "" if it is from the Job itself
	Note string
}

// scheduledTimestamp is the annotation of the Jobs of a CronJob (since Kubernetes 1.28, always
// since 1.32).
const scheduledTimestamp = "batch.kubernetes.io/cronjob-scheduled-timestamp"

// job is the part of a Job that is used. Kubernetes' own type would link its whole API group.
type job struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Status   struct {
		Failed int32 `json:"failed"`
	} `json:"status"`
}

// readJob reads one Job.
func (c *Cluster) readJob(ctx context.Context, a access) (j job, err error) {
	rq := c.batch.Get().Namespace(a.namespace).Resource(a.resource).Name(a.name)
	answer := rq.SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx)
	if err = answer.Error(); err == nil {
		body, _ := answer.Raw() // its error is answer's
		err = json.Unmarshal(body, &j)
	}
	return j, c.explain(ctx, a, err)
}

// Slot returns the time for which this Pod runs. It is the time that the CronJob scheduled, which
// is the same for every retry of the Job. It comes from the Job's annotation, or from the minute in
// the Job's name. For a Job that was created manually it is the time of creation. If nothing is
// known, it is now.
//
// Slot needs the verb get on that one Job. If RBAC forbids it, or the API server does not answer,
// the Note says so.
func (c *Cluster) Slot(ctx context.Context, d Downward, now time.Time) Slot {
	s := Slot{Job: cmp.Or(d.Job, jobOf(d.Pod))}
	if s.Job == "" {
		s.Time, s.Manual, s.Note = now, true, "this Pod belongs to no Job; the run is for the "+
			"current time"
		return s
	}
	a := access{
		verb: "get", group: batchGroup.Group, resource: "jobs",
		namespace: cmp.Or(d.Namespace, c.namespace), name: s.Job,
	}
	job, err := c.readJob(ctx, a)
	s.Again = err == nil && job.Status.Failed > 0
	if err == nil {
		if t, parseErr := time.Parse(time.RFC3339,
			job.Metadata.Annotations[scheduledTimestamp]); parseErr == nil {
			s.Time = t.UTC()
			return s
		}
	}
	if t, ok := minuteIn(s.Job, now); ok {
		s.Time = t
		if err != nil {
			s.Note = fmt.Sprintf("the time of the run comes from the Job's name: %v", err)
		}
		return s
	}
	s.Manual = true
	if err != nil {
		s.Time, s.Note = now, fmt.Sprintf("the run is for the current time, because the time of "+
			"the Job is unknown: %v", err)
		return s
	}
	s.Time = job.Metadata.CreationTimestamp.UTC()
	return s
}

// podSuffix matches the suffix that the Job controller adds to a Job's name.
var podSuffix = regexp.MustCompile(`-[a-z0-9]{5}$`)

// jobOf returns the name of a Pod's Job, or "" if the Pod's name does not contain one.
func jobOf(pod string) string {
	if at := podSuffix.FindStringIndex(pod); at != nil {
		return pod[:at[0]]
	}
	return ""
}

// The minute in a Job's name counts only if it is near the clock, because any name may end in a
// number.
const (
	longestDelay = 31 * 24 * time.Hour // a Job may start late
	clockSkew    = 10 * time.Minute
)

// minuteIn returns the time at the end of a Job's name. The CronJob controller adds it in minutes
// of Unix time.
func minuteIn(job string, now time.Time) (time.Time, bool) {
	minutes, err := strconv.ParseInt(job[strings.LastIndexByte(job, '-')+1:], 10, 64)
	if err != nil || minutes <= 0 || minutes > 1<<32 {
		return time.Time{}, false
	}
	t := time.Unix(60*minutes, 0).UTC()
	return t, t.After(now.Add(-longestDelay)) && t.Before(now.Add(clockSkew))
}
