package words

import (
	"fmt"
	"math"
)

// Foresight are the texts about when a series reaches its limit, and about what changed since last
// week.
type Foresight struct {
	// Days of the past. A day is a weekday, Yesterday or a date.
	Weekdays         [7]string // from Sunday on
	Today, Yesterday string
	OnDay            string // 1 day that is neither Today nor Yesterday

	// When a limit is reached. A range is "3–8".
	Tomorrow, TodayOrTomorrow string
	InDays, InWeeks           string // 1 number, at least 2
	OfDays, OfWeeks           string // 1 InDays or InWeeks, 2 range
	NamedOfDays               string // 1 Today or Tomorrow, 2 range of days
	NamedWithin               string // 1 Today or Tomorrow, 2 number of days, at least 2
	OrMore                    string // 1 number of days or weeks: a range without an end
	Fills, MayFill            string // 1 when
	Reaches, MayReach         string // 1 when, 2 limit
	FallsTo, MayFallTo        string // the same for a lower limit
	ADay                      string // 1 amount
	Higher, Lower             string // 1 ADay, 2 number of days, 3 of how many
	SinceStep                 string // 1 ADay, 2 day

	// The limit is reached. 1 limit
	AlreadyFull, AlreadyAbove, AlreadyBelow string
	WhereCleaned                            string // 1 one of these

	// Why there is no forecast.
	NoForecast            string // 1 why
	TooShort, Gaps        string
	Cycle, TooEarly       string // 1 day, with OnDay
	NotRising, NotFalling string
	UnsteadyHigher        string // 1 number of days, 2 of how many
	UnsteadyLower         string
	Stopped               string
	TooFar                string // 1 ADay, 2 how much data counts, as Days
	// how it was made; 1 number of days, 2 of how many, 3 ADay, 4 room, 5 limit
	HighsRise, LowsFall        string
	StepRise, StepFall         string // the same after a change; 1 day, 2 ADay, 3 room, 4 limit
	Slower                     string // 1 when
	Interval                   string // 1 range of days
	KubeletCleans, HistoryOnly string // the second has 1 how much data there is

	// What changed. A level is a value.
	Of              string // 1 series, 2 subject
	Rose, Fell      string // 1 what, 2 level before, 3 level now, 4 since when
	Usual           string // 1 what rose, 2 weekday, 3 its levels
	OneWeek, OneDay string // 1 what rose; compared with one level only
	NewSince        string // 1 series, 2 subject, 3 level, 4 since when
	ShortMove       string // 1 series and subject, 2 level before, 3 level now, 4 amount
	ShortNew        string // 1 series and subject, 2 level

	// Findings of rules about when a limit is reached. A time is that of the rule: "7 days".
	Days, Hours                    Counted
	Within                         string // 1 time
	Now                            string // instead of Within, if the limit is reached
	Soonest                        string // 1 Within
	Foreseen                       string // 1 level, 2 Reaches, 3 amount a day
	ForecastSince, ForecastAtLeast string // 1 what is forecast, 2 since when or how long
	// 1 series and subject, 2 from when to when, 3 ToFill or the like
	WasForecast                string
	ToFill                     string // 1 Within
	ToReach, ToFallTo          string // 1 Within, 2 limit
	GroupFills                 string // 1 subject, 2 Within
	GroupReaches, GroupFallsTo string // 1 subject, 2 Within, 3 limit
}

// Aim is the limit of forecasts as text.
type Aim struct {
	Limit string // "85 %"
	Below bool   // it is a lower limit
	Full  bool   // it is all that there is
}

// Reaches returns that a series reaches a limit, and when: "reaches 85 % in about 5 days".
func (w *Words) Reaches(a Aim, when string, sure bool) string {
	f := &w.Foresight
	format := f.MayReach
	switch {
	case a.Full && sure:
		return fmt.Sprintf(f.Fills, when)
	case a.Full:
		return fmt.Sprintf(f.MayFill, when)
	case a.Below && sure:
		format = f.FallsTo
	case a.Below:
		format = f.MayFallTo
	case sure:
		format = f.Reaches
	}
	return fmt.Sprintf(format, when, a.Limit)
}

