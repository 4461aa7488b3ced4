// Opens a report as its readers do and says on standard output, as JSON, what it saw; the test that runs it judges.
//
//   node look.mjs read PAGE          moves along every chart
//   node look.mjs all PAGE DIRECTORY does everything, and leaves pictures and a PDF in DIRECTORY
//   node look.mjs calm PAGE DIRECTORY counts screens, uses the folds, and leaves pictures and a PDF in DIRECTORY
//   node look.mjs board PAGE DIRECTORY looks at a dashboard, and leaves pictures and a PDF in DIRECTORY
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { HtmlValidate, StaticConfigLoader } from "html-validate";
import { chromium } from "playwright-core";

const [mode, file, directory] = process.argv.slice(2);
const url = pathToFileURL(file).href;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const saw = { requests: [], console: [], dialogs: [], violations: [] };

const desk = { viewport: { width: 1280, height: 800 } };
const desktop = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

// open shows the page to a reader, and notes everything that it should not do.
async function open(options) {
  const context = await browser.newContext(options);
  await context.addInitScript(() => {
    globalThis.broken = [];
    addEventListener("securitypolicyviolation", (e) => globalThis.broken.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  const page = await context.newPage();
  page.on("request", (r) => { if (r.url() !== url && !r.url().startsWith("data:")) saw.requests.push(r.url()); });
  page.on("console", (m) => saw.console.push(m.text()));
  page.on("pageerror", (e) => saw.console.push(String(e)));
  page.on("dialog", (d) => { saw.dialogs.push(d.message()); d.dismiss(); });
  await page.goto(url);
  return page;
}

async function close(page) {
  saw.violations.push(...(await page.evaluate(() => globalThis.broken)));
  if (await page.evaluate(() => "pwned" in globalThis)) saw.violations.push("a script of a stranger's has set window.pwned");
  await page.context().close();
}

// words reads the words beside the crosshair, and whether they are within the window.
const words = (page) => page.evaluate(() => {
  const tip = document.querySelector(".tip");
  if (tip.hidden) return null;
  const box = tip.getBoundingClientRect();
  return {
    time: tip.querySelector("p").textContent,
    lines: [...tip.querySelectorAll("li")].map((li) => [li.querySelector("bdi").textContent, li.querySelector("b").textContent]),
    inside: box.left >= 0 && box.top >= 0 && box.right <= document.documentElement.clientWidth && box.bottom <= innerHeight,
  };
});

// readers are the charts that are shown and answer, with their panels' anchors.
async function readers(page) {
  const found = [];
  for (const reader of await page.locator(".reader").all()) {
    if (await reader.isVisible()) found.push({ reader, panel: await reader.evaluate((e) => e.closest(".body").id) });
  }
  return found;
}

// unfoldPanels opens every panel.
const unfoldPanels = (page) => page.locator(".panel > details").evaluateAll((folds) => folds.forEach((f) => { f.open = true; }));

// readCharts puts the pointer, or a finger, on the charts in several places.
async function readCharts(page, places, { tap = false, most = Infinity } = {}) {
  const read = [];
  for (const { reader, panel } of (await readers(page)).slice(0, most)) {
    for (const part of places) {
      await reader.scrollIntoViewIfNeeded();
      const box = await reader.boundingBox();
      const [x, y] = [box.x + 0.5 + part * (box.width - 1), box.y + box.height / 3];
      await (tap ? page.touchscreen.tap(x, y) : page.mouse.move(x, y));
      read.push({ panel, place: part, width: box.width, at: Number(await reader.getAttribute("aria-valuenow")), ...(await words(page)) });
    }
  }
  return read;
}

async function useKeyboard(page) {
  const { reader, panel } = (await readers(page))[0];
  const steps = {};
  await reader.focus();
  for (const key of ["Home", "ArrowRight", "PageDown", "End", "ArrowLeft", "Escape"]) {
    await page.keyboard.press(key);
    steps[key] = { at: Number(await reader.getAttribute("aria-valuenow")), said: await reader.getAttribute("aria-valuetext"), words: await words(page) };
  }
  await page.keyboard.press("Tab");
  return { panel, steps, left: await reader.evaluate((e) => e !== document.activeElement) };
}

const shownRows = (page, table) => page.locator(`${table} tbody tr:visible .key`).allTextContents();

async function sortNodes(page) {
  const head = page.locator(".nodes thead th").nth(1);
  const button = head.locator("button");
  const looks = async () => ({
    sort: await head.getAttribute("aria-sort"),
    values: await page.locator(".nodes tbody tr:visible td:nth-child(2)").evaluateAll((tds) => tds.map((td) => td.dataset.v ?? null)),
  });
  await page.locator(".nodes .unfold").click();
  const sorted = [await looks()];
  for (let i = 0; i < 2; i++) {
    await button.click();
    sorted.push(await looks());
  }
  await page.locator(".nodes .unfold").click();
  return { sorted, folded: (await shownRows(page, ".nodes")).length };
}

async function filterNodes(page, name) {
  const before = (await shownRows(page, ".findings")).length;
  await page.fill("#filter", name);
  const seen = {
    said: await page.locator(".filter output").textContent(),
    findings: await shownRows(page, ".findings"), nodes: await shownRows(page, ".nodes"), series: await shownRows(page, ".figures"),
    panels: await page.locator("article.panel:visible h3").allTextContents(), charts: await charts(page),
  };
  await page.screenshot({ path: `${directory}/filtered.png` });
  await page.keyboard.press("Escape");
  return { ...seen, before, chartsAfter: await charts(page), after: await page.locator(".filter output").textContent(), rows: (await shownRows(page, ".findings")).length };
}

// charts is the number of charts that are shown.
const charts = (page) => page.locator("article.panel svg.chart:visible").count();

const screens = (page) => page.evaluate(() => document.documentElement.scrollHeight / innerHeight);

// useFolds opens the first folded panel by keyboard, closes it by click, and follows a link to it.
async function useFolds(page) {
  const fold = page.locator(".panel > details:not([open])").first();
  const id = await fold.locator(".body").getAttribute("id");
  const summary = page.locator(`details:has(> [id="${id}"]) > summary`);
  const seen = [await charts(page)];
  await summary.focus();
  await page.keyboard.press("Enter");
  seen.push(await charts(page));
  await summary.click();
  seen.push(await charts(page));
  await page.locator(`a[href="#${id}"]`).first().click();
  seen.push(await charts(page));
  const { top } = await summary.evaluate((e) => ({ top: e.getBoundingClientRect().top }));
  return { charts: seen, id, top };
}

// openCause opens the first cause with several findings.
async function openCause(page) {
  const cause = page.locator(".findings tbody:has(.group)").first();
  const rows = () => cause.locator(".member:visible").count();
  const seen = [await rows()];
  await cause.locator("summary").focus();
  await page.keyboard.press("Enter");
  seen.push(await rows());
  return { rows: seen, listed: await cause.locator(".member").count() };
}

async function copyQuery(page) {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const query = page.locator("details.query:visible").first();
  await query.locator("summary").click();
  const button = query.locator("button.copy");
  await button.click();
  return { text: await page.evaluate(() => navigator.clipboard.readText()), button: await button.textContent() };
}

// followCell clicks the last cell of the grid of nodes, whose row is folded.
async function followCell(page) {
  await page.locator(".cells a").last().click();
  const id = (await page.evaluate(() => location.hash)).slice(1);
  return { id, visible: await page.locator(`[id="${id}"]`).isVisible() };
}

async function audit(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target} ${n.failureSummary}`));
}

async function validate() {
  const rules = new HtmlValidate(new StaticConfigLoader({ root: true, extends: ["html-validate:recommended"] }));
  const report = await rules.validateString(await readFile(file, "utf8"), "index.html");
  return report.results.flatMap((r) => r.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`));
}

