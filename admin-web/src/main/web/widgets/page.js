import { html, nothing } from 'lit';
import { href } from '../router.js';
import { LightElement } from './element.js';

/** A page: it names the document, and fetches what it shows when it appears. */
export class Page extends LightElement {
  /** The name of what is in view, for the title of the window. */
  get heading() {
    return '';
  }

  updated() {
    document.title = `${this.heading} · Cloister`;
  }
}

/**
 * The top of a page: where one is, what one sees, and what can be done with it as a whole.
 *
 * @param {{title: unknown, trail?: {text: string, segments: string[]}[], badge?: unknown,
 *     note?: unknown, actions?: unknown}} options
 */
export const pageHead = ({ title, trail = [], badge = nothing, note, actions }) => html`
  <header class="page-head">
    ${
      trail.length > 0
        ? html`<nav class="trail" aria-label="Where you are">
            ${trail.map(({ text, segments }) => html`<a href=${href(segments)}>${text}</a>`)}
          </nav>`
        : nothing
    }
    <div class="page-title">
      <h1>${title}</h1>
      ${badge} ${note ? html`<span class="page-note">${note}</span>` : nothing}
    </div>
    ${actions ? html`<div class="page-actions">${actions}</div>` : nothing}
  </header>
`;

/**
 * A bordered part of a page with a heading of its own.
 *
 * @param {{title: unknown, note?: unknown, actions?: unknown, body: unknown,
 *     className?: string}} options
 */
export const panel = ({ title, note, actions, body, className = '' }) => html`
  <section class="panel ${className}">
    <header class="panel-head">
      <h2>${title}</h2>
      ${note ? html`<span class="panel-note">${note}</span>` : nothing}
      ${actions ? html`<div class="panel-actions">${actions}</div>` : nothing}
    </header>
    ${body}
  </section>
`;
