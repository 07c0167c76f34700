// The forward pass of a network, as the class InspectedNetwork computes it in NumPy.

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

/** Throws an Error with one line if the layers do not fit together or a weight is not finite. */
export function checkNetwork(network) {
  let inputs = PIXELS;
  network.layers.forEach((layer, index) => {
    const { W, b, outputs } = layer;
    if (layer.inputs !== inputs || W.length !== inputs * outputs || b.length !== outputs) {
      throw new Error(
        `layer ${index + 1} has ${layer.inputs} inputs, ${W.length} weights` +
          ` and ${b.length} biases,` +
          ` expected ${inputs} inputs, ${inputs * outputs} weights and ${outputs} biases`,
      );
    }
    if (!W.every(Number.isFinite) || !b.every(Number.isFinite)) {
      throw new Error(`layer ${index + 1} has weights that are not finite numbers`);
    }
    inputs = outputs;
  });
  if (inputs !== network.classNames.length) {
    throw new Error(
      `the last layer has ${inputs} outputs for ${network.classNames.length} classes`,
    );
  }
}

/**
 * A function of pixels (784 numbers in [0, 1]) that returns {hidden, probabilities}: the outputs of
 * each hidden layer, and the class probabilities. The arrays are used again by the next call. With
 * network.flips, the logits are the mean over the image and its mirror image, and `hidden` is that
 * of the image itself.
 */
export function createForward(network) {
  const outputs = network.layers.map((layer) => new Float64Array(layer.outputs));
  const logits = outputs[outputs.length - 1];
  const last = network.layers[network.layers.length - 1];
  const probabilities = new Float64Array(logits.length);
  const mirrored = new Float64Array(PIXELS);

  function run(pixels) {
    let input = pixels;
    network.layers.forEach((layer, index) => {
      multiply(layer, input, outputs[index]);
      if (layer !== last) activate(layer.activation, outputs[index]);
      input = outputs[index];
    });
  }

  return (pixels) => {
    if (network.flips) {
      run(mirror(pixels, mirrored));
      probabilities.set(logits);
    }
    run(pixels);
    if (network.flips)
      for (let k = 0; k < logits.length; k++) logits[k] = (logits[k] + probabilities[k]) / 2;
    toProbabilities(last.activation, logits, probabilities);
    return { hidden: outputs.slice(0, -1), probabilities };
  };
}

/** out = input W + b. Most pixels of an image are 0, and so are many units: they cost nothing. */
function multiply({ W, b, outputs }, input, out) {
  out.set(b);
  for (let i = 0; i < input.length; i++) {
    const value = input[i];
    if (value === 0) continue;
    for (let j = 0, at = i * outputs; j < outputs; j++, at++) out[j] += value * W[at];
  }
}

const ACTIVATIONS = {
  relu: (z) => (z > 0 ? z : 0),
  tanh: Math.tanh,
  sigmoid: (z) => 0.5 * (1 + Math.tanh(0.5 * z)),
};

function activate(name, values) {
  const activation = ACTIVATIONS[name];
  for (let j = 0; j < values.length; j++) values[j] = activation(values[j]);
}

/** Numbers that sum to 1: the softmax, or a sigmoid for each class, divided by their sum. */
function toProbabilities(name, logits, out) {
  let largest = -Infinity;
  for (const z of logits) largest = Math.max(largest, z);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) {
    out[k] =
      name === "softmax"
        ? Math.exp(logits[k] - largest)
        : ACTIVATIONS.sigmoid(logits[k]) + 2 ** -1022; // 2^-1022: not 0 / 0 if all are 0
    sum += out[k];
  }
  for (let k = 0; k < logits.length; k++) out[k] /= sum;
}

function mirror(pixels, out) {
  for (let row = 0; row < PIXELS; row += SIDE) {
    for (let x = 0; x < SIDE; x++) out[row + x] = pixels[row + SIDE - 1 - x];
  }
  return out;
}

/** The index of the largest number; the first one if there are several. */
export function argmax(values) {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[best]) best = k;
  return best;
}
