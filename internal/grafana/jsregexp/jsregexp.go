// Package jsregexp runs the regular expressions of a dashboard, which are JavaScript's. They have
// lookaheads and backreferences, which Go's regexp lacks. A dashboard is a file from somebody else,
// so the length of a pattern, the length of a text and the time for matching are limited. It is a
// leaf.
//
// Here each character counts as one. In JavaScript without the flag u, a character beyond U+FFFF
// counts as two.
package jsregexp

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dlclark/regexp2/v2"
)

const (
	maxPattern = 32 << 10 // bytes of a pattern
	maxIgnore  = 8 << 10  // the same with the flag i, which is slow to compile
	maxParens  = 200      // opening parentheses in a pattern
	maxDepth   = 30       // groups within groups
	maxCostly  = 10       // see scan
	maxText    = 64 << 10 // bytes of a text that is matched
	maxMatches = 10_000   // matches that FindAll returns
	maxOutput  = 1 << 20  // bytes that Replace writes
	oneMatch   = time.Second
	allMatches = 5 * time.Second
)

// ErrTooSlow means that a pattern takes too much time or memory. After it, the Regexp refuses every
// match.
var ErrTooSlow = errors.New("it takes too long")

// Regexp is a compiled pattern. Several goroutines can use it.
type Regexp struct {
	source string
	global bool
	re     *regexp2.Regexp
	groups int          // without the whole match
	named  bool         // whether one of them has a name
	spent  atomic.Int64 // nanoseconds in matches so far
}

// Parse compiles text as Grafana reads it in most places. A text of the form /pattern/flags is a
// regular expression. Any other text is one too, with a ^ before and a $ after it.
func Parse(text string) (*Regexp, error) {
	if !IsPattern(text) {
		return Compile("^"+text+"$", "")
	}
	end := strings.LastIndexByte(text, '/') // flags hold no /
	if end == 0 {
		return nil, fmt.Errorf("regular expression %s: it has no / at its end", quote(text))
	}
	return Compile(text[1:end], text[end+1:])
}

// IsPattern reports whether Grafana reads text as /pattern/flags.
func IsPattern(text string) bool { return strings.HasPrefix(text, "/") }

// Compile compiles a pattern with JavaScript's flags g, i, m and s.
func Compile(pattern, flags string) (*Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("a regular expression of %d bytes is too long: the limit is %d",
			len(pattern), maxPattern)
	}
	r := &Regexp{source: pattern}
	if n := strings.Count(pattern, "("); n > maxParens {
		return nil, r.error(fmt.Errorf("it has %d parentheses: the limit is %d", n, maxParens))
	}
	options := regexp2.ECMAScript
	for i, flag := range flags {
		switch flag {
		case 'g':
			r.global = true
		case 'i':
			options |= regexp2.IgnoreCase
			if len(pattern) > maxIgnore {
				return nil, r.error(
					fmt.Errorf("with the flag i it may have at most %d bytes", maxIgnore))
			}
		case 'm':
			options |= regexp2.Multiline
		case 's':
			options |= regexp2.Singleline
		default:
			return nil, r.error(fmt.Errorf("flag %q is not known: use g, i, m or s", flag))
		}
		if strings.ContainsRune(flags[:i], flag) {
			return nil, r.error(fmt.Errorf("flag %c is there twice", flag))
		}
	}
	cheap, costly, depth := scan(pattern)
	if depth > maxDepth {
		return nil, r.error(
			fmt.Errorf("its groups are nested %d deep: the limit is %d", depth, maxDepth))
	}
	if options&regexp2.IgnoreCase != 0 {
		pattern = cheap
		if costly > maxCostly {
			return nil, r.error(fmt.Errorf(
				"it has %d large classes in brackets: the limit is %d", costly, maxCostly))
		}
	}
	var err error
	if r.re, err = compile(pattern, options); err != nil {
		return nil, r.error(err)
	}
	r.groups = len(r.re.GetGroupNumbers()) - 1
	r.named = slices.ContainsFunc(r.re.GetGroupNames(), r.HasGroup)
	return r, nil
}

// compile turns a panic of the engine into an error.
func compile(pattern string, options regexp2.RegexOptions) (re *regexp2.Regexp, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it cannot be read: %v", p)
		}
	}()
	re, err = regexp2.Compile(pattern, options, regexp2.OptionMaintainCaptureOrder())
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = oneMatch
	return re, nil
}

