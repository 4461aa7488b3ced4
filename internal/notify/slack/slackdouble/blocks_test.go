package slackdouble

import (
	"strings"
	"testing"
)

func TestCheckBlocksRefusesWhatSlackDoes(t *testing.T) {
	text := func(n int) string { return strings.Repeat("x", n) }
	header := func(n int) string {
		return `{"type":"header","text":{"type":"plain_text","text":"` + text(n) + `"}}`
	}
	section := func(n int) string {
		return `{"type":"section","text":{"type":"mrkdwn","text":"` + text(n) + `"}}`
	}
	rich := func(e string) string {
		return `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[` + e +
			`]}]}`
	}
	link := func(id string, n int) string {
		return `{"type":"button","action_id":"` + id +
			`","text":{"type":"plain_text","text":"Open"},"url":"https://example.com/` + text(n) +
			`"}`
	}
	actions := func(es ...string) string {
		return `{"type":"actions","elements":[` + strings.Join(es, ",") + `]}`
	}
	for _, tc := range []struct{ name, blocks, code string }{
		{
			"fine", header(150) + "," + section(3000) + "," + rich(`{"type":"text","text":"x"}`) +
				"," + actions(link("a", 10), link("b", 10)), "",
		},
		{"no JSON", "{", "invalid_blocks_format"},
		{"a long header", header(151), "invalid_blocks"},
		{"an empty header", header(0), "invalid_blocks"},
		{
			"a long header once escaped", strings.Replace(header(140), "xxx", "&&&", 1),
			"invalid_blocks",
		},
		{"a long section", section(3001), "invalid_blocks"},
		{"51 blocks", strings.Repeat(header(1)+",", 50) + header(1), "invalid_blocks"},
		{
			"too much of all", strings.Repeat(section(3000)+",", 4) + header(1),
			"msg_blocks_too_long",
		},
		{"an empty text", rich(`{"type":"text","text":""}`), "invalid_blocks"},
		{"no elements", rich(""), "invalid_blocks"},
		{
			"half a second",
			rich(`{"type":"date","timestamp":1.5,"format":"{time}","fallback":"x"}`),
			"invalid_blocks",
		},
		{
			"a date in words",
			rich(`{"type":"date","timestamp":"1","format":"{time}","fallback":"x"}`),
			"invalid_blocks",
		},
		{
			"a date without a token",
			rich(`{"type":"date","timestamp":1,"format":"time","fallback":"x"}`), "invalid_blocks",
		},
		{"a mention", rich(`{"type":"broadcast","range":"channel"}`), "invalid_blocks"},
		{"a long address", actions(link("a", 3000)), "invalid_blocks"},
		{"two of one name", actions(link("a", 1), link("a", 1)), "invalid_blocks"},
		{"no buttons", actions(), "invalid_blocks"},
		{"an unknown block", `{"type":"video"}`, "invalid_blocks"},
		{
			"markup in a header", `{"type":"header","text":{"type":"mrkdwn","text":"x"}}`,
			"invalid_blocks",
		},
	} {
		if code, why := CheckBlocks([]byte("[" + tc.blocks + "]")); code != tc.code {
			t.Errorf("%s: %q (%s), want %q", tc.name, code, why, tc.code)
		}
	}
}
