// The editor for numpy_ann.py: CodeMirror with the few extensions that it needs.

import { defaultKeymap, history, historyKeymap, indentWithTab, redo, undo } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { ChangeSet, EditorState, MapMode, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

const NARROW = 960; // pixels; below, most lines would be cut

const setMarks = StateEffect.define();

const marks = StateField.define({
  create: () => Decoration.none,
  update(found, transaction) {
    let changed = found.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) changed = decorations(transaction.state, effect.value);
    }
    return changed;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function decorations(state, wanted) {
  const lines = new Map();
  for (const { line, text } of wanted) {
    if (line >= 1 && line <= state.doc.lines) lines.set(line, [lines.get(line), text].filter(Boolean).join("\n"));
  }
  const sorted = [...lines].sort(([one], [other]) => one - other);
  return Decoration.set(
    sorted.map(([line, text]) =>
      Decoration.line({ attributes: { class: "marked", title: text } }).range(state.doc.line(line).from),
    ),
  );
}

/** The editor in `parent`. `keys` maps names such as "Mod-Enter" to functions. */
export class Editor {
  constructor({ parent, text, onChange, keys, nonce }) {
    const own = Object.entries(keys).map(([key, act]) => ({
      key,
      run: () => {
        act();
        return true;
      },
    }));
    this.extensions = [
      EditorView.cspNonce.of(nonce),
      keymap.of([...own, indentWithTab, ...defaultKeymap, ...historyKeymap]),
      lineNumbers(),
      ...(window.innerWidth < NARROW ? [EditorView.lineWrapping] : []),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      bracketMatching(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      python(),
      syntaxHighlighting(classHighlighter),
      marks,
      EditorView.contentAttributes.of({
        tabindex: "0", // for axe, which does not know that editable text takes the focus
        "aria-label": "numpy_ann.py",
        "aria-describedby": "editor-help",
        spellcheck: "false",
        autocapitalize: "off",
        translate: "no",
      }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        for (const one of new Set([this.asked, this.ran])) {
          if (one) one.changes = one.changes.compose(update.changes);
        }
        onChange();
      }),
    ];
    this.view = new EditorView({
      parent,
      state: EditorState.create({ doc: text, extensions: this.extensions }),
    });
  }

  get text() {
    return this.view.state.doc.toString();
  }

  /** Replace the whole text; undo brings the old one back. */
  set text(text) {
    const { length } = this.view.state.doc;
    this.view.dispatch({ changes: { from: 0, to: length, insert: text }, effects: setMarks.of([]) });
  }

  undo() {
    undo(this.view);
  }

  redo() {
    redo(this.view);
  }

  /** Remember the text as it is now: a run of it is asked for. */
  ask() {
    const { doc } = this.view.state;
    this.asked = { doc, changes: ChangeSet.empty(doc.length) };
  }

  /** The run begins: from now on, lines are those of the text that was asked for last. */
  begin() {
    if (this.asked) this.ran = this.asked;
    this.mark([]);
  }

  /** Where a line of the text that ran is now, 0 if it was deleted. */
  lineNow(line) {
    if (!this.ran) return line;
    const { doc, changes } = this.ran;
    if (line < 1 || line > doc.lines) return 0;
    const { from, to } = doc.line(line);
    const start = changes.mapPos(from, 1, from === to ? MapMode.Simple : MapMode.TrackAfter);
    return start === null ? 0 : this.view.state.doc.lineAt(start).number;
  }

  /** Mark lines of the text that ran, `{line, text}` each, in place of those that were marked. */
  mark(lines) {
    const now = lines.map(({ line, text }) => ({ line: this.lineNow(line), text }));
    this.view.dispatch({ effects: setMarks.of(now) });
  }

  /** Move to a line, counted from 1. */
  showLine(line) {
    const { doc } = this.view.state;
    const { from } = doc.line(Math.min(Math.max(line, 1), doc.lines));
    this.view.dispatch({
      selection: { anchor: from },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
    });
    this.view.focus();
  }
}
