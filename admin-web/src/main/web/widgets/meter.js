import { html, svg } from 'lit';
import { percent } from '../format.js';

/**
 * How much of a limit is used, as a thin bar. Turns warm above 75 % and red above 90 %.
 *
 * @param {number | null | undefined} value
 * @param {number | null | undefined} max
 * @param {string} label what is measured
 */
export function meter(value, max, label) {
  const share = value != null && max ? Math.min(1, Math.max(0, value / max)) : 0;
  const tone = share > 0.9 ? 'bad' : share > 0.75 ? 'warn' : 'calm';
  return html`
    <svg
      class="meter meter-${tone}"
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      role="meter"
      aria-label=${label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.round(share * 100)}
      aria-valuetext=${percent(value, max)}
    >
      <rect class="meter-track" width="100" height="4"></rect>
      <rect class="meter-fill" width=${share * 100} height="4"></rect>
    </svg>
  `;
}

/**
 * Shares of a whole, one colour each, in one bar.
 *
 * @param {{value: number, series: number | string}[]} parts `series` picks the colour
 * @param {string} label
 */
export function stack(parts, label) {
  const total = parts.reduce((sum, part) => sum + part.value, 0) || 1;
  let x = 0;
  const bars = parts.map(({ value, series }) => {
    const width = (value / total) * 100;
    x += width;
    return svg`<rect class="series-${series}" x=${x - width} width=${width} height="8"></rect>`;
  });
  return html`
    <svg
      class="stack"
      viewBox="0 0 100 8"
      preserveAspectRatio="none"
      role="img"
      aria-label=${label}
    >
      <rect class="meter-track" width="100" height="8"></rect>
      ${bars}
    </svg>
  `;
}
