// The page: connects the editor, Python, the results and the look inside.

import { mountInspection } from "#inspection/inspect.js";

import { drawCurves } from "./curves.js";
import { Editor } from "./editor.js";
import { beside, download } from "./files.js";
import { mountMicroscope } from "./microscope.js";
import { Python, workerFrom } from "./python.js";
import { showRuns } from "./runs.js";
import { loadSamples } from "./samples.js";
import { Sections } from "./sections.js";
import { Store } from "./storage.js";
import { Tabs } from "./tabs.js";

const SCRIPT = "numpy_ann.py";
const SAVE_AFTER = 300; // milliseconds after the last key
const NO_WEBASSEMBLY =
  "This browser has no WebAssembly, in which Python runs here. Open the page in a current Firefox, " +
  "Chrome, Edge or Safari, or work with Python on a computer, as the README says.";
const KEPT = "Your text stays in this browser and is sent nowhere.";
const NOT_KEPT = "This browser keeps no data, so a reload loses your text: download numpy_ann.py.";
const NOT_LOADED = "Check the connection, then reload the page. Your text is kept.";
const STATES = {
  starting: "Python is starting…",
  ready: "Python is ready.",
  running: "Python is running your code…",
  broken: "Python could not be started.",
};

const at = (id) => document.getElementById(id);
const settings = JSON.parse(at("settings").textContent);

class Page {
  constructor(stub) {
    this.stub = stub;
    this.store = new Store(storage(), `lab ${window.location.pathname}`);
    this.sections = new Sections(
      at("sections"),
      (line) => this.showLine(line),
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
      onMessage: (message) => this[`on_${message.kind}`]?.(message),
      onState: (state) => this.showState(state),
    });
    this.tabs = new Tabs(at("tabs"), (name) => this.shown(name));
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
  }

  changed() {
    at("changed").hidden = this.text === undefined;
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), SAVE_AFTER);
  }

  save() {
    clearTimeout(this.saving);
    this.store.save(this.editor.text);
    this.showKept();
  }

  showKept() {
    at("kept").textContent = this.store.isKept ? KEPT : NOT_KEPT;
  }

  /** Put another text into the editor; the old one stays among the earlier runs. */
  replace(text, words) {
    this.store.addRun({ at: Date.now(), passed: null, text: this.editor.text });
    showRuns(at("runs"), this.store.runs, settings.sections);
    this.editor.text = text;
    this.clear();
    say(words);
  }

  clear() {
    this.sections.clear();
    this.editor.mark([]);
    at("problems").replaceChildren();
    at("training").hidden = true;
  }

  showLine(line) {
    this.tabs.show(this.tabs.tabs[0]);
    this.editor.showLine(line);
  }

  /** Check the text, and train if everything passes and `isTraining`. */
  run(isTraining) {
    this.save();
    this.text = this.editor.text;
    const images = isTraining ? Number(at("images").value) : 0;
    this.python.ask({ op: "run", text: this.text, images });
    if (this.python.isReady === false) say("Python is starting; your run comes next.");
  }

  async open(input) {
    const [file] = input.files;
    if (!file) return;
    const content = await file.arrayBuffer();
    input.value = "";
    this.python.ask({ op: "open", name: file.name, content });
  }

  showState(state) {
    at("state").textContent = STATES[state];
    at("stop").disabled = state !== "running";
    at("open").disabled = state !== "ready" && state !== "running";
    document.body.dataset.state = state;
    if (state === "running" && this.python.running?.op === "run") this.begin();
  }

  begin() {
    this.clear();
    this.epochs = [];
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
    this.store.addRun({ at: Date.now(), passed: this.sections.passed, text: this.text });
    showRuns(at("runs"), this.store.runs, settings.sections);
  }

  on_broken({ lines, line }) {
    problem(lines.join("\n"));
    if (line) this.editor.mark([{ line, text: lines.at(-1) }]);
    say("The script could not be run.");
  }

  on_training({ images, epochs }) {
    this.total = epochs;
    at("training").hidden = false;
    at("progress").max = epochs;
    at("progress").value = 0;
    drawCurves(at("curves"), [], epochs, settings.bar);
    say(`Training on ${images.toLocaleString("en")} images…`);
  }

  on_progress({ epochs }) {
    at("progress").value = epochs;
  }

  on_epoch(epoch) {
    this.epochs.push(epoch);
    at("progress").value = epoch.epoch;
    drawCurves(at("curves"), this.epochs, this.total, settings.bar);
  }

  on_trained({ accuracy, bar, met }) {
    const words = `Test accuracy ${percent(accuracy, 2)}, bar ${percent(bar, 0)}: ${met ? "met" : "not met yet"}.`;
    say(met ? `${words} Look inside your network in the next tab.` : words);
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

  on_crashed({ text }) {
    problem(`Python ended: ${text}`);
    say("Python ended. If this comes again, look for arrays that grow without end.");
  }

  on_unavailable({ text }) {
    problem(`Python could not be loaded (${text}). ${NOT_LOADED}`);
    say("Python could not be loaded.");
  }

  on_opened({ text, problem: words }) {
    if (words) {
      problem(words);
      say("The file is not opened.");
    } else this.replace(text, "The file is open. Undo brings your text back.");
  }

  on_network({ network }) {
    const [d, h, k] = network.sizes;
    this.network = {
      title: "Your network",
      classNames: settings.classNames,
      layers: [
        { inputs: d, outputs: h, activation: "relu", W: network.W1, b: network.b1 },
        { inputs: h, outputs: k, activation: "softmax", W: network.W2, b: network.b2 },
      ],
    };
    this.isNew = true;
    at("no-network").hidden = true;
    this.shown(document.querySelector('[role="tab"][aria-selected="true"]').getAttribute("aria-controls"));
  }

  on_seen({ result }) {
    mountMicroscope(at("microscope"), result);
    const { lit, arrays } = result;
    const array = arrays.find(({ name }) => name === lit?.name);
    // a function's own line is known; an array of these two sections tells it better
    if (["1.5", "1.6"].includes(array?.section)) this.sections.point(array.section, lit.line);
  }

  /** Fill the panel that is shown: a hidden canvas has no size. */
  async shown(name) {
    if (name !== "network" || !this.isNew) return;
    this.isNew = false;
    const { images, labels, count } = settings.samples;
    this.samples ??= loadSamples(beside(images), beside(labels), count);
    mountInspection(at("inspection"), this.network, await this.samples);
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
  at("problems").append(item);
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
