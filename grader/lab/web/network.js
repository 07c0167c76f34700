// The tab for the network that was trained last, filled when it is looked at.

import { mountInspection } from "#inspection/inspect.js";

import { element } from "./elements.js";
import { beside } from "./files.js";
import { loadSamples } from "./samples.js";

export class NetworkTab {
  /** `container` is filled; `empty` is shown while there is no network. */
  constructor(container, empty, { samples, classNames }) {
    Object.assign(this, { container, empty, classNames, files: samples });
  }

  /** A training begins: the network of the one before is no longer "the network". */
  forget() {
    this.network = null;
    this.isNew = false;
    this.unmount?.();
    this.container.replaceChildren();
    this.empty.hidden = false;
  }

  take(network) {
    const [d, h, k] = network.sizes;
    this.network = {
      title: "Your network",
      classNames: this.classNames,
      layers: [
        { inputs: d, outputs: h, activation: "relu", W: network.W1, b: network.b1 },
        { inputs: h, outputs: k, activation: "softmax", W: network.W2, b: network.b2 },
      ],
    };
    this.isNew = true;
    this.empty.hidden = true;
  }

  /** Fill the tab, which is open now: a hidden canvas has no size. */
  async show() {
    if (!this.isNew) return;
    this.isNew = false;
    const { network } = this;
    const { images, labels, count } = this.files;
    try {
      this.samples ??= loadSamples(beside(images), beside(labels), count);
      const samples = await this.samples;
      if (network === this.network) this.unmount = mountInspection(this.container, network, samples);
    } catch (error) {
      this.samples = null;
      this.isNew = network === this.network; // opening the tab again tries again
      const words = `The test images could not be loaded: ${error.message}. Check the connection, then open this tab again.`;
      this.container.replaceChildren(element("p", { role: "alert" }, words));
    }
  }
}
