package value

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The patterns are those of moment, which formats Grafana's dates.
const (
	isoDate   = "YYYY-MM-DD HH:mm:ss"
	usDate    = "MM/DD/YYYY h:mm:ss a"
	localDate = "MM/DD/YYYY, hh:mm:ss A"
	isoTime   = "HH:mm:ss"
	usTime    = "h:mm:ss a"
	localTime = "hh:mm:ss A"
)

const invalidDate = "Invalid date"

// at returns the time that is ms milliseconds after 1970. JavaScript has no times beyond 8.64e15.
func at(ms float64, now time.Time) (time.Time, bool) {
	if !(math.Abs(ms) <= 8.64e15) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(ms)).In(now.Location()), true
}

// date prints milliseconds since 1970 with a pattern. It uses the pattern today if the time is
// today.
func date(pattern, today string) format {
	return func(v float64, _ *int, now time.Time) Formatted {
		t, ok := at(v, now)
		if !ok {
			return Formatted{Text: invalidDate}
		}
		p := pattern
		if y, d := t.Year(), t.YearDay(); today != "" && y == now.Year() && d == now.YearDay() {
			p = today
		}
		return Formatted{Text: FormatTime(t, p)}
	}
}

// FormatTime prints t in English with a pattern of moment, such as YYYY-MM-DD HH:mm:ss.
func FormatTime(t time.Time, pattern string) string {
	if pattern == "" {
		pattern = "YYYY-MM-DDTHH:mm:ss" + either(t.Location() == time.UTC, "[Z]", "Z")
	}
	for range 5 { // a named pattern can contain other names
		longer := expandNames(pattern)
		if longer == pattern {
			break
		}
		pattern = longer
	}
	var b strings.Builder
	for pattern != "" {
		token, escaped := nextToken(pattern, dateTokens)
		pattern = pattern[len(token):]
		switch {
		case escaped && token[0] == '[':
			b.WriteString(token[1 : len(token)-1])
		case escaped:
			b.WriteString(token[1:])
		default:
			b.WriteString(formatToken(t, token))
		}
	}
	return b.String()
}

// names are the patterns that have a name.
var names = map[string]string{
	"LTS": "h:mm:ss A", "LT": "h:mm A", "L": "MM/DD/YYYY", "l": "M/D/YYYY",
	"LL": "MMMM D, YYYY", "ll": "MMM D, YYYY",
	"LLL": "MMMM D, YYYY h:mm A", "lll": "MMM D, YYYY h:mm A",
	"LLLL": "dddd, MMMM D, YYYY h:mm A", "llll": "ddd, MMM D, YYYY h:mm A",
}

var nameTokens = []string{"LTS", "LT", "LLLL", "LLL", "LL", "L", "llll", "lll", "ll", "l"}

func expandNames(pattern string) string {
	if !strings.ContainsAny(pattern, "Ll") {
		return pattern
	}
	var b strings.Builder
	for pattern != "" {
		token, escaped := nextToken(pattern, nameTokens)
		pattern = pattern[len(token):]
		if long, ok := names[token]; ok && !escaped {
			token = long
		}
		b.WriteString(token)
	}
	return b.String()
}

// dateTokens are in the order in which moment looks for them.
var dateTokens = []string{
	"Hmmss", "hmmss", "Hmm", "hmm", "Mo", "MMMM", "MMM", "MM", "M", "Do", "DDDo", "DDDD", "DDD",
	"DD", "D", "dddd", "ddd", "dd", "do", "d", "wo", "ww", "w", "Wo", "WW", "W", "Qo", "Q",
	"NNNNN", "NNNN", "NNN", "NN", "N", "YYYYYY", "YYYYY", "YYYY", "YY", "Y", "yyyy", "yyy", "yy",
	"yo", "y", "ggggg", "gggg", "gg", "GGGGG", "GGGG", "GG", "e", "E", "a", "A", "hh", "h", "HH",
	"H", "kk", "k", "mm", "m", "ss", "s", "SSSSSSSSS", "SSSSSSSS", "SSSSSSS", "SSSSSS", "SSSSS",
	"SSSS", "SSS", "SS", "S", "x", "X", "zz", "z", "ZZ", "Z",
}

