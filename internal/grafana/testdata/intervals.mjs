// Writes how Grafana rounds and prints intervals, each as [milliseconds, rounded, printed]:
//
//   node intervals.mjs ../../../.cache/servers/grafana-data >intervals.json
import { grafana } from "../../../testdata/grafana/grafana.mjs";

const { roundInterval, secondsToHms } = grafana.rangeUtil;

// random is the same on every machine.
let seed = 3;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

const all = new Set();
for (let ms = 1; ms <= 400; ms++) all.add(ms);
for (const border of [750, 1500, 3500, 7500, 12500, 17500, 25e3, 45e3, 9e4, 21e4, 45e4, 75e4, 105e4, 15e5, 27e5, 54e5, 9e6, 162e5, 324e5, 864e5, 6048e5, 18144e5, 36288e5]) {
  for (const ms of [border - 1, border, border + 1]) all.add(ms);
}
for (const unit of [1e3, 6e4, 36e5, 864e5, 6048e5, 31536e6]) for (const n of [1, 1.5, 2, 23, 59, 61]) all.add(unit * n);
while (all.size < 3000) all.add(Math.floor(10 ** (random() * 11.5)) + 1);

const lines = [...all].sort((a, b) => a - b).map((ms) => JSON.stringify([ms, roundInterval(ms), secondsToHms(ms / 1000)]));
console.log("[\n" + lines.join(",\n") + "\n]");