// Already returns that a series is beyond a limit: "already above 85 %".
func (w *Words) Already(a Aim) string {
	switch f := &w.Foresight; {
	case a.Full:
		return f.AlreadyFull
	case a.Below:
		return fmt.Sprintf(f.AlreadyBelow, a.Limit)
	default:
		return fmt.Sprintf(f.AlreadyAbove, a.Limit)
	}
}

// ToReach returns that series are to reach a limit within the seconds of a rule: "to reach 85 %
// within 7 days".
func (w *Words) ToReach(a Aim, seconds float64) string {
	f := &w.Foresight
	within := fmt.Sprintf(f.Within, w.Period(seconds))
	switch {
	case a.Full:
		return fmt.Sprintf(f.ToFill, within)
	case a.Below:
		return fmt.Sprintf(f.ToFallTo, within, a.Limit)
	}
	return fmt.Sprintf(f.ToReach, within, a.Limit)
}

// WasToReach returns that a series was forecast to reach a limit: "ip-10-0-1-12 was forecast from
// 02:10 to 09:00 to reach 85 % within 7 days".
func (w *Words) WasToReach(a Aim, what, when string, seconds float64) string {
	return fmt.Sprintf(w.Foresight.WasForecast, what, when, w.ToReach(a, seconds))
}

const (
	secondsOfHour = 3600
	secondsOfDay  = 24 * secondsOfHour
	// longestWait is the longest time until a limit that is said: 100 years.
	longestWait = 36_500 * secondsOfDay
)

// WithinDays returns within which time a limit is reached: "within 6 days", or "now". It returns ""
// if nobody knows.
func (w *Words) WithinDays(seconds float64) string {
	if !(seconds >= 0 && seconds <= longestWait) { // false for NaN
		return ""
	}
	if seconds == 0 {
		return w.Foresight.Now
	}
	n := max(1, int(math.Ceil(seconds/secondsOfDay)))
	return fmt.Sprintf(w.Foresight.Within, w.Foresight.Days.Of(n))
}

// Period returns the time of a rule as it was configured: "7 days", "36 hours". A part of an hour
// is rounded. It returns "" if there is none.
func (w *Words) Period(seconds float64) string {
	if !(seconds >= 0 && seconds <= longestWait) {
		return ""
	}
	hours := int(math.Round(seconds / secondsOfHour))
	if hours%24 == 0 && hours > 0 {
		return w.Foresight.Days.Of(hours / 24)
	}
	return w.Foresight.Hours.Of(hours)
}

