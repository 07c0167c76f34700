// The order in which the units of the first layer are shown, and the words about each.
import { counted, percent, signed } from "#inspection/dom.js";
import { largestOf } from "#inspection/pictures.js";

/** What is known about each unit, and the order in which they are shown. */
export class UnitView {
  constructor(network, units) {
    this.network = network;
    this.units = units;
    this.layer = network.layers[0];
    this.last = network.layers.length === 2 ? network.layers[1] : null;
    this.scale = largestOf(this.layer.W);
    this.ownScale = false;
    this.label = 0;
    this.order = this.last ? "effect" : "excess";
    this.hasHidden = network.layers.length > 1;
  }

  orders() {
    return [
      ...(this.last ? [["effect", "what they do for the class"]] : []),
      ["excess", "how much more they fire for the class"],
      ["fires", "how often they fire"],
      ["number", "number"],
    ];
  }

  numbers() {
    return [...Array(this.units.count).keys()];
  }

  summary() {
    const dead = this.numbers().filter((unit) => this.units.isDead(unit));
    return (
      `The first layer has ${counted(this.units.count, "unit")}, ${dead.length} of them dead` +
      " (their output is the same for every image here)." +
      " Each picture shows a unit's 784 weights in the place of their pixels." +
      (this.hasHidden ? "" : " This network has no hidden layer: its units are the classes.")
    );
  }

  explanation() {
    const name = this.network.classNames[this.label];
    return {
      effect:
        `The number is the unit's weight to the logit of ${name}, times its mean output:` +
        " what it adds on average. Dead units come last.",
      excess:
        `The number is the unit's mean output for images of ${name}, minus its mean for all` +
        " images. Dead units come last.",
      fires:
        "The number is the share of the images that the unit fires for: an output above " +
        `${this.units.threshold}.`,
      number: "The units in the order of the columns of W.",
    }[this.order];
  }

  /** Whether the order depends on the chosen class. */
  needsClass() {
    return this.order === "effect" || this.order === "excess";
  }

  /** The number by which units are sorted, the largest first. */
  value(unit) {
    if (this.order === "effect") {
      return this.last.W[unit * this.last.outputs + this.label] * this.units.means[unit];
    }
    if (this.order === "excess") return this.units.excess(unit, this.label);
    return this.order === "fires" ? this.units.fires[unit] : -unit;
  }

  /** What is written below the picture of a unit. */
  words(unit) {
    if (this.units.isDead(unit)) return "dead";
    if (this.order === "number") return "";
    return this.order === "fires" ? percent(this.value(unit), 0) : signed(this.value(unit));
  }

  /** The units in order; dead ones come last, unless the order is that of their numbers. */
  sorted() {
    const order = this.numbers();
    const values = order.map((unit) => this.value(unit));
    const dead = order.map((unit) => this.order !== "number" && this.units.isDead(unit));
    return order.sort((a, b) => dead[a] - dead[b] || values[b] - values[a] || a - b);
  }

  /** The size of weight that has the full colour in the picture of a unit. */
  scaleOf(unit) {
    if (!this.ownScale) return this.scale;
    let largest = 0;
    for (let i = unit; i < this.layer.W.length; i += this.layer.outputs) {
      largest = Math.max(largest, Math.abs(this.layer.W[i]));
    }
    return largest;
  }
}
