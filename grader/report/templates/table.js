"use strict";
{
  const table = document.getElementById("students");
  const body = table.tBodies[0];
  const headers = Array.from(table.tHead.rows[0].cells);
  const rows = Array.from(body.rows);

  // --- sorting
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const values = {
    text: (cell) => cell.textContent.trim() || null,
    number: (cell) => (cell.textContent.trim() ? parseFloat(cell.textContent) : null),
    credit: (cell) => (/^k\d$/.test(cell.className) ? Number(cell.className[1]) : null),
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : words.compare(a, b));

  const sortBy = (column) => {
    const descending = headers[column].getAttribute("aria-sort") === "ascending";
    headers.forEach((header) => header.setAttribute("aria-sort", "none"));
    headers[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
    const value = values[headers[column].dataset.kind];
    const keyed = Array.from(body.rows, (row) => [value(row.cells[column]), row]);
    keyed.sort(([a], [b]) => {
      // empty cells come last in both directions
      if (a === null || b === null) return Number(a === null) - Number(b === null);
      return descending ? compare(b, a) : compare(a, b);
    });
    body.append(...keyed.map(([, row]) => row));
  };
  headers.forEach((header, column) => {
    header.querySelector("button").addEventListener("click", () => sortBy(column));
  });

  // --- filtering; the page's search texts are folded in the same way
  const latin = { ß: "ss", ø: "o", ł: "l", æ: "ae", œ: "oe", đ: "d", ð: "d", þ: "th", ı: "i", ħ: "h" };
  const fold = (text) => text.toLowerCase().normalize("NFC")
    .replace(/[ßøłæœđðþıħ]/g, (letter) => latin[letter])
    .normalize("NFKD").replace(/\p{M}/gu, "");
  const tags = rows.map((row) => new Set(row.dataset.tags.split(" ")));
  const known = new Set(tags.flatMap((some) => Array.from(some)));
  const finds = rows.map((row) => row.dataset.find);
  const names = finds.map((text) => new Set(text.split(" ")));

  // A word that is a tag as a whole, such as 1.6 or late, finds that alone, and whole words.
  const fits = (i, word) => (known.has(word)
    ? tags[i].has(word) || names[i].has(word)
    : finds[i].includes(word) || rows[i].dataset.tags.includes(word));

  const field = document.getElementById("filter");
  const group = document.getElementById("group");
  const count = document.getElementById("count");
  const filter = () => {
    const wanted = fold(field.value).split(/\s+/).filter(Boolean);
    const chosen = group ? group.value : "";
    let shown = 0;
    rows.forEach((row, i) => {
      const hidden = Boolean(chosen && row.dataset.group !== chosen)
        || !wanted.every((word) => fits(i, word));
      if (row.hidden !== hidden) row.hidden = hidden;
      shown += Number(!hidden);
    });
    count.textContent = `${shown} of ${rows.length} students`;
  };
  field.addEventListener("input", filter);
  if (group) group.addEventListener("change", filter);

  // --- links such as #filter=relu-leaky, also from other pages
  const filterByHash = (hash) => {
    const [, given] = /^#filter=(.*)$/.exec(hash) || [];
    if (given === undefined) return;
    try {
      field.value = decodeURIComponent(given);
    } catch {
      field.value = given;
    }
    filter();
    document.getElementById("students-title").scrollIntoView();
    field.focus({ preventScroll: true });
  };
  window.addEventListener("hashchange", () => filterByHash(location.hash));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#filter=']");
    if (link && link.hash === location.hash) filterByHash(link.hash);  // else the hash changes
  });

  // --- arrow keys: of all links in the table, the tab key reaches one
  const link = (row, column) => row.cells[column] && row.cells[column].querySelector("a");
  let current = null;
  const reach = (to) => {
    if (current) current.tabIndex = -1;
    current = to;
    if (current) current.tabIndex = 0;
  };
  body.querySelectorAll("a").forEach((one) => { one.tabIndex = -1; });
  reach(body.querySelector("a"));

  const sideways = (row, column, by) => {
    let x = column + by;
    while (x >= 0 && x < headers.length && !link(row, x)) x += by;
    return link(row, x);
  };
  const upOrDown = (row, column, next) => {
    let other = row[next];
    while (other && (other.hidden || !link(other, column))) other = other[next];
    return other && link(other, column);
  };
  const moves = {
    ArrowDown: (row, column) => upOrDown(row, column, "nextElementSibling"),
    ArrowUp: (row, column) => upOrDown(row, column, "previousElementSibling"),
    ArrowRight: (row, column) => sideways(row, column, 1),
    ArrowLeft: (row, column) => sideways(row, column, -1),
    Home: (row) => row.querySelector("a"),
    End: (row) => Array.from(row.querySelectorAll("a")).pop(),
  };
  body.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td, th");
    if (!cell || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!(event.key in moves)) return;
    const to = moves[event.key](cell.parentElement, cell.cellIndex);
    event.preventDefault();
    if (!to) return;
    reach(to);
    to.focus();
  });
  body.addEventListener("focusin", (event) => {
    const one = event.target.closest("a");
    if (one && one !== current) reach(one);
  });
  // the one that the tab key reaches must be on show
  const reachShown = () => {
    if (current && !current.closest("tr").hidden) return;
    const row = Array.from(body.rows).find((one) => !one.hidden && one.querySelector("a"));
    reach(row ? row.querySelector("a") : null);
  };
  field.addEventListener("input", reachShown);
  if (group) group.addEventListener("change", reachShown);

  filter();  // a reloaded page keeps the text of the field
  filterByHash(location.hash);
  reachShown();
}
