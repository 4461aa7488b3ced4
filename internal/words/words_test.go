package words

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"
	"unicode"
)

// phrases returns every text of a catalogue by the name of its field.
func phrases(w *Words) map[string]string {
	found := map[string]string{}
	addPhrases(found, "", reflect.ValueOf(w).Elem())
	return found
}

func addPhrases(found map[string]string, prefix string, v reflect.Value) {
	for i := range v.NumField() {
		key := prefix + v.Type().Field(i).Name
		switch f := v.Field(i).Interface().(type) {
		case string:
			found[key] = f
		case Counted:
			found[key+".One"], found[key+".Many"] = f.One, f.Many
		case Together:
			found[key+".One"], found[key+".All"] = f.One, f.All
		case [7]string:
			for i, s := range f {
				found[fmt.Sprint(key, i)] = s
			}
		case [12]string:
			for i, s := range f {
				found[fmt.Sprint(key, i)] = s
			}
		case map[string]string:
		default:
			if v.Field(i).Kind() != reflect.Struct {
				panic("the tests do not read fields of this type: " + key)
			}
			addPhrases(found, key+".", v.Field(i))
		}
	}
}

var verb = regexp.MustCompile(`%(\[\d\])?[a-z]`)

// verbs returns the placeholders of a phrase, sorted.
func verbs(s string) []string {
	vs := verb.FindAllString(s, -1)
	slices.Sort(vs)
	return vs
}

// optionalVerbs are the formats that may leave out arguments that their language does not write.
var optionalVerbs = []string{"Day", "DayOfYear", "AxisDay"}

func TestEveryLanguageHasEveryWord(t *testing.T) {
	want := phrases(In(English))
	if len(want) < 150 {
		t.Fatalf("got %d phrases, want at least 150", len(want))
	}
	for _, l := range Languages() {
		w := In(l)
		if w.Lang != string(l) {
			t.Errorf("language of the catalogue: got %q, want %q", w.Lang, l)
		}
		got := phrases(w)
		for key, english := range want {
			if got[key] == "" {
				t.Errorf("%s: got no %s, want a translation of %q", l, key, english)
			}
			if !slices.Contains(optionalVerbs, key) &&
				!slices.Equal(verbs(got[key]), verbs(english)) {
				t.Errorf("%s: placeholders of %s: got %v, want %v", l, key, verbs(got[key]),
					verbs(english))
			}
		}
	}
}

// TestKoreanIsKorean finds texts that were not translated, and particles that would be wrong after
// half of all words.
func TestKoreanIsKorean(t *testing.T) {
	alike := []string{
		"Lang", "Query", "CPU", "What", "Used", "Breach", "NamedFinding", "Day", "DayOfYear",
		"AxisDay", "Sentence", "Because", "Changes.Container", "Foresight.ShortMove",
		"Sizing.CPU", "Sizing.Costing",
	}
	particle := regexp.MustCompile(`(\[\d\]s|%s|\[\d\]d)(이|가|을|를|은|는|와|과|로|으로)([ .,]|$)`)
	english := phrases(In(English))
	for key, korean := range phrases(In(Korean)) {
		if korean == english[key] && !slices.Contains(alike, key) {
			t.Errorf("%s: got %q as in English, want a translation", key, korean)
		}
		if particle.MatchString(korean) {
			t.Errorf("%s: got %q, want no particle after a placeholder", key, korean)
		}
		for _, r := range korean {
			if unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) {
				t.Errorf("%s: got %q with %q, want no letter of another script", key, korean, r)
			}
		}
	}
}

func TestUnknownLanguageIsEnglish(t *testing.T) {
	for _, l := range []Language{"", "fr"} {
		if In(l) != In(English) {
			t.Errorf("language %q: got %q, want en", l, In(l).Lang)
		}
	}
}

func TestFigure(t *testing.T) {
	for _, c := range []struct{ english, korean string }{
		{"3 h 20 min", "3시간 20분"},
		{"1 d 1 h", "1일 1시간"},
		{"12.3 s", "12.3초"},
		{"250 ms", "250 ms"},
		{"1.5 cores", "1.5코어"},
		{"1 core", "1코어"},
		{"3.2 of 16 cores", "3.2 / 16코어"},
		{"94 %", "94%"},
		{"−3 %", "−3%"},
		{"60.4 of 64 GiB", "60.4 / 64 GiB"},
		{"4 Mil", "4백만"},
		{"12.3 MB/s", "12.3 MB/s"},
		{"+∞", "+∞"},
		{"–", "–"},
		{"h", "h"},
		{"", ""},
	} {
		if got := In(English).Figure(c.english); got != c.english {
			t.Errorf("Figure(%q) in English: got %q, want it unchanged", c.english, got)
		}
		if got := In(Korean).Figure(c.english); got != c.korean {
			t.Errorf("Figure(%q) in Korean: got %q, want %q", c.english, got, c.korean)
		}
	}
}

