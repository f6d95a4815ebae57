import { html, nothing } from 'lit';
import { ApiProblem } from '../api.js';
import * as format from '../format.js';
import { LightElement } from '../widgets/element.js';
import { panel } from '../widgets/page.js';
import { problemBox } from '../widgets/problem.js';
import { empty } from '../widgets/state.js';
import { callBytes, callPlain, runCommand, sendRequest } from './call-actions.js';
import { argumentFields, commandFields, exportField, httpFields, textArea } from './call-forms.js';

/**
 * @typedef {import('../types.js').Plugin} Plugin
 * @typedef {import('../types.js').Extern} Extern
 * @typedef {import('./call-actions.js').Outcome} Outcome
 */

/** Headers of an answer that say how the call went. */
const TELLING_HEADERS = [
  'Cloister-Exit-Code',
  'Cloister-Instance',
  'Cloister-Version',
  'Server-Timing',
];

/** A form that calls a plugin in the way that its ABI asks for, and shows what comes back. */
class TryCall extends LightElement {
  static properties = {
    tenant: {},
    plugin: { attribute: false },
    exportName: { state: true },
    outcome: { state: true },
    problem: { state: true },
    isBusy: { state: true },
  };
  #millis = 0;

  constructor() {
    super();
    this.tenant = '';
    /** @type {Plugin} */
    this.plugin = { plugin: '' };
    this.exportName = '';
    /** @type {Outcome | null} */
    this.outcome = null;
    /** @type {ApiProblem | null} */
    this.problem = null;
    this.isBusy = false;
  }

  /** What can be called. Extism's own exports take their input as bytes, never as parameters. */
  get #functions() {
    const { abi, exports = [] } = this.plugin;
    return exports.filter(
      ({ kind, params = [] }) => kind === 'function' && (abi !== 'extism' || params.length === 0),
    );
  }

  /** The export in the form. @returns {Extern | undefined} */
  get #export() {
    const functions = this.#functions;
    return functions.find(({ name }) => name === this.exportName) ?? functions[0];
  }

  render() {
    return html`
      <div class="columns">
        ${panel({ title: 'Call', body: this.#form() })}
        ${panel({
          title: 'Answer',
          note: this.outcome ? format.millis(this.#millis) : undefined,
          body: html`<div aria-live="polite">${this.#answer()}</div>`,
        })}
      </div>
    `;
  }

  #form() {
    const target = { tenant: this.tenant, plugin: this.plugin.plugin };
    const item = this.#export;
    switch (this.plugin.abi) {
      case 'wasi-command':
        return this.#frame(commandFields(), (form) => runCommand(target, form));
      case 'wagi':
        return this.#frame(httpFields(), (form) => sendRequest(target, form));
      case 'extism':
        return this.#frame(html`${this.#exportField(false)}${textArea('Input', 'body')}`, (form) =>
          callBytes(target, form),
        );
      default:
        return item === undefined
          ? empty({
              title: 'Nothing to call',
              text: 'The module exports no function. See what it has under Interface.',
            })
          : this.#frame(
              html`${this.#exportField(true)}${argumentFields(item.params ?? [])}`,
              (form) => callPlain(target, item, form),
            );
    }
  }

  /** @param {boolean} hasTypes */
  #exportField(hasTypes) {
    const onChange = (/** @type {string} */ name) => (this.exportName = name);
    return exportField(this.#functions, this.#export, { hasTypes, onChange });
  }

  /**
   * @param {unknown} fields
   * @param {(form: FormData) => Promise<Outcome>} action
   */
  #frame(fields, action) {
    const onSubmit = (/** @type {SubmitEvent} */ event) => this.#submit(event, action);
    return html`
      <form class="call" @submit=${onSubmit}>
        ${fields}
        <div class="form-foot">
          <button class="primary" ?disabled=${this.isBusy}>
            ${this.isBusy ? 'Calling…' : 'Call'}
          </button>
        </div>
      </form>
    `;
  }

  #answer() {
    if (this.problem) {
      return html`${problemBox(this.problem)} ${facts(this.problem.headers)}`;
    }
    if (this.outcome === null) {
      return empty({ title: 'Not called yet', text: 'What the plugin answers appears here.' });
    }
    const { text, results, types = [], headers } = this.outcome;
    return html`
      ${
        results
          ? resultList(results, types)
          : html`<pre class="answer-text" tabindex="0">${text || '(empty)'}</pre>`
      }
      ${facts(headers)}
    `;
  }

  /**
   * @param {SubmitEvent} event
   * @param {(form: FormData) => Promise<Outcome>} action
   */
  async #submit(event, action) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    this.isBusy = true;
    this.problem = null;
    this.outcome = null;
    const start = performance.now();
    try {
      this.outcome = await action(form);
      this.#millis = performance.now() - start;
    } catch (error) {
      if (!(error instanceof ApiProblem)) {
        throw error;
      }
      this.problem = error;
    } finally {
      this.isBusy = false;
    }
  }
}

/**
 * @param {unknown[]} results
 * @param {string[]} types
 */
const resultList = (results, types) => html`
  <ol class="results" data-results>
    ${results.length === 0 ? html`<li class="quiet">no results</li>` : nothing}
    ${results.map(
      (value, index) =>
        html`<li><code>${String(value)}</code> <span class="quiet">${types[index]}</span></li>`,
    )}
  </ol>
`;

/** @param {Headers} headers */
function facts(headers) {
  const known = TELLING_HEADERS.filter((name) => headers.has(name));
  return known.length === 0
    ? nothing
    : html`<dl class="facts facts-minor facts-text">
        ${known.map(
          (name) =>
            html`<div class="fact">
              <dt>${name}</dt>
              <dd class="mono">${headers.get(name)}</dd>
            </div>`,
        )}
      </dl>`;
}

customElements.define('cloister-try-call', TryCall);
