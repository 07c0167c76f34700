// The lab's own modules, without a browser.

import assert from "node:assert/strict";
import test from "node:test";

import { limits, ticks } from "#lab/curves.js";
import { checkedFetch } from "#lab/integrity.js";
import { isMessage } from "#lab/messages.js";
import { Python, SILENCE } from "#lab/python.js";
import { content } from "#lab/samples.js";
import { nextHint } from "#lab/sections.js";
import { MOST_RUNS, Store } from "#lab/storage.js";

class Memory {
  constructor(kept = {}) {
    this.kept = kept;
  }

  getItem(key) {
    return this.kept[key] ?? null;
  }

  setItem(key, value) {
    this.kept[key] = value;
  }

  removeItem(key) {
    delete this.kept[key];
  }
}

/** A Python whose workers only note what they are asked. */
function pretended() {
  const seen = { workers: [], messages: [], states: [], time: 0 };
  const createWorker = () => {
    const worker = { asked: [], isAlive: true };
    worker.postMessage = (request) => worker.asked.push(request);
    worker.terminate = () => (worker.isAlive = false);
    worker.say = (data) => worker.onmessage({ data });
    seen.workers.push(worker);
    return worker;
  };
  seen.python = new Python({
    createWorker,
    settings: {},
    onMessage: (message) => seen.messages.push(message),
    onState: (state) => seen.states.push(state),
    now: () => seen.time,
  });
  return seen;
}

test("a request waits until Python is ready, and the next until that is done", () => {
  const { python, workers, states } = pretended();
  python.ask({ op: "run", text: "1" });
  python.ask({ op: "run", text: "2" }); // replaces the first
  assert.deepEqual(workers[0].asked.map(({ op }) => op), ["start"]);
  workers[0].say({ kind: "ready" });
  python.ask({ op: "open", name: "a.py" });
  assert.deepEqual(workers[0].asked.slice(1), [{ op: "run", text: "2" }]);
  workers[0].say({ kind: "done" });
  assert.equal(workers[0].asked.at(-1).op, "open");
  workers[0].say({ kind: "opened", text: "", problem: "" });
  assert.deepEqual(states, ["starting", "ready", "running", "ready", "running", "ready"]);
});

test("a worker that says nothing is ended, even if it reports the line of its loop", () => {
  const { python, workers, messages, ...seen } = pretended();
  workers[0].say({ kind: "ready" });
  python.ask({ op: "run", text: "" });
  clearInterval(python.timer);
  const late = { ...seen, time: SILENCE + 1 };
  python.now = () => late.time;
  workers[0].say({ kind: "at", line: 57 });
  python.watch();
  assert.equal(workers[0].isAlive, false);
  assert.deepEqual(messages.at(-1), { kind: "stopped", seconds: SILENCE / 1000, line: 57, where: "" });
  assert.equal(workers.length, 2);
});

test("messages count as signs of life", () => {
  const { python, workers } = pretended();
  workers[0].say({ kind: "ready" });
  python.ask({ op: "run", text: "" });
  clearInterval(python.timer);
  python.now = () => SILENCE + 1;
  workers[0].say({ kind: "progress", epochs: 1 });
  python.watch();
  assert.equal(workers[0].isAlive, true);
});

test("a stopped run is over, and what waits runs in the next worker", () => {
  const { python, workers, messages } = pretended();
  python.stop(); // nothing runs
  workers[0].say({ kind: "ready" });
  python.ask({ op: "run", text: "" });
  python.stop();
  assert.equal(messages.at(-1).kind, "stopped");
  python.ask({ op: "run", text: "again" });
  workers[1].say({ kind: "ready" });
  assert.equal(workers[1].asked.at(-1).text, "again");
  python.stop();
});

test("a crash starts another worker, but not if none has ever started", () => {
  const { python, workers, states } = pretended();
  workers[0].say({ kind: "ready" });
  workers[0].say({ kind: "crashed", text: "memory" });
  assert.equal(workers.length, 2);
  workers[1].say({ kind: "crashed", text: "not found" });
  assert.equal(workers.length, 2);
  assert.equal(states.at(-1), "broken");
  python.stop();
});

