// This script makes the report interactive: a crosshair reads the charts, tables sort and unfold,
// one filter covers all tables, and queries can be copied. Without it the page has the same
// content; parts that need it are hidden until it runs. Text from outside is only ever set as text,
// never as markup.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const clamp = (v, low, high) => Math.max(low, Math.min(v, high));

  // make returns an element with attributes and children. space is the namespace, such as SVG.
  const SVG = "http://www.w3.org/2000/svg";
  function make(name, attributes = {}, children = [], space = "http://www.w3.org/1999/xhtml") {
    const e = document.createElementNS(space, name);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    e.append(...children);
    return e;
  }

  // ---- Tables: sorting, folding, filtering. A row is shown if it matches the filter. Without a
  // filter, a folded table shows only its first rows.

  let query = "";
  const tables = all("table.rows").map((table) => {
    const t = { table, body: table.tBodies[0], first: Infinity, open: false };
    t.note = table.parentElement.matches("details") && table.parentElement.querySelector(".note");
    const fold = table.nextElementSibling;
    if (table.matches(".sortable") && fold && fold.matches("details.rest")) addFold(t, fold);
    if (table.matches(".sortable")) makeSortable(t);
    return t;
  });
  const rowsOf = (t) => all("tbody tr:not(.group, .more)", t.table); // not the lines of causes

  // The filter finds a row by its name, by its node (the first word of the name if the row names no
  // other), and by what is known about that node: type, zone, pool, version, badges and taints.
  const name = (row) => row.querySelector(".key").textContent;
  const machines = new Map();
  for (const t of tables.filter((t) => t.table.dataset.kind === "nodes")) {
    for (const row of rowsOf(t)) machines.set(name(row), all(".badge, .facts, .taints li", row).map((e) => e.textContent + "\n" + e.title).join("\n"));
  }
  const labels = new Map(all(".clusters tbody tr").map((r) => [name(r), r.dataset.node]));
  const key = (text, node) => [text, node, machines.get(node) || "", labels.get(text.split("/")[0]) || ""].join("\n").toLowerCase();
  for (const t of tables) {
    t.keys = new Map(rowsOf(t).map((r) => [r, key(name(r), r.dataset.node || name(r).split(" ")[0])]));
  }
  const cells = new Map(all(".cells li").map((c) => [c, key(c.firstElementChild.title, c.dataset.node)]));

  // addFold appends the rows of a fold to the table, so that all rows sort together, and replaces
  // the fold by a button.
  function addFold(t, fold) {
    t.first = t.body.rows.length;
    t.body.append(...fold.querySelector("tbody").rows);
    t.button = make("button", { type: "button", class: "unfold", "aria-expanded": "false" }, [fold.querySelector("summary").textContent]);
    t.button.addEventListener("click", () => { t.open = !t.open; refresh(t); });
    t.note = fold.querySelector(".note");
    fold.replaceWith(t.button, ...(t.note ? [t.note] : []));
  }

  // refresh shows and hides the rows of t and returns how many match the filter.
  function refresh(t) {
    t.matching = 0;
    for (const row of rowsOf(t)) {
      const match = t.keys.get(row).includes(query);
      if (match) t.matching++;
      row.hidden = !match || (!query && !t.open && t.matching > t.first);
    }
    if (t.button) {
      t.button.hidden = query !== "";
      t.button.setAttribute("aria-expanded", t.open);
      if (t.note) t.note.hidden = !t.open && !query;
    }
    return t.matching;
  }

  function makeSortable(t) {
    const heads = [...t.table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button" }, [...head.childNodes]);
      head.append(button);
      button.addEventListener("click", () => {
        const names = column === 0;
        const order = head.getAttribute("aria-sort") === (names ? "ascending" : "descending") ? !names : names; // true: ascending
        for (const h of heads) h.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order ? "ascending" : "descending");
        const value = (row) => row.cells[column].dataset.v;
        const compare = names
          ? (a, b) => name(a).localeCompare(name(b), undefined, { numeric: true })
          : (a, b) => value(a) - value(b);
        const rows = [...t.body.rows];
        const known = rows.filter((r) => names || value(r) !== undefined);
        known.sort((a, b) => (order ? compare(a, b) : compare(b, a)));
        t.body.append(...known, ...rows.filter((r) => !known.includes(r))); // unmeasured rows stay last
        refresh(t);
      });
    });
  }

  const filter = document.querySelector(".filter");
  const input = filter.querySelector("input");
  const clear = filter.querySelector("button");
  const counter = filter.querySelector("output");

  const chips = all(".chips button");
  for (const chip of chips) {
    chip.closest(".chips").hidden = false;
    chip.addEventListener("click", () => {
      input.value = chip.ariaPressed === "true" ? "" : chip.dataset.query;
      applyFilter();
    });
  }

  const unfolded = new Set(); // by the filter
  function applyFilter() {
    query = input.value.trim().toLowerCase();
    for (const chip of chips) chip.ariaPressed = chip.dataset.query.toLowerCase() === query;
    clear.hidden = input.value === "";
    const found = {};
    for (const t of tables) {
      const n = (found[t.table.dataset.kind] ??= { shown: 0, of: 0 });
      n.shown += refresh(t);
      n.of += t.keys.size;
    }
    for (const row of all("table.list tbody tr")) row.hidden = !row.textContent.toLowerCase().includes(query);
    unfold();
    for (const article of all("article.panel")) {
      const mine = tables.filter((t) => article.contains(t.table));
      const listed = mine.length > 0 && !mine.some((t) => t.note);
      article.hidden = query !== "" && listed && !mine.some((t) => [...t.body.rows].some((r) => !r.hidden));
    }
    for (const [cell, words] of cells) cell.classList.toggle("out", !words.includes(query));
    const counts = Object.entries(found).map(([kind, n]) => filter.dataset[kind].replace("{shown}", n.shown).replace("{all}", n.of));
    counter.textContent = query ? counts.join(" · ") : "";
  }
  input.addEventListener("input", applyFilter);
  input.addEventListener("keydown", (e) => { if (e.key === "Escape") { input.value = ""; applyFilter(); } });
  clear.addEventListener("click", () => { input.value = ""; applyFilter(); input.focus(); });
  filter.hidden = false;
  applyFilter();

  // unfold opens what holds rows that match the filter, and folds it again without a filter.
  function unfold() {
    document.body.classList.toggle("filtered", query !== "");
    for (const fold of all("details")) {
      const wanted = query !== "" && tables.some((t) => t.matching > 0 && fold.contains(t.table));
      if (wanted && !fold.open) unfolded.add(fold);
      if (wanted || unfolded.delete(fold)) fold.open = wanted;
    }
  }

  // reveal opens the folds around the element that the address points at.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]") && query) { input.value = ""; applyFilter(); }
    const t = tables.find((t) => t.table.contains(target));
    if (t && target.closest("[hidden]")) { t.open = true; refresh(t); }
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // ---- Copying queries. Without a clipboard the query is selected instead.

  for (const button of all("button.copy")) {
    const word = button.textContent;
    const code = button.parentElement.querySelector("code");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        getSelection().selectAllChildren(code);
        return;
      }
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = word; }, 2000);
    });
  }

  // ---- Charts: a crosshair that reads the samples.

  const tip = make("div", { class: "tip", "aria-hidden": "true" });
  tip.hidden = true;
  document.body.append(tip);
  let hideShown = null; // hides the crosshair that is shown

  const MOST = 16; // lines in the tooltip beside a crosshair
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const worth = new Map([...LETTERS].map((c, i) => [c, i]));

  // readSamples decodes a panel's samples. Its functions return what is drawn at a step.
  function readSamples(text) {
    const s = JSON.parse(text);
    s.texts.forEach((t, i) => { if (t === "") s.texts[i] = s.texts[i - 1]; });
    const level = (line, i) => {
      let n = 0;
      for (const c of line.slice(i * s.digits, (i + 1) * s.digits)) n = n * 64 + worth.get(c);
      return n - 1;
    };
    const value = (line, i) => {
      const l = level(line, i);
      const height = l < 0 ? -1 : s.heights[l];
      return { text: l < 0 ? "–" : s.texts[l], at: height < 0 ? NaN : s.low + (s.high - s.low) * (height / s.resolution) };
    };
    const two = (n) => String(n).padStart(2, "0");
    s.time = (i) => {
      const day = s.days.findLast((d) => d.from <= i);
      const clock = (((s.start + i * s.step + day.offset) % 86400) + 86400) % 86400;
      const seconds = s.start % 60 || s.step % 60 ? ":" + two(Math.floor(clock % 60)) : "";
      return `${day.date} ${two(Math.floor(clock / 3600))}:${two(Math.floor(clock / 60) % 60)}${seconds} ${day.zone}`;
    };
    s.lines = s.lines.map((line) => (i) => value(line, i));
    s.more = (s.more || []).map((m) => ({ name: m.name, at: m.lines.map((line) => (i) => value(line, i)) }));
    return s;
  }

  // reader adds a crosshair to one chart. For a keyboard and a screen reader it is a slider through
  // the samples.
  function reader(figure, s, names, title) {
    const svg = figure.querySelector("svg[data-plot]");
    if (!svg) return;
    const [left, top, right, bottom, first, last, low, high] = svg.dataset.plot.split(" ").map(Number);
    const { width, height } = svg.viewBox.baseVal;
    const x = (i) => left + ((s.start + i * s.step - first) / (last - first)) * (right - left);
    const onAxis = high !== undefined; // else samples have no height, as in a heat map
    const y = (v) => clamp(bottom - ((v - low) / (high - low)) * (bottom - top), top, bottom);

    const line = make("line", { y1: top, y2: bottom }, [], SVG);
    const dots = s.lines.map((_, i) => make("circle", { r: 3.5, class: names[i].mark }, [], SVG));
    const cross = make("g", { class: "cross", visibility: "hidden" }, [line, ...dots], SVG);
    svg.append(cross);
    const plot = make("div", {
      class: "reader", role: "slider", tabindex: 0, "aria-labelledby": title, "aria-valuemin": 0, "aria-valuemax": s.len - 1,
    });
    const place = (side, part, total) => { plot.style[side] = (100 * part) / total + "%"; };
    place("left", left, width);
    place("top", top, height);
    place("width", right - left, width);
    place("height", bottom - top, height);
    figure.append(plot);

    let at = s.len - 1;
    const announce = () => {
      const values = s.lines.map((l, i) => `${names[i].name} ${l(at).text}`);
      plot.setAttribute("aria-valuenow", at);
      plot.setAttribute("aria-valuetext", [s.time(at), ...values].join(", "));
    };

    // show moves the crosshair to a step. pointer is the position of the pointer in the plot, if
    // there is one.
    function show(i, pointer) {
      if (hideShown !== hide) hideShown?.();
      hideShown = hide;
      at = clamp(i, 0, s.len - 1);
      announce();
      const values = s.lines.map((l, i) => ({ i, ...l(at) }));
      const drawn = (v) => onAxis && !isNaN(v.at);
      line.setAttribute("x1", x(at));
      line.setAttribute("x2", x(at));
      for (const v of values) {
        dots[v.i].setAttribute("visibility", drawn(v) ? "inherit" : "hidden");
        if (!drawn(v)) continue;
        dots[v.i].setAttribute("cx", x(at));
        dots[v.i].setAttribute("cy", y(v.at));
      }
      const away = (v) => (!drawn(v) || !pointer ? Infinity : Math.abs(y(v.at) - pointer.y));
      const nearest = values.reduce((a, b) => (away(b) < away(a) ? b : a), values[0]);
      values.sort((a, b) => (isNaN(b.at) ? -Infinity : b.at) - (isNaN(a.at) ? -Infinity : a.at) || a.i - b.i);
      const pointed = s.rows && pointer ? Math.floor(((pointer.y - top) / (bottom - top)) * s.lines.length) : -1;
      const shown = values.filter((v) => pointed < 0 || v.i === pointed).slice(0, MOST);
      const rows = shown.map((v) => row(names[v.i], v.text, v === nearest && away(v) < 24 ? "near" : ""));
      for (const m of s.more) {
        const [from, to] = [m.at[0](at).text, m.at[m.at.length - 1](at).text];
        rows.push(row(m, from === to ? to : s.between.replace("{from}", from).replace("{to}", to), "others"));
      }
      tip.replaceChildren(make("p", {}, [s.time(at)]), make("ul", {}, rows));
      cross.setAttribute("visibility", "visible");
      tip.hidden = false;
      placeTip(pointer);
    }

    function row(of, text, kind) {
      const mark = make("svg", { class: "mark " + (of.mark || ""), viewBox: "0 0 20 4" }, [make("path", { d: "M1 2h18" }, [], SVG)], SVG);
      return make("li", { class: kind }, [mark, make("bdi", {}, [of.name]), make("b", {}, [text])]);
    }

    // placeTip puts the tooltip next to the crosshair, inside the window.
    function placeTip(pointer) {
      const box = svg.getBoundingClientRect();
      const scale = box.width / width;
      const edge = document.documentElement;
      const cx = box.left + x(at) * scale;
      const cy = box.top + (pointer ? pointer.y : (top + bottom) / 2) * scale;
      const right = cx + 14 + tip.offsetWidth < edge.clientWidth - 8;
      const px = clamp(right ? cx + 14 : cx - 14 - tip.offsetWidth, 8, edge.clientWidth - tip.offsetWidth - 8);
      const py = clamp(cy - tip.offsetHeight / 2, 8, Math.max(8, edge.clientHeight - tip.offsetHeight - 8));
      tip.style.left = px + scrollX + "px";
      tip.style.top = py + scrollY + "px";
    }

    function hide() {
      cross.setAttribute("visibility", "hidden");
      if (hideShown !== hide) return; // another chart owns the tooltip now
      hideShown = null;
      tip.hidden = true;
    }

    plot.addEventListener("pointermove", follow);
    plot.addEventListener("pointerdown", follow);
    function follow(e) {
      const box = svg.getBoundingClientRect();
      const px = ((e.clientX - box.left) / box.width) * width;
      const seconds = first + ((px - left) / (right - left)) * (last - first);
      show(Math.round((seconds - s.start) / s.step), { y: ((e.clientY - box.top) / box.height) * height });
    }
    plot.addEventListener("pointerleave", (e) => { if (e.pointerType === "mouse") hide(); });
    plot.addEventListener("focus", () => { if (plot.matches(":focus-visible")) show(at); });
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (e) => {
      const page = Math.max(1, Math.round(s.len / 24));
      const to = {
        ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1,
        PageDown: at - page, PageUp: at + page, Home: 0, End: s.len - 1,
      }[e.key];
      if (e.key === "Escape") hide();
      if (to === undefined || e.ctrlKey || e.altKey || e.metaKey) return;
      e.preventDefault();
      show(to);
    });
    announce();
  }

  for (const data of all("script.samples")) {
    const article = data.closest("article");
    const names = all("table.figures tr", article).filter((r) => r.querySelector(".mark")).map((r) => (
      { name: r.querySelector(".key").textContent, mark: r.querySelector(".mark").getAttribute("class").replace("mark ", "") }));
    const s = readSamples(data.textContent);
    for (const figure of all("figure", article)) reader(figure, s, names, article.getAttribute("aria-labelledby"));
  }
})();
