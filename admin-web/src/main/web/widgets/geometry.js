/** Where the points of a chart are. */

/** @typedef {(number | null)[]} Series */

/**
 * A line through values that are evenly spaced in time, the newest at the right edge.
 *
 * @param {Series} values
 * @param {number} slots how many values the full width stands for
 * @param {number} max value at the top
 * @param {{width: number, height: number}} box
 */
export function linePath(values, slots, max, { width, height }) {
  const step = width / (slots - 1);
  const first = slots - values.length;
  let pen = 'M';
  return values
    .map((value, index) => {
      if (value === null) {
        pen = 'M';
        return '';
      }
      const x = (first + index) * step;
      const y = height - (Math.max(0, value) / max) * height;
      const point = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = 'L';
      return point;
    })
    .join('');
}

/** The next of 1, 2, 5 times a power of ten. @param {number} value */
export function niceCeiling(value) {
  if (value <= 0) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10);
}
