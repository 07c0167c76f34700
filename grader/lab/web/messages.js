// What the worker may say. Student code shares the worker, so a message is data like any other: it
// is compared with these shapes before the page looks at it.

const MOST_TEXT = 400_000; // characters of one text
const MOST_LINES = 5000;
const MOST_UNITS = 4096; // as in inspection/network.py

const text = (value) => typeof value === "string" && value.length <= MOST_TEXT;
const texts = (value) => Array.isArray(value) && value.length <= MOST_LINES && value.every(text);
const count = (value) => Number.isInteger(value) && value >= 0;
const number = (value) => typeof value === "number" && Number.isFinite(value);
const numberOrNull = (value) => value === null || number(value);
const flag = (value) => typeof value === "boolean";
const optional = (kind) => (value) => value === undefined || kind(value);
const oneOf = (...values) => (value) => values.includes(value);

const SHAPES = {
  loading: { text },
  loaded: {},
  ready: {},
  at: { line: count },
  section: {
    number: text,
    title: text,
    status: oneOf("passed", "failed", "not written", "waiting"),
    remark: text,
    lines: texts,
    printed: text,
    hints: texts,
    line: count,
  },
  problem: { text },
  remark: { text },
  checked: { next: text },
  broken: { lines: texts, line: count },
  training: { images: count, epochs: count },
  progress: { epochs: number },
  epoch: {
    epoch: count,
    train_losses: numberOrNull,
    val_losses: numberOrNull,
    train_accuracies: numberOrNull,
    val_accuracies: numberOrNull,
  },
  trained: { accuracy: number, bar: number, met: flag },
  failed: {},
  printed: { text },
  stopped: { seconds: number, line: count, where: text },
  crashed: { text },
  opened: { text: (value) => typeof value === "string", problem: text },
  network: { network: isNetwork },
  seen: { result: (value) => value === null || Array.isArray(value?.arrays) },
  done: { worn: optional(flag) },
};

/** Whether a message has the shape of its kind. */
export function isMessage(message) {
  const shape = Object.hasOwn(SHAPES, message?.kind) ? SHAPES[message.kind] : null;
  return shape !== null && Object.entries(shape).every(([name, is]) => is(message[name]));
}

function isNetwork(network) {
  const [d, h, k] = Array.isArray(network?.sizes) ? network.sizes : [];
  const lengths = { W1: d * h, b1: h, W2: h * k, b2: k };
  return (
    d === 784 && k === 10 && count(h) && h >= 1 && h <= MOST_UNITS &&
    Object.entries(lengths).every(
      ([name, length]) => network[name] instanceof Float32Array && network[name].length === length,
    )
  );
}
