// The test images for looking inside a network, from the same packed IDX files that Python reads.

/** The first `count` images and labels: `{images: Uint8Array (count * 784), labels: Uint8Array}`. */
export async function loadSamples(imagesAddress, labelsAddress, count) {
  const [images, labels] = await Promise.all([unpacked(imagesAddress), unpacked(labelsAddress)]);
  return { images: content(images, 3, count * 784), labels: content(labels, 1, count) };
}

async function unpacked(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} cannot be loaded (HTTP ${response.status})`);
  const stream = response.body.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The first bytes after an IDX header: magic 0x0000080N, N sizes of four bytes, then the bytes. */
export function content(bytes, axes, length) {
  const header = 4 + 4 * axes;
  if (bytes[2] !== 8 || bytes[3] !== axes || bytes.length < header + length) {
    throw new Error(`expected an IDX file of bytes with ${axes} axes and at least ${length} bytes`);
  }
  return bytes.subarray(header, header + length);
}
