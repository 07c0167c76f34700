// Python in a worker: loads Pyodide and NumPy, and runs what python.js asks for, one at a time.
//
// Student code can do here what any script of this worker can. The page's Content-Security-Policy,
// which the worker inherits, lets it reach the lab's own server and the files of Pyodide alone.

import { checkedFetch, checkedScript } from "./integrity.js";

const ROOT = "/lab";
let python;
let session;
let settings;
let haveData = false;
const plainFetch = self.fetch.bind(self);
const post = self.postMessage.bind(self);

self.onmessage = async ({ data }) => {
  try {
    if (data.op === "start") await start(data.settings);
    else await perform(data);
  } catch (error) {
    post({ kind: "crashed", text: inOneLine(error) });
  }
};

async function start(given) {
  settings = given;
  const { index, integrity } = settings.pyodide;
  const hashes = Object.fromEntries(
    Object.entries(integrity).map(([name, hash]) => [new URL(name, index).href, hash]),
  );
  self.fetch = checkedFetch(plainFetch, hashes);
  post({ kind: "loading", text: "Loading Python" });
  // pyodide.mjs loads this one by itself if it is not there, but does not check it
  await import(await checkedScript(self.fetch, new URL("pyodide.asm.js", index).href));
  const { loadPyodide } = await import(
    await checkedScript(self.fetch, new URL("pyodide.mjs", index).href)
  );
  const archive = plainFetch(settings.python);
  // `import js` finds nothing in it: a script cannot write to the page, or end the worker
  python = await loadPyodide({ indexURL: index, packages: [], jsglobals: { Object, setTimeout } });
  post({ kind: "loading", text: "Loading NumPy" });
  await python.loadPackage("numpy", { messageCallback() {}, errorCallback: console.warn });
  python.unpackArchive(await (await loaded(archive)).arrayBuffer(), "zip", { extractDir: ROOT });
  python.FS.mkdirTree(`${ROOT}/data`);
  const send = (text) => post(JSON.parse(text));
  python.globals.set("post_message", send);
  session = python.runPython(`
import json, sys
from pathlib import Path
sys.path[:0] = ["${ROOT}/student", "${ROOT}/site-packages"]
from in_browser.session import Session
Session(Path("${ROOT}/student"), Path("${ROOT}/data"), lambda message: post_message(json.dumps(message)))
`);
  post({ kind: "ready" });
}

const ENDS = [
  [
    /call stack|recursion/i,
    "a function calls itself without end, or data or expressions are nested too deeply for a browser",
  ],
  [/terminated with exit/, "the code ended it, as os._exit does"],
  [/^Aborted/, "it was aborted, for want of memory or by the code itself"],
];

/** Why Python ended. Of Python's own messages, the last line says what; the others name our code. */
function inOneLine(error) {
  const lines = String(error?.message ?? error).trim().split("\n");
  const text = lines[lines.length - 1].slice(0, 500).replace(/\.$/, "");
  const known = ENDS.find(([pattern]) => pattern.test(text));
  return known ? known[1] : text || "no reason is known";
}

async function loaded(promise) {
  const response = await promise;
  if (!response.ok) throw new Error(`${response.url} cannot be loaded (HTTP ${response.status})`);
  return response;
}

async function perform({ op, text, images, name, content }) {
  if (op === "open") return post({ kind: "opened", ...opened(name, content) });
  await loadImports(text);
  if (session.run(text) && images && (await haveLoadedData())) {
    session.train(images);
    sendNetwork();
  }
  return post({ kind: "done", worn: session.is_worn() });
}

/** Matplotlib and tqdm, which a script may import, where the lab's Pyodide has them. */
async function loadImports(text) {
  const wanted = settings.pyodide.optional.filter((name) =>
    new RegExp(`^\\s*(import|from)\\s+${name}\\b`, "m").test(text),
  );
  if (!wanted.length) return;
  post({ kind: "loading", text: `Loading ${wanted.join(" and ")}` });
  await python.loadPackage(wanted, { messageCallback() {}, errorCallback: console.warn });
  post({ kind: "loaded" });
}

/** Whether there are images to train on; what is in the way is a problem, and Python goes on. */
async function haveLoadedData() {
  try {
    await loadData();
  } catch (error) {
    post({ kind: "loaded" });
    const text = `The images could not be loaded (${error.message}). Check the connection, then run again.`;
    post({ kind: "problem", text });
  }
  return haveData;
}

async function loadData() {
  if (haveData) return;
  post({ kind: "loading", text: "Loading the images" });
  await Promise.all(
    settings.data.map(async (address) => {
      const response = await loaded(plainFetch(address));
      const name = address.slice(address.lastIndexOf("/") + 1);
      python.FS.writeFile(`${ROOT}/data/${name}`, new Uint8Array(await response.arrayBuffer()));
    }),
  );
  haveData = true;
  post({ kind: "loaded" });
}

function sendNetwork() {
  const found = session.network();
  if (!found) return;
  const network = found.toJs({ dict_converter: Object.fromEntries });
  found.destroy();
  for (const name of ["W1", "b1", "W2", "b2"]) {
    const bytes = network[name];
    network[name] = new Float32Array(bytes.slice().buffer);
  }
  post({ kind: "network", network });
}

function opened(name, content) {
  python.globals.set("opened_name", name);
  python.globals.set("opened_content", python.toPy(new Uint8Array(content)));
  const [text, problem] = python
    .runPython(
      `
from in_browser.opening import CannotOpen, opened
try:
    result = (opened(opened_name, bytes(opened_content)), "")
except CannotOpen as error:
    result = ("", str(error))
result
`,
    )
    .toJs();
  return { text, problem };
}