var englishForesight = Foresight{
	Weekdays: [7]string{
		"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
	},
	Today:     "today",
	Yesterday: "yesterday",
	OnDay:     "on %[1]s",

	Tomorrow:        "tomorrow",
	TodayOrTomorrow: "today or tomorrow",
	InDays:          "in about %[1]s days",
	InWeeks:         "in about %[1]s weeks",
	OfDays:          "%[1]s (%[2]s)",
	OfWeeks:         "%[1]s (%[2]s)",
	NamedOfDays:     "%[1]s (%[2]s days)",
	NamedWithin:     "%[1]s (within %[2]s days)",
	OrMore:          "%[1]s or more",
	Fills:           "full %[1]s",
	MayFill:         "may be full %[1]s",
	Reaches:         "reaches %[2]s %[1]s",
	MayReach:        "may reach %[2]s %[1]s",
	FallsTo:         "falls to %[2]s %[1]s",
	MayFallTo:       "may fall to %[2]s %[1]s",
	ADay:            "%[1]s a day",
	Higher:          "%[1]s, higher than a week before on %[2]s of %[3]s days",
	Lower:           "%[1]s, lower than a week before on %[2]s of %[3]s days",
	SinceStep:       "%[1]s since it changed %[2]s",

	AlreadyFull:  "already full",
	AlreadyAbove: "already above %[1]s",
	AlreadyBelow: "already below %[1]s",
	WhereCleaned: "%[1]s, where the kubelet deletes images",

	NoForecast: "no forecast: %[1]s",
	TooShort:   "less than 14 days of data",
	Gaps:       "too many gaps in its data",
	Cycle:      "it has come down by itself from this level, last %[1]s",
	TooEarly:   "it changed %[1]s, so it is too early to say",
	NotRising:  "it does not grow",
	NotFalling: "it does not fall",
	UnsteadyHigher: "it does not grow every week; it was higher than a week before on %[1]s of " +
		"%[2]s days",
	UnsteadyLower: "it does not fall every week; it was lower than a week before on %[1]s of " +
		"%[2]s days",
	Stopped: "it has stopped growing",
	TooFar:  "at %[1]s, its limit is further away than the %[2]s of data that count",
	HighsRise: "On %[1]s of %[2]s days, the highest value was above that of a week before. It " +
		"grows %[3]s, and %[4]s is left to %[5]s.",
	LowsFall: "On %[1]s of %[2]s days, the lowest value was below that of a week before. It " +
		"falls %[3]s, and %[4]s is left to %[5]s.",
	StepRise: "It changed %[1]s, and only the days since then count. It grows %[2]s, and %[3]s " +
		"is left to %[4]s.",
	StepFall: "It changed %[1]s, and only the days since then count. It falls %[2]s, and %[3]s " +
		"is left to %[4]s.",
	Slower: "At the growth that seven in ten of its weeks exceeded, that is %[1]s.",
	Interval: "The range of %[1]s days is at least 0.6 to 1.6 times the days, and wider if its " +
		"weeks differ more. It held for 92 %% of the forecasts of disks that simply grew.",
	KubeletCleans: "At 85 % the kubelet begins to delete images, and later pods.",
	HistoryOnly:   "promsnap had only %[1]s of data.",

	Of:        "%[2]s of %[1]s",
	Rose:      "%[1]s rose from %[2]s to %[3]s since %[4]s",
	Fell:      "%[1]s fell from %[2]s to %[3]s since %[4]s",
	Usual:     "%[1]s (usual %[2]ss: %[3]s)",
	OneWeek:   "%[1]s (compared with one week only)",
	OneDay:    "%[1]s (compared with yesterday only)",
	NewSince:  "%[1]s is new since %[4]s: %[2]s %[3]s",
	ShortMove: "%[1]s %[2]s → %[3]s (%[4]s)",
	ShortNew:  "%[1]s %[2]s (new)",

	Days:            Counted{"%s day", "%s days"},
	Hours:           Counted{"%s hour", "%s hours"},
	Within:          "within %[1]s",
	Now:             "now",
	Soonest:         "the soonest forecast was %[1]s",
	Foreseen:        "%[1]s now, %[2]s (%[3]s a day)",
	ForecastSince:   "%[1]s; forecast since %[2]s",
	ForecastAtLeast: "%[1]s; forecast for at least %[2]s",
	WasForecast:     "%[1]s was forecast %[2]s %[3]s",
	ToFill:          "to be full %[1]s",
	ToReach:         "to reach %[2]s %[1]s",
	ToFallTo:        "to fall to %[2]s %[1]s",
	GroupFills:      "%[1]s full %[2]s",
	GroupReaches:    "%[1]s reaches %[3]s %[2]s",
	GroupFallsTo:    "%[1]s falls to %[3]s %[2]s",
}

