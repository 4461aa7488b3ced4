// Writes how Grafana prints numbers, one line for a unit and a number of decimals:
//
//   node units.mjs .cache/servers/grafana-data          what is committed as units.jsonl
//   node units.mjs .cache/servers/grafana-data all      more values and decimals, for make acceptance
//
// The first line has the time and the values. A result is prefix‹text›suffix.
import { grafana } from "../../../../testdata/grafana/grafana.mjs";

const all = process.argv[3] === "all";
const now = Date.UTC(2026, 10, 29, 12, 34, 56, 789);
Date.now = () => now;

const borders = [
  0, 1, 2, 9, 10, 59.999, 60, 61, 100, 999, 999.4, 999.5, 999.95, 1000, 1001, 1023, 1024, 1025, 1048575, 1048576, 3599.9, 3600, 86399,
  86400, 86401, 604799, 604800, 31535999, 31536000, 31556900, 63113904, 999999, 999999.5, 1e6, 1e9, 1e12, 1e15, 1e18, 1e21, 1e22, 1e24,
  0.5, 1.5, 2.5, 0.05, 0.005, 0.0005, 0.125, 0.25, 0.375, 1.005, 1.255, 2.25, 2.2499, 2.2501, 22.5, 0.0225, 9.995, 99.95, 0.1, 0.2, 0.3,
  1 / 3, 2 / 3, 0.9461, 1e-3, 1e-6, 1e-7, 1.5e-7, 1e-9, 1e-12, 1e-15, 1e-18, 123456789, 1234567.891, 10737418240, 60.4 * 2 ** 30, 0.999,
  0.9999, 0.99999, 4.35, 1.45, 8.345, 1700000000000, 1700000000123.7, 1764419696789, 1764419600000, now, now - 1, now - 44e3,
  now - 45e3, now - 89e3, now - 90e3, now + 3e6, now - 45 * 6e4, now - 89 * 6e4, now - 79e6, now - 36 * 36e5, now - 25 * 864e5,
  now - 27 * 864e5, now - 46 * 864e5, now - 320 * 864e5, now - 400 * 864e5, now - 800 * 864e5, now + 800 * 864e5, 253402300799999,
  253402300800000, 8.64e15, 5e-324, 1e-300, 1e300, 1.7976931348623157e308, 2 ** 53, 2 ** 53 + 2,
];

// random is the same on every machine.
let seed = 42;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

let values = [NaN, Infinity, -Infinity, -0, ...borders, ...borders.slice(1, 70).map((v) => -v)];
while (values.length < 320) values.push(Number(((random() < 0.25 ? -1 : 1) * 10 ** (random() * 24 - 9)).toPrecision(1 + Math.floor(random() * 12))));
if (!all) values = values.filter((v, i) => i < 4 || i % 8 === 0);

const units = grafana.getValueFormats().flatMap((c) => c.submenu.map((f) => f.value));
const custom = [
  "", "farenheit", "pods", "req/s", ":x", "a:b", "suffix:x", "suffix:", "prefix:x", "prefix:", "si:W", "si:kW", "si:mW", "si:µs", "si:μs",
  "si:", "si:k", "si:Yx", "count:jobs", "count:", "currency:USD", "currency:", "currency:financial:€:suffix", "currency:financial:$",
  "currency:financial:", "currency:financial", "currency:a:b", "bool:up/down", "bool:up", "bool:", "bool:/x", "bool:a/b/c",
  "time:YYYY-MM-DD", "time:", "time:HH:mm", "time:dddd, MMMM Do YYYY, h:mm:ss a", "time:[at] YY M Q DDD", "time:YYYY-MM-DD HH:mm:ss.SSS",
  "time:L LT", "time:LLLL", "time:W w E e d dd ddd gg GGGG k kk X x Z ZZ z", "time:\\Y \\[MM\\] [[a]] [b]] ]", "time:Mo Qo Do DDDo DDDD do wo Wo",
  "time:Y YYYYY YYYYYY YYYYYYY y yo N NNNN Hmm hmmss SSSSSSSSSS", "time:ll l LTS lll llll LL LLL", "time:MMMMM zz A a dddddd DDDDD ww WW gggg ggggg GG",
];
const decimals = all ? [null, 0, 1, 2, 5, 20] : [null, 1, 2];

const print = (v) => (Object.is(v, -0) ? "-0" : Number.isFinite(v) ? v : String(v));
console.log(JSON.stringify({ now, values: values.map(print) }));
function write(unit, decimals, zone) {
  const format = grafana.getValueFormat(unit);
  let last;
  for (const d of decimals) {
    const results = values.map((v) => {
      try {
        const f = format(v, d, null, zone ?? "utc");
        return `${f.prefix ?? ""}‹${f.text}›${f.suffix ?? ""}`;
      } catch (e) {
        return "error";
      }
    });
    const line = JSON.stringify(results);
    // null says that they are the same as with the decimals before.
    console.log(JSON.stringify({ unit, decimals: d, zone, results: line === last ? null : results }));
    last = line;
  }
}
for (const unit of [...units, ...custom]) write(unit, decimals);
for (const zone of ["America/New_York", "Asia/Kathmandu", "Asia/Seoul"]) {
  for (const unit of ["dateTimeAsIso", "dateTimeAsUS", "dateTimeFromNow", "time:", "time:YYYY-MM-DD HH:mm Z ZZ"]) write(unit, [null], zone);
}
