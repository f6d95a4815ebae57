import { html, nothing } from 'lit';
import { memberText } from './problem.js';

/** @typedef {import('../api.js').ApiProblem} ApiProblem */

/** @param {number} rows */
export const loading = (rows) => html`
  <div class="state-loading" role="status" aria-label="Loading">
    ${Array.from({ length: rows }, () => html`<span class="state-skeleton"></span>`)}
  </div>
`;

/**
 * What a place without content says: what is missing, and what to do about it.
 *
 * @param {{title: string, text?: unknown, action?: unknown}} options
 */
export const empty = ({ title, text, action = nothing }) => html`
  <div class="state">
    <svg class="state-arch" viewBox="0 0 48 32" aria-hidden="true">
      <path d="M4 30V16a10 10 0 0 1 20 0v14M24 30V16a10 10 0 0 1 20 0v14M1 30h46" />
    </svg>
    <p class="state-title">${title}</p>
    ${text ? html`<p class="state-text">${text}</p>` : nothing} ${action}
  </div>
`;

/**
 * @param {ApiProblem} problem
 * @param {() => void} [retry] for problems that may pass
 */
export const problemState = (problem, retry) => html`
  <div class="state state-problem" role="alert">
    <p class="state-title">${problem.title}</p>
    <p class="state-text">${problem.message}</p>
    ${problem.members.map((member) => html`<p class="state-text">${memberText(member)}</p>`)}
    ${retry && problem.status !== 404 ? retryButton(retry) : nothing}
  </div>
`;

/** @param {() => void} retry */
const retryButton = (retry) => html`<button type="button" @click=${retry}>Try again</button>`;
