// Writes the probabilities of all images of a page as 64-bit floats: node run_forward.js PAGE
import { readFileSync } from "node:fs";
import { createForward, PIXELS } from "#inspection/forward.js";
import { unpack, withWeights } from "#inspection/unpack.js";

const page = readFileSync(process.argv[2], "utf8");
const textOf = (id) => page.match(new RegExp(`id="${id}">([^<]*)<`))[1];
const network = withWeights(JSON.parse(textOf("network")), await unpack(textOf("weights")));
const images = await unpack(textOf("images"));
const forward = createForward(network);
for (let at = 0; at < images.length; at += PIXELS) {
  const pixels = Float64Array.from(images.subarray(at, at + PIXELS), (value) => value / 255);
  process.stdout.write(new Uint8Array(forward(pixels).probabilities.slice().buffer));
}
