// The lab's Python in Pyodide under Node: `node in_node.mjs LAB REQUESTS.json MESSAGES.json`.
// A request is {text, images} for a run; `seconds` is another time limit. With --checks-alone, the
// microscope does not look at each script, and nothing is put back after it, which takes as long.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [lab, asked, answered, option] = process.argv.slice(2);
const index = join(lab, "pyodide/");
const { loadPyodide } = await import(pathToFileURL(join(index, "pyodide.mjs")).href);
const python = await loadPyodide({ indexURL: index });
await python.loadPackage("numpy", { messageCallback() {} });
const archive = readFileSync(join(lab, "python.zip"));
python.unpackArchive(new Uint8Array(archive).buffer, "zip", { extractDir: "/lab" });
python.FS.mkdirTree("/lab/data");
python.FS.mount(python.FS.filesystems.NODEFS, { root: join(lab, "data") }, "/lab/data");
let messages = [];
python.globals.set("post_message", (text) => messages.push(JSON.parse(text)));
const session = python.runPython(`
import json, sys
from pathlib import Path
sys.path[:0] = ["/lab/student", "/lab/site-packages"]
from in_browser.session import Session
Session(Path("/lab/student"), Path("/lab/data"), lambda message: post_message(json.dumps(message)))
`);
if (option === "--checks-alone") {
  python.runPython("import in_browser.session; in_browser.session.look = lambda *_, **__: None");
  python.runPython("import in_browser.restoring; in_browser.restoring.Restorer.restore = lambda _: None");
}
const all = [];
for (const { text, images = 0, seconds = 20 } of JSON.parse(readFileSync(asked))) {
  messages = [];
  python.globals.set("session", session);
  python.runPython(`session._watch.seconds = ${seconds}`);
  if (session.run(text) && images) session.train(images);
  if (!option) messages.push({ kind: "done", worn: session.is_worn() });
  all.push(messages);
}
writeFileSync(answered, JSON.stringify(all));
process.exit(0);
