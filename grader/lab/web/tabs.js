// Tabs as screen readers know them: arrow keys move, and the page's address names the open one.

/** Let the buttons with role "tab" in `list` show the panels that they control. */
export class Tabs {
  constructor(list, onShow = () => {}) {
    this.tabs = [...list.querySelectorAll('[role="tab"]')];
    this.onShow = onShow;
    list.addEventListener("click", ({ target }) => {
      const tab = target.closest('[role="tab"]');
      if (tab) this.show(tab);
    });
    list.addEventListener("keydown", (event) => this.move(event));
    window.addEventListener("hashchange", () => this.showNamed());
    this.showNamed();
  }

  showNamed() {
    const name = window.location.hash.slice(1);
    this.show(this.tabs.find((tab) => tab.getAttribute("aria-controls") === name) ?? this.tabs[0]);
  }

  show(chosen) {
    for (const tab of this.tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
    const name = chosen.getAttribute("aria-controls");
    window.history.replaceState(null, "", `#${name}`);
    this.onShow(name);
  }

  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = this.tabs.indexOf(document.activeElement);
    const last = this.tabs.length - 1;
    const next = Number.isFinite(step) ? (now + step + last + 1) % (last + 1) : step > 0 ? last : 0;
    this.tabs[next].focus();
    this.show(this.tabs[next]);
  }
}
