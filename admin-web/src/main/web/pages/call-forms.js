/** The fields of the forms that call a plugin, one form for each ABI. */
import { html } from 'lit';
import { signature } from '../format.js';

/** @typedef {import('../types.js').Extern} Extern */

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * @param {Extern[]} functions
 * @param {Extern | undefined} current
 * @param {{hasTypes: boolean, onChange: (name: string) => void}} options
 */
export const exportField = (functions, current, { hasTypes, onChange }) => html`
  <label class="field">
    <span>Export</span>
    <select
      name="export"
      class="mono"
      @change=${(/** @type {Event} */ event) =>
        onChange(/** @type {HTMLSelectElement} */ (event.target).value)}
    >
      ${functions.map(
        (item) =>
          html`<option value=${item.name} ?selected=${item === current}>
            ${item.name} ${hasTypes ? signature(item) : ''}
          </option>`,
      )}
    </select>
  </label>
`;

/** @param {string[]} params types of the parameters */
export const argumentFields = (params) =>
  params.length === 0
    ? html`<p class="hint">It takes no arguments.</p>`
    : html`<div class="arguments">
        ${params.map(
          (type, index) =>
            html`<label class="field">
              <span>Argument ${index + 1} <code>${type}</code></span>
              <input name="arg" class="mono" required autocomplete="off" />
            </label>`,
        )}
      </div>`;

export const commandFields = () => html`
  <div class="field">
    <label for="call-args">Arguments</label>
    <input
      id="call-args"
      name="args"
      class="mono"
      aria-describedby="call-args-hint"
      autocomplete="off"
      spellcheck="false"
    />
    <small id="call-args-hint">Separated by spaces; quotes keep spaces together.</small>
  </div>
  ${textArea('Standard input', 'stdin')}
`;

export const httpFields = () => html`
  <div class="field-row">
    <label class="field field-short">
      <span>Method</span>
      <select name="method">
        ${METHODS.map((method) => html`<option>${method}</option>`)}
      </select>
    </label>
    <label class="field">
      <span>Path</span>
      <input name="path" class="mono" value="/" autocomplete="off" spellcheck="false" />
    </label>
  </div>
  ${textArea('Body', 'body')}
`;

/**
 * @param {string} label
 * @param {string} name
 */
export const textArea = (label, name) => html`
  <label class="field">
    <span>${label}</span>
    <textarea name=${name} class="mono" rows="6" spellcheck="false"></textarea>
  </label>
`;
