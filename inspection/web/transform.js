// Changes of an image: 784 numbers in [0, 1], row by row, black outside.
import { PIXELS, SIDE } from "#inspection/forward.js";

export const UNCHANGED = Object.freeze({
  right: 0,
  down: 0,
  degrees: 0,
  thickness: 0,
  inverted: false,
});

/** The image thickened (or thinned, if negative), rotated clockwise, shifted, then inverted. */
export function transformed(pixels, { right, down, degrees, thickness, inverted }) {
  let image = thickness ? thickened(pixels, thickness) : Float64Array.from(pixels);
  if (right || down || degrees) image = moved(image, right, down, degrees);
  return inverted ? image.map((value) => 1 - value) : image;
}

/** Rotated about the centre and shifted, by bilinear interpolation. */
function moved(pixels, right, down, degrees) {
  const out = new Float64Array(PIXELS);
  const radians = (degrees * Math.PI) / 180;
  const cos = Math.cos(radians);
  const sin = Math.sin(radians);
  const centre = (SIDE - 1) / 2;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const dx = x - centre - right;
      const dy = y - centre - down;
      out[y * SIDE + x] = between(
        pixels,
        centre + cos * dx + sin * dy,
        centre - sin * dx + cos * dy,
      );
    }
  }
  return out;
}

function between(pixels, x, y) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const fx = x - left;
  const fy = y - top;
  const above = (1 - fx) * valueAt(pixels, left, top) + fx * valueAt(pixels, left + 1, top);
  const below =
    (1 - fx) * valueAt(pixels, left, top + 1) + fx * valueAt(pixels, left + 1, top + 1);
  return (1 - fy) * above + fy * below;
}

function valueAt(pixels, x, y) {
  return x >= 0 && x < SIDE && y >= 0 && y < SIDE ? pixels[y * SIDE + x] : 0;
}

/**
 * Each pixel becomes the largest of its neighbours, which count less from `amount` pixels on: grey
 * dilation with a soft disk, so that the amount need not be whole. A negative amount does the same
 * to the dark part.
 */
function thickened(pixels, amount) {
  if (amount < 0)
    return thickened(
      pixels.map((value) => 1 - value),
      -amount,
    ).map((value) => 1 - value);
  const disk = diskOf(amount);
  const out = new Float64Array(PIXELS);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let largest = 0;
      for (const [dx, dy, share] of disk) {
        largest = Math.max(largest, share * valueAt(pixels, x + dx, y + dy));
      }
      out[y * SIDE + x] = largest;
    }
  }
  return out;
}

/** [dx, dy, share] of the neighbours within `radius` + 1; the centre has a share of 1. */
function diskOf(radius) {
  const reach = Math.ceil(radius);
  const disk = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const share = Math.min(1, radius + 1 - Math.hypot(dx, dy));
      if (share > 0) disk.push([dx, dy, share]);
    }
  }
  return disk;
}