test("files that come slowly are no endless loop", () => {
  const { python, workers } = pretended();
  workers[0].say({ kind: "ready" });
  python.ask({ op: "run", text: "" });
  clearInterval(python.timer);
  workers[0].say({ kind: "loading", text: "Loading the images" });
  python.now = () => SILENCE + 1;
  python.watch();
  assert.equal(workers[0].isAlive, true);
  workers[0].say({ kind: "loaded" });
  python.now = () => 2 * SILENCE + 2;
  python.watch();
  assert.equal(workers[0].isAlive, false);
});

test("stop ends what waits, too", () => {
  const { python, workers } = pretended();
  workers[0].say({ kind: "ready" });
  python.ask({ op: "run", text: "1" });
  python.ask({ op: "run", text: "2" });
  python.stop();
  workers[1].say({ kind: "ready" });
  assert.deepEqual(workers[1].asked.map(({ op }) => op), ["start"]);
});

test("a worn Python is replaced, and one that did not start is tried again", () => {
  const { python, workers, states } = pretended();
  workers[0].say({ kind: "ready" });
  python.ask({ op: "run", text: "" });
  workers[0].say({ kind: "done", worn: true });
  workers[0].say({ kind: "ready" }); // too late
  assert.equal(states.at(-1), "starting");
  workers[1].say({ kind: "crashed", text: "not found" });
  assert.equal(states.at(-1), "broken");
  python.ask({ op: "run", text: "again" });
  workers[2].say({ kind: "ready" });
  assert.equal(workers[2].asked.at(-1).text, "again");
  python.stop();
});

test("messages that student code forges are not looked at", () => {
  for (const message of [
    null, "text", {}, { kind: "constructor" }, { kind: "section", number: "1.2" },
    { kind: "printed", text: { toString: () => "<b>" } }, { kind: "epoch", epoch: Infinity },
    { kind: "broken", lines: [1], line: 0 }, { kind: "stopped", seconds: NaN, line: 0, where: "" },
    { kind: "printed", text: "x".repeat(1_000_000) }, { kind: "seen", result: {} },
    { kind: "network", network: { sizes: [784, 1e9, 10] } },
    { kind: "network", network: { sizes: [784, 1, 10], W1: new Float32Array(3) } },
  ]) assert.equal(isMessage(message), false, JSON.stringify(message)?.slice(0, 80)); // prettier-ignore
  const [W1, b1, W2, b2] = [784, 1, 10, 10].map((length) => new Float32Array(length));
  assert.ok(isMessage({ kind: "network", network: { sizes: [784, 1, 10], W1, b1, W2, b2 } }));
  assert.ok(isMessage({ kind: "broken", lines: ["a"], line: 0 }));
});

test("two tabs lose no run of each other, and a full browser loses old runs first", () => {
  const memory = new Memory();
  const [one, other] = [new Store(memory, "lab"), new Store(memory, "lab")];
  one.save("a");
  one.addRun({ at: 1, passed: 1, text: "a" });
  other.save("b");
  other.addRun({ at: 2, passed: 2, text: "b" });
  one.addRun({ at: 3, passed: 3, text: "c" });
  const kept = new Store(memory, "lab");
  assert.deepEqual(kept.runs.map(({ at }) => at), [1, 2, 3]);
  assert.equal(kept.text, "a");
  memory.setItem = (key, value) => {
    if (value.length > 130) throw new Error("quota");
    memory.kept[key] = value;
  };
  one.save("x".repeat(40));
  assert.ok(one.isKept);
  assert.equal(new Store(memory, "lab").text, "x".repeat(40));
  assert.deepEqual(one.runs.map(({ at }) => at), [2, 3]);
});

test("a tab that takes over what another types writes nothing, and no run is lost", () => {
  const memory = new Memory();
  const [one, other] = [new Store(memory, "lab"), new Store(memory, "lab")];
  for (let i = 0; i < MOST_RUNS; i += 1) one.addRun({ at: i, passed: 1, text: `run ${i}` });
  for (let i = 0; i < 20; i += 1) {
    one.save(`typed ${i}`);
    const kept = memory.kept.lab;
    other.read();
    assert.equal(other.takeOver(), `typed ${i}`);
    assert.equal(memory.kept.lab, kept);
  }
  other.save("typed here, on top of it");
  assert.deepEqual(new Store(memory, "lab").runs.map(({ text }) => text), one.runs.map(({ text }) => text));
});

