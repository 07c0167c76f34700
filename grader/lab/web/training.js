// The progress of a training: a bar, and the curves as the epochs come.

import { drawCurves } from "./curves.js";

const MOST_EPOCHS = 1000; // kept for the curves

export class Training {
  /** `parts` are the elements {whole, progress, curves}; `bar` is the accuracy to reach. */
  constructor(parts, bar) {
    this.parts = parts;
    this.bar = bar;
    this.epochs = [];
  }

  hide() {
    this.parts.whole.hidden = true;
  }

  begin(total) {
    this.epochs = [];
    this.total = total;
    this.parts.whole.hidden = false;
    this.parts.progress.max = total;
    this.at(0);
    this.draw();
  }

  at(epochs) {
    this.parts.progress.value = epochs;
  }

  add(epoch) {
    this.epochs.push(epoch);
    if (this.epochs.length > MOST_EPOCHS) this.epochs = thinned(this.epochs);
    this.at(epoch.epoch);
    this.draw();
  }

  /** Draw the curves, once in a frame however many epochs come. */
  draw() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      drawCurves(this.parts.curves, this.epochs, this.total, this.bar);
    });
  }
}

function thinned(epochs) {
  return epochs.filter((epoch, index) => index % 2 || epoch === epochs[epochs.length - 1]);
}
