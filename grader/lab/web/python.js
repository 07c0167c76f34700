// Python in its worker, as the page sees it: requests in, messages out, and an end to endless loops.

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
    this.onState("starting");
    this.worker = this.createWorker();
    this.worker.onmessage = ({ data }) => this.received(data);
    this.worker.onerror = (event) => {
      event.preventDefault?.();
      this.received({ kind: "crashed", text: event.message ?? "the worker did not start" });
    };
    this.worker.postMessage({ op: "start", settings: this.settings });
  }

  /** Ask for something; it waits until Python is ready, and replaces what waits of its kind. */
  ask(request) {
    this.waiting = this.waiting.filter(({ op }) => op !== request.op);
    this.waiting.push(request);
    this.next();
  }

  next() {
    if (!this.isReady || this.running || !this.waiting.length) return;
    this.running = this.waiting.shift();
    this.line = 0;
    this.heardAt = this.now();
    this.timer = setInterval(() => this.watch(), WATCHED);
    this.onState("running", this.running);
    this.worker.postMessage(this.running);
  }

  watch() {
    if (this.now() - this.heardAt < SILENCE) return;
    this.end("stopped", { seconds: SILENCE / 1000, line: this.line });
  }

  /** Stop what runs; Python starts again, and what it knew of earlier runs is lost. */
  stop() {
    if (this.running) this.end("stopped", { seconds: 0, line: this.line });
  }

  end(kind, more) {
    clearInterval(this.timer);
    this.worker.terminate();
    this.running = null;
    this.onMessage({ kind, ...more });
    this.start();
  }

  received(message) {
    if (message.kind === "at") {
      this.line = message.line; // an endless loop says this too, so it is no sign of progress
      return;
    }
    this.heardAt = this.now();
    if (message.kind === "ready") {
      this.isReady = true;
      this.onState("ready");
      this.next();
    } else if (message.kind === "crashed") {
      if (this.isReady) this.end("crashed", message);
      else {
        this.onState("broken");
        this.onMessage({ kind: "unavailable", text: message.text });
      }
    } else if (message.kind === "done" || message.kind === "opened") {
      clearInterval(this.timer);
      this.running = null;
      this.onMessage(message);
      this.onState("ready");
      this.next();
    } else {
      this.onMessage(message);
    }
  }
}

/** A worker that inherits the page's Content-Security-Policy, which one from an address does not. */
export function workerFrom(address) {
  const script = new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" });
  const url = URL.createObjectURL(script);
  const worker = new Worker(url, { type: "module", name: "Python" });
  return worker;
}
