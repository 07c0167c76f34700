// The menu of the last runs, from which a text can be brought back.

import { element } from "./elements.js";

/** Fill the menu with runs `{at, passed, text}`, the newest first. */
export function showRuns(select, runs, sections) {
  const options = runs.map((run, index) =>
    element("option", { value: String(index) }, `${time(run.at)}: ${result(run.passed, sections)}`),
  );
  const title = runs.length ? "Earlier runs…" : "No earlier runs";
  select.replaceChildren(element("option", { value: "" }, title), ...options.reverse());
  select.disabled = !runs.length;
}

function result(passed, sections) {
  return passed === null ? "replaced, not run" : `${passed} of ${sections} passed`;
}

function time(at) {
  const moment = new Date(at);
  const day = moment.toDateString() === new Date().toDateString() ? "" : `${moment.toLocaleDateString()} `;
  return day + moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
