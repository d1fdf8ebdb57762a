// Heat-tables: click a heading to sort by it, type words between commas to filter; a few rows are
// told in words. Without scripts all rows stand.
"use strict";
for (const heat of document.querySelectorAll("[data-heat]")) {
  const bodies = [...heat.querySelectorAll("tbody")];
  const home = bodies.map((body) => [...body.rows]);
  const isGroup = (row) => row.classList.contains("group");
  const rows = home.flat().filter((row) => !isGroup(row));
  const heads = [...heat.querySelectorAll("[data-column]")];
  let sorted = null;

  const filter = document.createElement("input");
  filter.type = "search";
  filter.placeholder = "Filter";
  filter.setAttribute("aria-label", `Filter: ${heads[0].textContent.trim()}`);

  const told = document.createElement("div");
  told.setAttribute("role", "status");
  heat.append(told);
  const MOST_TOLD = 6;

  const has = (row, text) => row.textContent.toLowerCase().includes(text);
  const isAnywhere = (text) => rows.some((row) => has(row, text));

  // What is asked for: the texts between commas, or if no row has any of them, their words.
  function asked() {
    const texts = (separator) =>
      filter.value.toLowerCase().split(separator).map((one) => one.trim()).filter(Boolean);
    const whole = texts(/[,;]/);
    return whole.some(isAnywhere) ? whole : texts(/[,;\s]/);
  }

  // What a few rows say of moving: in all, each with its interval, and that no mix was measured.
  function tell(texts, shown) {
    told.replaceChildren();
    const say = (textContent) => {
      told.append(Object.assign(document.createElement("p"), { className: "scope", textContent }));
    };
    for (const one of texts) if (!isAnywhere(one)) say(`No row matches “${one}”.`);
    if (!texts.length || !shown.length || shown.length > MOST_TOLD) return;
    const moves = shown.map((row) => [...row.querySelectorAll("td.move button .aloud")]);
    if (shown.length > 1 && moves.every((one) => one.length === 1)) {
      const results = moves.map(([one]) => one.textContent.trim());
      const counts = [...new Set(results)].map((one) => `${results.filter((other) => other === one).length} ${one}`);
      say(`Of these ${shown.length}, each in its best way: ${counts.join("; ")}. No mix of them was measured.`);
    }
    for (const row of shown) {
      const details = [...row.querySelectorAll("td.move .more > span:first-of-type")];
      if (details.length) say(`${row.cells[0].textContent.trim()}: ${details.map((one) => one.textContent).join("; ")}`);
    }
  }

  function show() {
    const texts = asked();
    const shown = texts.length ? rows.filter((row) => texts.some((one) => has(row, one))) : rows;
    for (const row of rows) row.hidden = !shown.includes(row);
    tell(texts, shown);
    for (const [index, body] of bodies.entries()) {
      for (const row of home[index].filter(isGroup)) {
        row.hidden = sorted !== null || ![...body.rows].some((one) => !isGroup(one) && !one.hidden);
      }
    }
  }

  const value = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.sort !== undefined) return Number(cell.dataset.sort);
    return cell.classList.contains("n") ? null : cell.textContent.trim();
  };

  // What has no number comes last in either direction.
  function compare(a, b) {
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === "number" ? a - b : a.localeCompare(b);
    return sorted.isDown ? -order : order;
  }

  function sort(head) {
    const column = Number(head.dataset.column);
    const isNumber = head.classList.contains("n");
    if (sorted?.column !== column) sorted = { column, isDown: isNumber, turns: 1 };
    else if (sorted.turns === 1) sorted = { column, isDown: !sorted.isDown, turns: 2 };
    else sorted = null;
    for (const one of heads) one.removeAttribute("aria-sort");
    if (sorted) {
      head.setAttribute("aria-sort", sorted.isDown ? "descending" : "ascending");
      const inOrder = [...rows].sort((a, b) => compare(value(a, column), value(b, column)));
      bodies[0].append(...inOrder);
    } else {
      bodies.forEach((body, index) => body.append(...home[index]));
    }
    show();
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head));
  }
  heads[0].append(filter);
  filter.addEventListener("input", show);
  heat.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target !== filter) event.target.blur();
  });
}
