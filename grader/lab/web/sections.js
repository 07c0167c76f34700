// The section checks: a tick, a cross or a dot each, with what failed and a ladder of hints.

import { element } from "./elements.js";

const MARKS = {
  passed: ["✓", "passed"],
  failed: ["✗", "failed"],
  "not written": ["·", "not written yet"],
  waiting: ["·", "waiting"],
};
const RUNGS = ["where to look", "why", "almost the answer"];

const SHOWN_IN_BACKPROP = ["1.2", "1.3", "1.4", "1.5", "1.6"];

/**
 * The list of sections below `list`; `showLine` moves to a line of the editor, and `showBackprop`
 * opens the tab that shows arrays.
 */
export class Sections {
  constructor(list, showLine, showBackprop) {
    Object.assign(this, { list, showLine, showBackprop });
    this.given = new Map(); // how many hints were shown for a failure, by section and failure
    this.clear();
  }

  clear() {
    this.sections = [];
    this.list.replaceChildren();
  }

  get passed() {
    return this.sections.filter(({ status }) => status === "passed").length;
  }

  /** The lines of sections that failed, for the editor. */
  get marks() {
    return this.sections
      .filter(({ status, line }) => status === "failed" && line > 0)
      .map(({ line, number, lines }) => ({ line, text: `${number}: ${lines[0] ?? "failed"}` }));
  }

  add(section) {
    this.sections.push(section);
    const [mark, words] = MARKS[section.status];
    const remark = section.status === "passed" || section.status === "waiting" ? section.remark : "";
    const head = element(
      "div",
      { class: "head" },
      element("span", { class: "mark", "aria-hidden": "true" }, mark),
      element("strong", {}, section.number),
      element("span", {}, section.title),
      element("span", { class: "status" }, remark || words),
    );
    const item = element("li", { class: `section ${section.status.replace(" ", "-")}` }, head);
    const lines = [...section.lines, ...(section.printed ? [section.printed] : [])];
    if (lines.length) item.append(element("pre", { tabindex: "0" }, lines.join("\n")));
    item.append(...this.buttons(section));
    this.list.append(item);
  }

  /** Point at another line than that of the definition, if this section failed. */
  point(number, line) {
    const index = this.sections.findIndex((one) => one.number === number && one.status === "failed");
    if (index < 0 || !line) return;
    this.sections[index].line = line;
    const button = this.list.children[index].querySelector(".line");
    if (button) button.textContent = lineText(line);
  }

  buttons(section) {
    const plain = (name, text, act) =>
      element("button", { type: "button", class: `plain ${name}`, onclick: act }, text);
    const found = [];
    if (section.line) {
      found.push(plain("line", lineText(section.line), () => this.showLine(section.line)));
    }
    if (section.status === "failed" && SHOWN_IN_BACKPROP.includes(section.number)) {
      found.push(plain("backprop", "See the arrays", () => this.showBackprop()));
    }
    return section.hints.length ? [this.hints(section, found)] : found;
  }

  hints(section, others) {
    const key = `${section.number} ${section.status} ${section.lines.join("\n")}`;
    const shown = element("ol", { class: "hints", "aria-live": "polite" });
    const button = element("button", { type: "button", class: "plain" });
    const update = () => {
      const count = Math.min(this.given.get(key) ?? 0, section.hints.length);
      for (let i = shown.children.length; i < count; i += 1) {
        shown.append(element("li", { tabindex: "-1" }, section.hints[i]));
      }
      button.textContent = nextHint(count, section.hints.length);
      button.hidden = count === section.hints.length;
    };
    button.addEventListener("click", () => {
      this.given.set(key, (this.given.get(key) ?? 0) + 1);
      update();
      if (button.hidden) shown.lastChild.focus(); // the focus must not be lost with the button
    });
    update();
    return element("div", {}, shown, button, ...others);
  }
}

function lineText(line) {
  return `Go to line ${line}`;
}

/** What the button for the next hint says, after `count` of `all`. */
export function nextHint(count, all) {
  const step = all === RUNGS.length ? `, ${RUNGS[count]}` : "";
  return `Show hint ${count + 1} of ${all}${step}`;
}
