import { html, svg } from 'lit';
import { linePath, niceCeiling } from './geometry.js';

/** @typedef {import('./geometry.js').Series} Series */

/**
 * How many values the width stands for: as many as there are, but a few at least, so that a course
 * that has only begun is seen to have begun.
 *
 * @param {Series} values
 * @param {number} least
 */
export const windowOf = (values, least) => Math.max(least, values.length);

/**
 * The recent course of a figure, without axes, beside the figure itself.
 *
 * @param {Series} values
 * @param {{most?: number, fromZero?: boolean}} [options]
 */
export function sparkline(values, { most = 120, fromZero = false } = {}) {
  const box = { width: 120, height: 24 };
  const recent = values.slice(-most);
  const slots = windowOf(recent, 20);
  const known = recent.filter((value) => value !== null);
  const low = fromZero ? 0 : Math.min(...known);
  const range = Math.max(...known) - low;
  const shifted = recent.map((value) => (value === null ? null : range === 0 ? 0.5 : value - low));
  const path = known.length < 2 ? '' : linePath(shifted, slots, range || 1, box);
  return html`
    <svg class="sparkline" viewBox="0 -2 120 28" preserveAspectRatio="none" aria-hidden="true">
      <path d=${path}></path>
    </svg>
  `;
}

/**
 * Two series over the same minutes: everything as an area, the failures as a line in front of it.
 *
 * @param {{all: Series, failed: Series, least: number, since: string, label: string,
 *     format: (value: number) => string}} options
 */
export function rateChart({ all, failed, least, since, label, format }) {
  const slots = windowOf(all, least);
  const box = { width: 600, height: 140 };
  const peak = Math.max(0, ...all.map((value) => value ?? 0));
  const max = niceCeiling(peak);
  const line = linePath(all, slots, max, box);
  const failedLine = failed.some(Boolean) ? linePath(failed, slots, max, box) : '';
  const firstX = /^M([\d.]+)/.exec(line)?.[1] ?? box.width;
  const ticks = [1, 0.5, 0];
  return html`
    <figure class="chart">
      <div class="chart-axis" aria-hidden="true">
        ${ticks.map((tick) => html`<span>${format(max * tick)}</span>`)}
      </div>
      <svg viewBox="0 0 600 140" preserveAspectRatio="none" role="img" aria-label=${label}>
        ${ticks.map((tick) => svg`<path class="chart-grid" d="M0 ${140 * (1 - tick)}H600"></path>`)}
        <path class="chart-area" d=${line && `${line}V140H${firstX}Z`}></path>
        <path class="chart-line" d=${line}></path>
        <path class="chart-failed" d=${failedLine}></path>
      </svg>
      <div class="chart-times" aria-hidden="true"><span>${since}</span><span>now</span></div>
    </figure>
  `;
}
