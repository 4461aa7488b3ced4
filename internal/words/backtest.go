package words

// Backtest are the texts about what other levels of a rule would have done in the past.
type Backtest struct {
	Title  string // of a page; 1 report
	Of     string // 1 rule, 2 panel
	Period string // 1 how long, 2 to when
	Slots  Counted
	Series Counted

	Summary, Levels, Who, Days, Paste string // headings

	// Headings of the tables.
	Rule, Panel, Now, Proposed, Level, For, PerWeek, HeldOut, Alerts, Objects string
	Firing, Longest, Top, Flaps                                               string
	// Columns explains the columns; 1 within which time an alert comes back.
	Columns string
	// Keep and NoLevel are what is proposed, if it is not a level.
	Keep, NoLevel string

	NowAt, ProposedAt    string // 1 level and For
	Times                Counted
	Often                Counted // how often something alerted, in the sentences below
	Weekly               string  // 1 alerts a week
	Line                 string  // a line of a chart; 1 For
	AimedAt              string  // a line of a chart; 1 alerts a week
	HeldOutLine          string  // a line of a chart
	NotBeyond            string  // a line of a chart; 1 level
	AboutLevels          string  // what the sign ~ means
	MoreLevels, MoreDays Counted
	MoreObjects          Counted
	NoAlerts             string // no object alerted
	NotByObject          string // alerts were counted, but not by object
	OfAll                string // 1 share of the alerts
	StillFires           string // after the beginning of an alert

	// The sentence about the proposal: 1 level and For, 2 its alerts a week, 3 configured level, 4
	// its alerts a week.
	Better string
	Stays  string // 1 configured level, 2 its alerts a week
	None   string // the same
	Unsure string

	// Why.
	Fits      string // 1 level, 2 aim
	Cliff     string // 1 level
	Enough    string // 1 aim
	Newest    string // 1 when the newest third begins, 2 aim, 3 alerts a week since then
	Wall      string // 1 wall, 2 aim, 3 the configured For
	NoneAtAll string // the same without a wall
	Evicts    string // what happens at the wall; 1 wall
	Kills     string // the same
	Full      string // the same
	// IsCritical says that the wall is the critical limit of the rule; 1 wall.
	IsCritical string
	NoFor      string // no other For does either
	Short      string // 1 how much time has data
	// HeldWhy is about the time before and in the newest third: 1 how long it was before, 2 when
	// the newest third begins, 3 alerts a week before, 4 how long the newest third is, 5 alerts a
	// week in it.
	HeldWhy  string
	HeldMore string // continues HeldWhy; 1 aim

	Stopped   string // 1 until when
	Partial   string // beside the name of a rule whose back-test was stopped
	Shorter   string // 1 how long was asked for, 2 how long has data
	Blind     string // 1 how long, 2 times
	Overrides Counted
	NoLimit   string
	// PasteInto is the heading Paste for a panel of your own; 1 panel.
	PasteInto string

	// The legend of the picture of objects and days.
	AlertsADay, AlsoProposed, Unknown string

	// Of rule files.
	Group, Brief, SeriesHead string // headings; 1 of Brief the time that is brief
	Evaluations              Counted
	// Fired is what a rule did: 1 how often, 2 Briefly or nothing, 3 Series, 4 the time of all
	// alerts, 5 that of the longest one.
	Fired        string
	Briefly      string // 1 how many alerts, 2 the time that they were shorter than
	NeverFired   Counted
	AsConfigured string
	// Fixed, Unread and Often say why nothing is proposed.
	Fixed, Unread string
	Unproposed    string // 1 alerts a week
	Cut           string // 1 interval, 2 the time that was tested, 3 the time that was asked for
	Duplicates    Counted
	TooMany       Counted
	PasteFile     string // 1 file, 2 line
	RulesMeasure  string // explains the summary
}

