package backtest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/testdata/race"
)

// genText draws the samples of one series, one character each: tens of percent, or a hole.
func genText(n int) *rapid.Generator[string] {
	piece := rapid.Custom(func(t *rapid.T) string {
		c := rapid.SampledFrom([]string{"5", "5", "7", "8", "9", "."}).Draw(t, "what")
		if rapid.IntRange(0, 9).Draw(t, "kind") == 0 {
			return strings.Repeat(rapid.SampledFrom([]string{"95", "9955", "9.", "87"}).Draw(t,
				"flaps"), rapid.IntRange(2, 9).Draw(t, "times"))
		}
		return strings.Repeat(c, rapid.OneOf(rapid.IntRange(1, 14),
			rapid.IntRange(1, 90)).Draw(t, "for"))
	})
	return rapid.Custom(func(t *rapid.T) string {
		s := ""
		for len(s) < n {
			s += piece.Draw(t, "piece")
		}
		return s[:n]
	})
}

// valuesOf turns text into samples, no two alike. mirrored turns them upside down.
func valuesOf(text string, mirrored bool) []float64 {
	out := make([]float64, len(text))
	for i, c := range []byte(text) {
		out[i] = float64(c-'0')*10 + 5 + float64(i*7%len(text))/float64(len(text))
		if mirrored {
			out[i] = -out[i]
		}
		if c == '.' {
			out[i] = math.NaN()
		}
	}
	return out
}

// scene is a random history with a random rule and schedule.
type scene struct {
	plan   *plan
	past   *past
	levels []float64
}

const sceneLength = 300

func genScene(eachSample bool) *rapid.Generator[scene] {
	return rapid.Custom(func(t *rapid.T) scene {
		below := rapid.Bool().Draw(t, "below")
		sign := 1.0
		rule := rules.Rule{Name: "High", Warning: rules.At(80), Critical: rules.At(90)}
		if below {
			sign, rule.Direction = -1, rules.Below
			rule.Warning, rule.Critical = rules.At(-80), rules.At(-90)
		}
		if rapid.Bool().Draw(t, "one limit") {
			rule.Critical = rules.Limit{}
		}
		rule.For = time.Duration(rapid.SampledFrom([]int{0, 3, 5, 8}).Draw(t, "for")) * time.Minute
		rule.NoData = rapid.SampledFrom([]rules.NoDataPolicy{
			rules.AlertOnNoData, rules.ResolveOnNoData,
		}).Draw(t, "no data")
		keep := rapid.SampledFrom([]time.Duration{
			time.Minute, 4 * time.Minute, 10 * time.Minute,
		}).Draw(t, "keep")
		out := scene{past: &past{grid: series.Grid{Start: start, Step: time.Minute}}}
		p := &plan{
			rule: rule, severity: rules.Warning, pages: 2, step: time.Minute, keep: keep,
			rng:  time.Duration(rapid.SampledFrom([]int{15, 40}).Draw(t, "range")) * time.Minute,
			fors: []time.Duration{rule.For, 12 * time.Minute}, asked: 2,
		}
		p.spec = wide(rule)
		names := []string{"a/1", "a/2", "b/1", "c/1"}
		if eachSample { // one pass counts by series and knows nothing of holes longer than a window
			names, p.rng = []string{"b/1", "c/1"}, sceneLength*time.Minute
		} else {
			p.rule.Flaps = rapid.IntRange(0, 4).Draw(t, "flaps") == 0
		}
		for _, name := range names {
			node, pod, _ := strings.Cut(name, "/")
			text := genText(sceneLength).Draw(t, name)
			if eachSample {
				text = strings.ReplaceAll(text, "..", "55")
			}
			if rapid.IntRange(0, 3).Draw(t, "calm") == 0 { // it is never beyond a level
				text = strings.NewReplacer("7", "5", "8", "5", "9", "5").Replace(text)
			}
			out.past.series = append(out.past.series, series.Series{
				Labels: series.FromPairs("namespace", "ns", "pod", node+"-0"+pod, "node", node),
				Values: valuesOf(text, below),
			})
		}
		out.past.grid.Len = sceneLength
		p.o.Query = snapshot.Options{Slot: start.Add(sceneLength * time.Minute)}
		if err := p.schedule(genSlots(eachSample).Draw(t, "slots")); err != nil {
			t.Fatal(err)
		}
		out.plan, out.levels = p, []float64{sign * 60, sign * 80, sign * 90}
		return out
	})
}

// genSlots draws slots that rise; some are missed. They begin early or late in the history.
func genSlots(eachSample bool) *rapid.Generator[[]time.Time] {
	return rapid.Custom(func(t *rapid.T) []time.Time {
		var out []time.Time
		n := rapid.IntRange(0, 60).Draw(t, "first")
		if eachSample {
			n = 0
		}
		for n < sceneLength {
			out = append(out, start.Add(time.Duration(n)*time.Minute))
			if eachSample {
				n++
				continue
			}
			n += rapid.SampledFrom([]int{1, 1, 5, 5, 5, 10, 40, 70}).Draw(t, "step")
		}
		return out
	})
}

