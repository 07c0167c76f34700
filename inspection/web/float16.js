// 16-bit floats (IEEE 754 binary16): 1 bit of sign, 5 of exponent, 10 of fraction.

/** The numbers in little-endian 16-bit floats, as a Float32Array: every one is exact. */
export function decodeFloat16(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new Float32Array(bytes.byteLength >> 1);
  for (let i = 0; i < numbers.length; i++) numbers[i] = numberOf(view.getUint16(2 * i, true));
  return numbers;
}

function numberOf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24; // 0, and numbers below 2^-14
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
