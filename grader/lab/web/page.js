// The page: connects the editor, Python, the results and the look inside.

import { Editor } from "./editor.js";
import { beside, download } from "./files.js";
import { mountMicroscope } from "./microscope.js";
import { NetworkTab } from "./network.js";
import { Python, workerFrom } from "./python.js";
import { showRuns } from "./runs.js";
import { Sections } from "./sections.js";
import { Store } from "./storage.js";
import { Tabs } from "./tabs.js";
import { Training } from "./training.js";

const SCRIPT = "numpy_ann.py";
const SAVE_AFTER = 300; // milliseconds after the last key
const NO_WEBASSEMBLY =
  "This browser has no WebAssembly, in which Python runs here. Open the page in a current Firefox, " +
  "Chrome, Edge or Safari, or work with Python on a computer, as the README says.";
const KEPT =
  "Your text stays in this browser and is sent nowhere. Before a longer break, download " +
  "numpy_ann.py: some browsers, such as Safari, delete it after a week without a visit.";
const QUESTION =
  "Remove your text and the earlier runs from this browser? There is no way back: " +
  "download numpy_ann.py first if you need it.";
const NOT_KEPT = "This browser keeps no data, so a reload loses your text: download numpy_ann.py.";
const STATES = {
  starting: "Python is starting…",
  ready: "Python is ready.",
  running: "Python is running your code…",
  broken: "Python could not be started. Run tries it again.",
};
const SLOW =
  "Python is still loading, about 17 MB. If nothing comes, check the connection and reload the page.";
const SLOW_AFTER = 30_000; // milliseconds
const MOST_BYTES = 10_000_000; // of a file, as in in_browser/opening.py
const MOST_PROBLEMS = 100;

const at = (id) => document.getElementById(id);
const settings = JSON.parse(at("settings").textContent);

class Page {
  constructor(stub) {
    this.stub = stub;
    this.store = new Store(storage(), `lab ${window.location.pathname}`);
    this.sections = new Sections(
      at("sections"),
      (line) => this.showLine(this.editor.lineNow(line)),
      () => this.tabs.show(at("tab-backprop")),
    );
    this.editor = new Editor({
      parent: at("editor"),
      text: this.store.text ?? stub,
      nonce: settings.nonce,
      onChange: () => this.changed(),
      keys: { "Mod-Enter": () => this.run(true), "Shift-Mod-Enter": () => this.run(false) },
    });
    this.python = new Python({
      createWorker: () => workerFrom(beside("web/lab/worker.js")),
      settings: absolute(settings.worker),
      onMessage: (message) => this.received(message),
      onState: (state) => this.showState(state),
    });
    this.training = new Training(
      { whole: at("training"), progress: at("progress"), curves: at("curves") },
      settings.bar,
    );
    this.network = new NetworkTab(at("inspection"), at("no-network"), settings);
    this.tabs = new Tabs(at("tabs"), (name) => name === "network" && this.network.show());
    this.listen();
    showRuns(at("runs"), this.store.runs, settings.sections);
    this.showKept();
    mountMicroscope(at("microscope"), null);
  }

