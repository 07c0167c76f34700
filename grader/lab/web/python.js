// Python in its worker, as the page sees it: requests in, messages out, and an end to endless loops.

import { isMessage } from "#lab/messages.js";

export const SILENCE = 45_000; // milliseconds; Python's own limit, which names a line, is 20 s
const WATCHED = 1000;

/**
 * Runs requests one after the other in a worker that `createWorker` makes, and makes a new worker
 * when one had to be ended. `onMessage` gets the worker's messages; `onState` gets "starting",
 * "ready", "running" or "broken".
 */
export class Python {
  constructor({ createWorker, settings, onMessage, onState, now = () => performance.now() }) {
    Object.assign(this, { createWorker, settings, onMessage, onState, now });
    this.waiting = [];
    this.running = null;
    this.line = 0;
    this.start();
  }

  start() {
    this.isReady = false;
    this.isBroken = false;
    this.onState("starting");
    const worker = this.createWorker();
    this.worker = worker;
    worker.onmessage = ({ data }) => worker === this.worker && this.received(data);
    worker.onerror = (event) => {
      event.preventDefault?.();
      const text = event.message ?? "a file of the lab could not be loaded";
      if (worker === this.worker) this.received({ kind: "crashed", text });
    };
    worker.postMessage({ op: "start", settings: this.settings });
  }

  /**
   * Ask for something; it waits until Python is ready, and replaces what waits of its kind. Where
   * Python could not be started, that is tried again.
   */
  ask(request) {
    this.waiting = this.waiting.filter(({ op }) => op !== request.op);
    this.waiting.push(request);
    if (this.isBroken) this.start();
    this.next();
  }

  next() {
    if (!this.isReady || this.running || !this.waiting.length) return;
    this.running = this.waiting.shift();
    this.line = 0;
    this.isLoading = false;
    this.heardAt = this.now();
    this.timer = setInterval(() => this.watch(), WATCHED);
    this.onState("running");
    this.worker.postMessage(this.running);
  }

  watch() {
    // files may come slowly: that is no loop, and Stop ends it
    if (this.isLoading || this.now() - this.heardAt < SILENCE) return;
    this.end("stopped", { seconds: SILENCE / 1000, line: this.line, where: "" });
  }

  /** Stop what runs and what waits; Python starts again, and knows nothing of earlier runs. */
  stop() {
    this.waiting = [];
    if (this.running) this.end("stopped", { seconds: 0, line: this.line, where: "" });
  }

  end(kind, more) {
    this.onMessage({ kind, ...more });
    this.renew();
  }

  renew() {
    clearInterval(this.timer);
    this.worker.terminate();
    this.running = null;
    this.start();
  }

  received(message) {
    if (!isMessage(message)) return;
    if (message.kind === "at") {
      this.line = message.line; // an endless loop says this too, so it is no sign of progress
      return;
    }
    this.heardAt = this.now();
    if (message.kind === "ready") {
      if (this.isReady) return;
      this.isReady = true;
      this.onState("ready");
      this.next();
    } else if (message.kind === "crashed") {
      this.crashed(message);
    } else if (message.kind === "done" || message.kind === "opened") {
      this.done(message);
    } else {
      if (message.kind === "loading") this.isLoading = true;
      if (message.kind === "loaded") this.isLoading = false;
      this.onMessage(message);
    }
  }

  crashed(message) {
    if (this.isReady) {
      this.end("crashed", { ...message, line: this.line });
      return;
    }
    this.worker.terminate();
    this.isBroken = true;
    this.waiting = [];
    this.onMessage({ ...message, line: 0 });
    this.onState("broken");
  }

  done(message) {
    if (!this.running) return;
    clearInterval(this.timer);
    this.onMessage(message);
    if (message.worn) {
      this.renew();
      return;
    }
    this.running = null;
    this.onState("ready");
    this.next();
  }
}

/** A worker that inherits the page's Content-Security-Policy, which one from an address does not. */
export function workerFrom(address) {
  const script = new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" });
  const url = URL.createObjectURL(script);
  return new Worker(url, { type: "module", name: "Python" });
}