// nextToken returns the start of pattern: one of tokens, an escaped text (in brackets or after a
// backslash), or one character.
func nextToken(pattern string, tokens []string) (token string, escaped bool) {
	if end := strings.IndexByte(pattern, ']'); pattern[0] == '[' && end > 0 &&
		!strings.Contains(pattern[1:end], "[") {
		// Brackets end at the last ] before the next [.
		for next := strings.IndexAny(pattern[end+1:], "[]"); next >= 0; {
			if pattern[end+1+next] == '[' {
				break
			}
			end += 1 + next
			next = strings.IndexAny(pattern[end+1:], "[]")
		}
		return pattern[:end+1], true
	}
	slash := 0
	if pattern[0] == '\\' && len(pattern) > 1 {
		slash = 1
	}
	for _, t := range tokens {
		if strings.HasPrefix(pattern[slash:], t) {
			return pattern[:slash+len(t)], slash > 0
		}
	}
	if slash > 0 {
		return pattern[:2], true
	}
	return pattern[:1], false
}

func formatToken(t time.Time, token string) string {
	if s, ok := dayToken(t, token); ok {
		return s
	}
	if s, ok := clockToken(t, token); ok {
		return s
	}
	return token
}

// dayToken prints the tokens of dates.
func dayToken(t time.Time, token string) (string, bool) {
	_, isoWeek := t.ISOWeek()
	isoYear, _ := t.ISOWeek()
	weekYear, week := sundayWeek(t)
	quarter := (int(t.Month()) + 2) / 3
	switch token {
	case "Y":
		if t.Year() > 9999 {
			return "+" + strconv.Itoa(t.Year()), true
		}
		return zeros(t.Year(), 4), true
	case "YY":
		return zeros(t.Year()%100, 2), true
	case "YYYY", "YYYYY":
		return zeros(t.Year(), len(token)), true
	case "YYYYYY":
		if t.Year() >= 0 {
			return "+" + zeros(t.Year(), 6), true
		}
		return zeros(t.Year(), 6), true
	case "y", "yy", "yyy", "yyyy":
		return zeros(eraYear(t), len(token)), true
	case "yo":
		return ordinal(eraYear(t)), true
	case "N", "NN", "NNN", "NNNNN":
		return either(t.Year() > 0, "AD", "BC"), true
	case "NNNN":
		return either(t.Year() > 0, "Anno Domini", "Before Christ"), true
	case "Q":
		return strconv.Itoa(quarter), true
	case "Qo":
		return ordinal(quarter), true
	case "M", "MM":
		return zeros(int(t.Month()), len(token)), true
	case "Mo":
		return ordinal(int(t.Month())), true
	case "MMM":
		return t.Month().String()[:3], true
	case "MMMM":
		return t.Month().String(), true
	case "D", "DD":
		return zeros(t.Day(), len(token)), true
	case "Do":
		return ordinal(t.Day()), true
	case "DDD":
		return strconv.Itoa(t.YearDay()), true
	case "DDDo":
		return ordinal(t.YearDay()), true
	case "DDDD":
		return zeros(t.YearDay(), 3), true
	case "d", "e":
		return strconv.Itoa(int(t.Weekday())), true
	case "do":
		return ordinal(int(t.Weekday())), true
	case "dd", "ddd":
		return t.Weekday().String()[:len(token)], true
	case "dddd":
		return t.Weekday().String(), true
	case "E":
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1), true
	case "w", "ww":
		return zeros(week, len(token)), true
	case "wo":
		return ordinal(week), true
	case "W", "WW":
		return zeros(isoWeek, len(token)), true
	case "Wo":
		return ordinal(isoWeek), true
	case "gg":
		return zeros(weekYear%100, 2), true
	case "gggg", "ggggg":
		return zeros(weekYear, len(token)), true
	case "GG":
		return zeros(isoYear%100, 2), true
	case "GGGG", "GGGGG":
		return zeros(isoYear, len(token)), true
	}
	return "", false
}

