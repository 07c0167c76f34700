// The section checks: a tick, a cross or a dot each, with what failed and a ladder of hints.

import { element } from "./elements.js";

const MARKS = {
  passed: ["✓", "passed"],
  failed: ["✗", "failed"],
  "not written": ["·", "not written yet"],
  waiting: ["·", "waiting"],
};
const RUNGS = ["where to look", "why", "almost the answer"];

/** The list of sections below `list`; `showLine` moves to a line of the editor. */
export class Sections {
  constructor(list, showLine) {
    this.list = list;
    this.showLine = showLine;
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
    if (section.line) item.append(this.lineButton(section.line));
    if (section.hints.length) item.append(this.hints(section));
    this.list.append(item);
  }

  lineButton(line) {
    return element(
      "button",
      { type: "button", class: "plain", onclick: () => this.showLine(line) },
      `Go to line ${line}`,
    );
  }

  hints(section) {
    const key = `${section.number} ${section.status} ${section.lines.join("\n")}`;
    const shown = element("ol", { class: "hints", "aria-live": "polite" });
    const button = element("button", { type: "button", class: "plain" });
    const update = () => {
      const count = Math.min(this.given.get(key) ?? 0, section.hints.length);
      for (let i = shown.children.length; i < count; i += 1) {
        shown.append(element("li", {}, section.hints[i]));
      }
      button.textContent = nextHint(count, section.hints.length);
      button.hidden = count === section.hints.length;
    };
    button.addEventListener("click", () => {
      this.given.set(key, (this.given.get(key) ?? 0) + 1);
      update();
    });
    update();
    return element("div", {}, shown, button);
  }
}

/** What the button for the next hint says, after `count` of `all`. */
export function nextHint(count, all) {
  const step = all === RUNGS.length ? `, ${RUNGS[count]}` : "";
  return `Show hint ${count + 1} of ${all}${step}`;
}
