// Writes what Node's regular expressions make of patterns, texts and replacements: node judge.mjs >javascript.jsonl
// Each line is a pattern with its flags; an error is null matches.

const texts = [
  "", "a", "ab", "aab", "abcabc", "ABC abc", "node-1:9100", "10.0.0.1:9100", "/dev/sda1", "sda", "nvme0n1",
  "kube-state-metrics", "instance=\"a\",job=\"b\"", "up{instance=\"10.0.0.1:9100\",job=\"node\"} 1 1700000000000",
  "line one\nline two\n", "x\r\ny", "tab\there", "é", "Straße", "日本語 テキスト", "$1 & $$", "a.b*c+d?",
  "(a)[b]{c}", "back\\slash", "aaaa", "foo_bar-baz", "0123456789", "1.5e-7", "null", "A", "\u2028", "x{,5}", "]", "K ſ",
];

const patterns = [
  ["", ""], ["", "g"], ["a", ""], ["a", "g"], ["a", "i"], ["a", "gi"], [".", ""], [".", "g"], [".*", ""], [".+", "g"],
  ["^", "gm"], ["$", "gm"], ["^.*$", ""], ["^.*$", "m"], ["^.*$", "s"], ["^.", "gm"], [".$", "gm"], ["e$", ""],
  ["(.*):.*", ""], ["([^:]+):\\d+", ""], ["^(?!sd).*", ""], ["^(?!.*kube).*$", ""], ["(?=.*abc)(?=.*ABC).*", ""],
  ["(?<=/dev/)\\w+", ""], ["(?<!a)b", ""], ["instance=\"([^\"]+)\"", ""], ["(?<text>[^:]+):(?<value>\\d+)", ""],
  [".*instance=\"(?<text>[^\"]*)\".*job=\"(?<value>[^\"]*)\".*", ""], ["(\\w)(?<n>\\w)(\\w)", "g"], ["(?<n>a)\\k<n>", ""],
  ["(a)\\1", "g"], ["(a)|b", "g"], ["(?:(a)|b)*", ""], ["(a)?b", "g"], ["(a*)*", ""], ["(a*)+", ""], ["(?:a?)*?b", ""],
  ["(z)((a+)?(b+)?(c))*", ""], ["a{2}", "g"], ["a{1,2}", "g"], ["a{1,2}?", "g"], ["a{2,}", ""], ["a{,2}", ""], ["x{,5}", ""],
  ["a{", ""], ["{", ""], ["}", ""], ["]", ""], ["a{1", ""], ["a{2}{3}", ""], ["{2}", ""], ["a**", ""], ["*a", ""], ["+", ""],
  ["?", ""], ["a++", ""], ["a*?", "g"], ["a+?", "g"], ["a??", "g"], ["(", ""], [")", ""], ["[", ""], ["a|", ""], ["|a", "g"],
  ["[]", ""], ["[^]", "g"], ["[]a]", ""], ["[^]a]", ""], ["[a-c]+", "g"], ["[^a-c]+", "g"], ["[c-a]", ""], ["[a-]", "g"],
  ["[-a]", "g"], ["[\\d-x]+", "g"], ["[\\w.]+", "g"], ["[a-z-[aeiou]]", "g"], ["[[:alpha:]]+", "g"], ["[\\]]", ""], ["[[]", ""],
  ["[.*+?]", "g"], ["[\\b]", ""], ["[$^]", "g"], ["[/]", "g"], ["[é日]", "g"], ["[\\s\\S]+", ""], ["[^\\s]+", "g"],
  ["\\d+", "g"], ["\\D+", "g"], ["\\w+", "g"], ["\\W+", "g"], ["\\s", "g"], ["\\S+", "g"], ["\\b", "g"], ["\\B", "g"],
  ["\\bb", "g"], ["\\b\\w", "g"], ["\\/", "g"], ["\\-", "g"], ["\\:", "g"], ["\\_", "g"], ["\\\"", "g"], ["\\ ", "g"], ["\\.", "g"],
  ["\\a", "g"], ["\\e", "g"], ["\\A", "g"], ["\\Z", "g"], ["\\z", "g"], ["\\G", "g"], ["\\Q", "g"], ["\\h", "g"], ["\\p{L}+", "g"],
  ["\\pL", "g"], ["\\x61", "g"], ["\\x6", "g"], ["\\u0061", "g"], ["\\u{61}", "g"], ["\\u65e5", "g"], ["\\u", "g"],
  ["\\cA", ""], ["\\c", ""], ["\\t", "g"], ["\\n", "g"], ["\\r", "g"], ["\\v", "g"], ["\\f", "g"], ["\\0", "g"], ["\\1", ""], ["\\2(a)", ""],
  ["\\101", "g"], ["\\8", "g"], ["\\k", ""], ["\\k<x>", ""], ["(?<a>x)\\k<b>", ""], ["\\", ""], ["a\\", ""], ["(?i)a", ""], ["(?i:A)", ""],
  ["(?#comment)a", ""], ["(?>a+)b", ""], ["(?P<n>a)", ""], ["(?'n'a)", ""], ["(?<n>a)(?<n>b)", ""], ["(?<1n>a)", ""], ["(?<n$>a)", ""],
  ["(?<>a)", ""], ["(?<n", ""], ["(?", ""], ["(?:", ""], ["(?(a)b|c)", ""], ["(?|a|b)", ""], ["(?a)", ""], ["(?-i:a)", ""], ["(?x) a", ""],
  ["(?=a)*b", "g"], ["(?!a)*b", "g"], ["(?<=a)*b", "g"], ["(?=a){2}b", "g"], ["^*", ""], ["$*", ""], ["\\b+", ""], ["^+a", ""],
  ["(?=(a+))a*b\\1", ""], ["(?=(a+))", ""], ["(?!(a))\\1b", ""], ["(?<=(\\d+)(\\d+))$", ""], ["(?<=\\1(a))b", ""], ["(?<!\\d)\\d{2}(?!\\d)", "g"],
  ["(a\\1)", ""], ["(?:)", "g"], ["()", "g"], ["a|ab", "g"], ["ab|a", "g"], ["((a)|(b))+", ""], ["((((a))))", ""], ["(?:a|b|c)+", "g"],
  [".", "gi"], ["b.*", "i"], ["^.$", "i"], [".", "gis"], ["\\W+", "gi"], ["\\D", "gi"], ["\\S+k", "i"], ["[.]b", "i"], ["[\\S]+", "gi"],
  ["\\.", "gi"], ["\\\\.", "i"], ["[^\\W]", "i"], ["[\\].]", "gi"], ["(.)\\1", "gi"],
  ["straSSe", "i"], ["STRAßE", "i"], ["É", "i"], ["[A-Z]+", "gi"], ["k", "i"], ["s", "gi"], ["\\u212a", "i"], ["日.語", ""], ["^.$", ""],
  ["#", ""], ["a #b", ""], ["a{0}", ""], ["a{0}b", "g"], ["(a){0}b", "g"], ["a{99999}", ""], ["a{1,99999}", ""], ["a{2,1}", ""],
  ["^(?:(?!metrics).)*$", ""], [".*(?<!b)$", ""], ["/dev/(sd[a-z]|nvme\\d+n\\d+).*", ""], ["^([a-zA-Z0-9.-]+):[0-9]+$", ""], ["a", "gg"], ["a", "x"],
  ["a", "z"], ["\\$", "g"], ["\\^", "g"], ["\\{c\\}", ""], ["\\(a\\)\\[b\\]", ""], ["[\\\\]", ""], ["[\\x41-\\x43]+", "g"], ["[\\0]", ""], ["[\\1]", ""],
  ["[\\cA]", ""], ["[\\c]", "g"], ["[\\B]", "g"], ["[a-\\d]+", "g"], ["[^\\d\\w]", "g"], ["[^\\W]+", "g"], ["(?:(?=(a))a)+b", ""], ["(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)\\10", ""],
  ["(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)", ""],
];

