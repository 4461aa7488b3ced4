package words

// Fired are the texts about the alerts of the server's own rules.
type Fired struct {
	Title string

	// The line: "12 alerts fired, 4 h 10 min in all; noisiest KubePodCrashLooping 31×; 40 never
	// fired in 30 d".
	Alerts   Counted // that fired
	None     string
	InAll    string // 1 Alerts, 2 how long
	Noisiest string // 1 alert, 2 how often
	Never    Counted
	Within   string // 1 Never, 2 how long
	Managed  Counted
	// Suppressed is added to Managed: 1 Managed, 2 how many of them.
	Suppressed string

	// The health of rules, in one line.
	Healthy                Counted // the rules
	Fails, Slow, Stale     Counted
	Missed                 Counted // the groups
	FailsOf                string  // 1 error
	SlowOf                 string  // 1 how long it took, 2 interval
	StaleOf                string  // 1 since when, 2 interval
	MissedOf               Counted // the evaluations
	Unlisted, OnlyNow      string
	Precision              string // 1 step
	RulesNow               string
	Alert, Severity        string // columns
	Times, Lasted, Firing  string
	Since                  string // a column
	TimesOf                string // 1 number: "31×"
	MoreAlerts, MoreFaults Counted
	Faults, NeverHead      string // headings
	MoreNever              Counted

	Unknown      string // 1 error
	RulesUnknown string // 1 error
	NeverUnknown string // 1 error
}

var englishFired = Fired{
	Title: "What fired",

	Alerts:     Counted{"%s alert fired", "%s alerts fired"},
	None:       "no alert fired",
	InAll:      "%[1]s, %[2]s in all",
	Noisiest:   "noisiest %[1]s %[2]s",
	Never:      Counted{"%s never fired", "%s never fired"},
	Within:     "%[1]s in %[2]s",
	Managed:    Counted{"%s alert fires now", "%s alerts fire now"},
	Suppressed: "%[1]s (%[2]s silenced or inhibited)",

	Healthy: Counted{"%s rule works", "%s rules work"},
	Fails:   Counted{"%s rule fails", "%s rules fail"},
	Slow: Counted{
		"%s group takes longer than its interval", "%s groups take longer than their intervals",
	},
	Stale:    Counted{"%s group is not evaluated any more", "%s groups are not evaluated any more"},
	Missed:   Counted{"%s group left out evaluations", "%s groups left out evaluations"},
	FailsOf:  "fails: %[1]s",
	SlowOf:   "takes %[1]s, every %[2]s",
	StaleOf:  "not evaluated since %[1]s, every %[2]s",
	MissedOf: Counted{"left out %s evaluation", "left out %s evaluations"},
	Unlisted: "This server does not list its rules, so their health is unknown.",
	OnlyNow: "An Alertmanager only knows what fires now. What fired before, how often and for how " +
		"long is unknown.",
	Precision: "All objects of an alert count together, to a precision of %[1]s. Left out are " +
		"alerts for information and those that always fire.",
	RulesNow: "The health of the rules is that at the time of the run.",

	Alert: "Alert", Severity: "Severity", Times: "Fired", Lasted: "For", Firing: "Firing now",
	Since: "Since", TimesOf: "%[1]s×",
	MoreAlerts: Counted{"%s more alert", "%s more alerts"},
	MoreFaults: Counted{"%s more fault", "%s more faults"},
	Faults:     "Rules with faults", NeverHead: "Alerts that never fired",
	MoreNever: Counted{"%s more", "%s more"},

	Unknown:      "it is not known which alerts fired: %[1]s",
	RulesUnknown: "the health of the rules is not known: %[1]s",
	NeverUnknown: "it is not known which alerts never fire: %[1]s",
}

var koreanFired = Fired{
	Title: "발생한 알림",

	Alerts:     always("알림 %s개 발생"),
	None:       "발생한 알림 없음",
	InAll:      "%[1]s, 합계 %[2]s",
	Noisiest:   "가장 잦은 알림 %[1]s %[2]s",
	Never:      always("한 번도 발생하지 않은 알림 %s개"),
	Within:     "%[2]s 동안 %[1]s",
	Managed:    always("지금 발생 중인 알림 %s개"),
	Suppressed: "%[1]s (사일런스 또는 억제 %[2]s개)",

	Healthy:  always("정상 규칙 %s개"),
	Fails:    always("실패한 규칙 %s개"),
	Slow:     always("평가가 주기보다 오래 걸리는 그룹 %s개"),
	Stale:    always("더 이상 평가되지 않는 그룹 %s개"),
	Missed:   always("평가를 건너뛴 그룹 %s개"),
	FailsOf:  "실패: %[1]s",
	SlowOf:   "평가에 %[1]s 소요, 주기 %[2]s",
	StaleOf:  "%[1]s 이후 평가되지 않음, 주기 %[2]s",
	MissedOf: always("평가 %s회 건너뜀"),
	Unlisted: "이 서버는 규칙 목록을 제공하지 않아 규칙의 상태를 알 수 없습니다.",
	OnlyNow: "Alertmanager는 지금 발생 중인 알림만 압니다. 이전에 발생한 알림과 그 횟수, 지속 시간은 알 수 " +
		"없습니다.",
	Precision: "한 알림의 모든 대상을 합쳐서 세며 정밀도는 %[1]s입니다. 정보용 알림과 항상 발생하는 알림은 " +
		"제외합니다.",
	RulesNow: "규칙의 상태는 실행 시점의 상태입니다.",

	Alert: "알림", Severity: "심각도", Times: "발생", Lasted: "지속", Firing: "지금 발생 중",
	Since: "시작", TimesOf: "%[1]s회",
	MoreAlerts: always("그 밖의 알림 %s개"),
	MoreFaults: always("그 밖의 문제 %s개"),
	Faults:     "문제가 있는 규칙", NeverHead: "한 번도 발생하지 않은 알림",
	MoreNever: always("그 밖에 %s개"),

	Unknown:      "어떤 알림이 발생했는지 알 수 없음: %[1]s",
	RulesUnknown: "규칙의 상태를 알 수 없음: %[1]s",
	NeverUnknown: "발생한 적이 없는 알림을 알 수 없음: %[1]s",
}