// clockToken prints the tokens of times.
func clockToken(t time.Time, token string) (string, bool) {
	twelve := (t.Hour()+11)%12 + 1
	switch token {
	case "A":
		return either(t.Hour() < 12, "AM", "PM"), true
	case "a":
		return either(t.Hour() < 12, "am", "pm"), true
	case "H", "HH":
		return zeros(t.Hour(), len(token)), true
	case "h", "hh":
		return zeros(twelve, len(token)), true
	case "k", "kk":
		return zeros((t.Hour()+23)%24+1, len(token)), true
	case "hmm", "hmmss":
		return strconv.Itoa(twelve) + t.Format("0405"[:len(token)-1]), true
	case "Hmm", "Hmmss":
		return strconv.Itoa(t.Hour()) + t.Format("0405"[:len(token)-1]), true
	case "m", "mm":
		return zeros(t.Minute(), len(token)), true
	case "s", "ss":
		return zeros(t.Second(), len(token)), true
	case "X":
		return strconv.FormatInt(t.Unix(), 10), true
	case "x":
		return strconv.FormatInt(t.UnixMilli(), 10), true
	case "z", "zz":
		name, _ := t.Zone()
		return name, true
	case "Z":
		return t.Format("-07:00"), true
	case "ZZ":
		return t.Format("-0700"), true
	}
	if strings.Trim(token, "S") == "" && token != "" {
		return fmt.Sprintf("%09d", t.Nanosecond())[:min(len(token), 9)], true
	}
	return "", false
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// zeros pads n with zeros to that many digits. The sign does not count as a digit.
func zeros(n, digits int) string {
	if n < 0 {
		return "-" + zeros(-n, digits)
	}
	return fmt.Sprintf("%0*d", digits, n)
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 10 || n%100 > 20 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

func eraYear(t time.Time) int {
	if t.Year() > 0 {
		return t.Year()
	}
	return 1 - t.Year()
}

// sundayWeek returns the American week: weeks begin on Sunday, and the first one contains January
// 1.
func sundayWeek(t time.Time) (year, week int) {
	saturday := t.AddDate(0, 0, 6-int(t.Weekday()))
	return saturday.Year(), (saturday.YearDay()-1)/7 + 1
}

// fromNow prints how far a time is from now: 2 days ago, in an hour.
func fromNow(v float64, _ *int, now time.Time) Formatted {
	t, ok := at(v, now)
	if !ok {
		return Formatted{Text: invalidDate}
	}
	now = now.Truncate(time.Millisecond)
	if t.After(now) {
		return Formatted{Text: "in " + apart(now, t)}
	}
	return Formatted{Text: apart(t, now) + " ago"}
}

// apart returns in words how long it is from one time to a later one.
func apart(from, to time.Time) string {
	months := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
	if addMonths(from, months).After(to) {
		months--
	}
	rest := float64(to.UnixMilli() - addMonths(from, months).UnixMilli())
	// Whole months count as months of mean length.
	monthDays := round(float64(months) * 146_097 / 4800)
	fullDays := monthDays + rest/(day*1e3)
	inDays := round(fullDays)
	inHours := round(monthDays*24 + rest/(hour*1e3))
	inMinutes := round(monthDays*1440 + rest/(minute*1e3))
	inSeconds := round(monthDays*day + rest/1e3)
	fullMonths := float64(months) + rest/(day*1e3)*4800/146_097
	inMonths, inYears := round(fullMonths), round(fullMonths/12)
	for _, w := range []struct {
		n, less   float64
		one, many string
	}{
		{inMinutes, 45, "a minute", "minutes"}, {inHours, 22, "an hour", "hours"},
		{inDays, 26, "a day", "days"}, {inMonths, 11, "a month", "months"},
		{inYears, inf, "a year", "years"},
	} {
		switch {
		case inSeconds < 45:
			return "a few seconds"
		case w.n <= 1:
			return w.one
		case w.n < w.less:
			return numberString(w.n) + " " + w.many
		}
	}
	return ""
}

// addMonths keeps the day. If the month is too short, it uses its last day.
func addMonths(t time.Time, months int) time.Time {
	first := t.AddDate(0, 0, 1-t.Day()).AddDate(0, months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}