const replacements = ["[$1]", "$&$&", "<$`|$'>", "$$1", "$0", "$2-$1", "$01", "$10", "$<n>", "$<text>=$<value>", "$", "a$b", "$<", ""];

// Patterns by chance, the same on every machine.
let seed = 11;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];
const atoms = [
  "a", "b", "c", "A", "1", ".", "\\d", "\\w", "\\s", "\\b", "\\B", "^", "$", "[ab]", "[^a]", "[a-c]", "[\\w.]", "\\.", "-", "/", ":",
  "\\1", "\\2", "é", "x", "[^]", "\\n", "_", " ",
];
const repeats = ["", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}?", "{2,}"];
const groups = ["(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(", "(?:"];
function generate(depth) {
  let out = "";
  for (let i = 1 + Math.floor(random() * 4); i > 0; i--) {
    out += random() < 0.3 && depth > 0 ? pick(groups) + generate(depth - 1) + ")" : pick(atoms);
    out += pick(repeats) + (random() < 0.12 ? "|" : "");
  }
  return out;
}
for (let i = 0; i < 300; i++) patterns.push([generate(2), pick(["", "g", "i", "gi", "gm", "m", "gs"])]);

for (const [pattern, flags] of patterns) {
  let line = { pattern, flags };
  try {
    const re = new RegExp(pattern, flags);
    line.found = [];
    texts.forEach((text, i) => {
      re.lastIndex = 0;
      const all = flags.includes("g") ? [...text.matchAll(re)] : [text.match(re)].filter(Boolean);
      if (all.length === 0) return;
      const matches = all.slice(0, 12).map((m) => [...m].map((g) => g ?? null));
      const groups = all[0].groups ? { ...all[0].groups } : undefined;
      const replacement = replacements[(i + pattern.length) % replacements.length];
      line.found.push({ text, count: all.length, matches, groups, replacement, replaced: text.replace(re, replacement) });
    });
  } catch (e) {
    line = { pattern, flags, error: true };
  }
  process.stdout.write(JSON.stringify(line) + "\n");
}
console.log(JSON.stringify({ texts }));
