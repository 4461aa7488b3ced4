// Writes how Grafana shows values of fields: their texts and colours, by mappings, thresholds and schemes. One line for a field:
//
//   node display.mjs .cache/servers/grafana-data          what is committed as display.jsonl
//   node display.mjs .cache/servers/grafana-data all      more fields, for make acceptance
//
// A value is a JSON value, or {"number": "NaN"} for numbers that JSON lacks.
import { grafana, load } from "../../../../testdata/grafana/grafana.mjs";

const tinycolor = load("tinycolor2");
const all = process.argv[3] === "all";
Date.now = () => Date.UTC(2026, 10, 29, 12, 34, 56, 789);

// random is the same on every machine.
let seed = 7;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];
const maybe = (p, f) => (random() < p ? f() : undefined);

const hues = ["red", "orange", "yellow", "green", "blue", "purple"];
const shades = ["super-light-", "light-", "", "semi-dark-", "dark-"];
const names = [
  ...hues.flatMap((h) => shades.map((s) => s + h)), "#F2495C", "#abc", "#AbCd", "#11223344", "rgb(1, 2, 3)", "rgba(245, 54, 54, 0.9)",
  "rgba(255,255,255,0.5)", "transparent", "panel-bg", "text", "Red", "white", "mediumpurple", "palevioletred",
  "rebeccapurple", "lightgrey", "darkslategray", "hsl(120, 50%, 25%)", "#808080",
];
const regexes = ["/^(\\w+)-(\\d+)$/", "/e/g", "/^(?!up)/", "up", "/(?<a>d)own/i", "/x", "a|b", "/DOWN/i", "//"];
const results = [
  { text: "yes", color: "green", index: 0 }, { text: "No data" }, { color: "red", index: 1 }, { text: "" }, { text: "$1/$2", color: "blue" },
  { text: "<$&>", color: "dark-red", icon: "bell" }, {}, { text: "N/A", color: "#123456" },
];
const numbers = [0, 1, 2, 5, 10, 33.3, 50, 66.7, 80, 99.9, 100, 120, -1, -50, 0.5, 1e6, 1.5e-3, 12345.678, NaN, Infinity, -Infinity, -0];
const texts = ["", "up", "down", "null", "true", "false", "node-1", "12", "12.5 MiB", " 7 ", "abc", "0x1F", "-Infinity", "NaN", "1e3", "<b>", "a", "."];
const bound = () => pick([null, 0, 1, 5, 10, 50, 100, -10, "2", "", "x"]);

function mapping() {
  switch (pick(["value", "value", "range", "range", "regex", "special", "special"])) {
    case "value": {
      const options = {};
      for (let i = 0; i < 1 + random() * 3; i++) options[pick(["0", "1", "5", "33.3", "up", "down", "true", "false", "NaN", "null", "", "-1", "Infinity", "0.0015", "1000000"])] = pick(results);
      return { type: "value", options };
    }
    case "range":
      return { type: "range", options: { from: bound(), to: bound(), result: pick(results) } };
    case "regex":
      return { type: "regex", options: { pattern: pick(regexes), result: pick(results) } };
    default:
      return { type: "special", options: { match: pick(["null", "nan", "null+nan", "true", "false", "empty"]), result: pick(results) } };
  }
}

function thresholds() {
  const steps = [{ color: pick(names), value: null }];
  let at = pick([-20, 0, 1, 10]);
  for (let i = 0; i < random() * 4; i++) {
    steps.push({ color: pick(names), value: at });
    at += pick([1, 10, 20, 40, -5]);
  }
  return { mode: pick(["absolute", "absolute", "percentage"]), steps };
}

const modes = grafana.fieldColorModeRegistry.list().map((m) => m.id);
function field(i) {
  const type = pick(["number", "number", "number", "number", "string", "boolean", "time"]);
  const config = {
    unit: pick([undefined, "none", "bytes", "percent", "percentunit", "s", "short", "string", "bool_on_off", "dateTimeAsIso", "currencyUSD", "locale", "my unit"]),
    decimals: pick([undefined, undefined, 0, 1, 3]),
    noValue: maybe(0.3, () => pick(["-", "none"])),
    mappings: maybe(0.6, () => Array.from({ length: 1 + Math.floor(random() * 3) }, mapping)),
    thresholds: maybe(0.7, thresholds),
    color: maybe(0.85, () => ({ mode: modes[i % modes.length], fixedColor: maybe(0.8, () => pick(names)) })),
    min: pick([0, 0, -10, 5, 1]),
    max: pick([100, 100, 1, 50, 200, 5]),
  };
  if (type === "time" || (type === "string" && config.unit === "dateTimeAsIso")) delete config.unit;
  return { type, config, theme: pick(["dark", "light"]), series: { index: Math.floor(random() * 70), name: pick(["node-1", "", "cpu0 user", "日本", "Value", "up"]) } };
}

const themes = { dark: grafana.createTheme({ colors: { mode: "dark" } }), light: grafana.createTheme({ colors: { mode: "light" } }) };
const write = (v) => (typeof v === "number" && (!Number.isFinite(v) || Object.is(v, -0)) ? { number: Object.is(v, -0) ? "-0" : String(v) } : v);
const css = (c) => tinycolor(c).toHex8String().slice(1);

const scales = grafana.fieldColorModeRegistry.list().filter((m) => m.isContinuous && !m.interpolator);

function show(f, values) {
  for (const scale of scales) scale.interpolator = undefined; // it keeps the colours of the first theme
  const line = { ...structuredClone(f) };
  const config = structuredClone(f.config);
  for (const step of config.thresholds?.steps ?? []) step.value ??= -Infinity; // as Grafana reads a dashboard
  const process = grafana.getDisplayProcessor({
    field: { name: f.series.name, type: f.type, config, values: [], state: { seriesIndex: f.series.index, displayName: f.series.name, range: { min: config.min, max: config.max, delta: config.max - config.min } } },
    theme: themes[f.theme],
    timeZone: "utc",
  });
  line.values = values.map(write);
  line.results = values.map((v) => {
    try {
      const d = process(v);
      return `${d.prefix ?? ""}‹${d.text}›${d.suffix ?? ""}|${css(d.color)}|${Number((d.percent ?? 0).toPrecision(12))}|${d.icon ?? ""}`;
    } catch (e) {
      return "error";
    }
  });
  console.log(JSON.stringify(line));
}

for (let i = 0; i < (all ? 6000 : 400); i++) {
  const f = field(i);
  const pool = { number: [...numbers, null], string: [...texts, null], boolean: [true, false, null], time: [0, 1.7e12, null] }[f.type];
  show(f, all || pool.length < 5 ? pool : pool.filter(() => random() < 0.4));
}
// Every name of a colour, and every scheme from end to end.
for (const theme of ["dark", "light"]) {
  for (const name of [...names, "rgb(50%, 0%, 100%)"]) show({ type: "number", config: { color: { mode: "fixed", fixedColor: name }, min: 0, max: 1 }, theme, series: { index: 0, name: "" } }, [1]);
  for (const mode of modes) {
    const byValue = grafana.fieldColorModeRegistry.get(mode).isByValue;
    for (let i = 0; i < (byValue ? 1 : all ? 70 : 12); i++) {
      const config = { color: { mode, fixedColor: pick(names.slice(0, 30)) }, min: 0, max: 1, decimals: 2 };
      show({ type: "number", config, theme, series: { index: i, name: `series ${i}` } }, byValue ? [-1, 0, 0.1, 0.25, 0.33, 0.5, 0.61, 0.75, 0.9, 1, 2] : [1]);
    }
  }
}
