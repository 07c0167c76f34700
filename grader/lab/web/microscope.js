// The backprop microscope in the page: the arrays of one training step, as coloured matrices.
//
// `mountMicroscope` shows what `look` of in_browser/microscope.py found. The first wrong array comes
// first; buttons and arrow keys step through the others, forward and then backward. A click on a
// line of code is an event "show-line", which the page answers.

import { element } from "#lab/elements.js";
import {
  entryOf, legendOf, matrixOf, numberText, shade, shapeText, STATUS_WORDS,
} from "#lab/matrices.js";

const INVITATION =
  "Run your code first. Then this steps through one training step of a small network with your " +
  "own functions, array by array, and lights the first one that is wrong.";

/**
 * Shows a result in a container, in place of what is there; null is an invitation to run first.
 */
export function mountMicroscope(container, result) {
  const root = element("section", { class: "microscope", "aria-label": "Backprop microscope" });
  container.replaceChildren(root);
  if (result === null) {
    root.append(element("p", { class: "invitation" }, INVITATION));
    return;
  }
  new Microscope(root, result).mount();
}

class Microscope {
  constructor(root, result) {
    this.root = root;
    this.result = result;
    this.arrays = result.arrays;
    this.at = Math.max(0, this.arrays.findIndex((array) => array.name === result.lit?.name));
  }

  mount() {
    const { title, why, network } = this.result.example;
    const sizes = `A network of ${network[0]} pixels, ${network[1]} hidden units and ${network[2]} classes. `;
    this.position = element("p", { class: "position", role: "status" });
    this.panel = element("div", { class: "panel" });
    this.previous = this.stepButton("← Previous", -1);
    this.next = this.stepButton("Next →", 1);
    this.root.append(
      ...this.verdict(),
      element("p", { class: "example" }, element("strong", {}, `${title}. `), sizes, why),
      this.overview(),
      this.legend(),
      element("div", { class: "steps" }, this.previous, this.next, this.position),
      this.panel,
    );
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.show();
  }

  /** What is lit and why, or that everything is right. */
  verdict() {
    const { lit } = this.result;
    if (lit === null) {
      const convention = { sum: "summed over the batch", mean: "the mean over the batch" };
      const kind = convention[this.result.convention];
      const text = `Every array is right${kind ? `. Your gradients are ${kind}` : ""}.`;
      return [element("p", { class: "verdict right" }, text)];
    }
    const { symbol } = entryOf(this.arrays, lit.name);
    const first = lit.elsewhere
      ? `In this example every array is right, but ${symbol} is wrong for another input: `
      : `The first wrong array is ${symbol}. `;
    const verdict = element(
      "p", { class: "verdict wrong" }, element("strong", {}, first), lit.sentence,
    );
    return lit.line === null ? [verdict] : [verdict, this.lineButton(lit.line)];
  }

  /** All arrays in two rows, each a button: forward, and backward from dz2 on. */
  overview() {
    const backward = this.arrays.findIndex((array) => array.name === "dz2");
    this.chips = this.arrays.map((array, index) => this.chip(array, index));
    const row = (name, chips) =>
      element(
        "div", { class: "row", role: "group", "aria-label": name },
        element("span", { class: "direction", "aria-hidden": "true" }, name), ...chips,
      );
    return element(
      "div", { class: "overview" },
      row("Forward", this.chips.slice(0, backward)),
      row("Backward", this.chips.slice(backward)),
    );
  }

  chip(array, index) {
    const lit = array.name === this.result.lit?.name ? " lit" : "";
    const chip = element(
      "button",
      {
        type: "button",
        class: `chip ${array.status}${lit}`,
        "aria-label": `${array.symbol}: ${STATUS_WORDS[array.status]}`,
      },
      array.symbol,
    );
    chip.addEventListener("click", () => this.go(index));
    return chip;
  }

  /** What the borders mean. A screen reader hears the same words with each array. */
  legend() {
    const items = legendOf(this.arrays, this.result.lit).map(({ classes, words }) =>
      element("li", {}, element("span", { class: `chip ${classes}`, "aria-hidden": "true" }), words),
    );
    return element("ul", { class: "legend", "aria-label": "What the borders mean" }, ...items);
  }

  stepButton(text, by) {
    const button = element("button", { type: "button" }, text);
    button.addEventListener("click", () => this.go(this.at + by));
    return button;
  }

  lineButton(line) {
    const button = element("button", { type: "button", class: "line" }, `Show line ${line}`);
    button.addEventListener("click", () =>
      button.dispatchEvent(new CustomEvent("show-line", { detail: { line }, bubbles: true })),
    );
    return button;
  }

