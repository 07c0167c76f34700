// Plays the paths of the optimizers over a map of the loss, with each one's own loss beside it.
import { button, element, labelled, newId } from "#inspection/dom.js";
import { createChart } from "#live/chart.js";
import { short } from "#live/ticks.js";
import { createMap } from "#landscape/map.js";
import { createTable } from "#landscape/table.js";

const INTERVAL = 150; // ms for each point of the paths

const { signal } = new AbortController(); // the page is shown until it is closed
const data = JSON.parse(document.getElementById("data").textContent);
show(document.getElementById("landscape"), data);

function show(main, { steps, paths, best, levels }) {
  const last = steps.length - 1;
  const map = createMap(data, signal);
  const table = createTable(data, draw, signal);
  const chart = createChart(
    {
      title: "Loss of each optimizer on the same images",
      x: "steps of training",
      y: "loss (nats)",
      key: paths.map(({ name }) => [name, `path ${name}`]),
      log: true,
    },
    signal,
  );
  const slider = element("input", { type: "range", min: 0, max: last, value: last });
  const player = createPlayer(slider, last, draw);

  function draw() {
    const at = Number(slider.value);
    const words = `after ${steps[at].toLocaleString("en")} of ${steps[last].toLocaleString("en")} steps`;
    slider.setAttribute("aria-valuetext", words);
    where.textContent = `The networks ${words}.`;
    const shown = paths.filter(({ name }) => table.isShown(name));
    map.draw(at, shown);
    table.draw(at);
    chart.draw(linesOf(shown, steps, at), steps[last], chartInWords(shown, steps, at));
    main.dataset.at = at;
  }
  slider.addEventListener("input", draw, { signal });
  const where = element("p", { className: "status" });
  main.className = "inspection";
  main.replaceChildren(
    section(
      "The paths",
      element("div", { className: "tools" }, player, labelled("Steps of training", slider)),
      where,
      element("div", { className: "bright" }, map.root),
      table.root,
    ),
    section(
      "The losses",
      element(
        "p",
        {},
        `${best} has the lowest loss at the end. The contours of the map lie at losses from ` +
          `${levels[0].toPrecision(2)} to ${levels.at(-1).toPrecision(2)}, each ` +
          `${(levels[1] / levels[0]).toFixed(2)} times the one before.`,
      ),
      element("div", { className: "bright" }, chart.root),
    ),
  );
  draw();
  main.dataset.ready = "yes";
}

/** The button that moves the slider to its end, from its beginning if it is there already. */
function createPlayer(slider, last, draw) {
  let timer = 0;
  function pause() {
    clearInterval(timer);
    timer = 0;
    made.textContent = "Play";
  }
  function next() {
    slider.value = Number(slider.value) + 1;
    if (Number(slider.value) === last) pause();
    draw();
  }
  function clicked() {
    if (timer) return pause();
    if (Number(slider.value) === last) slider.value = 0;
    made.textContent = "Pause";
    timer = setInterval(next, INTERVAL);
    draw();
  }
  const made = button("Play", clicked, signal);
  slider.addEventListener("pointerdown", () => timer && pause(), { signal });
  slider.addEventListener("keydown", () => timer && pause(), { signal });
  return made;
}

function linesOf(shown, steps, at) {
  return shown.flatMap(({ name, losses }) => [
    { points: losses.map((loss, index) => [steps[index], loss]), look: `path ${name}` },
    { points: [[steps[at], losses[at]]], look: "now", dots: true },
  ]);
}

function chartInWords(shown, steps, at) {
  const values = shown.map(({ name, losses }) => `${name} ${short(losses[at])}`);
  return `After ${steps[at].toLocaleString("en")} steps: ${values.join(", ") || "none is shown"}`;
}

function section(title, ...content) {
  const heading = element("h2", { id: newId("heading") }, title);
  return element("section", { "aria-labelledby": heading.id }, heading, ...content);
}