const shoot = (page, name, fullPage = false) => page.screenshot({ path: `${directory}/${name}.png`, fullPage, scale: "css" });
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function all() {
  const light = await open({ ...desk, colorScheme: "light" });
  await shoot(light, "light");
  await shoot(light, "light-whole", true);
  saw.text = await light.locator("body").innerText();
  saw.screens = await screens(light);
  saw.cause = await openCause(light);
  saw.sorting = await sortNodes(light);
  saw.filter = await filterNodes(light, "ip-10-0-1-12");
  saw.copied = await copyQuery(light);
  saw.cell = await followCell(light);
  await close(light);

  const unfolded = await open({ ...desk, colorScheme: "light" });
  await unfoldPanels(unfolded);
  saw.axeLight = await audit(unfolded);
  saw.charts = await readCharts(unfolded, [0, 0.37, 1]);
  await shoot(unfolded, "crosshair");
  saw.keyboard = await useKeyboard(unfolded);
  saw.wideOverflow = await overflow(unfolded);
  await close(unfolded);

  const dark = await open({ ...desk, colorScheme: "dark" });
  await shoot(dark, "dark");
  saw.axeDark = await audit(dark);
  await readCharts(dark, [0.6], { most: 1 });
  await shoot(dark, "dark-crosshair");
  await dark.pdf({ path: `${directory}/report.pdf`, format: "A4" });
  await close(dark);

  const small = await open(phone);
  await shoot(small, "phone");
  await shoot(small, "phone-whole", true);
  saw.axePhone = await audit(small);
  saw.phoneOverflow = await overflow(small);
  saw.phoneScreens = await screens(small);
  saw.phoneLines = await small.locator(".findings tbody tr:not(.group):not(:has(.change)):visible").evaluateAll((rows) => rows.map((r) => r.getBoundingClientRect().height));
  await unfoldPanels(small);
  saw.touched = await readCharts(small, [0.02, 0.98], { tap: true });
  await shoot(small, "phone-crosshair");
  await close(small);

  const bare = await browser.newContext({ ...desk, javaScriptEnabled: false });
  const page = await bare.newPage();
  await page.goto(url);
  await shoot(page, "without-script");
  saw.bare = {
    offered: await page.locator(".filter:visible, .copy:visible, .reader, .unfold").count(),
    charts: await page.locator("svg.chart:visible").count(),
  };
  await bare.close();
  saw.invalid = await validate();
}

