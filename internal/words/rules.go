package words

// Rules are the texts about the alerting rules of Prometheus in a report.
type Rules struct {
	Title string // also the heading of their panels

	// What the rules came to, as parts of a sentence.
	Fire, Pend, FiredBefore, Quiet, Broken, Lack Counted
	LeftOut, TooMany                             Counted
	None                                         string // there is no rule

	// The table of alerts.
	Alert, Course, Total string
	Inform               string  // the state of an alert that only informs
	Fired                Counted // how often an alert fired
	Still                string  // 1 when the episode began: it is not over
	More                 Counted // alerts that are left out
	MoreRules            Counted // rules that are listed without their alerts

	QuietHead, BrokenHead, LackHead, NotesHead string

	// Notes. 1 is the rule.
	NeedsQuery, Fails string // 2 label or annotation, 3 error
	Duplicate         string // 2 labels
	Limited           string // 2 number of alerts
	Short             string // 2 how long is judged
	Part              string // 2 what the server says

	Unread string // 1 PrometheusRule, 2 error
}

var englishRules = Rules{
	Title: "Alerting rules",

	Fire:        Counted{"%s rule fires", "%s rules fire"},
	Pend:        Counted{"%s rule is pending", "%s rules are pending"},
	FiredBefore: Counted{"%s rule fired earlier", "%s rules fired earlier"},
	Quiet:       Counted{"%s rule did not fire", "%s rules did not fire"},
	Broken:      Counted{"%s rule failed", "%s rules failed"},
	Lack:        Counted{"%s rule lacks a metric", "%s rules lack a metric"},
	LeftOut:     Counted{"%s rule does not match", "%s rules do not match"},
	TooMany: Counted{
		"%s rule was not run: there are too many", "%s rules were not run: there are too many",
	},
	None: "no alerting rule",

	Alert: "Alert", Course: "In the range", Total: "Fired",
	Inform: "info",
	Fired:  Counted{"%s time", "%s times"},
	Still:  "since %[1]s",
	More:   Counted{"and %s more alert", "and %s more alerts"},

	MoreRules: Counted{"%s more rule, without its chart", "%s more rules, without their charts"},

	QuietHead:  "Did not fire",
	BrokenHead: "Failed",
	LackHead:   "Metrics that do not exist, and the rules that read them",
	NotesHead:  "Notes",

	NeedsQuery: "%[1]s: a part of %[2]s needs a query of its template, which is not sent",
	Fails:      "%[1]s: the template of %[2]s fails: %[3]s",
	Duplicate:  "%[1]s: two series give an alert with the same labels, %[2]s",
	Limited:    "%[1]s: %[2]s alerts are more than the limit of its group",
	Short:      "%[1]s: only the last %[2]s are judged, because its group is evaluated so often",
	Part:       "%[1]s: the answer is incomplete: %[2]s",

	Unread: "the PrometheusRule %[1]s is left out: %[2]s",
}

var koreanRules = Rules{
	Title: "알림 규칙",

	Fire:        Counted{"규칙 %s개 발생 중", "규칙 %s개 발생 중"},
	Pend:        Counted{"규칙 %s개 대기 중", "규칙 %s개 대기 중"},
	FiredBefore: Counted{"규칙 %s개는 앞서 발생", "규칙 %s개는 앞서 발생"},
	Quiet:       Counted{"규칙 %s개는 발생하지 않음", "규칙 %s개는 발생하지 않음"},
	Broken:      Counted{"규칙 %s개 실패", "규칙 %s개 실패"},
	Lack:        Counted{"규칙 %s개는 메트릭 없음", "규칙 %s개는 메트릭 없음"},
	LeftOut:     Counted{"규칙 %s개는 조건에 맞지 않음", "규칙 %s개는 조건에 맞지 않음"},
	TooMany: Counted{
		"규칙이 너무 많아 %s개를 실행하지 않음", "규칙이 너무 많아 %s개를 실행하지 않음",
	},
	None: "알림 규칙 없음",

	Alert: "알림", Course: "기간 중", Total: "발생",
	Inform: "정보",
	Fired:  Counted{"%s회", "%s회"},
	Still:  "%[1]s부터",
	More:   Counted{"외 알림 %s개", "외 알림 %s개"},

	MoreRules: Counted{"차트 없이 규칙 %s개 더", "차트 없이 규칙 %s개 더"},

	QuietHead:  "발생하지 않음",
	BrokenHead: "실패",
	LackHead:   "없는 메트릭과 이를 읽는 규칙",
	NotesHead:  "참고",

	NeedsQuery: "%[1]s: %[2]s의 일부는 템플릿의 쿼리가 필요하지만 쿼리를 보내지 않음",
	Fails:      "%[1]s: %[2]s의 템플릿 오류: %[3]s",
	Duplicate:  "%[1]s: 두 시계열의 알림 레이블이 같음: %[2]s",
	Limited:    "%[1]s: 알림 %[2]s개가 그룹의 제한을 넘음",
	Short:      "%[1]s: 그룹을 자주 평가하므로 최근 %[2]s만 판정함",
	Part:       "%[1]s: 응답이 불완전함: %[2]s",

	Unread: "PrometheusRule %[1]s 제외: %[2]s",
}
