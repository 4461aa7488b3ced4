package words

// Changes are the texts about what changed before a finding began.
type Changes struct {
	Before   string // 1 how long before it began, 2 what changed
	AtOnce   string // 1 what changed when it began
	At       string // 1 time, 2 what changed; when it began is not known
	Unknown  string // 1 error
	Unlisted string // 1 error of the Kubernetes API

	Container string // 1 workload, 2 container

	Memory string // as the first word of "memory limit"

	Image    string // 1 container or workload, 2 from, 3 to
	Limit    string // 1 container or workload, 2 from, 3 to, 4 memory or CPU
	Request  string // the same
	Replicas string // 1 workload, 2 from, 3 to
	Spec     string // 1 workload
	Created  string // 1 workload

	Joined, Cordoned, Uncordoned, Rebooted string // 1 node

	Restarted string // 1 exporter

	Event     string // 1 object, 2 reason and how often, 3 message
	EventOnly string // an event without a message: 1 object, 2 reason and how often
	Times     string // 1 reason, 2 how often
}

var englishChanges = Changes{
	Before:   "%[1]s before: %[2]s",
	AtOnce:   "at the same time: %[1]s",
	At:       "at %[1]s: %[2]s",
	Unknown:  "promsnap could not find out what changed before the findings: %[1]s",
	Unlisted: "findings are shown without the events of the Kubernetes API: %[1]s",

	Container: "%[1]s (%[2]s)",

	Memory: "memory",

	Image:      "image of %[1]s %[2]s → %[3]s",
	Limit:      "%[4]s limit of %[1]s %[2]s → %[3]s",
	Request:    "%[4]s request of %[1]s %[2]s → %[3]s",
	Replicas:   "replicas of %[1]s %[2]s → %[3]s",
	Spec:       "spec of %[1]s changed",
	Created:    "%[1]s created",
	Joined:     "%[1]s joined the cluster",
	Cordoned:   "%[1]s cordoned",
	Uncordoned: "%[1]s uncordoned",
	Rebooted:   "%[1]s rebooted",
	Restarted:  "%[1]s restarted",

	Event:     "%[2]s of %[1]s: %[3]s",
	EventOnly: "%[2]s of %[1]s",
	Times:     "%[1]s %[2]s×",
}

var koreanChanges = Changes{
	Before:   "시작 %[1]s 전: %[2]s",
	AtOnce:   "시작과 동시에: %[1]s",
	At:       "%[1]s: %[2]s",
	Unknown:  "발생 전에 무엇이 바뀌었는지 확인하지 못함: %[1]s",
	Unlisted: "Kubernetes API의 이벤트를 표시하지 못함: %[1]s",

	Container: "%[1]s (%[2]s)",

	Memory: "메모리",

	Image:      "%[1]s 이미지 %[2]s → %[3]s",
	Limit:      "%[1]s %[4]s 제한 %[2]s → %[3]s",
	Request:    "%[1]s %[4]s 요청량 %[2]s → %[3]s",
	Replicas:   "%[1]s 레플리카 %[2]s → %[3]s",
	Spec:       "%[1]s 설정(spec) 변경",
	Created:    "%[1]s 생성",
	Joined:     "%[1]s 노드 추가",
	Cordoned:   "%[1]s 스케줄링 차단(cordon)",
	Uncordoned: "%[1]s 스케줄링 차단 해제(uncordon)",
	Rebooted:   "%[1]s 재부팅",
	Restarted:  "%[1]s 재시작",

	Event:     "%[1]s %[2]s: %[3]s",
	EventOnly: "%[1]s %[2]s",
	Times:     "%[1]s %[2]s회",
}
