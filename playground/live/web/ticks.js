// Round numbers for an axis.

/** About `count` round numbers from `low` to `high`, steps of 1, 2 or 5 times a power of ten. */
export function ticks(low, high, count = 5) {
  const rough = (high - low) / count;
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const found = [];
  for (let index = first; index <= last; index++) found.push(index * step);
  return found;
}

/** The powers of ten from `low` to `high`, with 2 and 5 times them if there are few. */
export function logTicks(low, high) {
  const found = [];
  const factors = Math.log10(high / low) < 2 ? [1, 2, 5] : [1];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
    }
  }
  return found.length ? found : [low];
}

/** A number as few characters: 1,200, 0.25, 0.0015, 3e-7. */
export function short(value) {
  if (Math.abs(value) < 1e-3) return String(Number(value.toPrecision(3)));
  return Number(value.toPrecision(6)).toLocaleString("en", { maximumFractionDigits: 6 });
}