var koreanForesight = Foresight{
	Weekdays:  [7]string{"일요일", "월요일", "화요일", "수요일", "목요일", "금요일", "토요일"},
	Today:     "오늘",
	Yesterday: "어제",
	OnDay:     "%[1]s에",

	Tomorrow:        "내일",
	TodayOrTomorrow: "오늘이나 내일",
	InDays:          "약 %[1]s일 후",
	InWeeks:         "약 %[1]s주 후",
	OfDays:          "%[1]s(%[2]s일)",
	OfWeeks:         "%[1]s(%[2]s주)",
	NamedOfDays:     "%[1]s(%[2]s일)",
	NamedWithin:     "%[1]s(%[2]s일 이내)",
	OrMore:          "최소 %[1]s",
	Fills:           "%[1]s 가득 참",
	MayFill:         "%[1]s 가득 찰 수 있음",
	Reaches:         "%[1]s %[2]s 도달",
	MayReach:        "%[1]s %[2]s 도달 가능",
	FallsTo:         "%[1]s %[2]s까지 감소",
	MayFallTo:       "%[1]s %[2]s까지 감소 가능",
	ADay:            "하루 %[1]s",
	Higher:          "%[1]s, %[3]s일 중 %[2]s일 1주 전보다 높음",
	Lower:           "%[1]s, %[3]s일 중 %[2]s일 1주 전보다 낮음",
	SinceStep:       "%[1]s (%[2]s 변화한 이후)",

	AlreadyFull:  "이미 가득 참",
	AlreadyAbove: "이미 %[1]s 초과",
	AlreadyBelow: "이미 %[1]s 미만",
	WhereCleaned: "%[1]s (kubelet이 이미지를 지우는 수준)",

	NoForecast:     "예측 없음: %[1]s",
	TooShort:       "데이터가 14일 미만",
	Gaps:           "데이터에 빈 구간이 너무 많음",
	Cycle:          "이 수준까지 오르면 저절로 내려감 (최근에는 %[1]s 내려감)",
	TooEarly:       "%[1]s 변화하여 아직 판단하기 이름",
	NotRising:      "증가하지 않음",
	NotFalling:     "감소하지 않음",
	UnsteadyHigher: "매주 증가하지는 않음, %[2]s일 중 %[1]s일만 1주 전보다 높음",
	UnsteadyLower:  "매주 감소하지는 않음, %[2]s일 중 %[1]s일만 1주 전보다 낮음",
	Stopped:        "증가가 멈춤",
	TooFar:         "%[1]s 속도로는 한계까지 반영된 데이터 기간(%[2]s)보다 오래 걸림",
	HighsRise: "%[2]s일 중 %[1]s일의 최댓값이 1주 전보다 높았습니다. %[3]s 증가하고 있으며, " +
		"%[5]s까지 %[4]s 남았습니다.",
	LowsFall: "%[2]s일 중 %[1]s일의 최솟값이 1주 전보다 낮았습니다. %[3]s 감소하고 있으며, " +
		"%[5]s까지 %[4]s 남았습니다.",
	StepRise: "%[1]s 변화했으므로 그 이후의 날만 셉니다. %[2]s 증가하고 있으며, %[4]s까지 " +
		"%[3]s 남았습니다.",
	StepFall: "%[1]s 변화했으므로 그 이후의 날만 셉니다. %[2]s 감소하고 있으며, %[4]s까지 " +
		"%[3]s 남았습니다.",
	Slower: "열 주 중 일곱 주보다 느린 속도라면 %[1]s입니다.",
	Interval: "범위 %[1]s일은 최소 예측 일수의 0.6~1.6배이며, 주별 차이가 크면 더 넓습니다. 꾸준히 " +
		"증가한 디스크의 예측 92%%가 이 범위 안에 들었습니다.",
	KubeletCleans: "85%부터 kubelet이 이미지를 지우기 시작하고, 그다음에는 파드를 축출합니다.",
	HistoryOnly:   "데이터가 %[1]s 분량뿐입니다.",

	Of:        "%[1]s %[2]s",
	Rose:      "%[1]s: %[4]s부터 %[2]s → %[3]s 증가",
	Fell:      "%[1]s: %[4]s부터 %[2]s → %[3]s 감소",
	Usual:     "%[1]s (평소 %[2]s: %[3]s)",
	OneWeek:   "%[1]s (1주 전하고만 비교)",
	OneDay:    "%[1]s (어제하고만 비교)",
	NewSince:  "%[1]s: %[4]s부터 새로 생김, %[2]s %[3]s",
	ShortMove: "%[1]s %[2]s → %[3]s (%[4]s)",
	ShortNew:  "%[1]s %[2]s (신규)",

	Days:            always("%s일"),
	Hours:           always("%s시간"),
	Within:          "%[1]s 이내",
	Now:             "현재",
	Soonest:         "가장 이른 예측 %[1]s",
	Foreseen:        "현재 %[1]s, %[2]s (하루 %[3]s)",
	ForecastSince:   "%[1]s (%[2]s부터 예측)",
	ForecastAtLeast: "%[1]s (%[2]s 이상 예측 지속)",
	WasForecast:     "%[1]s: %[2]s %[3]s 예측",
	ToFill:          "%[1]s 가득 참",
	ToReach:         "%[1]s %[2]s 도달",
	ToFallTo:        "%[1]s %[2]s까지 감소",
	GroupFills:      "%[1]s %[2]s 가득 참",
	GroupReaches:    "%[1]s %[2]s %[3]s 도달",
	GroupFallsTo:    "%[1]s %[2]s %[3]s까지 감소",
}
