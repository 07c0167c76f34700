// Follows a training run: asks the server what it is, then draws each state that it sends.
import { element, newId, percent } from "#inspection/dom.js";
import { createCharts } from "#live/charts.js";
import { createControls } from "#live/controls.js";
import { createAnswers, createFilters } from "#live/looks.js";
import { short } from "#live/ticks.js";

const { signal } = new AbortController(); // the page is shown until it is closed
const main = document.getElementById("live");

function show(run) {
  document.title = run.title;
  document.querySelector("h1").textContent = run.title;
  const status = element("p", { className: "status" }, "Waiting for the first step.");
  const spoken = element("p", { className: "unseen", role: "status" });
  const progress = element("progress", { max: run.steps, value: 0, "aria-label": "Steps done" });
  const controls = createControls(run, send, signal);
  const charts = createCharts(run, signal);
  const filters = createFilters(signal);
  const answers = createAnswers(run);
  main.replaceChildren(
    status,
    spoken,
    progress,
    controls.root,
    section("How it learns", charts.root),
    section("What it can tell apart", answers.root),
    section("What the first layer looks for", filters.root),
  );
  function draw(state) {
    status.textContent = sentence(run, state);
    const news = spokenSentence(state);
    if (spoken.textContent !== news) spoken.textContent = news;
    progress.value = state.step;
    for (const part of [controls, charts]) part.draw(state);
    for (const part of [filters, answers]) part.draw(state.look);
    main.dataset.step = state.step;
    main.dataset.state = state.ended ? "ended" : state.paused ? "paused" : "training";
  }
  follow(draw, (words) => (status.textContent = words));
}

function follow(draw, lost) {
  const source = new EventSource("events");
  source.addEventListener("message", ({ data }) => draw(JSON.parse(data)));
  source.addEventListener("end", () => source.close());
  source.addEventListener("error", () => {
    source.close(); // it would go on asking a server that has ended
    lost("The connection is lost. If the training is still running, reload the page.");
  });
}

async function send(command) {
  await fetch("control", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(command),
  });
}

function sentence(run, state) {
  const where = `step ${state.step.toLocaleString("en")} of ${run.steps.toLocaleString("en")}`;
  const rate = state.rate === null ? "" : `, learning rate ${short(Number(state.rate.toPrecision(3)))}`;
  const parts = [`Epoch ${state.epoch} of ${run.epochs}, ${where}${rate}.`];
  const validated = validatedSentence(state);
  if (validated) parts.push(validated);
  if (state.paused && !state.ended) parts.unshift("Paused.");
  if (state.ended) parts.push(`The training has ended: ${state.ended}. The page stays as it is.`);
  return parts.join(" ");
}

/** What a screen reader is told: once an epoch, not at every step. */
function spokenSentence(state) {
  if (state.ended) return `The training has ended: ${state.ended}.`;
  if (state.paused) return "Paused.";
  return validatedSentence(state);
}

function validatedSentence(state) {
  const accuracy = state.validation.at(-1)?.[2] ?? null;
  return accuracy === null ? "" : `Validation accuracy ${percent(accuracy)}.`;
}

function section(title, content) {
  const heading = element("h2", { id: newId("heading") }, title);
  return element("section", { "aria-labelledby": heading.id }, heading, content);
}

const answer = await fetch("run.json");
show(await answer.json());
