// What inspection/page.py packs into the page: bytes as base64 of their gzip, and the weights.
import { decodeFloat16 } from "#inspection/float16.js";

/** The bytes in a text from the page. */
export async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The network with its arrays: every layer's W, row by row, then its b, as 16-bit floats. */
export function withWeights(description, bytes) {
  const numbers = decodeFloat16(bytes);
  let at = 0;
  const take = (length) => numbers.subarray(at, (at += length));
  const layers = description.layers.map((layer) => ({
    ...layer,
    W: take(layer.inputs * layer.outputs),
    b: take(layer.outputs),
  }));
  return { ...description, layers };
}
