// The buttons: pause, stop, and the learning rate.
import { button, element, labelled } from "#inspection/dom.js";

const MAX_FACTOR = 1000; // as in controls.py

/** {root, draw(state)}. `send(command)` hands a command to the training. */
export function createControls(run, send, signal) {
  const input = element("input", { type: "number", step: "any", min: 0, value: run.rate });
  const isConstant = run.schedule === "constant";
  const name = isConstant ? "Learning rate" : `Highest learning rate (${run.schedule})`;
  let state = { factor: 1, paused: false };
  const pause = button(
    "Pause",
    () => send({ action: state.paused ? "resume" : "pause" }),
    signal,
  );
  const stop = button("Stop", () => send({ action: "stop" }), signal);
  const alert = element("p", { role: "alert" });
  function ask(factor) {
    const isPossible = factor > 0 && factor <= MAX_FACTOR;
    alert.textContent = isPossible
      ? ""
      : `A learning rate above 0 and at most ${MAX_FACTOR * run.rate} is possible.`;
    if (isPossible) send({ action: "rate", factor });
  }
  const form = element(
    "form",
    { className: "tools" },
    labelled(name, input),
    element("button", {}, "Set"),
    button("Halve", () => ask(state.factor / 2), signal),
    button("Double", () => ask(state.factor * 2), signal),
  );
  form.noValidate = true; // ask() says what is wrong
  form.addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      ask(Number(input.value) / run.rate);
    },
    { signal },
  );
  const log = element("ol", { className: "log" });
  const root = element(
    "div",
    { role: "group", "aria-label": "Controls" },
    element("div", { className: "tools" }, pause, stop),
    form,
    alert,
    log,
  );
  function draw(newer) {
    if (newer.factor !== state.factor) input.value = Number((run.rate * newer.factor).toPrecision(4));
    state = newer;
    pause.textContent = state.paused ? "Go on" : "Pause";
    const over = Boolean(state.ended) || state.stopped;
    for (const control of root.querySelectorAll("button, input")) control.disabled = over;
    log.replaceChildren(
      ...state.log.map(([step, text]) =>
        element("li", {}, `Step ${step.toLocaleString("en")}: ${text}`),
      ),
    );
  }
  return { root, draw };
}
