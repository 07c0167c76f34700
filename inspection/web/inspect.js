// A look inside a network, in three parts. The page and the lab in the browser both show it.
import { element, newId, percent } from "#inspection/dom.js";
import { createErrors } from "#inspection/errors.js";
import { evaluate } from "#inspection/evaluate.js";
import { checkNetwork, PIXELS } from "#inspection/forward.js";
import { createLive } from "#inspection/live.js";
import { createUnits } from "#inspection/units.js";

const mounted = new WeakMap(); // containers, and how what is shown in them ends

/**
 * Show a network in a container, in place of what is there, and return a function that removes it.
 *
 * network: {title, classNames, flips?, layers: [{inputs, outputs, activation, W, b}]} with W and b
 * as Float32Array, W row by row (inputs x outputs). samples: {images, labels} as Uint8Array, 784
 * pixels an image. Why something cannot be shown is said in the container in one line.
 */
export function mountInspection(container, network, samples) {
  mounted.get(container)?.();
  const end = new AbortController();
  const root = element("div", { className: "inspection" });
  const unmount = () => {
    end.abort();
    root.remove();
  };
  mounted.set(container, unmount);
  container.replaceChildren(root);
  try {
    check(network, samples);
    show(root, network, samples, end.signal);
  } catch (error) {
    root.replaceChildren(
      element("p", { role: "alert" }, `This network cannot be shown: ${error.message}.`),
    );
  }
  return unmount;
}

function check(network, { images, labels }) {
  checkNetwork(network);
  if (!labels.length || images.length !== labels.length * PIXELS) {
    throw new Error(
      `there are ${images.length} pixels for ${labels.length} labels, expected 784 for each`,
    );
  }
  const wrong = labels.find((label) => label >= network.classNames.length);
  if (wrong !== undefined) {
    throw new Error(`a label is ${wrong}, expected less than ${network.classNames.length}`);
  }
}

function show(root, network, samples, signal) {
  const live = createLive(network, samples, signal);
  const first = section("Draw or choose an image", live.root);
  const picked = (index) => {
    live.choose(index);
    first.heading.focus({ preventScroll: true });
    first.root.scrollIntoView({ block: "start" });
  };
  const progress = element("progress", { max: 1, value: 0, "aria-label": "Images looked at" });
  const units = section(
    "What each unit wants",
    element("p", {}, "Looking at the images … ", progress),
  );
  const errors = section("Where it errs", element("p", {}, "Looking at the images …"));
  root.append(facts(network, samples), first.root, units.root, errors.root);
  live.choose(0);
  evaluate(network, samples, { signal, progress: (share) => (progress.value = share) }).then(
    (seen) => {
      if (!seen) return;
      units.body.replaceChildren(createUnits(network, samples, seen, { picked, signal }));
      errors.body.replaceChildren(createErrors(network, samples, seen, { picked, signal }));
      root.dataset.ready = percent(seen.answers.right / samples.labels.length);
    },
  );
}

function section(title, ...content) {
  const heading = element("h2", { id: newId("heading"), tabIndex: -1 }, title);
  const body = element("div", {}, ...content);
  return {
    heading,
    body,
    root: element("section", { "aria-labelledby": heading.id }, heading, body),
  };
}

function facts(network, samples) {
  const sizes = [network.layers[0].inputs, ...network.layers.map((layer) => layer.outputs)];
  const parameters = network.layers.reduce((sum, { W, b }) => sum + W.length + b.length, 0);
  const hidden = network.layers.slice(0, -1).map((layer) => layer.activation);
  return element(
    "p",
    { className: "small" },
    `${sizes.join("-")}${hidden.length ? `, ${hidden[0]}` : ""}:` +
      ` ${parameters.toLocaleString("en")} weights and biases.` +
      ` ${samples.labels.length.toLocaleString("en")} test images.` +
      (network.flips ? " Each answer is the mean over an image and its mirror image." : ""),
  );
}