var englishBacktest = Backtest{
	Title:  "Back-test of %[1]s",
	Of:     "%[1]s of %[2]s",
	Period: "%[1]s to %[2]s",
	Slots:  Counted{"%s slot", "%s slots"},
	Series: Counted{"%s series", "%s series"},

	Summary: "Alerts a week, now and proposed", Levels: "Alerts a week by level",
	Who: "Who alerted", Days: "Alerts by object and day", Paste: "Paste into promsnap.yaml",

	Rule: "Rule", Panel: "Panel", Now: "Now", Proposed: "Proposed", Level: "Level", For: "For",
	PerWeek: "A week", HeldOut: "Held out", Alerts: "Alerts", Objects: "Objects",
	Firing: "Firing", Longest: "Longest", Top: "Top", Flaps: "Flaps",
	Columns: "Held out: alerts a week in the newest third, which had no say in the choice. " +
		"Objects: how many alerted. Firing: all alerts together. Top: the share of the object with " +
		"the most alerts. Flaps: alerts that came back within %[1]s.",
	Keep: "keep", NoLevel: "none",

	NowAt: "now %[1]s", ProposedAt: "proposed %[1]s",
	Times:       Counted{"%s alert", "%s alerts"},
	Often:       Counted{"%s time", "%s times"},
	Weekly:      "%[1]s a week",
	Line:        "for %[1]s",
	AimedAt:     "aim: %[1]s a week",
	HeldOutLine: "dashed: newest third",
	NotBeyond:   "not beyond %[1]s",
	AboutLevels: "~ counted in one pass, not replayed",
	MoreLevels:  Counted{"and %s more level", "and %s more levels"},
	MoreDays:    Counted{"and %s more day", "and %s more days"},
	MoreObjects: Counted{"and %s more object", "and %s more objects"},
	NoAlerts:    "nobody",
	NotByObject: "not known by object, because the alerts were counted in one pass",
	OfAll:       "%[1]s of all",
	StillFires:  "still fires",

	Better: "%[1]s would have alerted %[2]s a week; %[3]s, as configured, alerted %[4]s.",
	Stays:  "Keep %[1]s: it alerted %[2]s a week.",
	None:   "No level is proposed. %[1]s, as configured, alerted %[2]s a week.",
	Unsure: "No level is proposed.",

	Fits:   "%[1]s is the first level that alerts at most %[2]s a week.",
	Cliff:  "%[1]s leaves the cliff: the next level before it alerts far more often.",
	Enough: "The aim is at most %[1]s a week.",
	Newest: "Before %[1]s it alerted at most %[2]s a week, since then %[3]s. Levels are " +
		"chosen on the time before; run this again in a week.",
	Wall:       "With for: %[3]s no level below %[1]s alerts at most %[2]s a week.",
	NoneAtAll:  "With for: %[3]s no level alerts at most %[2]s a week.",
	Evicts:     "At %[1]s the kubelet evicts pods.",
	Kills:      "At %[1]s the kernel kills a process of the container.",
	Full:       "At %[1]s nothing can be written any more.",
	IsCritical: "At %[1]s the alert becomes critical.",
	NoFor:      "No other for that was tried does either.",
	Short:      "There is too little data: %[1]s. A proposal needs a week.",
	HeldWhy: "In the %[1]s before %[2]s it would have alerted %[3]s a week; in the %[4]s " +
		"since then, which had no say in the choice, %[5]s",
	HeldMore: ", more than the aim of %[1]s",

	Partial: "stopped",
	Stopped: "The run was stopped. This is only what was read: the time until %[1]s.",
	Shorter: "You asked for %[1]s. The server has data for %[2]s.",
	Blind:   "For %[1]s the server had no data at all. That time is unknown, not calm: %[2]s.",
	Overrides: Counted{
		"%s override keeps its own limits:", "%s overrides keep their own limits:",
	},
	NoLimit:   "no limit",
	PasteInto: "Paste into panel %[1]s of promsnap.yaml, in place of all its rules",

	AlertsADay: "alerts a day", AlsoProposed: "also at the proposed level", Unknown: "no data",

	Group: "Group", Brief: "< %[1]s", SeriesHead: "Series",
	Evaluations:  Counted{"%s evaluation", "%s evaluations"},
	Fired:        "Fired %[1]s%[2]s, on %[3]s: %[4]s in all, %[5]s at most.",
	Briefly:      ", %[1]s of them shorter than %[2]s",
	NeverFired:   Counted{"%s rule never fired:", "%s rules never fired:"},
	AsConfigured: "as configured",
	Fixed: "Its expression is not a vector that is above or below a number, so there is no " +
		"level to move. A longer for would make it alert less often.",
	Unread:     "Other levels were not tried.",
	Unproposed: "No level is proposed. It alerted %[1]s a week.",
	Cut: "An evaluation every %[1]s is too much for all the time: only the last %[2]s were " +
		"tested, and you asked for %[3]s.",
	Duplicates: Counted{
		"%s evaluation would have failed, because two alerts had the same labels.",
		"%s evaluations would have failed, because two alerts had the same labels.",
	},
	TooMany: Counted{
		"%s evaluation would have failed, because of more alerts than the limit of the group.",
		"%s evaluations would have failed, because of more alerts than the limit of the group.",
	},
	PasteFile: "Paste into %[1]s, line %[2]d",
	RulesMeasure: "Alerts are counted as Prometheus fires them, the rule with the most first. " +
		"Firing: from when an alert fires until it ends.",
}

