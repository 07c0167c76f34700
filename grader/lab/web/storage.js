// The student's text and last runs, kept in the browser. Nothing leaves it.

export const MOST_RUNS = 10;

/**
 * Keeps the text under a key of `storage` (localStorage, or anything like it). Where the browser
 * keeps nothing, as in some private windows, `isKept` is false and the text lives until the reload.
 */
export class Store {
  constructor(storage, key) {
    this.storage = storage;
    this.key = key;
    this.isKept = true;
    this.state = { text: null, runs: [] };
    this.read();
    this.shown = this.state.text; // in this tab, as it was last kept
  }

  get text() {
    return this.state.text;
  }

  /** The last runs, the newest last: `{at, passed, text}`. */
  get runs() {
    return this.state.runs;
  }

  /** Take over what is kept, which another tab may have written. */
  read() {
    try {
      const found = JSON.parse(this.storage.getItem(this.key));
      if (typeof found?.text === "string") this.state.text = found.text;
      if (Array.isArray(found?.runs)) this.state.runs = found.runs.filter(isRun).slice(-MOST_RUNS);
    } catch {
      this.isKept = false;
    }
  }

  save(text) {
    this.combine(text);
    this.write();
  }

  /**
   * Note a run, unless it is of the same text as the last, whose result it then replaces. `passed`
   * is null for a text that was replaced without a run.
   */
  addRun(run) {
    this.combine(this.shown);
    const runs = this.state.runs.filter((one, index, all) => {
      return index < all.length - 1 || one.text !== run.text;
    });
    this.state.runs = [...runs, run].slice(-MOST_RUNS);
    this.write();
  }

  /** The text of another tab, which this tab shows from now on. */
  takeOver() {
    this.shown = this.state.text;
    return this.shown;
  }

  /** Put `text` beside the runs of other tabs; a text of theirs that this tab never showed is kept. */
  combine(text) {
    if (this.isKept) this.read();
    const { text: other, runs } = this.state;
    const isKnown = [null, this.shown, text].includes(other) || runs.some((run) => run.text === other);
    if (!isKnown) this.state.runs = [...runs, { at: Date.now(), passed: null, text: other }].slice(-MOST_RUNS);
    this.state.text = text ?? other;
    this.shown = text;
  }

  /** Delete all that is kept. Nothing is written after that. */
  remove() {
    try {
      this.storage.removeItem(this.key);
    } catch {
      this.isKept = false;
    }
    this.storage = null;
  }

  /** Write; if there is no room, the oldest runs go first, and the text last. */
  write() {
    const { text, runs } = this.state;
    for (let first = 0; first <= runs.length; first += 1) {
      try {
        this.storage.setItem(this.key, JSON.stringify({ text, runs: runs.slice(first) }));
        this.state.runs = runs.slice(first);
        this.isKept = true;
        return;
      } catch {
        this.isKept = false;
      }
    }
  }
}

function isRun(run) {
  const { text, at, passed } = run ?? {};
  return typeof text === "string" && typeof at === "number" && (passed === null || typeof passed === "number");
}
