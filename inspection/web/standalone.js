// Starts the page that inspection/page.py wrote: reads its data and shows the network.
import { mountInspection } from "#inspection/inspect.js";
import { unpack, withWeights } from "#inspection/unpack.js";

const textOf = (id) => document.getElementById(id).textContent;
const [weights, images, labels] = await Promise.all(
  ["weights", "images", "labels"].map((id) => unpack(textOf(id))),
);
mountInspection(
  document.getElementById("inspection"),
  withWeights(JSON.parse(textOf("network")), weights),
  { images, labels },
);
