// The drawing area: an image to draw on, to choose from the samples, and to change.
import { stroke } from "#inspection/brush.js";
import { button, choice, counted, element, labelled } from "#inspection/dom.js";
import { PIXELS, SIDE } from "#inspection/forward.js";
import { drawGrey, pixelsOf } from "#inspection/pictures.js";
import { transformed, UNCHANGED } from "#inspection/transform.js";

const SLIDERS = [
  ["right", "Shift right", -10, 10, 0.5],
  ["down", "Shift down", -10, 10, 0.5],
  ["degrees", "Rotate (degrees)", -180, 180, 1],
  ["thickness", "Thin or thicken", -2, 2, 0.1],
];

/**
 * {area, controls, pixels(), label(), choose(index), draw()}. `changed()` is called after every
 * change of the pixels; `label()` is the true class of a test image, null for a drawing.
 */
export function createDrawing(network, samples, { changed, signal }) {
  const canvas = element("canvas", {
    width: SIDE,
    height: SIDE,
    className: "pad",
    role: "img",
    "aria-label":
      "Drawing area of 28 by 28 pixels, for mouse and finger." +
      " By keyboard, choose an image and change it with the controls that follow.",
  });
  const state = { base: new Float64Array(PIXELS), pixels: new Float64Array(PIXELS), label: null };
  const changes = { ...UNCHANGED };

  function apply() {
    state.pixels = transformed(state.base, changes);
    changed();
  }
  const controls = createChanges(changes, apply, signal);
  function begin(pixels, label) {
    state.base = pixels;
    state.label = label;
    controls.reset();
    apply();
  }
  const brush = createBrush(signal, () => {
    chooser.forget();
    begin(new Float64Array(PIXELS), null);
  });
  const chooser = createChooser(
    network,
    samples,
    (index) => {
      begin(pixelsOf(samples, index), samples.labels[index]);
    },
    signal,
  );
  listen(canvas, signal, (from, to) => {
    if (state.base !== state.pixels) begin(state.pixels, state.label); // what is seen is drawn on
    state.base = state.pixels;
    stroke(state.pixels, from, to, brush.settings());
    chooser.forget();
    state.label = null;
    changed();
  });
  return {
    area: element("div", { className: "drawing" }, canvas, brush.root),
    controls: element("div", { className: "controls" }, chooser.root, controls.root),
    pixels: () => state.pixels,
    label: () => state.label,
    choose: chooser.choose,
    draw: () => drawGrey(canvas, state.pixels, 1),
  };
}

/** Call `drawn(from, to)` for each piece of a stroke of the mouse, a finger or a pen. */
function listen(canvas, signal, drawn) {
  let last = null;
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * SIDE,
      y: ((event.clientY - box.top) / box.height) * SIDE,
    };
  };
  const on = (type, action) => canvas.addEventListener(type, action, { signal });
  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    last = placeOf(event);
    drawn(last, last);
  });
  on("pointermove", (event) => {
    if (!last) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const point of events.length ? events : [event]) {
      const place = placeOf(point);
      drawn(last, place);
      last = place;
    }
  });
  for (const type of ["pointerup", "pointercancel"]) on(type, () => (last = null));
}

/** Draw or erase, how wide, and clear. */
function createBrush(signal, clear) {
  let erase = false;
  const buttons = [
    ["Draw", false],
    ["Erase", true],
  ].map(([text, value]) =>
    button(
      text,
      () => {
        erase = value;
        buttons.forEach((one, index) =>
          one.setAttribute("aria-pressed", String(erase === Boolean(index))),
        );
      },
      signal,
      { "aria-pressed": String(!value) },
    ),
  );
  const size = element("input", { type: "range", min: 0.5, max: 4, step: 0.25, value: 1.25 });
  const root = element(
    "div",
    { className: "tools", role: "group", "aria-label": "Brush" },
    ...buttons,
    button("Clear", clear, signal),
    labelled("Brush width", size),
  );
  return { root, settings: () => ({ radius: Number(size.value), erase }) };
}

/** Images of the samples by class and number; `chosen(index)` is called for each. */
function createChooser(network, samples, chosen, signal) {
  const options = [
    ["", "Any class"],
    ...network.classNames.map((name, label) => [String(label), name]),
  ];
  const select = choice(options, () => show(0), signal);
  const words = element("p", { className: "chosen" });
  let place = -1; // in the list of the class
  let indices = [];

  function listed() {
    indices = [];
    samples.labels.forEach((label, index) => {
      if (select.value === "" || label === Number(select.value)) indices.push(index);
    });
  }
  function show(wanted) {
    listed();
    if (!indices.length) {
      words.textContent = "There is no image of this class.";
      return;
    }
    place = (wanted + indices.length) % indices.length;
    const index = indices[place];
    const name = network.classNames[samples.labels[index]];
    const where = `${place + 1} of ${counted(indices.length, "image")}`;
    words.textContent = `${where}: test image ${index}, ${name}`;
    chosen(index);
  }
  const root = element(
    "div",
    { className: "tools", role: "group", "aria-label": "Test images" },
    labelled("Choose a test image", select),
    button("Previous", () => show(Math.max(place, 0) - 1), signal),
    button("Next", () => show(place + 1), signal),
    button("Random", () => show(Math.floor(Math.random() * samples.labels.length)), signal),
    words,
  );
  return {
    root,
    forget: () => (words.textContent = "Your own drawing"),
    choose(index) {
      select.value = "";
      show(index);
    },
  };
}

/** Sliders that write to `changes` and call `apply()`. */
function createChanges(changes, apply, signal) {
  const sliders = SLIDERS.map(([name, text, min, max, step]) => {
    const slider = element("input", { type: "range", min, max, step, value: 0 });
    slider.addEventListener(
      "input",
      () => {
        changes[name] = Number(slider.value);
        apply();
      },
      { signal },
    );
    return [text, slider];
  });
  const invert = button(
    "Invert",
    () => {
      changes.inverted = !changes.inverted;
      invert.setAttribute("aria-pressed", String(changes.inverted));
      apply();
    },
    signal,
    { "aria-pressed": "false" },
  );
  function reset() {
    Object.assign(changes, UNCHANGED);
    for (const [, slider] of sliders) slider.value = 0;
    invert.setAttribute("aria-pressed", "false");
  }
  const undo = button(
    "Undo changes",
    () => {
      reset();
      apply();
    },
    signal,
  );
  const root = element(
    "div",
    { className: "tools changes", role: "group", "aria-label": "Change the image" },
    ...sliders.map(([text, slider]) => labelled(text, slider)),
    invert,
    undo,
  );
  return { root, reset };
}
