// Learning curves, drawn as the epochs come: losses on the left, accuracies on the right.

import { picture } from "./elements.js";

const WIDTH = 320;
const HEIGHT = 220;
const LEFT = 46;
const RIGHT = 12;
const TOP = 26;
const BOTTOM = 40;
const MOST_DOTS = 60; // of a line; more would hide it

/** Numbers to label an axis with, about `count` of them, at 1, 2 or 5 times a power of ten. */
export function ticks(low, high, count = 4) {
  const span = Math.max(high - low, 1e-9);
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high + 1e-9 * span; i += 1) found.push(i * step);
  return found;
}

/** The limits of an axis that shows these numbers; null stands for one that is not finite. */
export function limits(values) {
  const finite = values.filter((value) => value !== null && Number.isFinite(value));
  if (!finite.length) return [0, 1];
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const margin = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - margin, high + margin];
}

/** Draw both panels into `container`; `epochs` are the messages, `total` how many there will be. */
export function drawCurves(container, epochs, total, bar) {
  const panels = [
    panel("Loss (nats)", epochs, total, "train_losses", "val_losses", (value) => value),
    panel("Accuracy (%)", epochs, total, "train_accuracies", "val_accuracies", percent, 100 * bar),
  ];
  container.replaceChildren(...panels);
}

function percent(value) {
  return value === null ? null : 100 * value;
}

function panel(title, epochs, total, train, val, scale, bar) {
  const rows = epochs.map((epoch) => [epoch.epoch, scale(epoch[train]), scale(epoch[val])]);
  const [low, high] = limits(rows.flatMap(([, one, other]) => [one, other]).concat(bar ?? []));
  const last = Math.max(total, ...rows.map(([epoch]) => epoch), 2);
  const x = (epoch) => LEFT + ((epoch - 1) / (last - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const said = rows.length
    ? `${title} after epoch ${rows.at(-1)[0]}: training ${short(rows.at(-1)[1])}, ` +
      `validation ${short(rows.at(-1)[2])}`
    : `${title}: no epoch yet`;
  const svg = picture("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": said,
    class: "curves",
  });
  svg.append(label(LEFT, 14, title, "start", "title"));
  for (const tick of ticks(low, high)) {
    svg.append(line(LEFT, y(tick), WIDTH - RIGHT, y(tick), "grid"));
    svg.append(label(LEFT - 6, y(tick) + 4, String(Number(tick.toPrecision(6))), "end"));
  }
  for (const tick of ticks(1, last, 6).filter(Number.isInteger)) {
    svg.append(label(x(tick), HEIGHT - BOTTOM + 16, String(tick), "middle"));
  }
  svg.append(label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "epoch", "middle"));
  if (bar !== undefined) {
    svg.append(line(LEFT, y(bar), WIDTH - RIGHT, y(bar), "bar"));
    svg.append(label(WIDTH - RIGHT, y(bar) - 4, `bar: ${short(bar)} %`, "end"));
  }
  const names = [["training", 1], ["validation", 2]]; // prettier-ignore
  for (const [name, column] of names) {
    const points = rows.filter((row) => row[column] !== null).map((row) => [x(row[0]), y(row[column])]);
    svg.append(picture("polyline", { points: points.join(" "), class: name }));
    for (const [cx, cy] of points.length > MOST_DOTS ? [] : points) svg.append(picture("circle", { cx, cy, r: 2.5, class: name }));
    const left = WIDTH - RIGHT - (column === 1 ? 130 : 66);
    svg.append(line(left - 16, 10, left - 4, 10, name), label(left, 14, name, "start"));
  }
  return svg;
}

function short(value) {
  return value === null ? "not finite" : value.toPrecision(3);
}

function line(x1, y1, x2, y2, name) {
  return picture("line", { x1, y1, x2, y2, class: name });
}

function label(x, y, text, anchor, name = "label") {
  return picture("text", { x, y, "text-anchor": anchor, class: name }, text);
}
