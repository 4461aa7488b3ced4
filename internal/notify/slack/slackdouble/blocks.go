package slackdouble

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strings"
	"unicode/utf16"
)

// CheckBlocks checks blocks by Slack's rules. It returns the code with which Slack would refuse
// them and why, or "" if Slack accepts them. Texts are measured in the strictest way: escaped, in
// UTF-16 code units. It knows the blocks that promsnap uses and refuses any other.
//
// The rules are those of https://docs.slack.dev/reference/block-kit. The total of all texts has no
// documented limit; messages with more than about 13,000 characters are known to be refused.
func CheckBlocks(raw []byte) (code, why string) {
	var blocks []map[string]any
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return "invalid_blocks_format", err.Error()
	}
	if len(blocks) > 50 {
		return "invalid_blocks", fmt.Sprintf("%d blocks", len(blocks))
	}
	var c check
	for i, b := range blocks {
		c.at = fmt.Sprintf("/blocks/%d", i)
		c.block(b)
	}
	switch {
	case len(c.wrong) > 0:
		return "invalid_blocks", strings.Join(c.wrong, "; ")
	case c.total > 12000:
		return "msg_blocks_too_long", fmt.Sprintf("%d characters", c.total)
	}
	return "", ""
}

// check visits blocks and collects what is wrong.
type check struct {
	at    string
	wrong []string
	total int
	ids   map[string]bool
}

func (c *check) fail(format string, args ...any) {
	c.wrong = append(c.wrong, c.at+": "+fmt.Sprintf(format, args...))
}

func (c *check) block(b map[string]any) {
	switch b["type"] {
	case "header":
		c.text(b["text"], "plain_text", 150)
	case "section":
		c.text(b["text"], "", 3000)
	case "rich_text":
		for _, e := range list(b["elements"]) {
			c.rich(e)
		}
		if len(list(b["elements"])) == 0 {
			c.fail("rich text without elements")
		}
	case "actions":
		es := list(b["elements"])
		if len(es) == 0 || len(es) > 25 {
			c.fail("%d elements of actions", len(es))
		}
		for _, e := range es {
			c.button(e)
		}
	default:
		c.fail("a block of type %v", b["type"])
	}
}

// text checks a text object; with kind "" both kinds are allowed.
func (c *check) text(v any, kind string, limit int) {
	o, ok := v.(map[string]any)
	if !ok {
		c.fail("no text")
		return
	}
	if t := o["type"]; t != "plain_text" && t != "mrkdwn" || kind != "" && t != kind {
		c.fail("a text of type %v", t)
	}
	if _, has := o["emoji"]; has && o["type"] != "plain_text" {
		c.fail("emoji of a mrkdwn text")
	}
	c.length(o["text"], limit)
}

func (c *check) length(v any, limit int) {
	s, _ := v.(string)
	n := size(s)
	c.total += n
	if n == 0 || n > limit {
		c.fail("a text of %d characters, %d allowed", n, limit)
	}
}

func (c *check) rich(e map[string]any) {
	if t := e["type"]; t != "rich_text_section" && t != "rich_text_preformatted" {
		c.fail("rich text of type %v", t)
	}
	if len(list(e["elements"])) == 0 {
		c.fail("a section of rich text without elements")
	}
	for _, x := range list(e["elements"]) {
		switch x["type"] {
		case "text":
			c.length(x["text"], 3000)
		case "date":
			at, ok := x["timestamp"].(float64)
			if !ok || at != math.Trunc(at) {
				c.fail("must provide an integer as timestamp")
			}
			if f, _ := x["format"].(string); !strings.Contains(f, "{") {
				c.fail("a date without a token")
			}
			c.length(x["fallback"], 3000)
		default:
			c.fail("an element of rich text of type %v", x["type"])
		}
	}
}

func (c *check) button(e map[string]any) {
	if e["type"] != "button" {
		c.fail("an element of actions of type %v", e["type"])
	}
	c.text(e["text"], "plain_text", 75)
	if link, _ := e["url"].(string); link != "" {
		u, err := url.Parse(link)
		if err != nil || u.Host == "" || size(link) > 3000 {
			c.fail("a button's address of %d characters: %.80s", size(link), link)
		}
	}
	id, _ := e["action_id"].(string)
	if c.ids == nil {
		c.ids = map[string]bool{}
	}
	if len(id) > 255 || id != "" && c.ids[id] {
		c.fail("action_id %.80s twice, or too long", id)
	}
	c.ids[id] = true
}

// list returns the objects of a JSON array.
func list(v any) []map[string]any {
	var out []map[string]any
	es, _ := v.([]any)
	for _, e := range es {
		if o, ok := e.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}

// size returns the length of a text by Slack's strictest way of counting.
func size(s string) int {
	return len(utf16.Encode([]rune(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">",
		"&gt;").Replace(s))))
}
