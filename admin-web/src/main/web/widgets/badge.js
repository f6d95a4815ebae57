import { html } from 'lit';

/** @typedef {'neutral' | 'good' | 'warn' | 'bad' | 'accent'} Tone */

/**
 * A state in one word. The dot repeats in colour what the word says.
 *
 * @param {unknown} text
 * @param {Tone} [tone]
 */
export const badge = (text, tone = 'neutral') =>
  html`<span class="badge badge-${tone}">${text}</span>`;

/** @param {string | undefined} state of a tenant */
export const tenantBadge = (state) =>
  badge(state ?? 'unknown', state === 'active' ? 'good' : 'warn');