test("a text that another tab kept and this one never showed stays among the runs", () => {
  const memory = new Memory();
  const [one, other] = [new Store(memory, "lab"), new Store(memory, "lab")];
  one.save("typed in one");
  other.read(); // without showing it
  other.save("typed in the other");
  other.save("typed on");
  const { text, runs } = new Store(memory, "lab");
  assert.equal(text, "typed on");
  assert.deepEqual(runs.map((run) => [run.text, run.passed]), [["typed in one", null]]);
});

test("the text and the last ten runs outlive a reload", () => {
  const memory = new Memory();
  const store = new Store(memory, "lab");
  store.save("a");
  for (let i = 0; i < MOST_RUNS + 3; i += 1) store.addRun({ at: i, passed: 1, text: `run ${i}` });
  store.addRun({ at: 99, passed: 2, text: "run 12" }); // the same text again
  const again = new Store(memory, "lab");
  assert.equal(again.text, "a");
  assert.equal(again.runs.length, MOST_RUNS);
  assert.deepEqual(again.runs.at(-1), { at: 99, passed: 2, text: "run 12" });
  assert.equal(again.runs[0].text, "run 3");
});

test("what is removed stays so, whatever still comes from Python", () => {
  const memory = new Memory({ another: "page" });
  const store = new Store(memory, "lab");
  store.save("mine");
  store.addRun({ at: 1, passed: 1, text: "mine" });
  store.remove();
  store.addRun({ at: 2, passed: 2, text: "mine" });
  store.save("mine");
  assert.deepEqual(memory.kept, { another: "page" });
  new Store(null, "lab").remove(); // a browser that keeps nothing
});

test("storage that is missing, full or damaged loses nothing that is open", () => {
  const full = { getItem: () => null, setItem() { throw new Error("quota"); } }; // prettier-ignore
  for (const storage of [null, full, new Memory({ lab: "{" }), new Memory({ lab: '{"text":1,"runs":[3]}' })]) {
    const store = new Store(storage, "lab");
    assert.equal(store.text, null);
    assert.deepEqual(store.runs, []);
    store.save("mine");
    assert.equal(store.text, "mine");
    assert.equal(store.isKept, storage instanceof Memory);
  }
});

test("only files of the lab are loaded, with their hash", async () => {
  const asked = [];
  const plain = async (address, options) => {
    asked.push([address, options.integrity]);
    return { ok: !address.endsWith("gone"), status: 404 };
  };
  const known = { "https://a/b": "sha256-x", "https://a/gone": "sha256-y" };
  const checked = checkedFetch(plain, known);
  await checked("https://a/b");
  await checked(new URL("https://a/b"), { integrity: "sha256-weaker" });
  await checked({ url: "https://a/b" });
  assert.deepEqual(asked, Array(3).fill(["https://a/b", "sha256-x"]));
  await assert.rejects(checked("https://a/c"), /not among the lab's files/);
  await assert.rejects(checked("https://a/gone"), /HTTP 404/);
});

test("axes have round labels, also for one value or none", () => {
  assert.deepEqual(ticks(0, 1), [0, 0.5, 1]);
  assert.deepEqual(ticks(76, 91), [80, 85, 90]);
  assert.deepEqual(limits([]), [0, 1]);
  assert.deepEqual(limits([null, Infinity]), [0, 1]);
  const [low, high] = limits([2, 2]);
  assert.ok(low < 2 && high > 2);
  assert.deepEqual(limits([0, 10, null]), [-0.8, 10.8]);
});

test("packed images are cut out behind their header", () => {
  const bytes = new Uint8Array([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]);
  assert.deepEqual([...content(bytes, 1, 2)], [7, 8]);
  assert.throws(() => content(bytes, 1, 4), /expected an IDX file/);
  assert.throws(() => content(bytes, 3, 1), /expected an IDX file/);
});

test("the button says which hint comes next", () => {
  assert.equal(nextHint(0, 3), "Show hint 1 of 3, where to look");
  assert.equal(nextHint(1, 2), "Show hint 2 of 2");
});
