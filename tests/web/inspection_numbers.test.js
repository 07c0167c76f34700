// Numbers in, numbers out: 16-bit floats, the forward pass, and changes of an image.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stroke } from "#inspection/brush.js";
import { decodeFloat16 } from "#inspection/float16.js";
import { argmax, checkNetwork, createForward, PIXELS, SIDE } from "#inspection/forward.js";
import { transformed, UNCHANGED } from "#inspection/transform.js";

const near = (got, expected) =>
  got.forEach((value, k) => assert.ok(Math.abs(value - expected[k]) < 1e-6, `${got}`));

/** An image that is black but for pixels [x, y, value]. */
function image(...pixels) {
  const made = new Float64Array(PIXELS);
  for (const [x, y, value] of pixels) made[y * SIDE + x] = value;
  return made;
}

/** A layer whose weights are 0 but for those of the first rows. */
function layer(inputs, activation, rows, b) {
  const W = new Float32Array(inputs * b.length);
  W.set(rows.flat());
  return { inputs, outputs: b.length, activation, W, b: Float32Array.from(b) };
}

test("every kind of 16-bit float is decoded exactly", () => {
  // 1, -2, 65504 (the largest), 2^-24 (the smallest), 0, 1/3 rounded, infinity
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x0000, 0x3555, 0x7c00);
  const expected = [1, -2, 65504, 2 ** -24, 0, 0.333251953125, Infinity];
  assert.deepEqual([...decodeFloat16(new Uint8Array(bits.buffer))], expected);
});

test("two layers by hand", () => {
  const classNames = ["a", "b"];
  const hidden = layer(PIXELS, "relu", [[1, -1]], [0.5, 0]);
  const last = layer(2, "softmax", [[2, 0], [5, 5]], [0, 1]); // prettier-ignore
  const network = { title: "", classNames, layers: [hidden, last] };
  checkNetwork(network);
  const seen = createForward(network)(image([0, 0, 0.5]));
  // z = (0.5 + 0.5, -0.5), so relu gives (1, 0); the logits are (2, 1)
  assert.deepEqual([...seen.hidden[0]], [1, 0]);
  near([...seen.probabilities], [1 / (1 + Math.exp(-1)), 1 / (1 + Math.exp(1))]);
});

test("flips are the mean over the logits of an image and its mirror image", () => {
  const last = layer(PIXELS, "softmax", [[2, 0]], [0, 0]);
  const network = { title: "", classNames: ["a", "b"], layers: [last], flips: true };
  // the pixel at the left counts once in two, so the logits are (1, 0)
  near([...createForward(network)(image([0, 0, 1])).probabilities].slice(0, 1), [
    1 / (1 + Math.exp(-1)),
  ]);
});

test("outputs of sigmoids are divided by their sum, even if all are 0", () => {
  const network = (b) => ({ classNames: ["a", "b"], layers: [layer(PIXELS, "sigmoid", [], b)] });
  const black = image();
  near([...createForward(network([0, Math.log(3)]))(black).probabilities], [0.4, 0.6]);
  near([...createForward(network([-5000, -5000]))(black).probabilities], [0.5, 0.5]);
});

test("a network that does not fit together is refused in one line", () => {
  const good = layer(PIXELS, "softmax", [], [0, 0]);
  const refused = (layers, message) =>
    assert.throws(() => checkNetwork({ classNames: ["a", "b"], layers }), message);
  refused([{ ...good, W: new Float32Array(3) }], /3 weights .* expected 784 inputs/);
  refused([{ ...good, b: Float32Array.of(0, NaN) }], /not finite/);
  refused([layer(PIXELS, "softmax", [], [0, 0, 0])], /3 outputs for 2 classes/);
  refused([good, good], /layer 2 has 784 inputs/);
});

test("shifts, rotations and inversions put pixels where they belong", () => {
  const changed = (changes) => transformed(image([10, 5, 1]), { ...UNCHANGED, ...changes });
  assert.deepEqual(changed({}), image([10, 5, 1]));
  assert.deepEqual(changed({ right: 3, down: -2 }), image([13, 3, 1]));
  assert.deepEqual(changed({ right: 0.5 }), image([10, 5, 0.5], [11, 5, 0.5]));
  assert.deepEqual(changed({ right: 20 }), image());
  // clockwise by 90 degrees about the centre (13.5, 13.5): (-3.5, -8.5) becomes (8.5, -3.5)
  near([...changed({ degrees: 90 })], [...image([22, 10, 1])]);
  assert.equal(changed({ inverted: true })[5 * SIDE + 10], 0);
  assert.equal(changed({ inverted: true })[0], 1);
});

test("thickening adds the neighbours, thinning takes lines away", () => {
  const sum = (pixels) => pixels.reduce((total, value) => total + value, 0);
  const changed = (thickness) =>
    transformed(image([10, 5, 1], [11, 5, 1]), { ...UNCHANGED, thickness });
  assert.equal(changed(1)[4 * SIDE + 10], 1);
  assert.ok(sum(changed(0.5)) > 2 && sum(changed(0.5)) < sum(changed(1)));
  assert.equal(sum(changed(-1)), 0);
});

test("a stroke leaves no gaps, stays inside, and can be erased", () => {
  const pixels = image();
  const ends = [{ x: -3, y: 14.5 }, { x: 40, y: 14.5 }]; // prettier-ignore
  stroke(pixels, ...ends, { radius: 1.5, erase: false });
  assert.ok(pixels.subarray(14 * SIDE, 15 * SIDE).every((value) => value === 1));
  assert.ok(pixels.every((value) => value >= 0 && value <= 1));
  assert.equal(pixels[10 * SIDE], 0);
  stroke(pixels, ...ends, { radius: 3, erase: true });
  assert.ok(pixels.every((value) => value === 0));
});

test("argmax is the first of the largest", () => {
  assert.equal(argmax([0, 2, 1, 2]), 1);
});
