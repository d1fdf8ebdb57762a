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
  filter.placeholder = "Filter: json, sqlite";
  filter.setAttribute("aria-label", `Filter: ${heads[0].textContent.trim()}`);

  const told = document.createElement("div");
  told.setAttribute("role", "status");
  heat.append(told);
  const MOST_TOLD = 6;

  // Rows that have any of the texts between commas; words between spaces, if none has them as one.
  function found() {
    const having = (separator) => {
      const texts = filter.value.toLowerCase().split(separator).map((one) => one.trim()).filter(Boolean);
      if (texts.length === 0) return rows;
      return rows.filter((row) => texts.some((one) => row.textContent.toLowerCase().includes(one)));
    };
    const whole = having(/[,;]/);
    return whole.length ? whole : having(/[,;\s]/);
  }

  // What each row says of moving, with its interval, and that nothing is known of them together.
  function tell(shown) {
    told.replaceChildren();
    if (shown.length === rows.length) return;
    const say = (name, text) => {
      told.append(Object.assign(document.createElement(name), { className: "scope", textContent: text }));
    };
    if (!shown.length) say("p", `No row matches “${filter.value}”.`);
    if (!shown.length || shown.length > MOST_TOLD) return;
    for (const row of shown) {
      const moves = [...row.querySelectorAll("td.move .more > span:first-of-type")];
      const title = row.cells[0].textContent.trim();
      if (moves.length) say("p", `${title}: ${moves.map((one) => one.textContent).join("; ")}`);
    }
    if (shown.length > 1 && told.childElementCount) say("p", "A mix of these was not measured.");
  }

  function show() {
    const shown = found();
    for (const row of rows) row.hidden = !shown.includes(row);
    tell(shown);
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