// calm looks at a page without findings, also without a script.
async function calm() {
  for (const [name, options] of Object.entries({ desktop, dark: { ...desktop, colorScheme: "dark" }, phone })) {
    const page = await open(options);
    await shoot(page, name, true);
    if (name === "desktop") {
      saw.screens = await screens(page);
      saw.axeLight = await audit(page);
      await page.pdf({ path: `${directory}/report.pdf`, format: "A4" });
      saw.folds = await useFolds(page);
    } else if (name === "dark") {
      saw.axeDark = await audit(page);
    } else {
      saw.phoneScreens = await screens(page);
      saw.axePhone = await audit(page);
      saw.phoneOverflow = await overflow(page);
    }
    await close(page);
  }
  const bare = await browser.newContext({ ...desktop, javaScriptEnabled: false });
  const page = await bare.newPage();
  await page.goto(url);
  saw.bareFolds = await useFolds(page);
  await bare.close();
}

// board opens every row and the queries of the first panel.
async function board() {
  const unfold = (page) => page.locator("details.row").evaluateAll((rows) => rows.forEach((r) => { r.open = true; }));
  const light = await open({ ...desk, colorScheme: "light" });
  saw.closed = await light.locator("details.row:not([open])").count();
  await unfold(light);
  await shoot(light, "board", true);
  saw.cards = await light.locator(".card:visible").count();
  saw.overlaps = await light.evaluate(() => {
    const boxes = [...document.querySelectorAll(".card")].map((c) => c.getBoundingClientRect());
    return boxes.filter((a, i) => boxes.some((b, k) => k > i && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length;
  });
  await light.locator(".asked summary").first().click();
  saw.text = await light.locator(".asked[open]").innerText();
  saw.axeLight = await audit(light);
  saw.wideOverflow = await overflow(light);
  await close(light);
  const dark = await open({ ...desk, colorScheme: "dark" });
  await unfold(dark);
  await shoot(dark, "board-dark", true);
  saw.axeDark = await audit(dark);
  await dark.pdf({ path: `${directory}/board.pdf`, format: "A4" });
  await close(dark);
  const small = await open(phone);
  await unfold(small);
  await shoot(small, "board-phone", true);
  saw.axePhone = await audit(small);
  saw.phoneOverflow = await overflow(small);
  saw.widths = await small.locator(".card").evaluateAll((cards) => [...new Set(cards.map((c) => Math.round(c.getBoundingClientRect().width)))]);
  await close(small);
  saw.invalid = await validate();
}

// plain looks at a page without a script of its own.
async function plain() {
  for (const [name, options] of Object.entries({ desktop: { ...desktop, colorScheme: "light" }, dark: { ...desktop, colorScheme: "dark" }, phone })) {
    const page = await open(options);
    await shoot(page, `plain-${name}`, true);
    const broken = await audit(page);
    if (name === "desktop") {
      saw.axeLight = broken;
      saw.wideOverflow = await overflow(page);
      saw.text = await page.locator("main").innerText();
    } else if (name === "dark") {
      saw.axeDark = broken;
    } else {
      saw.axePhone = broken;
      saw.phoneOverflow = await overflow(page);
    }
    await close(page);
  }
  saw.invalid = await validate();
}

if (mode === "board") {
  await board();
} else if (mode === "calm") {
  await calm();
} else if (mode === "plain") {
  await plain();
} else if (mode === "read") {
  const page = await open(desk);
  await unfoldPanels(page);
  saw.charts = await readCharts(page, Array.from({ length: 25 }, (_, i) => i / 24));
  await close(page);
} else {
  await all();
}
await browser.close();
process.stdout.write(JSON.stringify(saw));
