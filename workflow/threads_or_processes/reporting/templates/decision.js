// Heat-tables: click a heading to sort by it, type words between commas to filter. Without scripts
// all rows stand.
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
  filter.placeholder = "Filter: json, sql";
  filter.setAttribute("aria-label", `Filter: ${heads[0].textContent.trim()}`);

  function show() {
    const asked = filter.value.toLowerCase().split(",").map((one) => one.trim()).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = asked.length > 0 && !asked.some((one) => text.includes(one));
    }
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
