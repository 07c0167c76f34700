// Drawing on an image: strokes of a round, soft brush on 784 numbers in [0, 1].
import { SIDE } from "#inspection/forward.js";

const STEP = 0.3; // pixels between two stamps of a stroke: its edge looks smooth

/** Draw (or erase) a straight stroke in place; points are {x, y} in pixels, centres at 0.5. */
export function stroke(pixels, from, to, { radius, erase }) {
  const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / STEP));
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    stamp(
      pixels,
      from.x + share * (to.x - from.x),
      from.y + share * (to.y - from.y),
      radius,
      erase,
    );
  }
}

function stamp(pixels, x, y, radius, erase) {
  const limit = (value) => Math.min(SIDE - 1, Math.max(0, Math.floor(value)));
  for (let row = limit(y - radius - 1); row <= limit(y + radius + 1); row++) {
    for (let column = limit(x - radius - 1); column <= limit(x + radius + 1); column++) {
      const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      const ink = Math.min(1, Math.max(0, radius + 0.5 - distance));
      const at = row * SIDE + column;
      pixels[at] = erase ? Math.min(pixels[at], 1 - ink) : Math.max(pixels[at], ink);
    }
  }
}