  /** A button for the line of an array, except the lit one's, whose line stands above. */
  lineOf(array) {
    const isShown = array.name === this.result.lit?.name;
    return array.line === null || isShown ? [] : [this.lineButton(array.line)];
  }

  onKey(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const scrolls = event.target.closest(".scroll");
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (scrolls && scrolls.scrollWidth > scrolls.clientWidth) return;
    event.preventDefault();
    this.go(this.at + by);
  }

  go(index) {
    if (index < 0 || index >= this.arrays.length) return;
    this.at = index;
    this.show();
  }

  show() {
    const array = this.arrays[this.at];
    this.chips.forEach((chip, index) => {
      if (index === this.at) chip.setAttribute("aria-current", "step");
      else chip.removeAttribute("aria-current");
    });
    // aria-disabled, since a button that is disabled loses the focus
    this.previous.setAttribute("aria-disabled", String(this.at === 0));
    this.next.setAttribute("aria-disabled", String(this.at === this.arrays.length - 1));
    const step = `Step ${this.at + 1} of ${this.arrays.length}: ${array.symbol}`;
    this.position.textContent = `${step}, ${STATUS_WORDS[array.status]}`;
    this.panel.replaceChildren(
      element("h3", {}, array.symbol, element("span", { class: "axes" }, ` ${array.axes}`)),
      element("p", { class: "formula" }, array.formula),
      ...this.lineOf(array),
      this.matrices(array),
      ...this.sources(array),
    );
  }

  /** The array as it came and as it should be; one of them where they agree. */
  matrices(array) {
    const shown = [];
    if (array.got !== null) {
      const whose = array.section ? "Yours" : "Given";
      shown.push(matrix(`${whose}: ${array.symbol}`, array.got, array.differ));
    } else {
      shown.push(element("p", { class: "nothing" }, nothingText(array)));
    }
    if (array.status !== "right" || array.got === null) {
      shown.push(matrix(`Expected: ${array.symbol}`, array.expected, array.differ));
    }
    return element("div", { class: "matrices" }, ...shown);
  }

  /** The arrays that this one is computed from. */
  sources(array) {
    const sources = array.from.map((name) => entryOf(this.arrays, name));
    if (!sources.length) return [];
    const shown = sources.map((source) =>
      matrix(`${source.symbol}${sourceNote(source)}`, source.got ?? source.expected, []),
    );
    return [
      element("h4", {}, "Computed from"),
      element("div", { class: "matrices small" }, ...shown),
    ];
  }
}

/** What to know of an array that another one is computed from, if it is not right or not there. */
function sourceNote(source) {
  if (source.got === null) return " (expected: your code has none)";
  return source.status === "right" ? "" : ` (${STATUS_WORDS[source.status]})`;
}

function nothingText(array) {
  if (array.gotShape) return `Yours has shape ${shapeText(array.gotShape)}: too large to show.`;
  if (array.status === "right") {
    return "Your code does not compute this on its own. What follows from it is right.";
  }
  return array.status === "after"
    ? "Nothing to compare: your code did not get this far, or an array before it is wrong."
    : "Your code has no such array.";
}

/** Nested lists as a table with headers; `differ` are the indices of wrong entries. */
function matrix(title, values, differ) {
  const { rows, shape } = matrixOf(values);
  const largest = Math.max(0, ...rows.flat().map((v) => (Number.isFinite(v) ? Math.abs(v) : 0)));
  const wrong = new Set(differ.map((index) => index.slice(-2).join()));
  const caption = element("caption", {}, `${title}, ${shapeText(shape)}`);
  const head = element("tr", {}, element("td", {}));
  for (const column of rows[0].keys()) head.append(header("col", column));
  const body = element("tbody", {});
  rows.forEach((row, at) => {
    const line = element("tr", {}, header("row", at));
    row.forEach((value, column) => {
      const key = shape.length === 2 ? `${at},${column}` : shape.length ? `${column}` : "";
      line.append(cell(value, largest, wrong.has(key)));
    });
    body.append(line);
  });
  const table = element("table", {}, caption, element("thead", {}, head), body);
  return element(
    "div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `${title} as a table` },
    table,
  );
}

function header(scope, index) {
  return element("th", { scope }, String(index));
}

function cell(value, largest, differs) {
  const classes = `${shade(value, largest)}${differs ? " differs" : ""}`;
  const made = element("td", { class: classes }, numberText(value));
  if (differs) made.append(element("span", { class: "unseen" }, " differs"));
  return made;
}
