// Package hostile is a corpus of words that a label's value, a server's answer or a configuration
// may hold and that try to break out of their place. Every place that words go to is tested with
// it. No shipped program contains it.
package hostile

import (
	"strings"
	"unicode"
)

// Pwned is the variable that every script of the corpus sets. A page that defines it has run one.
const Pwned = "pwned"

// Word is an entry of the corpus.
type Word struct{ Name, Text string }

// Words returns the corpus. Names are letters and dashes. Texts may be anything, including invalid
// UTF-8.
func Words() []Word {
	return []Word{
		// Markup, and what ends the places in which a page holds words.
		{"script", `<script>window.pwned=1</script>`},
		{"script-end", `</script><script>window.pwned=1</script>`},
		{"comment", `--><!--<script>--><script>window.pwned=1</script>`},
		{"raw-text", `</title></style></textarea></noscript><script>window.pwned=1</script>`},
		{
			"cdata",
			`]]><script xmlns="http://www.w3.org/1999/xhtml">window.pwned=1</script><![CDATA[`,
		},
		{
			"svg",
			`</text></svg><svg onload="window.pwned=1"><foreignObject><iframe srcdoc="<script>parent.pwned=1</script>">`,
		},
		{"attribute", `x" onmouseover="window.pwned=1" autofocus onfocus="window.pwned=1" x="`},
		{"apostrophe", `x' onclick='window.pwned=1' x='`},
		{"bare-attribute", "x onpointerenter=window.pwned=1 "},
		{"image", `<img src=x onerror=window.pwned=1>`},
		{"style", `</style><style>*{background:url(http://127.0.0.1:9/pwned)}</style>`},
		{"css", `red;background:url(javascript:window.pwned=1)}*{display:none`},
		{"link", `javascript:window.pwned=1//`},
		{"data-link", `data:text/html,<script>window.pwned=1</script>`},
		{"odd-link", "java\tscript:window.pwned=1"},
		{
			"base",
			`<base href="http://127.0.0.1:9/"><meta http-equiv="refresh" content="0;url=javascript:window.pwned=1">`,
		},
		{
			"entities",
			`&lt;script&gt;window.pwned=1&lt;/script&gt;&#60;img src=x onerror=window.pwned=1&#62;&amp;lt;b&amp;gt;`,
		},

		// Quotes and the escapes of programs.
		{"quotes", "\"'`´‘’“”«»"},
		{"backslashes", `\\\"\'\n\u0000\x00\0`},
		{"json", `"}],"findings":[],"x":[{"y":"` + "\u2028\u2029" + `</script>`},
		{"json-keys", `__proto__`},
		{"template", `{{.Secret}}{{define "x"}}{{end}}{{ printf "%s" . }}{{node}}`},
		{"variables", `$__range $__interval ${SLACK_BOT_TOKEN} $(id) %[1]s %!s(MISSING) %n%n%d`},
		{"promql", `"} or vector(1) # `},
		{
			"exposition", "x\"} 1\nevil_metric{a=\"b\"} 42\n# HELP evil_metric x\n# TYPE " +
				"evil_metric gauge\n# EOF\n",
		},
		{"yaml", "x: &a [*a]\n- !!python/object/apply:os.system ['id']\n...\n---\n"},
		{"shell", "'; touch pwned; #`touch pwned`$(touch pwned)|touch pwned&"},

		// What Slack interprets in a message.
		{"slack-channel", `<!channel> <!here|here> <!everyone> @channel @here`},
		{"slack-user", `<@U1> <@U0123456789|ceo> <!subteam^S0123456789> <#C0123456789>`},
		{
			"slack-link",
			`<http://evil.example.com/x|https://reports.example.com/> <mailto:a@example.com|mail>`,
		},
		{"slack-escaped", `&lt;!channel&gt; &amp;lt;!channel&amp;gt;`},
		{"slack-date", `<!date^0^{date_long}^http://evil.example.com|now>`},
		{"slack-marks", "*b* _i_ ~s~ `c` ```block``` > quote :fire: :rotating_light:\n• x"},

		// Lines of a log, of a header, of a terminal.
		{
			"log", "x\ntime=2026-11-22T00:00:00Z level=INFO msg=\"all is " +
				"well\"\n{\"level\":\"INFO\",\"msg\":\"all is well\"}",
		},
		{"header", "x\r\nSet-Cookie: pwned=1\r\n\r\n<script>window.pwned=1</script>"},
		{"carriage-return", "critical\rOK      "},
		{"ansi", "\x1b[31mred\x1b[0m\x1b[2J\x1b[H\x1b[1A\x1b[2K"},
		{
			"osc",
			"\x1b]0;pwned\x07\x1b]8;;http://evil.example.com\x07click\x1b]8;;\x07\x1b]52;c;cHduZWQ=\x07\x1bP+q\x1b\\",
		},
		{"c1", "\u009b31mred\u009d0;pwned\u009c\u0085next"},
		{"backspaces", "critical\b\b\b\b\b\b\b\bOK\x7f\x7f"},
		{"bell", "\a\v\f\x0e\x0f"},
		{"nul", "a\x00b\x00"},
		{"newlines", "\n\n\r\n\t\u0085\u2028\u2029\n"},

		// Scripts, marks and directions.
		{"rtl-override", "\u202egnp.exe\u202d\u202c"},
		{"rtl-isolates", "\u2066\u2067\u2068abc\u2069\u2067unended"},
		{"rtl-marks", "\u200e\u200f\u061cabc\u200f"},
		{"rtl-text", "عقدة-١٢ צומת-12"},
		{"invisible", "a\u200b\u200c\u200d\u2060\ufeff\u00adb\U000e0041\U000e0042"},
		{"emoji", "🔥👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇰🇷1️⃣"},
		{"combining", "e\u0301\u0327a" + strings.Repeat("\u0300\u0335\u0489", 200)},
		{"wide", "한국어노드이름-漢字-ｆｕｌｌ"},
		{"look-alikes", "рromsnap-nоde ⅼ ɑ"},
		{"private", "\ue000\uf8ff\U000f0000\ufffe\uffff\U0010ffff"},
		{"replacement", "a\ufffdb"},
		{"invalid", "a\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80b\xe2\x82"},

		// Names of files and keys.
		{"parent", "../../../../etc/passwd"},
		{"windows", `..\..\C:\Windows\system32\x`},
		{"absolute", "/etc/passwd"},
		{"dots", "..."},
		{"hidden", ".promsnap-x"},
		{"trailing", "name. . ."},
		{"reserved", "CON"},
		{"reserved-dot", "nul.txt"},
		{"stream", "x:y::$DATA"},
		{"percent", "%2e%2e%2f%00%0a"},
		{"glob", "*?[a-z]~ ~root -rf --help"},
		{"key", "latest/index.html"},

		// Large sizes, and next to nothing.
		{"empty", ""},
		{"blank", " \t "},
		{"dash", "-"},
		{"long", strings.Repeat("x", 4<<10)},
		{"long-wide", strings.Repeat("<한&😀\"", 400)},
		{"huge", strings.Repeat("node<b>&", 8<<10)},
		{"huge-lines", strings.Repeat("\n\x1b[31m", 10_000)},
	}
}

// Unprintable returns the first character of s that must never reach a terminal or a line of a log,
// and whether there is one: a control character, one that changes the direction of text, a line
// separator, or an invalid byte. The caller removes the newlines between lines.
func Unprintable(s string) (rune, bool) {
	for i, r := range s {
		switch {
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' ||
			r == '\u2029':
			return r, true
		case r == unicode.ReplacementChar && !strings.HasPrefix(s[i:], "\ufffd"):
			return r, true
		}
	}
	return 0, false
}
