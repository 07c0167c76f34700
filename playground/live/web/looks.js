// What the network looks like now: the weights of its first layer, and its answers to some images.
import { element, percent } from "#inspection/dom.js";
import {
  drawGrey,
  drawPixels,
  onSchemeChange,
  signedColour,
  smallCanvas,
} from "#inspection/pictures.js";

const PIXELS = 28 * 28;

export const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** {root, draw(look)}: one picture for each of the first units. */
export function createFilters(signal) {
  const pictures = element("div", { className: "filters", role: "img" });
  const words = element("p", { className: "small" });
  let shown = null;
  function draw(look) {
    shown = look;
    const area = look.side ** 2;
    const weights = new Int8Array(bytesOf(look.filters).buffer);
    const count = weights.length / area;
    while (pictures.children.length < count) pictures.append(smallCanvas());
    [...pictures.children].forEach((canvas, unit) => {
      canvas.width = canvas.height = look.side;
      canvas.classList.toggle("dead", look.dead[unit]);
      drawPixels(canvas, look.side, look.side, (bytes, at, index) => {
        signedColour(weights[unit * area + index] / 127, "picture", bytes, at);
      });
    });
    const dead = look.dead.filter(Boolean).length;
    words.textContent =
      `The weights of the first ${count} units, each in the place of its pixel: orange excites,` +
      ` blue speaks against. ${dead} of them dead (dashed frame).`;
    pictures.setAttribute("aria-label", `Weights of ${count} units, ${dead} of them dead`);
  }
  onSchemeChange(() => shown && draw(shown), signal);
  return { root: element("div", {}, words, pictures), draw };
}

/** {root, draw(look)}: the sample of images, and which of them are right now. */
export function createAnswers({ classNames, labels, images, imageKind }) {
  const pixels = bytesOf(images);
  const summary = element("p");
  const items = labels.map((label, index) => {
    const canvas = smallCanvas();
    drawGrey(canvas, pixels.subarray(index * PIXELS, (index + 1) * PIXELS), 255);
    const verdict = element("span", { className: "verdict" });
    const item = element(
      "li",
      {},
      canvas,
      element("span", {}, classNames[label]),
      verdict,
    );
    return { item, verdict };
  });
  function draw(look) {
    let right = 0;
    items.forEach(({ item, verdict }, index) => {
      const answer = look.answers[index];
      const isRight = answer === labels[index];
      right += Number(isRight);
      item.className = isRight ? "is-right" : "is-wrong";
      const sure = percent(look.sureness[index] ?? 0, 0);
      verdict.textContent = isRight ? `✓ ${sure}` : `✗ ${classNames[answer]}, ${sure}`;
    });
    summary.textContent =
      `${right} of these ${labels.length} ${imageKind} images are right now.` +
      " Below each: its class, then the answer if it is wrong, and how sure the network is.";
  }
  const list = element("ul", { className: "answers-now" }, ...items.map(({ item }) => item));
  return { root: element("div", {}, summary, list), draw };
}
