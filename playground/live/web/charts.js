// The three charts of a training run: loss, gradient norm, dead units.
import { element, percent } from "#inspection/dom.js";
import { createChart } from "#live/chart.js";

const LOOKS = ["training", "other"].flatMap((colour) =>
  ["", " second", " third"].map((dashes) => colour + dashes),
);

/** {root, draw(state)}. */
export function createCharts(run, signal) {
  const loss = createChart(
    {
      title: "Loss",
      x: "step",
      y: "loss (nats)",
      height: 300,
      key: [
        ["each step", "raw"],
        ["training, smoothed", "training"],
        ...(run.imageKind === "validation" ? [["validation", "validation", true]] : []),
      ],
    },
    signal,
  );
  const norm = createChart(
    {
      title: "Gradient norm",
      x: "step",
      y: "norm (logarithmic)",
      log: true,
      key: [["all parameters", "training"]],
    },
    signal,
  );
  const dead = createChart(
    {
      title: "Dead units",
      x: "step",
      y: "share (%)",
      top: 100,
      key: run.layers.map((name, layer) => [name, LOOKS[layer % LOOKS.length]]),
    },
    signal,
  );
  loss.root.classList.add("main");
  const note = element(
    "p",
    { className: "small" },
    "A unit is dead if its output is the same for all of " +
      `${run.measured} ${run.imageKind} images: it tells none apart.`,
  );
  dead.root.append(note);
  if (run.labelSmoothing) {
    const why =
      `The training loss includes label smoothing (${run.labelSmoothing}), which the validation` +
      " loss does not: it lies higher.";
    loss.root.append(element("p", { className: "small" }, why));
  }

  function draw(state) {
    const { stride, losses, smooth, norms, validation } = state;
    const along = (values) => values.map((value, index) => [(index + 1) * stride, value]);
    const lastLoss = smooth.at(-1);
    const lastVal = validation.at(-1)?.[1];
    loss.draw(
      [
        { points: along(losses), look: "raw" },
        { points: along(smooth), look: "training" },
        { points: validation.map(([step, value]) => [step, value]), look: "validation", dots: true },
      ],
      run.steps,
      `Smoothed training loss ${number(lastLoss)}, validation loss ${number(lastVal)}.`,
    );
    norm.draw(
      [{ points: along(norms), look: "training" }],
      run.steps,
      `Now ${number(norms.at(-1))}.`,
    );
    dead.draw(
      [...run.layers.keys()].map((layer) => ({
        points: state.dead.map(([step, shares]) => [step, 100 * shares[layer]]),
        look: LOOKS[layer % LOOKS.length],
      })),
      run.steps,
      run.layers
        .map((name, layer) => `${name}: ${percent(state.dead.at(-1)?.[1][layer] ?? 0)}`)
        .join(", "),
    );
  }
  const root = element("div", { className: "charts" }, loss.root, norm.root, dead.root);
  return { root, draw };
}

const number = (value) => (value === null || value === undefined ? "unknown" : value.toFixed(3));
