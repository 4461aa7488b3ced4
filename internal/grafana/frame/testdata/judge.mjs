// Says what Grafana's own code makes of the cases on standard input, one a line:
//
//   node judge.mjs DIR <cases.jsonl >answers.jsonl
//
// DIR is where testdata/servers/install.sh has put @grafana/data.
import { createInterface } from "node:readline";
import { grafana as g, load } from "../../../../testdata/grafana/grafana.mjs";

console.warn = console.error = () => {};
const { lastValueFrom } = load("rxjs");
const { get } = load("lodash");
globalThis.window = {}; // not before: the packages would look for a document

g.standardTransformersRegistry.setInit(() => {
  const byID = new Map();
  for (const t of Object.values(g.standardTransformers)) {
    byID.set(t.id, { id: t.id, aliasIds: t.aliasIds, name: t.name, transformation: async () => t });
  }
  return [...byID.values()];
});

// A value that JSON lacks is an object.
const read = (v) => (v && typeof v === "object" ? (v.n ? Number(v.n) : undefined) : v);
const write = (v) => {
  if (v === undefined) return { u: 1 };
  if (Array.isArray(v)) return { l: String(v) };
  if (typeof v === "number" && !Number.isFinite(v)) return { n: String(v) };
  return v;
};

const readFrame = (f) => ({
  name: f.name, refId: f.refId, length: Math.max(0, ...f.fields.map((x) => x.values.length)),
  fields: f.fields.map((x) => ({
    name: x.name, type: x.type, labels: x.labels, config: x.config ?? {}, values: x.values.map(read),
  })),
});

const writeConfig = (c) => {
  const out = {};
  for (const key of Object.keys(c ?? {}).sort()) {
    const v = c[key];
    if (v === undefined || v === null || v === "") continue;
    if (key === "custom" && Object.keys(v).length === 0) continue;
    out[key] = v;
  }
  return out;
};

const writeFrames = (frames) =>
  frames.map((f) => ({
    name: f.name ?? "", refId: f.refId ?? "",
    fields: f.fields.map((x) => ({
      name: x.name, type: x.type,
      labels: x.labels && Object.fromEntries(Object.entries(x.labels).sort().map(([k, v]) => [k, String(v)])),
      config: writeConfig(x.config), values: Array.from(x.values, write),
      shown: g.getFieldDisplayName(x, f, frames),
    })),
  }));

// What the rest of Grafana does with ${__field.…}, ${__series.name}, ${__data.…} and ${__calc}, which
// the package lacks.
const variable = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\${(\w+)(?:\.([^:^\}]+))?(?::([^\}]+))?}/g;
const replaceVariables = (text, scoped) =>
  String(text).replace(variable, (match, bare, square, _, braced, path) => {
    const name = bare ?? square ?? braced;
    if (name === "__calc" && scoped.__calc) return scoped.__calc.value;
    if (!scoped.__dataContext || !path) return match;
    const { field, frame, frameIndex, data, rowIndex } = scoped.__dataContext.value;
    switch (name) {
      case "__series":
        return path === "name" ? g.getFrameDisplayName(frame, frameIndex) : match;
      case "__field":
        return ofField(field, frame, data, path);
      case "__data":
        if (rowIndex === undefined) return match;
        return String(get({
          name: frame.name, refId: frame.refId, fields: g.getFieldDisplayValuesProxy({ frame, rowIndex }),
        }, path) ?? "");
    }
    return match;
  });

const ofField = (field, frame, data, path) => {
  if (path === "name") return field.name;
  if (path === "displayName") return g.getFieldDisplayName(field, frame, data);
  const label = /^(?:labels|formattedLabels)(?:\.(.+)|\[["'](.+)["']\])?$/.exec(path);
  if (!label) return "";
  const key = label[1] ?? label[2];
  if (!field.labels) return "";
  if (key === undefined) return g.formatLabels(field.labels, "", true);
  if (key === "__values") return Object.values(field.labels).sort().join(", ");
  return field.labels[key] ?? "";
};

const numeric = (f) => f.type === "number";
const always = () => true;
const registry = () =>
  new g.FieldConfigOptionsRegistry(() => {
    const item = (id, process, shouldApply = always, settings = {}) =>
      ({ id, path: id, name: id, process, shouldApply, settings });
    const same = g.identityOverrideProcessor;
    const custom = (path) => ({
      id: "custom." + path, path, name: path, isCustom: true, process: same, shouldApply: always, settings: {},
    });
    return [
      item("displayName", g.displayNameOverrideProcessor, always, { expandTemplateVars: true }),
      item("unit", g.unitOverrideProcessor), item("decimals", g.numberOverrideProcessor, numeric),
      item("min", g.numberOverrideProcessor, numeric), item("max", g.numberOverrideProcessor, numeric),
      item("fieldMinMax", g.booleanOverrideProcessor, numeric),
      item("noValue", g.stringOverrideProcessor), item("mappings", g.valueMappingsOverrideProcessor),
      item("thresholds", g.thresholdsOverrideProcessor), item("color", same), item("links", same),
      custom("lineWidth"), custom("fillOpacity"), custom("axisPlacement"), custom("hideFrom"),
    ];
  });

const kinds = {
  transform: async (c) =>
    writeFrames(await lastValueFrom(g.transformDataFrame(c.transformations, c.frames.map(readFrame)))),

  names: (c) => {
    const frames = c.frames.map(readFrame);
    return {
      frames: frames.map((f, i) => g.getFrameDisplayName(f, i)),
      fields: c.frames.map(readFrame).map((f, _, all) => f.fields.map((x) => g.getFieldDisplayName(x, f, all))),
    };
  },

  reduce: (c) => {
    const field = () => readFrame({ fields: [c.field] }).fields[0];
    const ids = g.fieldReducers.list().map((r) => r.id);
    const alone = {}, together = {};
    const all = g.reduceField({ field: field(), reducers: ids });
    for (const id of ids) {
      alone[id] = write(g.reduceField({ field: field(), reducers: [id] })[id]);
      if (!/^p\d/.test(id)) together[id] = write(all[id]);
    }
    return { alone, together };
  },

  override: (c) => writeFrames(applied(c)),

  figures: (c) => {
    const frames = applied(c);
    const display = (v) => ({ text: v == null ? "" : String(v), numeric: Number(v), value: v });
    for (const frame of frames) for (const field of frame.fields) field.display = display;
    const theme = { visualization: { getColorByName: (name) => name } };
    return g.getFieldDisplayValues({
      data: frames, fieldConfig: c.fieldConfig, reduceOptions: { calcs: [], ...c.reduceOptions }, replaceVariables, theme,
    }).filter((v) => v.view).map((v) => ({
      title: v.display.title, value: write(v.display.value), calc: v.name, row: v.rowIndex ?? -1,
      color: v.display.color, field: v.view.dataFrame.fields[v.colIndex].name,
    }));
  },
};

const applied = (c) =>
  g.applyFieldOverrides({
    data: c.frames.map(readFrame), fieldConfig: c.fieldConfig, fieldConfigRegistry: registry(),
    replaceVariables, theme: g.createTheme(), timeZone: "utc",
  });

for await (const line of createInterface({ input: process.stdin })) {
  const c = JSON.parse(line);
  let answer;
  try {
    answer = await kinds[c.kind](c);
  } catch (e) {
    answer = { error: String(e.message ?? e) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