var koreanBacktest = Backtest{
	Title:  "%[1]s 백테스트",
	Of:     "%[2]s의 %[1]s",
	Period: "%[2]s까지 %[1]s",
	Slots:  Counted{"슬롯 %s개", "슬롯 %s개"},
	Series: Counted{"시계열 %s개", "시계열 %s개"},

	Summary: "주당 알림: 현재와 제안", Levels: "기준값별 주당 알림", Who: "알림 대상",
	Days: "대상과 날짜별 알림", Paste: "promsnap.yaml에 붙여 넣기",

	Rule: "규칙", Panel: "패널", Now: "현재", Proposed: "제안", Level: "기준값", For: "for",
	PerWeek: "주당", HeldOut: "검증", Alerts: "알림", Objects: "대상",
	Firing: "발생", Longest: "최장", Top: "최다", Flaps: "반복",
	Columns: "검증: 선택에 쓰지 않은 최근 1/3 기간의 주당 알림. 대상: 알림이 발생한 대상 수. " +
		"발생: 모든 알림을 더한 시간. 최다: 알림이 가장 많은 대상의 비율. " +
		"반복: %[1]s 안에 다시 발생한 알림.",
	Keep: "유지", NoLevel: "없음",

	NowAt: "현재 %[1]s", ProposedAt: "제안 %[1]s",
	Times:       Counted{"알림 %s회", "알림 %s회"},
	Often:       Counted{"%s회", "%s회"},
	Weekly:      "주당 %[1]s회",
	Line:        "%[1]s 지속",
	AimedAt:     "목표: 주당 %[1]s회",
	HeldOutLine: "점선: 최근 1/3",
	NotBeyond:   "상한 %[1]s",
	AboutLevels: "~ 재현하지 않고 한 번에 센 값",
	MoreLevels:  Counted{"외 기준값 %s개", "외 기준값 %s개"},
	MoreDays:    Counted{"외 %s일", "외 %s일"},
	MoreObjects: Counted{"외 대상 %s개", "외 대상 %s개"},
	NoAlerts:    "없음",
	NotByObject: "한 번에 센 값이라 대상별로는 알 수 없음",
	OfAll:       "전체의 %[1]s",
	StillFires:  "계속 발생 중",

	Better: "%[1]s이면 알림이 주당 %[2]s였음. 현재 설정인 %[3]s에서는 %[4]s.",
	Stays:  "%[1]s 유지: 알림이 주당 %[2]s였음.",
	None:   "제안할 기준값 없음. 현재 설정인 %[1]s에서는 알림이 주당 %[2]s였음.",
	Unsure: "제안할 기준값 없음.",

	Fits:   "%[1]s: 알림이 주당 %[2]s 이하인 첫 기준값.",
	Cliff:  "%[1]s부터 알림 수가 완만해짐: 그 바로 앞 기준값에서는 훨씬 많음.",
	Enough: "목표인 주당 %[1]s 이내.",
	Newest: "%[1]s 이전에는 알림이 주당 %[2]s 이하였고, 그 뒤로는 %[3]s였음. 기준값은 그 이전의 " +
		"데이터로 고르므로 일주일 뒤에 다시 실행.",
	Wall:       "for: %[3]s에서는 %[1]s 미만의 모든 기준값에서 알림이 주당 %[2]s 초과.",
	NoneAtAll:  "for: %[3]s에서는 모든 기준값에서 알림이 주당 %[2]s 초과.",
	Evicts:     "%[1]s에서 kubelet이 파드를 축출함.",
	Kills:      "%[1]s에서 커널이 컨테이너의 프로세스를 종료함.",
	Full:       "%[1]s에서는 더 이상 쓸 수 없음.",
	IsCritical: "%[1]s에서 알림이 위험으로 바뀜.",
	NoFor:      "시도한 다른 for에서도 마찬가지임.",
	Short:      "데이터가 너무 적음: %[1]s. 제안에는 1주가 필요함.",
	HeldWhy: "%[2]s 이전 %[1]s 동안의 알림은 주당 %[3]s. 선택에 쓰지 않은 그 뒤 %[4]s(검증 기간)의 알림은 " +
		"주당 %[5]s",
	HeldMore: "로 목표인 %[1]s회보다 많음",

	Partial: "중단됨",
	Stopped: "실행이 중단됨. 읽은 부분만 표시: %[1]s까지.",
	Shorter: "요청한 기간: %[1]s. 서버에 데이터가 있는 기간: %[2]s.",
	Blind:   "%[1]s 동안 서버에 데이터가 전혀 없었음. 이상 없음이 아니라 알 수 없음: %[2]s.",
	Overrides: Counted{
		"예외(override) %s개는 자체 제한값을 유지:", "예외(override) %s개는 자체 제한값을 유지:",
	},
	NoLimit:   "제한 없음",
	PasteInto: "promsnap.yaml의 패널 %[1]s에 있는 rules를 모두 바꾸기",

	AlertsADay: "하루 알림 수", AlsoProposed: "제안 기준값에서도 발생", Unknown: "데이터 없음",

	Group: "그룹", Brief: "%[1]s 미만", SeriesHead: "시계열",
	Evaluations:  Counted{"평가 %s회", "평가 %s회"},
	Fired:        "%[3]s에서 %[1]s 발생%[2]s: 모두 더해 %[4]s, 최장 %[5]s.",
	Briefly:      "(그중 %[1]s회는 %[2]s 미만)",
	NeverFired:   Counted{"한 번도 발생하지 않은 규칙 %s개:", "한 번도 발생하지 않은 규칙 %s개:"},
	AsConfigured: "현재 설정",
	Fixed:        "식이 숫자보다 크거나 작은지를 비교하지 않으므로 바꿀 기준값이 없음. for를 늘리면 알림이 줄어듦.",
	Unread:       "다른 기준값은 시도하지 않음.",
	Unproposed:   "제안할 기준값 없음. 알림이 주당 %[1]s였음.",
	Cut:          "%[1]s마다 평가하면 전체 기간에는 너무 많음: 최근 %[2]s만 시험함. 요청한 기간: %[3]s.",
	Duplicates: Counted{
		"알림 두 개의 레이블이 같아서 평가 %s회가 실패했을 것임.",
		"알림 두 개의 레이블이 같아서 평가 %s회가 실패했을 것임.",
	},
	TooMany: Counted{
		"알림이 그룹의 limit보다 많아서 평가 %s회가 실패했을 것임.",
		"알림이 그룹의 limit보다 많아서 평가 %s회가 실패했을 것임.",
	},
	PasteFile: "%[1]s의 %[2]d행에 붙여 넣기",
	RulesMeasure: "알림은 Prometheus가 발생시키는 방식으로 셈. 가장 많은 규칙이 먼저. " +
		"발생: 알림이 발생한 때부터 끝날 때까지.",
}
