// The explorer: a reader picks work, arms and models; curve, table and sentence follow.
// All numbers come from the JSON beside it, which holds the report's own tables. No statistics here.
"use strict";
(() => {
  const section = document.getElementById("explorer");
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const form = section.querySelector("form");
  const out = (name) => section.querySelector(`[data-out="${name}"]`);
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 560, HEIGHT = 300, LEFT = 62, RIGHT = 14, TOP = 14, BOTTOM = 44;

  // Times as the rest of the report writes them; ratios to two decimals.
  const SPACE = "\u00a0";
  const fixed = (value, decimals) =>
    value.toFixed(decimals).replace(/\B(?=(\d{3})+(?!\d))/g, (_, __, at, whole) =>
      whole.slice(0, at).includes(".") ? "" : "\u202f");
  const decimalsFor = (value, digits) =>
    value === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  const time = (ns) => {
    const [symbol, size] = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]].find(
      ([, size]) => ns >= size || size === 1);
    return `${fixed(ns / size, decimalsFor(ns / size, 3))}${SPACE}${symbol}`;
  };
  const times = (ratio) => `${fixed(ratio, ratio >= 100 ? 0 : 2)}×`;

  // What is asked, and what the tables say to it.
  const chosen = (name) =>
    [...form.elements[name].length === undefined ? [form.elements[name]] : form.elements[name]]
      .filter((box) => box.checked).map((box) => box.value);
  const question = () => ({
    work: form.elements.work.value,
    arms: chosen("arm"),
    models: chosen("model"),
    basis: form.elements.basis.value,
    measure: form.elements.measure.value,
  });
  const typicalOf = (work, model, arm) =>
    data.cells.find((c) => c.work === work && c.model === model && c.arm === arm)?.typical_ns;

  function value(cell, asked) {
    const isQuiet = asked.basis === "report";
    if (asked.measure === "time") {
      return isQuiet
        ? { value: cell.median_ns, low: cell.low_ns, high: cell.high_ns, basis: cell.basis }
        : { value: cell.typical_ns, low: null, high: null, basis: "typical" };
    }
    if (isQuiet) return cell[asked.measure] ?? { value: null };
    const arm = asked.measure === "own" ? cell.arm : data.reference;
    const serial = typicalOf(cell.work, "serial", arm);
    const ratio = serial && cell.typical_ns ? serial / cell.typical_ns : null;
    return { value: ratio, low: null, high: null, basis: "typical" };
  }

  function answer(asked) {
    const rows = data.cells
      .filter((c) => c.work === asked.work && asked.arms.includes(c.arm))
      .filter((c) => asked.models.includes(c.model))
      .map((cell) => ({ cell, ...value(cell, asked) }))
      .filter((row) => row.value !== null && row.value !== undefined);
    const lines = new Map();
    for (const row of rows) {
      const key = `${row.cell.model}\n${row.cell.arm}`;
      lines.set(key, [...(lines.get(key) ?? []), row]);
    }
    return { rows, lines: [...lines.values()] };
  }

  const shown = (asked, number) => (asked.measure === "time" ? time(number) : times(number));
  const interval = (asked, row) => {
    if (row.low === null || row.low === undefined || row.high === null) return "";
    return ` [${[row.low, row.high].map((end) => shown(asked, end).replace("×", "")).join(", ")}]`;
  };
  const way = ({ cell }) =>
    data.models[cell.model].isSerial ? `${data.models[cell.model].title} on ${cell.arm}`
      : `${data.models[cell.model].title} on ${cell.arm} with ${cell.workers}${SPACE}` +
        (cell.workers === 1 ? "worker" : "workers");
  const against = (asked) =>
    ({ time: "", reference: ` as fast as serial on ${data.reference}`, own: " as fast as serial on the same arm" })[asked.measure];

  // Which of two is faster is for the report's own verdicts; overlapping intervals are named.
  const doubt = ([first, second]) => {
    if (!Number.isFinite(first.low)) return " No interval is known here.";
    if (!second || !Number.isFinite(second.low)) return "";
    const overlap = first.low <= second.high && second.low <= first.high;
    return overlap
      ? ` The interval of the next, ${way(second)}, overlaps: this alone settles no order.` : "";
  };

  function sentence(asked, rows) {
    const title = data.works[asked.work];
    if (!rows.length) {
      return asked.measure === "time"
        ? `${title}: nothing that was chosen was measured.`
        : `${title}: nothing that was chosen was compared with serial; there may be times of it.`;
    }
    const isTime = asked.measure === "time";
    const ranked = [...rows].sort((a, b) => (isTime ? a.value - b.value : b.value - a.value));
    const said = (row) => `${way(row)}, ${shown(asked, row.value)}${interval(asked, row)}`;
    const last = ranked.at(-1);
    return `${title}: ${isTime ? "least" : "most"} is ${said(ranked[0])}${against(asked)}` +
      (ranked.length > 1 ? `; ${isTime ? "most" : "least"} is ${said(last)}.` : ".") + doubt(ranked);
  }

  // Drawing.
  const node = (name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, one] of Object.entries(attributes)) made.setAttribute(key, one);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const colour = (model) => `var(--series-${data.models[model].colour})`;
  const marker = (arm, x, y, ink) =>
    ({
      o: () => node("circle", { cx: x, cy: y, r: 3.6, fill: ink }),
      D: () => node("rect", { x: x - 3.1, y: y - 3.1, width: 6.2, height: 6.2, fill: ink, transform: `rotate(45 ${x} ${y})` }),
      s: () => node("rect", { x: x - 3.2, y: y - 3.2, width: 6.4, height: 6.4, fill: ink }),
    })[data.arms[arm].marker]();
  const stroke = (row, extra) => ({
    stroke: colour(row.cell.model), "stroke-width": 1.8, fill: "none",
    "stroke-dasharray": data.arms[row.cell.arm].dashes, ...extra,
  });

  const LINEAR_UP_TO_WORKERS = 8;
  function powers(low, top) {
    const first = Math.ceil(Math.log2(low)), last = Math.floor(Math.log2(top));
    return Array.from({ length: last - first + 1 }, (_, index) => 2 ** (first + index));
  }

  function ticks(top) {
    const raw = top / 5, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw);
    return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
  }

  function curve(asked, rows, lines) {
    const svg = node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": sentence(asked, rows) });
    const counts = [...new Set(rows.map((row) => row.cell.workers))].sort((a, b) => a - b);
    const top = Math.max(...rows.map((row) => row.high ?? row.value), asked.measure === "time" ? 0 : 1) * 1.06;
    const room = (WIDTH - LEFT - RIGHT) / (counts.length + 1);
    const x = (workers) => LEFT + room * (counts.indexOf(workers) + 1);
    // As in the report's own curves: with many workers both axes double from tick to tick.
    const isLog = asked.measure !== "time" && counts.at(-1) > LINEAR_UP_TO_WORKERS;
    const low = Math.min(...rows.map((row) => row.low ?? row.value)) / 1.06;
    const share = (number) => (isLog ? Math.log(number / low) / Math.log(top / low) : number / top);
    const y = (number) => HEIGHT - BOTTOM - share(number) * (HEIGHT - TOP - BOTTOM);
    const words = { fill: "currentColor", "font-size": 13 };
    for (const tick of isLog ? powers(low, top) : ticks(top)) {
      svg.append(node("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), stroke: "currentColor", opacity: 0.14 }));
      svg.append(node("text", { ...words, x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" },
        asked.measure === "time" ? (tick ? time(tick) : "0") : `${+tick.toPrecision(3)}×`));
    }
    for (const count of counts) {
      svg.append(node("text", { ...words, x: x(count), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" }, count));
    }
    svg.append(node("text", { ...words, x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, "workers (number)"));
    if (asked.measure !== "time") {
      svg.append(node("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(1), y2: y(1), stroke: "currentColor", opacity: 0.8 }));
    }
    lines.forEach((line, index) => {
      const shift = (index - (lines.length - 1) / 2) * Math.min(7, (room * 0.5) / lines.length);
      const points = line.map((row) => [x(row.cell.workers) + shift, y(row.value), row]);
      if (data.models[line[0].cell.model].isSerial) {
        svg.append(node("line", stroke(line[0], { x1: LEFT, x2: WIDTH - RIGHT, y1: points[0][1], y2: points[0][1], "stroke-width": 1.2 })));
      }
      svg.append(node("polyline", stroke(line[0], { points: points.map(([a, b]) => `${a},${b}`).join(" ") })));
      for (const [a, b, row] of points) {
        if (row.low !== null && row.low !== undefined) {
          svg.append(node("line", stroke(row, { x1: a, x2: a, y1: y(row.low), y2: y(row.high), "stroke-dasharray": "" })));
        }
        svg.append(marker(row.cell.arm, a, b, colour(row.cell.model)));
      }
    });
    return svg;
  }

  function key(row) {
    const svg = node("svg", { viewBox: "0 0 34 12", width: 34, height: 12, "aria-hidden": "true" });
    svg.append(node("line", stroke(row, { x1: 0, x2: 34, y1: 6, y2: 6 })), marker(row.cell.arm, 17, 6, colour(row.cell.model)));
    return svg;
  }

  function fill(body, asked, rows) {
    body.replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.append(key(row), ` ${data.models[row.cell.model].title}`);
      line.append(head);
      const cells = [
        row.cell.arm, data.models[row.cell.model].isSerial ? "–" : row.cell.shown, shown(asked, row.value),
        ...["low", "high"].map((end) => (row[end] === null || row[end] === undefined ? "–" : shown(asked, row[end]))),
        row.basis,
      ];
      cells.forEach((text, index) => {
        const cell = document.createElement("td");
        if (index > 0 && index < 5) cell.className = "n";
        cell.textContent = text;
        line.append(cell);
      });
      return line;
    }));
  }

  function update() {
    const asked = question();
    const { rows, lines } = answer(asked);
    out("sentence").textContent = sentence(asked, rows);
    out("curve").replaceChildren(...(rows.length ? [curve(asked, rows, lines)] : []));
    out("table").hidden = !rows.length;
    fill(out("rows"), asked, rows);
    out("caption").textContent = `${data.works[asked.work]}: ` +
      (asked.measure === "time" ? "time of a batch" : `how many times${against(asked)}`);
  }

  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
  update();
})();
