// Files of Pyodide are used only if their content has the hash that was pinned when the lab was made.

/**
 * A function like `fetch` that knows some files, each with its hash, and loads nothing else.
 * `integrity` maps an absolute address to "sha256-…"; the browser compares.
 */
export function checkedFetch(fetch, integrity) {
  return async (request, options = {}) => {
    const address = String(request.url ?? request);
    const hash = integrity[address];
    if (!hash) throw new Error(`${address} is not among the lab's files`);
    const response = await fetch(address, { ...options, integrity: hash, credentials: "omit" });
    if (!response.ok) throw new Error(`${address} cannot be loaded (HTTP ${response.status})`);
    return response;
  };
}

/** The address of a script's checked content, for `import`, which cannot check it by itself. */
export async function checkedScript(fetchChecked, address) {
  const response = await fetchChecked(address);
  const script = new Blob([await response.arrayBuffer()], { type: "text/javascript" });
  return URL.createObjectURL(script);
}
