// The map: bands of the loss in grey, the paths over them, and the loss below the pointer.
import { element, onNextFrame } from "#inspection/dom.js";
import { drawn, words } from "#live/chart.js";
import { short, ticks } from "#live/ticks.js";
import { lossAt } from "#landscape/grid.js";

const EDGE = { left: 58, right: 14, top: 10, bottom: 44 };
const PIXELS = { width: 480, height: 360 }; // of the picture of the loss
const LIGHT = 248; // grey of the lowest loss
const DARK = 120; // and of the highest

/** {root, draw(at, shown)}: the paths in `shown` up to their point number `at`. */
export function createMap(data, signal) {
  const svg = drawn("svg", { role: "img", height: 460 });
  const reading = element("p", { className: "small reading" }, "Point at the map to read the loss.");
  const root = element("figure", { className: "chart map" }, svg, scaleOf(data.levels), reading);
  const picture = pictureOf(data);
  let state = { at: 0, shown: [] };
  let axes = null;
  const request = onNextFrame(() => {
    if (!svg.clientWidth) return;
    axes = axesOf(data, svg.clientWidth, svg.clientHeight);
    svg.replaceChildren(...parts(data, state, axes, picture));
  }, signal);
  const watcher = new ResizeObserver(request);
  watcher.observe(svg);
  signal.addEventListener("abort", () => watcher.disconnect());
  svg.addEventListener(
    "pointermove",
    (event) => {
      const box = svg.getBoundingClientRect();
      const [a, b] = axes.back(event.clientX - box.left, event.clientY - box.top);
      const inside = axes.holds(a, b);
      reading.textContent = inside
        ? `Loss on the plane at (${short(round(a))}, ${short(round(b))}): ${lossAt(data, a, b).toFixed(3)}`
        : "Point at the map to read the loss.";
    },
    { signal },
  );
  return {
    root,
    draw(at, shown) {
      state = { at, shown };
      svg.setAttribute("aria-label", inWords(data, state));
      request();
    },
  };
}

const round = (value) => Number(value.toPrecision(3));

function inWords({ steps }, { at, shown }) {
  const places = shown.map(({ name, places: path }) => `${name} at ${path[at].map(round).join(", ")}`);
  return `Map of the loss after ${steps[at]} steps. ${places.join("; ") || "No path is shown"}.`;
}

function axesOf({ a, b }, width, height) {
  const right = width - EDGE.right;
  const bottom = height - EDGE.bottom;
  const [lowA, highA, lowB, highB] = [a[0], a.at(-1), b[0], b.at(-1)];
  const wide = right - EDGE.left;
  const high = bottom - EDGE.top;
  return {
    right, bottom, wide, high, lowA, highA, lowB, highB,
    x: (value) => EDGE.left + ((value - lowA) / (highA - lowA)) * wide,
    y: (value) => bottom - ((value - lowB) / (highB - lowB)) * high,
    back: (x, y) => [
      lowA + ((x - EDGE.left) / wide) * (highA - lowA),
      lowB + ((bottom - y) / high) * (highB - lowB),
    ],
    holds: (atA, atB) => atA >= lowA && atA <= highA && atB >= lowB && atB <= highB,
  };
}

function parts(data, { at, shown }, axes, picture) {
  const count = Math.max(2, Math.floor(axes.wide / 130));
  const middle = (EDGE.top + axes.bottom) / 2;
  const start = data.paths[0].places[0];
  return [
    drawn("image", {
      href: picture, x: EDGE.left, y: EDGE.top, width: axes.wide, height: axes.high,
      preserveAspectRatio: "none",
    }),
    ...ticks(axes.lowA, axes.highA, count).map((value) =>
      words(short(round(value)), axes.x(value), axes.bottom + 18, "middle"),
    ),
    ...ticks(axes.lowB, axes.highB, 5).map((value) =>
      words(short(round(value)), EDGE.left - 6, axes.y(value) + 4, "end"),
    ),
    words(fitting(data.across, axes.wide), (EDGE.left + axes.right) / 2, axes.bottom + 38, "middle"),
    words(fitting(data.up, axes.high), 0, 0, "middle", `translate(12 ${middle}) rotate(-90)`),
    drawn("circle", { class: "start", cx: axes.x(start[0]), cy: axes.y(start[1]), r: 6 }),
    ...shown.flatMap((path) => lineOf(path, at, axes)),
    words("start", axes.x(start[0]) - 10, axes.y(start[1]) - 10, "end"),
  ];
}

/** Without its brackets where the words of an axis are longer than the axis. */
const fitting = (text, room) => (text.length * 6.2 < room ? text : text.replace(/ \(.*/, ""));

function lineOf({ name, places }, at, axes) {
  const points = places.slice(0, at + 1).map(([a, b]) => `${axes.x(a).toFixed(1)} ${axes.y(b).toFixed(1)}`);
  const [a, b] = places[at];
  return [
    drawn("path", { class: "halo", d: `M${points.join("L")}` }),
    drawn("path", { class: `line path ${name}`, d: `M${points.join("L")}` }),
    drawn("circle", { class: `end ${name}`, cx: axes.x(a), cy: axes.y(b), r: 5 }),
  ];
}

const greyOf = (band, bands) => Math.round(LIGHT + (DARK - LIGHT) * (band / bands));

/** The losses as a picture (a data: URL): a grey for each band, and white lines between them. */
function pictureOf(data) {
  const { width, height } = PIXELS;
  const canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const { a, b, levels } = data;
  const bands = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const atB = b.at(-1) + ((b[0] - b.at(-1)) * (y + 0.5)) / height;
    for (let x = 0; x < width; x++) {
      const atA = a[0] + ((a.at(-1) - a[0]) * (x + 0.5)) / width;
      const loss = lossAt(data, atA, atB);
      bands[y * width + x] = levels.filter((level) => level <= loss).length;
    }
  }
  bands.forEach((band, at) => {
    const isLine = (at % width && band !== bands[at - 1]) || (at >= width && band !== bands[at - width]);
    const grey = isLine ? 255 : greyOf(band, levels.length);
    image.data.set([grey, grey, grey, 255], 4 * at);
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

/** The greys of some levels, with their losses. */
function scaleOf(levels) {
  const chosen = levels
    .map((level, index) => [level, index + 1])
    .filter(([, band]) => band % 3 === 1);
  const items = chosen.map(([level, band]) => {
    const sign = drawn("svg", { "aria-hidden": "true", viewBox: "0 0 28 12" });
    const grey = greyOf(band, levels.length);
    sign.append(drawn("rect", { width: 28, height: 12, fill: `rgb(${grey} ${grey} ${grey})` }));
    return element("li", {}, sign, `from ${short(Number(level.toPrecision(2)))}`);
  });
  return element("ul", { className: "key", "aria-label": "Grey of each loss" }, ...items);
}
