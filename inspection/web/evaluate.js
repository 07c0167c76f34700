// What a network does on all images: its answers, and when each unit of its first layer fires.
import { argmax, createForward } from "#inspection/forward.js";
import { pixelsOf } from "#inspection/pictures.js";

export const MOST_EXCITING = 9;
const SLICE = 6; // milliseconds of work at a time: the page draws its frames in between

/** Whether a unit fires: relu and tanh above 0, sigmoid above its middle. */
export const firesAbove = (activation) =>
  activation === "sigmoid" || activation === "softmax" ? 0.5 : 0;

/** Frozen records of all images, or null if the signal came first. `progress` gets shares. */
export async function evaluate(network, samples, { signal, progress = () => {} }) {
  const forward = createForward(network);
  const n = samples.labels.length;
  const classes = network.classNames.length;
  const answers = new Answers(n, classes);
  const units = new Units(network.layers[0], classes);
  let started = performance.now();
  for (let index = 0; index < n; index++) {
    const { hidden, probabilities } = forward(pixelsOf(samples, index));
    answers.add(index, samples.labels[index], probabilities);
    units.add(index, samples.labels[index], hidden[0] ?? probabilities);
    if (performance.now() - started > SLICE) {
      progress(index / n);
      await new Promise((resume) => setTimeout(resume));
      if (signal.aborted) return null;
      started = performance.now();
    }
  }
  units.finish(n);
  return { answers, units };
}

/** The network's answer to each image, and the confusion matrix (true class, answer). */
class Answers {
  constructor(n, classes) {
    this.classes = classes;
    this.predicted = new Uint8Array(n);
    this.probabilities = new Float32Array(n * classes);
    this.confusion = new Uint32Array(classes * classes);
    this.right = 0;
  }

  add(index, label, probabilities) {
    const answer = argmax(probabilities);
    this.predicted[index] = answer;
    this.probabilities.set(probabilities, index * this.classes);
    this.confusion[label * this.classes + answer] += 1;
    this.right += Number(answer === label);
  }

  /** The probability that the network gave a class for image `index`. */
  of(index, label) {
    return this.probabilities[index * this.classes + label];
  }
}

/** Of each unit: how often it fires, its mean for each class, and what excites it most. */
class Units {
  constructor(layer, classes) {
    const count = layer.outputs;
    this.count = count;
    this.classes = classes;
    this.threshold = firesAbove(layer.activation);
    this.fires = new Float64Array(count); // share of the images
    this.means = new Float64Array(count);
    this.classMeans = new Float64Array(count * classes);
    this.perClass = new Uint32Array(classes);
    this.least = new Float64Array(count).fill(Infinity);
    this.most = new Float64Array(count).fill(-Infinity);
    this.top = Array.from({ length: count }, () => []); // [value, index] pairs, largest first
  }

  add(index, label, values) {
    this.perClass[label] += 1;
    for (let unit = 0; unit < this.count; unit++) {
      const value = values[unit];
      if (value > this.threshold) this.fires[unit] += 1;
      this.means[unit] += value;
      this.classMeans[unit * this.classes + label] += value;
      if (value < this.least[unit]) this.least[unit] = value;
      if (value > this.most[unit]) this.most[unit] = value;
      insert(this.top[unit], value, index);
    }
  }

  finish(n) {
    for (let unit = 0; unit < this.count; unit++) {
      this.fires[unit] /= n;
      this.means[unit] /= n;
      for (let label = 0; label < this.classes; label++) {
        this.classMeans[unit * this.classes + label] /= Math.max(1, this.perClass[label]);
      }
    }
  }

  /** Whether the unit gives the same output for every image, as a relu unit that never fires. */
  isDead(unit) {
    return this.most[unit] - this.least[unit] < 1e-6;
  }

  /** How much more the unit fires for images of a class than for all. */
  excess(unit, label) {
    return this.classMeans[unit * this.classes + label] - this.means[unit];
  }
}

function insert(top, value, index) {
  if (top.length === MOST_EXCITING && value <= top[MOST_EXCITING - 1][0]) return;
  let at = top.length;
  while (at > 0 && top[at - 1][0] < value) at--;
  top.splice(at, 0, [value, index]);
  if (top.length > MOST_EXCITING) top.pop();
}
