import { html, nothing } from 'lit';

/**
 * A figure whose unit steps back behind its value.
 *
 * @param {import('../format.js').Figure} figure
 */
export const figure = ({ value, unit }) =>
  html`<span class="figure"
    >${value}${unit ? html`<span class="unit">${unit}</span>` : nothing}</span
  >`;