// scan walks through a pattern. It removes the flag i from character classes in which it changes
// nothing, because the engine needs about 30 ms to compile each class with the flag. It counts the
// classes that keep the flag, and how deep groups are nested.
func scan(pattern string) (cheap string, costly, depth int) {
	var b strings.Builder
	brackets, open := false, 0
	for i := 0; i < len(pattern); i++ {
		one := pattern[i : i+1]
		if one == `\` && i+1 < len(pattern) {
			i++
			one = pattern[i-1 : i+1]
		}
		switch one {
		case "[", "]":
			brackets = one == "["
		case "(", ")":
			if !brackets {
				open += 1 - 2*int(one[0]-'(')
				depth = max(depth, open)
			}
		case "-":
			rest := pattern[i+1:]
			if brackets && rest != "" && (rest[0] >= 0x80 || rest[0] == '\\') {
				costly++ // perhaps a range with the letters of many scripts
			}
		case ".", `\D`, `\S`, `\W`:
			if !brackets {
				one = "(?-i:" + one + ")"
			} else if one != "." {
				costly++
			}
		}
		b.WriteString(one)
	}
	return b.String(), costly, depth
}

// error wraps err with the pattern, which it shortens.
func (r *Regexp) error(err error) error {
	return fmt.Errorf("regular expression %s: %w", quote(r.source), err)
}

func quote(pattern string) string {
	const most = 80
	if runes := []rune(pattern); len(runes) > most {
		pattern = string(runes[:most]) + "…"
	}
	return strconv.Quote(pattern)
}

// String returns the pattern without slashes and flags.
func (r *Regexp) String() string { return r.source }

// Groups returns the number of groups of the pattern, without the whole match.
func (r *Regexp) Groups() int { return r.groups }

// HasGroup reports whether the pattern has a group of that name.
func (r *Regexp) HasGroup(name string) bool {
	return !digits(name) && r.re.GroupNumberFromName(name) > 0
}

// digits reports whether name is a number, because the engine names groups without a name by their
// numbers.
func digits(name string) bool { return strings.Trim(name, "0123456789") == "" }

// Match is one place in a text where a pattern matched.
type Match struct {
	re    *Regexp
	text  []rune
	found *regexp2.Match
}

func (m *Match) start() int { return m.found.RuneIndex }
func (m *Match) end() int   { return m.found.RuneIndex + m.found.RuneLength }

// Text returns what the whole pattern matched.
func (m *Match) Text() string { return m.found.String() }

// Group returns what group i matched. Group 0 is the whole match. It returns false if there is no
// such group, or if it took no part in the match.
func (m *Match) Group(i int) (string, bool) {
	if i < 0 || i > m.re.Groups() {
		return "", false
	}
	return captured(m.found.GroupByNumber(i))
}

// Named returns what the group of that name matched. It returns false as Group does.
func (m *Match) Named(name string) (string, bool) {
	if !m.re.HasGroup(name) {
		return "", false
	}
	return captured(m.found.GroupByName(name))
}

func captured(g *regexp2.Group) (string, bool) {
	if g == nil || len(g.Captures) == 0 {
		return "", false
	}
	return g.String(), true
}

// Spent returns the time that all matches so far have taken, for a limit over several patterns.
func (r *Regexp) Spent() time.Duration { return time.Duration(r.spent.Load()) }

// Match reports whether text has a match.
func (r *Regexp) Match(text string) (bool, error) {
	m, err := r.Find(text)
	return m != nil, err
}

// Find returns the first match in text, or nil.
func (r *Regexp) Find(text string) (*Match, error) {
	var first *Match
	err := r.each(text, func(m *Match) (more bool, err error) {
		first = m
		return false, nil
	})
	return first, err
}

// FindAll returns every match in text if the pattern has the flag g, otherwise the first one alone.
func (r *Regexp) FindAll(text string) ([]*Match, error) {
	var all []*Match
	err := r.each(text, func(m *Match) (more bool, err error) {
		if len(all) == maxMatches {
			return false, fmt.Errorf("it has more than %d matches in one text", maxMatches)
		}
		all = append(all, m)
		return r.global, nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Replace writes replacement in place of every match if the pattern has the flag g, otherwise of
// the first one alone. In the replacement $1 and $<name> are groups, $& is the match, $` and $' are
// what is around it, and $$ is a dollar sign.
func (r *Regexp) Replace(text, replacement string) (string, error) {
	var b strings.Builder
	runes, at := []rune(text), 0
	err := r.each(text, func(m *Match) (more bool, err error) {
		b.WriteString(string(runes[at:m.start()]))
		m.expand(&b, replacement)
		at = m.end()
		if b.Len() > maxOutput {
			return false, fmt.Errorf("the replaced text is longer than %d bytes", maxOutput)
		}
		return r.global, nil
	})
	if err != nil {
		return "", err
	}
	b.WriteString(string(runes[at:]))
	return b.String(), nil
}

// each calls f with each match in text until f returns false.
func (r *Regexp) each(text string, f func(*Match) (more bool, err error)) error {
	if len(text) > maxText {
		return r.error(fmt.Errorf("a text of %d bytes is too long: the limit is %d",
			len(text), maxText))
	}
	runes := []rune(text)
	m, err := r.run(func() (*regexp2.Match, error) { return r.re.FindRunesMatch(runes) })
	for m != nil && err == nil {
		more, bad := f(&Match{re: r, text: runes, found: m})
		if bad != nil {
			return r.error(bad)
		}
		if !more {
			return nil
		}
		last := m
		m, err = r.run(func() (*regexp2.Match, error) { return r.re.FindNextMatch(last) })
	}
	return err
}

// run lets the engine look for one match, and adds its time to spent.
func (r *Regexp) run(find func() (*regexp2.Match, error)) (m *regexp2.Match, err error) {
	if r.spent.Load() > int64(allMatches) {
		return nil, r.error(ErrTooSlow)
	}
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, r.error(fmt.Errorf("the engine failed: %v", p))
		}
	}()
	start := time.Now() //nolint:forbidigo // it bounds work, and is in no result
	m, err = find()
	r.spent.Add(int64(time.Since(start))) //nolint:forbidigo // as above
	if err != nil {                       // the engine ran out of time or of stack
		r.spent.Store(int64(allMatches) + 1)
		return nil, r.error(ErrTooSlow)
	}
	return m, nil
}
