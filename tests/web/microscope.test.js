// The pure parts of the backprop microscope: shades, numbers in words, shapes, order.
import assert from "node:assert/strict";
import test from "node:test";

import { entryOf, legendOf, matrixOf, numberText, shade, shapeText } from "#lab/matrices.js";
import { mountMicroscope } from "#lab/microscope.js";

test("shades are signed and grow with the number", () => {
  assert.equal(shade(0, 5), "zero");
  assert.equal(shade(-0, 5), "zero");
  assert.equal(shade(5, 5), "positive-5");
  assert.equal(shade(-5, 5), "negative-5");
  assert.equal(shade(1e-9, 5), "positive-1"); // a number that is not 0 is not shown as one
  assert.equal(shade(9, 5), "positive-5");
  const levels = [0.01, 0.1, 0.3, 0.6, 1].map((value) => Number(shade(value, 1).at(-1)));
  assert.deepEqual(levels, [1, 2, 3, 4, 5]);
});

test("what is no number has a shade of its own", () => {
  for (const value of ["nan", "inf", "-inf", null]) assert.equal(shade(value, 1), "not-finite");
});

test("numbers have at most four digits", () => {
  assert.equal(numberText(0.46089412), "0.4609");
  assert.equal(numberText(-1.5), "−1.5");
  assert.equal(numberText(3996.5), "3997");
  assert.equal(numberText(0), "0");
  assert.equal(numberText(1207), "1207");
  assert.equal(numberText(0.00001234), "1.2e−5");
  assert.equal(numberText(-2e9), "−2e9");
  assert.equal(numberText("nan"), "nan");
  assert.equal(numberText("-inf"), "−∞");
});

test("numbers, vectors and matrices become rows", () => {
  assert.deepEqual(matrixOf(3), { rows: [[3]], shape: [] });
  assert.deepEqual(matrixOf([1, 2]), { rows: [[1, 2]], shape: [2] });
  assert.deepEqual(matrixOf([[1], [2]]), { rows: [[1], [2]], shape: [2, 1] });
  assert.deepEqual(matrixOf([[[1, 2]], [[3, 4]]]), { rows: [[1, 2], [3, 4]], shape: [2, 1, 2] });
  assert.deepEqual([[], [3], [2, 3]].map(shapeText), ["one number", "3 numbers", "2 × 3"]);
});

test("an unknown array is an error that names it", () => {
  const arrays = [{ name: "X" }, { name: "z1" }];
  assert.equal(entryOf(arrays, "z1"), arrays[1]);
  assert.throws(() => entryOf(arrays, "z9"), /no array z9/);
});

test("the module loads where there is no page", () => {
  assert.equal(typeof mountMicroscope, "function");
});

test("the legend has the borders that occur, the lit one first", () => {
  const arrays = ["right", "missing", "after"].map((status) => ({ name: status, status }));
  const lit = { name: "missing", elsewhere: false };
  assert.deepEqual(legendOf(arrays, lit), [
    { classes: "missing lit", words: "the first wrong one" },
    { classes: "right", words: "right" },
    { classes: "after", words: "after a wrong one" },
  ]);
  assert.deepEqual(legendOf(arrays.slice(0, 1), null), [{ classes: "right", words: "right" }]);
});
