// Copy tables and code, save figures, open the fold that a link leads to. The page works without.
"use strict";
(() => {
  const make = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const said = make("p", { className: "aloud", role: "status" });
  document.body.append(said);

  // Folds.
  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let one = target; one; one = one.parentElement) if (one.matches("details")) one.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", openTarget);
  openTarget();

  // The clipboard needs a secure context; a selection does not.
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const box = make("textarea", { value: text, className: "aloud" });
      document.body.append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
    }
  }

  function save(name, content) {
    const link = make("a", { download: name, href: URL.createObjectURL(content) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function tools(label, what, acts) {
    const buttons = Object.entries(acts).map(([word, act]) => {
      const button = make("button", { type: "button", textContent: word });
      button.setAttribute("aria-label", `${label} ${word}: ${what}`);
      button.addEventListener("click", async () => {
        await act();
        said.textContent = `${label === "Copy" ? "Copied" : "Saved"}: ${word}`;
        button.classList.add("done");
        setTimeout(() => button.classList.remove("done"), 2000);
      });
      return button;
    });
    return make("span", { className: "tools" }, `${label} `, ...buttons);
  }

  // Tables as rows of text: what spans several columns or rows stands in each of them.
  const words = (cell) => {
    const copied = cell.cloneNode(true);
    for (const one of copied.querySelectorAll(".more, .aloud, .tools, input")) one.remove();
    return copied.textContent.replace(/\s+/gu, " ").trim();
  };
  function filled(rows) {
    const grid = rows.map(() => []);
    rows.forEach((row, y) => {
      let x = 0;
      for (const cell of row.cells) {
        while (grid[y][x] !== undefined) x += 1;
        for (let down = 0; down < cell.rowSpan; down += 1) {
          for (let right = 0; right < cell.colSpan; right += 1) grid[y + down][x + right] = words(cell);
        }
      }
    });
    return grid;
  }
  function rowsOf(table) {
    const heads = filled([...table.tHead.rows]);
    const head = heads[0].map((_, x) => [...new Set(heads.map((row) => row[x]))].join(" "));
    const body = [...table.tBodies].flatMap((one) => filled(
      [...one.rows].filter((row) => !row.hidden && row.cells.length > 1)));
    return [head, ...body];
  }
  const csv = (rows) => rows.map((row) => row.map((cell) =>
    (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")).join("\n") + "\n";
  const markdown = ([head, ...body]) => [head, head.map(() => "---"), ...body]
    .map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n") + "\n";
  for (const table of document.querySelectorAll("main table")) {
    if (!table.caption || !table.tHead) continue;
    const name = words(table.caption).slice(0, 80);
    table.caption.append(tools("Copy", name, {
      CSV: () => copy(csv(rowsOf(table))),
      Markdown: () => copy(markdown(rowsOf(table))),
    }));
  }

  // Figures stand alone on white: sizes, the rules of the page and its light colours go with them.
  function standalone(svg) {
    const copied = svg.cloneNode(true);
    const { width, height } = svg.viewBox.baseVal;
    copied.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copied.setAttribute("width", `${width}pt`);
    copied.setAttribute("height", `${height}pt`);
    const rules = document.getElementById("drawn").textContent
      .replace(/currentColor/g, "#24292e").replace(/var\([^,]+, ?([^)]+)\)/g, "$1");
    copied.prepend(Object.assign(document.createElementNS(copied.namespaceURI, "style"),
      { textContent: `svg{background:#fff;color:#24292e}${rules}` }));
    return new XMLSerializer().serializeToString(copied);
  }
  const POINTS_TO_PIXELS = 3;
  async function png(svg) {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(svg))}`;
    await image.decode();
    const { width, height } = svg.viewBox.baseVal;
    const canvas = make("canvas", { width: width * POINTS_TO_PIXELS, height: height * POINTS_TO_PIXELS });
    const drawn = canvas.getContext("2d");
    drawn.fillStyle = "#fff";
    drawn.fillRect(0, 0, canvas.width, canvas.height);
    drawn.drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => { canvas.toBlob(done, "image/png"); });
  }
  for (const figure of document.querySelectorAll("figure")) {
    const svg = figure.querySelector("svg");
    const name = figure.dataset.name;
    const title = svg?.querySelector("title")?.textContent;
    if (!svg || !name) continue;
    figure.querySelector("figcaption").prepend(tools("Save", title, {
      SVG: () => save(`${name}.svg`, new Blob([standalone(svg)], { type: "image/svg+xml" })),
      PNG: async () => save(`${name}.png`, await png(svg)),
    }));
  }

  for (const code of document.querySelectorAll("main pre, .citation")) {
    const heading = code.closest("section").querySelector("h2").textContent;
    code.before(tools("Copy", heading, { text: () => copy(code.textContent.trim()) }));
  }
})();