  listen() {
    const clicks = {
      run: () => this.run(true),
      check: () => this.run(false),
      stop: () => this.python.stop(),
      download: () => download(SCRIPT, this.editor.text),
      reset: () => this.replace(this.stub, "The text is the empty one again. Undo brings yours back."),
      remove: () => window.confirm(QUESTION) && this.remove(),
      undo: () => this.editor.undo(),
      redo: () => this.editor.redo(),
      look: () => this.run(false),
    };
    for (const [id, act] of Object.entries(clicks)) at(id).addEventListener("click", act);
    at("open").addEventListener("change", ({ target }) => this.open(target));
    at("runs").addEventListener("change", ({ target }) => {
      const run = this.store.runs[Number(target.value)];
      if (target.value !== "" && run) this.replace(run.text, "This is the text of that run. Undo brings yours back.");
      target.value = "";
    });
    document.addEventListener("show-line", ({ detail }) => this.showLine(detail.line));
    document.addEventListener("visibilitychange", () => this.save());
    window.addEventListener("pagehide", () => this.save());
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key !== this.store.key) return;
      if (newValue === null) this.remove();
      else this.otherTab();
    });
  }

  /** Student code shares the worker: a message that makes no sense ends nothing. */
  received(message) {
    try {
      this[`on_${message.kind}`]?.(message);
    } catch (error) {
      problem(`The page could not show what Python said (${message.kind}: ${error.message}).`);
    }
  }

  changed() {
    this.isChanged = true;
    at("changed").hidden = this.editor.ran === undefined;
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), SAVE_AFTER);
  }

  /** Keep the text, unless it is the one that was kept: another tab may have a newer one. */
  save() {
    clearTimeout(this.saving);
    if (!this.isChanged) return;
    this.isChanged = false;
    this.store.save(this.editor.text);
    this.askToKeep();
    this.showKept();
  }

  /** Ask the browser, once there is something to keep, not to delete it when it needs room. */
  askToKeep() {
    if (this.isAsked) return;
    this.isAsked = true;
    navigator.storage?.persist?.().catch(() => {}); // a refusal changes nothing
  }

  /** Another tab has kept a text or a run; the text of the tab that one works in is left alone. */
  otherTab() {
    if (this.isChanged) return;
    this.store.read();
    showRuns(at("runs"), this.store.runs, settings.sections);
    const { text } = this.store;
    if (text === null || text === this.editor.text || document.hasFocus()) return;
    // without a write: two tabs that answer each other would push all runs out
    this.show(this.store.takeOver(), "The text was changed in another tab. Undo brings yours back.");
    this.isChanged = false;
  }

  /** Leave nothing to the next user: neither what is kept, nor what Undo, Output and Network show. */
  remove() {
    this.isChanged = false;
    this.store.remove();
    window.location.reload();
  }

  showKept() {
    at("kept").textContent = this.store.isKept ? KEPT : NOT_KEPT;
  }

  /** Put another text into the editor; the old one stays among the earlier runs. */
  replace(text, words) {
    this.store.addRun({ at: Date.now(), passed: null, text: this.editor.text });
    showRuns(at("runs"), this.store.runs, settings.sections);
    this.show(text, words);
  }

  show(text, words) {
    this.editor.text = text;
    this.clear();
    say(words);
  }

  clear() {
    this.sections.clear();
    this.editor.mark([]);
    at("problems").replaceChildren();
    this.training.hide();
  }

  showLine(line) {
    this.tabs.show(this.tabs.tabs[0]);
    this.editor.showLine(line);
  }

  /** Check the text, and train if everything passes and `isTraining`. */
  run(isTraining) {
    this.save();
    this.editor.ask();
    const images = isTraining ? Number(at("images").value) : 0;
    const wasRunning = this.python.running;
    this.python.ask({ op: "run", text: this.editor.text, images });
    if (wasRunning) say("Your run comes next, when what runs now has ended.");
    else if (!this.python.running) say("Python is starting; your run comes next.");
  }

  async open(input) {
    const [file] = input.files;
    if (!file) return;
    const { name, size } = file;
    try {
      if (size > MOST_BYTES) {
        throw new Error(`it has ${(size / 1e6).toFixed(0)} MB, expected a script or notebook`);
      }
      const content = await file.arrayBuffer();
      this.python.ask({ op: "open", name, content });
      if (!this.python.isReady) say("Python is starting; then your file opens.");
    } catch (error) {
      problem(`${name} cannot be opened: ${error.message}`);
    }
    input.value = ""; // the same file may be chosen again
  }

  showState(state) {
    at("state").textContent = STATES[state];
    const stop = at("stop");
    if (state !== "running" && document.activeElement === stop) at("run").focus();
    stop.disabled = state !== "running";
    at("open").disabled = state !== "ready" && state !== "running";
    document.body.dataset.state = state;
    clearTimeout(this.slow);
    if (state === "starting") this.slow = setTimeout(() => (at("state").textContent = SLOW), SLOW_AFTER);
    if (state === "running" && this.python.running.op === "run") this.begin();
  }

  begin() {
    this.clear();
    this.editor.begin();
    at("printed").textContent = "";
    at("changed").hidden = true;
    say("Checking the sections…");
  }

  on_loading({ text }) {
    at("state").textContent = `${text}…`;
  }

  on_loaded() {
    at("state").textContent = STATES.running;
  }

  on_section(section) {
    this.sections.add(section);
  }

  on_problem({ text }) {
    problem(text);
  }

  on_remark({ text }) {
    problem(text, "remark");
  }

  on_checked({ next }) {
    this.editor.mark(this.sections.marks);
    say(next ? `Next: ${next}, then run again.` : "Public checks passed. Marking uses more inputs, and different ones.");
    this.store.addRun({ at: Date.now(), passed: this.sections.passed, text: this.python.running.text });
    showRuns(at("runs"), this.store.runs, settings.sections);
  }

  on_broken({ lines, line }) {
    problem(lines.join("\n"));
    if (line) this.editor.mark([{ line, text: lines.at(-1) }]);
    say("The script could not be run.");
  }

  on_training({ images, epochs }) {
    this.network.forget();
    this.training.begin(epochs);
    say(`Training on ${images.toLocaleString("en")} images…`);
  }

  on_progress({ epochs }) {
    this.training.at(epochs);
  }

  on_epoch(epoch) {
    this.training.add(epoch);
  }

  on_trained({ accuracy, bar, met }) {
    const words = `Test accuracy ${percent(accuracy, 2)}, bar ${percent(bar, 0)}: ${met ? "met" : "not met yet"}.`;
    say(met ? `${words} The tab Network shows what it learned.` : words);
  }

  on_failed() {
    say("Training did not end with a network that can be tested; what was printed says why.");
  }

  on_printed({ text }) {
    at("printed").append(text);
    at("printed").scrollTop = at("printed").scrollHeight;
  }

  on_stopped({ seconds, line, where }) {
    const place = where || (line ? `${SCRIPT}, line ${line}` : "");
    const why = seconds ? `Stopped after ${seconds} s without an end` : "Stopped";
    if (place) problem(`${why}, at ${place}`);
    if (line) this.editor.mark([{ line, text: why }]);
    say(`${why}.`);
  }

  on_crashed({ text, line }) {
    if (!this.python.running) {
      problem(`Python could not be started: ${text}`);
      say("Check the connection, then run again. Your text is kept.");
      return;
    }
    problem(`Python ended: ${text}${line ? `. Seen last at ${SCRIPT}, line ${line}` : ""}`);
    if (line) this.editor.mark([{ line, text: "Python ended here, or after it" }]);
    say("Python ended, and starts again. Your text is kept.");
  }

  on_opened({ text, problem: words }) {
    if (words) {
      problem(words);
      say("The file is not opened.");
    } else this.replace(text, "The file is open. Undo brings your text back.");
  }

  on_network({ network }) {
    this.network.take(network);
    if (!at("network").hidden) this.network.show();
  }

  on_seen({ result }) {
    mountMicroscope(at("microscope"), result);
    const { lit, arrays } = result;
    const array = arrays.find(({ name }) => name === lit?.name);
    // a function's own line is known; an array of these two sections tells it better
    if (["1.5", "1.6"].includes(array?.section)) this.sections.point(array.section, lit.line);
  }
}

/** The worker's settings with whole addresses: its own is none that others can be relative to. */
function absolute({ python, data, pyodide }) {
  return {
    python: beside(python),
    data: data.map(beside),
    pyodide: { ...pyodide, index: beside(pyodide.index) },
  };
}

function percent(share, digits) {
  return `${(100 * share).toFixed(digits)} %`;
}

function say(words) {
  at("next").textContent = words;
}

function problem(text, name = "problem") {
  const item = document.createElement("pre");
  item.className = name;
  item.tabIndex = 0;
  item.textContent = text;
  if (at("problems").childElementCount < MOST_PROBLEMS) at("problems").append(item);
}

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null; // switched off: Store says so
  }
}

async function start() {
  if (typeof WebAssembly !== "object") {
    at("state").textContent = NO_WEBASSEMBLY;
    return;
  }
  const response = await fetch(beside(SCRIPT));
  if (!response.ok) throw new Error(`${SCRIPT} cannot be loaded (HTTP ${response.status})`);
  new Page(await response.text());
  document.body.dataset.loaded = "yes";
}

start().catch((error) => {
  at("state").textContent = `The lab could not start: ${error.message}`;
});
