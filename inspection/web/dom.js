// Making elements and words. Text always goes in as text, never as markup.

/** A new element with properties, `data-`, `aria-` and other attributes, and children. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "for") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

let used = 0;

/** An id that no other element of the document has. */
export const newId = (name) => `inspection-${name}-${(used += 1)}`;

/** A label above its control. */
export function labelled(text, control) {
  control.id = newId("control");
  return element(
    "div",
    { className: "field" },
    element("label", { for: control.id }, text),
    control,
  );
}

/** A <select> of [value, text] pairs that calls `changed(value)`. */
export function choice(options, changed, signal) {
  const select = element(
    "select",
    {},
    ...options.map(([value, text]) => element("option", { value }, text)),
  );
  select.addEventListener("change", () => changed(select.value), { signal });
  return select;
}

export function button(text, clicked, signal, properties = {}) {
  const made = element("button", { type: "button", ...properties }, text);
  made.addEventListener("click", clicked, { signal });
  return made;
}

/** `request()` lets `draw` run once before the next frame, however often it is called. */
export function onNextFrame(draw, signal) {
  let waiting = 0;
  signal.addEventListener("abort", () => cancelAnimationFrame(waiting));
  return function request() {
    if (waiting || signal.aborted) return;
    waiting = requestAnimationFrame(() => {
      waiting = 0;
      draw();
    });
  };
}

/** Scroll to an element that has just been filled, unless its beginning is in sight. */
export function reveal(filled) {
  const { top } = filled.getBoundingClientRect();
  if (top < 0 || top > 0.8 * innerHeight) filled.scrollIntoView({ block: "start" });
}

export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}\u00a0%`;
export const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
export const counted = (count, noun) =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
