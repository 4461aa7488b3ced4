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

// Downward is what a Pod knows of itself by the downward API.
type Downward struct {
	Namespace string // metadata.namespace
	Pod       string // metadata.name
	Job       string // metadata.labels['batch.kubernetes.io/job-name']; "" before Kubernetes 1.27
}

// Slot is the time that a Job's run is for.
type Slot struct {
	Time   time.Time
	Manual bool   // somebody made the Job by hand
	Job    string // its name
	Again  bool   // a Pod of the Job has failed before this one
	// why the time is only read from the Job's name, or is the clock's; "" where the Job itself
	// said it
	Note string
}

// scheduledTimestamp is the annotation that the CronJob controller gives its Jobs (since Kubernetes
// 1.28, always since 1.32).
const scheduledTimestamp = "batch.kubernetes.io/cronjob-scheduled-timestamp"

// job is what is read of a Job. Kubernetes' own type would bring its whole API group into the
// binary.
type job struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Status   struct {
		Failed int32 `json:"failed"`
	} `json:"status"`
}

// readJob asks for one Job.
func (c *Cluster) readJob(ctx context.Context, a access) (j job, err error) {
	rq := c.batch.Get().Namespace(a.namespace).Resource(a.resource).Name(a.name)
	answer := rq.SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx)
	if err = answer.Error(); err == nil {
		body, _ := answer.Raw() // its error is answer's
		err = json.Unmarshal(body, &j)
	}
	return j, c.explain(ctx, a, err)
}

// Slot returns the time that this Pod's run is for: the one for which its CronJob was due, the same
// for every Pod of a Job that is tried again. It is what the Job's annotation says, else the minute
// in its name. A Job that was made by hand is for the time at which that was done, or, where
// nothing else is known, for now.
//
// It takes the verb get on that one Job. What RBAC denies, and an API server that does not answer,
// are in the Slot's Note.
func (c *Cluster) Slot(ctx context.Context, d Downward, now time.Time) Slot {
	s := Slot{Job: cmp.Or(d.Job, jobOf(d.Pod))}
	if s.Job == "" {
		s.Time, s.Manual, s.Note = now, true, "this is not a Job's Pod: the run is for now"
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
			s.Note = fmt.Sprintf("the run's time is read from the Job's name: %v", err)
		}
		return s
	}
	s.Manual = true
	if err != nil {
		s.Time, s.Note = now, fmt.Sprintf("the run is for now, as the Job does not say for when "+
			"it is: %v", err)
		return s
	}
	s.Time = job.Metadata.CreationTimestamp.UTC()
	return s
}

// podSuffix is what the Job controller puts behind a Job's name.
var podSuffix = regexp.MustCompile(`-[a-z0-9]{5}$`)

// jobOf is the Job that a Pod's name is made of, "" where it is not.
func jobOf(pod string) string {
	if at := podSuffix.FindStringIndex(pod); at != nil {
		return pod[:at[0]]
	}
	return ""
}

// The minute in a Job's name counts where it is this near to the clock: somebody may have put any
// number behind a name.
const (
	longestDelay = 31 * 24 * time.Hour // a Job can wait, and be looked at later
	clockSkew    = 10 * time.Minute
)

// minuteIn reads the time that the CronJob controller puts behind the names of its Jobs, in minutes
// of Unix time.
func minuteIn(job string, now time.Time) (time.Time, bool) {
	minutes, err := strconv.ParseInt(job[strings.LastIndexByte(job, '-')+1:], 10, 64)
	if err != nil || minutes <= 0 || minutes > 1<<32 {
		return time.Time{}, false
	}
	t := time.Unix(60*minutes, 0).UTC()
	return t, t.After(now.Add(-longestDelay)) && t.Before(now.Add(clockSkew))
}
