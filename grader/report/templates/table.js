"use strict";
{
  const table = document.getElementById("students");
  const body = table.tBodies[0];
  const headers = Array.from(table.tHead.rows[0].cells);
  const rows = Array.from(body.rows);
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const text = (row, column) => row.cells[column].textContent.trim();

  const compare = (a, b) => {
    const [x, y] = [parseFloat(a), parseFloat(b)];
    const numbers = /^-?[\d.]+( %)?$/.test(a) && /^-?[\d.]+( %)?$/.test(b);
    return numbers ? x - y : words.compare(a, b);
  };

  const sortBy = (column) => {
    const descending = headers[column].getAttribute("aria-sort") === "ascending";
    headers.forEach((header) => header.setAttribute("aria-sort", "none"));
    headers[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
    const sorted = rows.map((row) => [text(row, column), row]).sort(([a], [b]) => {
      if (!a || !b) return Number(!a) - Number(!b);  // empty cells come last in both directions
      return descending ? compare(b, a) : compare(a, b);
    });
    body.append(...sorted.map(([, row]) => row));
  };
  headers.forEach((header, column) => {
    header.querySelector("button").addEventListener("click", () => sortBy(column));
  });

  const field = document.getElementById("filter");
  const count = document.getElementById("count");
  const rowText = (row) => Array.from(row.cells, (cell) => cell.textContent).join(" ");
  const contents = rows.map((row) => rowText(row).toLowerCase());
  const filter = () => {
    const wanted = field.value.toLowerCase().split(/\s+/);
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !wanted.every((word) => contents[i].includes(word));
      shown += Number(!row.hidden);
    });
    count.textContent = `${shown} of ${rows.length} students`;
  };
  field.addEventListener("input", filter);
  filter();  // a reloaded page keeps the text of the field
}
