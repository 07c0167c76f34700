// The loss between the points of the grid.

/** The loss at (a, b): bilinear in its logarithm, since it is many times higher on one side. */
export function lossAt({ a, b, grid }, atA, atB) {
  const [column, right] = between(a, atA);
  const [row, up] = between(b, atB);
  const log = (r, c) => Math.log(grid[r][c]);
  const lower = (1 - right) * log(row, column) + right * log(row, column + 1);
  const upper = (1 - right) * log(row + 1, column) + right * log(row + 1, column + 1);
  return Math.exp((1 - up) * lower + up * upper);
}

/** The index of the grid point below a value, and how far the value is on the way to the next. */
function between(points, value) {
  const last = points.length - 1;
  const share = ((value - points[0]) / (points[last] - points[0])) * last;
  const inside = Math.min(Math.max(share, 0), last);
  const index = Math.min(Math.floor(inside), last - 1);
  return [index, inside - index];
}
