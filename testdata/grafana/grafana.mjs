// Loads @grafana/data, which judges our packages under internal/grafana. A script that imports it is
// run with the directory that testdata/servers/install.sh installed it into:
//
//   node SCRIPT .cache/servers/grafana-data
//
// It is loaded as CommonJS, because its ES modules need a bundler.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

globalThis.navigator = { language: "en-US", languages: ["en-US"] };

// load is require, from where @grafana/data and what it depends on are.
export const load = createRequire(join(resolve(process.argv[2]), "package.json"));
export const grafana = load("@grafana/data");
