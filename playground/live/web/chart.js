// A chart of lines in SVG: labelled axes, a key, and words for those who cannot see it.
import { element, onNextFrame } from "#inspection/dom.js";
import { logTicks, short, ticks } from "#live/ticks.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const EDGE = { left: 58, right: 14, top: 10, bottom: 44 };

/**
 * {root, draw(lines, end, description)}. A line is {points: [[x, y], …], look, dots}; `end` is the largest
 * x. `key` names what is drawn: [[text, look, dots], …].
 */
export function createChart({ title, x, y, key, height = 240, log = false, top = null }, signal) {
  const svg = drawn("svg", { role: "img", height });
  const root = element(
    "figure",
    { className: "chart" },
    element("figcaption", {}, title),
    keyOf(key),
    svg,
  );
  let state = { lines: [], end: 1 };
  const request = onNextFrame(() => {
    const width = svg.clientWidth;
    if (width) svg.replaceChildren(...parts(state, { width, height, x, y, log, top }));
  }, signal);
  const watcher = new ResizeObserver(request);
  watcher.observe(svg);
  signal.addEventListener("abort", () => watcher.disconnect());
  return {
    root,
    draw(lines, end, description) {
      state = { lines, end };
      svg.setAttribute("aria-label", `${title}. ${description}`);
      request();
    },
  };
}

function parts({ lines, end }, { width, height, x, y, log, top }) {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const known = values.filter((value) => value !== null && (!log || value > 0));
  const [low, high] = range(known, log, top);
  const scaled = log ? Math.log : (value) => value;
  const right = width - EDGE.right;
  const bottom = height - EDGE.bottom;
  const atX = (value) => EDGE.left + (value / end) * (right - EDGE.left);
  const atY = (value) =>
    bottom -
    ((scaled(value) - scaled(low)) / (scaled(high) - scaled(low))) * (bottom - EDGE.top);
  const across = ticks(0, end, Math.max(2, Math.floor(width / 130)));
  const up = log ? logTicks(low, high) : ticks(low, high, 4);
  const middle = (EDGE.top + bottom) / 2;
  return [
    ...up.flatMap((value) => [
      drawn("line", {
        class: "gridline", x1: EDGE.left, x2: right, y1: atY(value), y2: atY(value),
      }),
      words(short(value), EDGE.left - 6, atY(value) + 4, "end"),
    ]),
    ...across.map((value) => words(short(value), atX(value), bottom + 18, "middle")),
    words(x, (EDGE.left + right) / 2, height - 6, "middle"),
    words(y, 0, 0, "middle", `translate(12 ${middle}) rotate(-90)`),
    ...lines.flatMap((line) => shapes(line, atX, atY, log)),
  ];
}

/** The lowest and highest value of an axis. */
function range(values, log, top) {
  if (!values.length) return log ? [0.1, 1] : [0, top ?? 1];
  // not Math.min(...values): there may be more values than an engine takes as arguments
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  if (log) return [least / 1.1, most * 1.1];
  return [0, top ?? (most * 1.05 || 1)];
}

/** A line, interrupted where a value is missing, and its dots. */
function shapes({ points, look, dots }, atX, atY, log) {
  const has = ([, value]) => value !== null && (!log || value > 0);
  let path = "";
  points.forEach((point, index) => {
    if (!has(point)) return;
    const move = index === 0 || !has(points[index - 1]);
    path += `${move ? "M" : "L"}${atX(point[0]).toFixed(1)} ${atY(point[1]).toFixed(1)}`;
  });
  const marks = dots
    ? points
        .filter(has)
        .map((point) =>
          drawn("circle", { class: "dot", cx: atX(point[0]), cy: atY(point[1]), r: 4 }),
        )
    : [];
  return [drawn("path", { class: `line ${look}`, d: path }), ...marks];
}

function keyOf(key) {
  const items = key.map(([text, look, dots]) => {
    const sign = drawn("svg", { "aria-hidden": "true", viewBox: "0 0 28 12" });
    sign.append(drawn("path", { class: `line ${look}`, d: "M0 6H28" }));
    if (dots) sign.append(drawn("circle", { class: "dot", cx: 14, cy: 6, r: 4 }));
    return element("li", {}, sign, text);
  });
  return element("ul", { className: "key" }, ...items);
}

export function words(text, x, y, anchor, transform = "") {
  const made = drawn("text", { x, y, "text-anchor": anchor, transform });
  made.textContent = text;
  return made;
}

export function drawn(name, attributes) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== "") made.setAttribute(key, value);
  }
  return made;
}
