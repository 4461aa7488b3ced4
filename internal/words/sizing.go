package words

// Sizing are the texts about what workloads request and what they use.
type Sizing struct {
	Title, CPU, Memory string

	// What the advice comes to: "CPU: 24 workloads request 61 cores more than needed; 9 workloads
	// request 4.2 cores too little".
	Request     Counted // the workloads
	Over, Under string  // 1 Request, 2 amount
	LimitLow    Counted // the workloads of which only the limit is too low
	Costing     string  // 1 Over or Under, 2 price
	AMonth      string  // 1 amount of money
	Fit         string  // what is said of a resource without advice, if its use is known
	NoAdvice    string  // the same, if it is not
	Basis       string  // 1 window or Asked, 2 step, 3 headroom
	Asked       string  // 1 history, 2 window

	Withheld                             string // 1 resource, 2 list of the following
	Short, NoPeak, OOMKilled, Unrequired Counted
	Restarted, ShortCut, Autoscaled      Counted

	// The tables, which have the columns Workload, Request, Advised, Used, Pods and InAll.
	TooMuch, TooLittle                           string // headings
	Workload, RequestNow, Advised, UsedNow, Pods string
	InAll, Monthly                               string
	OnlyLimit                                    string // in the column InAll
	WasKilled                                    string // beside a workload
	LimitOf                                      string // 1 quantity
	More                                         Counted
	Paste                                        string // the label of YAML

	OfPods  Counted // the pods of a workload, in a comment of YAML
	NoPatch string  // 1 workload: a comment in YAML before a part to paste
	Unknown string  // 1 error
	// OnlyCluster is a comment in YAML above the patches of one of several clusters: 1 its name.
	OnlyCluster string
	Part        string // 1 error
}

var englishSizing = Sizing{
	Title: "Requests against use", CPU: "CPU", Memory: "memory",

	Request: Counted{"%s workload requests", "%s workloads request"},
	Over:    "%[1]s %[2]s more than needed",
	Under:   "%[1]s %[2]s too little",
	LimitLow: Counted{
		"%s workload has too low a limit", "%s workloads have too low a limit",
	},
	Costing:  "%[1]s (%[2]s)",
	AMonth:   "%[1]s a month",
	Fit:      "requests fit the use",
	NoAdvice: "no advice",
	Basis: "Needed is the use of the last %[1]s and %[3]s more. Memory counts by its maximum, " +
		"CPU by the 95th percentile of averages of %[2]s, both of the busiest pod.",
	Asked: "%[1]s (%[2]s were asked for)",

	Withheld: "No advice about the %[1]s of %[2]s.",
	Short:    Counted{"%s container with a short history", "%s containers with a short history"},
	ShortCut: Counted{
		"%s container with a history of less than 14 days, which are needed to lower its limit",
		"%s containers with a history of less than 14 days, which are needed to lower their limits",
	},
	NoPeak: Counted{
		"%s container with gaps in its data", "%s containers with gaps in their data",
	},
	OOMKilled: Counted{"%s container that was OOM-killed", "%s containers that were OOM-killed"},
	Restarted: Counted{
		"%s container that restarted for an unknown reason",
		"%s containers that restarted for an unknown reason",
	},
	Autoscaled: Counted{
		"%s container that is autoscaled by it", "%s containers that are autoscaled by it",
	},
	Unrequired: Counted{"%s container without a request", "%s containers without a request"},

	TooMuch: "More than needed", TooLittle: "Too little",
	Workload: "Workload", RequestNow: "Request", Advised: "Advised", UsedNow: "Used",
	Pods: "Pods", InAll: "Change, all pods", Monthly: "A month",
	OnlyLimit: "limit only",
	WasKilled: "OOM-killed",
	LimitOf:   "limit %[1]s",
	More:      Counted{"%s more", "%s more"},
	Paste:     "as YAML",

	OfPods:      Counted{"%s pod", "%s pods"},
	NoPatch:     "%[1]s: paste this into its template",
	OnlyCluster: "Only for the cluster %[1]s",
	Unknown:     "requests were not compared with the use: %[1]s",
	Part: "some workloads have no advice about their requests, because their use is not known: " +
		"%[1]s",
}

var koreanSizing = Sizing{
	Title: "요청량과 사용량", CPU: "CPU", Memory: "메모리",

	Request:  always("워크로드 %s개"),
	Over:     "%[1]s: 필요보다 %[2]s 많이 요청",
	Under:    "%[1]s: 필요보다 %[2]s 적게 요청",
	LimitLow: always("워크로드 %s개: 제한이 너무 낮음"),
	Costing:  "%[1]s(%[2]s)",
	AMonth:   "월 %[1]s",
	Fit:      "요청량이 사용량에 맞음",
	NoAdvice: "권장값 없음",
	Basis: "필요량: 최근 %[1]s 사용량 + 여유 %[3]s. 메모리는 최댓값, CPU는 " +
		"%[2]s 평균의 95번째 백분위수이며, 둘 다 가장 바쁜 파드의 값입니다.",
	Asked: "%[1]s(요청한 기간은 %[2]s)",

	Withheld:   "%[1]s 권장값 없음: %[2]s.",
	Short:      always("기록이 짧은 컨테이너 %s개"),
	ShortCut:   always("기록이 14일보다 짧아 제한을 낮출 수 없는 컨테이너 %s개"),
	NoPeak:     always("데이터에 공백이 있는 컨테이너 %s개"),
	OOMKilled:  always("OOM으로 종료된 컨테이너 %s개"),
	Restarted:  always("알 수 없는 이유로 재시작한 컨테이너 %s개"),
	Autoscaled: always("이 자원으로 오토스케일링되는 컨테이너 %s개"),
	Unrequired: always("요청량이 없는 컨테이너 %s개"),

	TooMuch: "필요보다 많음", TooLittle: "부족함",
	Workload: "워크로드", RequestNow: "요청량", Advised: "권장", UsedNow: "사용량",
	Pods: "파드", InAll: "변경량(전체 파드)", Monthly: "월 비용",
	OnlyLimit: "제한만",
	WasKilled: "OOM 종료",
	LimitOf:   "제한 %[1]s",
	More:      always("그 밖에 %s개"),
	Paste:     "YAML로 보기",

	OfPods:      always("파드 %s개"),
	NoPatch:     "%[1]s: 이 워크로드의 템플릿에 붙여 넣기",
	OnlyCluster: "클러스터 %[1]s 전용",
	Unknown:     "요청량과 사용량을 비교하지 못함: %[1]s",
	Part:        "사용량을 알 수 없어 일부 워크로드에는 요청량 권장값이 없음: %[1]s",
}