// plain replays the history from the samples themselves, with nothing left out: every slot is
// judged and advanced.
func plain(s scene, e *engine, rule rules.Rule) map[rules.Key][]rules.Episode {
	p := s.plan
	byKey := map[rules.Key][]series.Series{}
	identities := map[rules.Key]series.Labels{}
	for _, one := range s.past.series {
		identity := e.identity(one.Labels, false)
		k := rules.KeyOf(e.ruleID(), identity)
		byKey[k], identities[k] = append(byKey[k], one), identity
	}
	out := map[rules.Key][]rules.Episode{}
	for k, all := range byKey {
		r := replay{e: e, object: &object{key: k, identity: identities[k]}}
		for i := range p.slots {
			slot := &p.slots[i]
			g := p.window(slot.at)
			result := rules.RuleResult{
				ID: e.ruleID(), Direction: rule.Direction, NoData: rule.NoData,
				KeepFiringFor: p.keep, Data: dataOf(s.past, g), From: g.Start, Through: g.End(),
			}
			for _, one := range all {
				values := window(s.past, one, g)
				if series.Newest(values) < 0 {
					continue
				}
				result.Series = append(result.Series, identities[k])
				f := rules.Judge(rule, series.Series{Labels: one.Labels, Values: values}, g)
				r.settle(&f, &followed{track: &track{}})
				if f.Status != rules.OK || f.Earlier != nil {
					result.Findings = append(result.Findings, rules.Judged{
						Finding: f, Identity: identities[k], Name: one.Labels.Get("node"),
					})
				}
			}
			r.advance(rules.Evaluation{
				Rules: []rules.RuleResult{result}, Objects: e.present,
			}, slot)
		}
		if episodes := r.episodes(); len(episodes) > 0 {
			out[k] = episodes
		}
	}
	return out
}

// window returns the samples of a series on a grid.
func window(p *past, s series.Series, g series.Grid) []float64 {
	values := make([]float64, g.Len)
	for i := range values {
		values[i] = math.NaN()
		at := int(math.Floor(float64(g.At(i).Sub(p.grid.Start)) / float64(p.grid.Step)))
		if at >= 0 && at < len(s.Values) {
			values[i] = s.Values[at]
		}
	}
	return values
}

// dataOf says what the answer over a window is worth, as a snapshot does.
func dataOf(p *past, g series.Grid) rules.Quality {
	newest := -1
	for _, s := range p.series {
		newest = max(newest, series.Newest(window(p, s, g)))
	}
	switch {
	case newest < 0:
		return rules.DataFailed
	case g.End().Sub(g.At(newest)) > rules.StaleAfter(g.Step):
		return rules.DataPartial
	}
	return rules.DataComplete
}

// replayed returns the episodes of every object.
func replayed(e *engine, rule rules.Rule, thorough bool) map[rules.Key][]rules.Episode {
	out := map[rules.Key][]rules.Episode{}
	objects := e.objects()
	for i := range objects {
		if r := e.newReplay(&objects[i], rule); r != nil {
			r.thorough = thorough
			if episodes := r.run(e.plan.slots); len(episodes) > 0 {
				out[objects[i].key] = episodes
			}
		}
	}
	return out
}

// The replay from what is kept, slots left out, has the same episodes as Judge and Advance in every
// slot over the samples themselves.
func TestReplayIsAdvanceInEverySlot(t *testing.T) {
	race.SkipSerial(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := genScene(false).Draw(rt, "scene")
		e := loaded(t, s.plan, s.past, s.levels, rapid.IntRange(7, 400).Draw(rt, "chunk"))
		e.present.Workloads.Others = rapid.SampledFrom([]rules.Presence{
			rules.PresenceUntracked, rules.PresenceUnknown, rules.Present, rules.Absent,
		}).Draw(rt, "presence")
		for _, lasts := range s.plan.fors {
			for _, level := range s.levels {
				rule := s.plan.at(level, lasts)
				want := plain(s, e, rule)
				for _, thorough := range []bool{true, false} {
					got := replayed(e, rule, thorough)
					if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
						rt.Fatalf("level %v for %v, thorough %v (-got +want):\n%s", level, lasts,
							thorough, diff)
					}
				}
			}
		}
	})
}

// Where the chunks begin, and that some come twice, changes nothing.
func TestChunksChangeNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := genScene(false).Draw(rt, "scene")
		results := func(points, breaks int) []Candidate {
			s.past.breaks = breaks
			e := loaded(t, s.plan, s.past, s.levels, points)
			var out []Candidate
			for f := range e.fors {
				for l := range e.levels {
					one := e.try(context.Background(), e.objects(), f, l, nil)
					out = append(out, one)
					e.about(&one, f, l)
					one.By = nil
					out = append(out, one)
				}
			}
			return out
		}
		want := results(sceneLength*2, 0)
		got := results(rapid.IntRange(61, 200).Draw(rt, "points"),
			rapid.IntRange(0, 3).Draw(rt, "breaks"))
		if diff := cmp.Diff(got, want); diff != "" {
			rt.Fatalf("(-got +want):\n%s", diff)
		}
	})
}

// Where every sample is a slot, one pass counts what the replay does.
func TestOnePassIsTheReplay(t *testing.T) {
	race.SkipSerial(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := genScene(true).Draw(rt, "scene")
		e := loaded(t, s.plan, s.past, s.levels, rapid.IntRange(61, 400).Draw(rt, "chunk"))
		for f, lasts := range e.fors {
			for l, level := range e.levels {
				var want []string
				alerts := 0
				for k, episodes := range replayed(e, s.plan.at(level, lasts), false) {
					alerts += len(episodes)
					for _, ep := range episodes {
						want = append(want, fmt.Sprint(k, ep.Since.Sub(start), ep.Last.Sub(start)))
					}
				}
				slices.Sort(want)
				if got := e.counts[f][l].alerts; got != alerts {
					rt.Fatalf("level %v for %v: got %d alerts in one pass, want %d:\n%s", level,
						lasts, got, alerts, strings.Join(want, "\n"))
				}
			}
		}
	})
}
