// Starts the page that inspection/page.py wrote: reads its data and shows the network.
import { decodeFloat16 } from "#inspection/float16.js";
import { mountInspection } from "#inspection/inspect.js";

/** The bytes in an element of the page: gzip, then base64. */
async function bytesOf(id) {
  const text = document.getElementById(id).textContent;
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The layers with their arrays: every layer's W, row by row, then its b. */
function withWeights(network, numbers) {
  let at = 0;
  const take = (length) => numbers.subarray(at, (at += length));
  const layers = network.layers.map((layer) => ({
    ...layer,
    W: take(layer.inputs * layer.outputs),
    b: take(layer.outputs),
  }));
  return { ...network, layers };
}

const [weights, images, labels] = await Promise.all(["weights", "images", "labels"].map(bytesOf));
const network = JSON.parse(document.getElementById("network").textContent);
mountInspection(
  document.getElementById("inspection"),
  withWeights(network, decodeFloat16(weights)),
  { images, labels },
);
