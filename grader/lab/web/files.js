// Files between the student's computer and the page.

/** Hand over a text as a file. */
export function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/x-python" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The address of a file beside the page. */
export function beside(name) {
  return new URL(name, document.baseURI).href;
}
