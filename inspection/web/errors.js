// Where the network errs: the confusion matrix, whose cells open the images, and surest mistakes.
import { button, counted, element, percent, reveal } from "#inspection/dom.js";
import { imageButton } from "#inspection/pictures.js";

const SUREST = 12;
const SHOWN = 40; // images of a cell before "Show more"

/** The root of the third part of the page. `picked(index)` hands an image to the first part. */
export function createErrors(network, samples, { answers }, { picked, signal }) {
  const n = samples.labels.length;
  const opened = element("div", { className: "opened", "aria-live": "polite" });
  opened.append(element("p", {}, "Choose a number of the table to see its images."));
  const open = (label, answer) => {
    opened.replaceChildren(
      ...cellImages(network, samples, answers, label, answer, picked, signal),
    );
    reveal(opened);
  };
  return element(
    "div",
    { className: "errors" },
    element(
      "p",
      {},
      `${answers.right.toLocaleString("en")} of ${counted(n, "image")} right:` +
        ` ${percent(answers.right / n)}.`,
    ),
    element("p", { className: "small" }, "Rows: the true class. Columns: the network's answer."),
    confusionTable(network.classNames, answers, open, signal),
    opened,
    element("h3", {}, "The surest mistakes"),
    ...surest(network, samples, answers, picked, signal),
  );
}

function confusionTable(classNames, answers, open, signal) {
  const head = classNames.map((name) =>
    element("th", { scope: "col" }, element("span", {}, name)),
  );
  const rows = classNames.map((name, label) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      ...[...classNames.keys()].map((answer) =>
        cell(classNames, answers, label, answer, open, signal),
      ),
    ),
  );
  const table = element(
    "table",
    { className: "confusion" },
    element("caption", { className: "unseen" }, "Confusion matrix"),
    element("thead", {}, element("tr", {}, element("td"), ...head)),
    element("tbody", {}, ...rows),
  );
  return element(
    "div",
    {
      className: "scroll",
      tabIndex: 0,
      role: "region",
      "aria-label": "Confusion matrix",
    },
    table,
  );
}

function cell(classNames, answers, label, answer, open, signal) {
  const { confusion, classes } = answers;
  const row = confusion.subarray(label * classes, (label + 1) * classes);
  const count = row[answer];
  if (!count) return element("td", { className: "none" }, "0");
  const made = button(String(count), () => open(label, answer), signal, {
    "aria-label":
      `${counted(count, "image")}: true class ${classNames[label]},` +
      ` answer ${classNames[answer]}`,
  });
  const share = count / row.reduce((sum, value) => sum + value, 0);
  const colour = label === answer ? "31 119 180" : "217 95 2";
  made.style.backgroundColor = `rgb(${colour} / ${Math.round(8 + 42 * Math.sqrt(share))}%)`;
  return element("td", { className: label === answer ? "diagonal" : "" }, made);
}

/** The images of one cell, the surest first. */
function cellImages(network, samples, answers, label, answer, picked, signal) {
  const { classNames } = network;
  const indices = [...samples.labels.keys()]
    .filter((index) => samples.labels[index] === label && answers.predicted[index] === answer)
    .sort((a, b) => answers.of(b, answer) - answers.of(a, answer) || a - b);
  const made = (index) =>
    imageButton(samples, index, [percent(answers.of(index, answer))], picked, signal);
  const images = element("div", { className: "images" }, ...indices.slice(0, SHOWN).map(made));
  const title =
    label === answer
      ? `${classNames[label]}, answered rightly: ${counted(indices.length, "image")}`
      : `${classNames[label]} taken for ${classNames[answer]}: ${counted(indices.length, "image")}`;
  const parts = [element("h3", {}, title), images];
  if (indices.length > SHOWN) {
    const more = button(
      `Show ${indices.length - SHOWN} more`,
      () => {
        images.append(...indices.slice(SHOWN).map(made));
        more.remove();
      },
      signal,
    );
    parts.push(more);
  }
  return parts;
}

/** The wrong answers with the highest probabilities. */
function surest(network, samples, answers, picked, signal) {
  const { classNames } = network;
  const wrong = [...samples.labels.keys()].filter(
    (index) => answers.predicted[index] !== samples.labels[index],
  );
  const sureness = (index) => answers.of(index, answers.predicted[index]);
  wrong.sort((a, b) => sureness(b) - sureness(a) || a - b);
  if (!wrong.length) return [element("p", {}, "There is no mistake on these images.")];
  const line = (word, index, label) =>
    `${word} ${classNames[label]}, ${percent(answers.of(index, label))}`;
  const buttons = wrong.slice(0, SUREST).map((index) => {
    const words = [
      line("says", index, answers.predicted[index]),
      line("is", index, samples.labels[index]),
    ];
    return imageButton(samples, index, words, picked, signal);
  });
  return [element("div", { className: "images wide" }, ...buttons)];
}