func TestAbout(t *testing.T) {
	for _, c := range []struct{ name, subject, want string }{
		{"ip-10-0-1-12", "memory", "ip-10-0-1-12 memory"}, {"{}", "CPU Busy", "CPU Busy"},
	} {
		if got := In(English).About(c.name, c.subject); got != c.want {
			t.Errorf("%q of %q: got %q, want %q", c.subject, c.name, got, c.want)
		}
	}
}

func TestCounted(t *testing.T) {
	for _, c := range []struct {
		n             int
		english, want string
	}{{1, "1 node", "노드 1개"}, {0, "0 nodes", "노드 0개"}, {1234, "1,234 nodes", "노드 1,234개"}} {
		if got := In(English).SomeNodes.Of(c.n); got != c.english {
			t.Errorf("%d in English: got %q, want %q", c.n, got, c.english)
		}
		if got := In(Korean).SomeNodes.Of(c.n); got != c.want {
			t.Errorf("%d in Korean: got %q, want %q", c.n, got, c.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{
		0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -999: "-999",
	} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d): got %q, want %q", n, got, want)
		}
	}
}

func TestReduced(t *testing.T) {
	for name, want := range map[string]string{
		"last": "마지막", "avg": "평균", "min": "최소", "max": "최대", "p95": "p95",
	} {
		if got := In(Korean).Reduced(name); got != want {
			t.Errorf("Reduced(%q) in Korean: got %q, want %q", name, got, want)
		}
		if got := In(English).Reduced(name); got != name {
			t.Errorf("Reduced(%q) in English: got %q, want it unchanged", name, got)
		}
	}
}

// TestDates compares all weekdays and months with the calendar of package time.
func TestDates(t *testing.T) {
	at := time.Date(2027, 12, 27, 0, 0, 0, 0, time.UTC)
	for range 370 {
		at = at.AddDate(0, 0, 1)
		if got, want := In(English).Stamp(at), at.Format("Mon 2 Jan 2006 15:04 MST"); got != want {
			t.Fatalf("Stamp: got %q, want %q", got, want)
		}
		want := fmt.Sprintf("%d월 %d일 (%s)", at.Month(), at.Day(),
			string([]rune("일월화수목금토")[at.Weekday()]))
		if got := In(Korean).Date(at); got != want {
			t.Fatalf("Stamp: got %q, want %q", got, want)
		}
	}
}

func TestWhen(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for ago, want := range map[time.Duration]string{
		0: "09:00", 7 * time.Hour: "02:00", 24*time.Hour - time.Second: "09:00",
		24 * time.Hour: "Sat 21 Nov 09:00", -time.Minute: "Sun 22 Nov 09:01",
	} {
		if got := In(English).When(now.Add(-ago), now); got != want {
			t.Errorf("%v before: got %q, want %q", ago, got, want)
		}
	}
}

func TestZoneWithoutAName(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Singapore")
	if err != nil {
		t.Fatal(err)
	}
	if got := Zone(time.Date(2026, 11, 22, 0, 0, 0, 0, zone)); got != "UTC+08" {
		t.Errorf("zone: got %q, want UTC+08", got)
	}
}

func ExampleIn() {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		fmt.Println(err)
		return
	}
	slot := time.Date(2026, 11, 22, 9, 0, 0, 0, seoul)
	for _, l := range Languages() {
		w := In(l)
		fmt.Println(w.Stamp(slot), w.Figure("6 h 50 min"), w.OtherNodes.Of(33))
		fmt.Printf(w.AboveSince+"\n", "ip-10-0-1-12 "+w.Memory+" "+w.Figure("94 %"),
			w.Figure("90 %"), "02:10")
	}
	// Output:
	// Sun 22 Nov 2026 09:00 KST 6 h 50 min other 33 nodes
	// ip-10-0-1-12 Memory 94 %, above 90 % since 02:10
	// 2026년 11월 22일 (일) 09:00 KST 6시간 50분 나머지 노드 33개
	// ip-10-0-1-12 메모리 94%, 02:10부터 90% 초과
}
