// What is found out about a network on all images, and the order in which its units are shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluate, MOST_EXCITING } from "#inspection/evaluate.js";
import { PIXELS } from "#inspection/forward.js";
import { UnitView } from "#inspection/unit_view.js";

const COUNT = 12;
// image i has a first pixel of 20 i; the classes alternate
const samples = { images: new Uint8Array(COUNT * PIXELS), labels: new Uint8Array(COUNT) };
for (let index = 0; index < COUNT; index++) {
  samples.images[index * PIXELS] = 20 * index;
  samples.labels[index] = index % 2;
}

function network(activation = "relu") {
  const W = new Float32Array(PIXELS * 3);
  W.set([255, -1, 255]); // unit 1 is dead with relu: its input is never above 0
  const hidden = { inputs: PIXELS, outputs: 3, activation, W, b: Float32Array.of(-30, 0, 0) };
  const last = {
    inputs: 3,
    outputs: 2,
    activation: "softmax",
    W: Float32Array.of(1, 0, 9, 9, -1, 0),
    b: Float32Array.of(10, 0),
  };
  return { title: "", classNames: ["a", "b"], layers: [hidden, last] };
}

const signal = new AbortController().signal;

test("answers are counted by class", async () => {
  const { answers } = await evaluate(network(), samples, { signal });
  // logits of image i: 10 + max(0, 20 i - 30) - 20 i and 0, so only image 0 gets class a
  assert.deepEqual([...answers.predicted], [0, ...Array(COUNT - 1).fill(1)]);
  assert.deepEqual([...answers.confusion], [1, 5, 0, 6]);
  assert.equal(answers.right, 7);
  assert.ok(Math.abs(answers.of(0, 0) - 1 / (1 + Math.exp(-10))) < 1e-6);
});

test("each unit's firing, means and most exciting images", async () => {
  const { units } = await evaluate(network(), samples, { signal });
  assert.equal(units.fires[0], 10 / COUNT); // images 2 to 11
  assert.ok(Math.abs(units.means[2] - 110) < 1e-9);
  assert.ok(Math.abs(units.excess(2, 1) - 10) < 1e-9); // the odd images have a mean of 120
  assert.deepEqual(
    units.top[2].map(([, index]) => index),
    [11, 10, 9, 8, 7, 6, 5, 4, 3],
  );
  assert.equal(units.top[2].length, MOST_EXCITING);
  const dead = [0, 1, 2].map((unit) => units.isDead(unit));
  assert.deepEqual(dead, [false, true, false]);
});

test("units stand in the order of their effect, dead ones last", async () => {
  const shown = network();
  const { units } = await evaluate(shown, samples, { signal });
  const view = new UnitView(shown, units);
  assert.deepEqual(view.sorted(), [0, 2, 1]);
  assert.equal(view.words(2), "−110.00"); // its weight of -1 times its mean output
  assert.equal(view.words(1), "dead");
  view.order = "fires";
  assert.deepEqual(view.sorted(), [2, 0, 1]);
  view.order = "number";
  assert.deepEqual(view.sorted(), [0, 1, 2]);
  assert.equal(view.needsClass(), false);
});

test("deep networks are sorted by what their units fire for", async () => {
  const deep = network();
  deep.layers.splice(1, 0, { ...deep.layers[0], inputs: 3, W: new Float32Array(9) });
  const { units } = await evaluate(deep, samples, { signal });
  assert.equal(new UnitView(deep, units).order, "excess");
});

test("what is no longer wanted stops", async () => {
  const end = new AbortController();
  const many = { images: new Uint8Array(5000 * PIXELS), labels: new Uint8Array(5000) };
  const waiting = evaluate(network(), many, { signal: end.signal });
  end.abort();
  assert.equal(await waiting, null);
});
