import { html, nothing } from 'lit';
import { ApiProblem, path, send } from '../api.js';
import * as format from '../format.js';
import { LightElement } from '../widgets/element.js';
import { panel } from '../widgets/page.js';
import { problemBox } from '../widgets/problem.js';
import { empty } from '../widgets/state.js';
import { readArgument, shellWords } from './arguments.js';

/**
 * @typedef {import('../types.js').Plugin} Plugin
 * @typedef {import('../types.js').Extern} Extern
 *
 * @typedef {object} Outcome
 * @property {string} [text] the answer's body
 * @property {unknown[]} [results] of a plain export
 * @property {string[]} [types] of the results
 * @property {Headers} headers
 * @property {number} millis as seen from here
 */

/** Headers of an answer that say how the call went. */
const TELLING_HEADERS = ['Cloister-Exit-Code', 'Cloister-Instance', 'Cloister-Version', 'Server-Timing'];

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

  /** The export in the form. @returns {Extern | undefined} */
  get #export() {
    const functions = this.#functions;
    return functions.find(({ name }) => name === this.exportName) ?? functions[0];
  }

  get #functions() {
    const functions = (this.plugin.exports ?? []).filter(({ kind }) => kind === 'function');
    return this.plugin.abi === 'extism'
      ? functions.filter(({ params }) => !params?.length)
      : functions;
  }

  render() {
    return html`
      <div class="columns">
        ${panel({ title: 'Call', body: this.#form() })}
        ${panel({ title: 'Answer', note: this.#timing(), body: this.#answer() })}
      </div>
    `;
  }

  #form() {
    switch (this.plugin.abi) {
      case 'wasi-command':
        return this.#frame(this.#commandFields(), this.#runCommand);
      case 'wagi':
        return this.#frame(this.#httpFields(), this.#request);
      case 'extism':
        return this.#frame(html`${this.#exportField()}${textArea('Input', 'body')}`, this.#callBytes);
      default:
        return this.#functions.length === 0
          ? empty({
              title: 'Nothing to call',
              text: 'The module exports no function. See what it has under Interface.',
            })
          : this.#frame(html`${this.#exportField()}${this.#argumentFields()}`, this.#callPlain);
    }
  }

  /**
   * @param {unknown} fields
   * @param {(form: FormData) => Promise<Outcome>} action
   */
  #frame(fields, action) {
    return html`
      <form class="call" @submit=${(/** @type {SubmitEvent} */ event) => this.#submit(event, action)}>
        ${fields}
        <div class="form-foot">
          <button class="primary" ?disabled=${this.isBusy}>
            ${this.isBusy ? 'Calling…' : 'Call'}
          </button>
        </div>
      </form>
    `;
  }

  #exportField() {
    return html`
      <label class="field">
        <span>Export</span>
        <select
          name="export"
          class="mono"
          @change=${(/** @type {Event} */ event) =>
            (this.exportName = /** @type {HTMLSelectElement} */ (event.target).value)}
        >
          ${this.#functions.map(
            (item) => html`<option value=${item.name} ?selected=${item === this.#export}>
              ${item.name} ${this.plugin.abi === 'extism' ? '' : format.signature(item)}
            </option>`,
          )}
        </select>
      </label>
    `;
  }

  #argumentFields() {
    const params = this.#export?.params ?? [];
    return params.length === 0
      ? html`<p class="hint">It takes no arguments.</p>`
      : html`<div class="arguments">
          ${params.map(
            (type, index) => html`<label class="field">
              <span>Argument ${index + 1} <code>${type}</code></span>
              <input name="arg" class="mono" data-type=${type} required autocomplete="off" />
            </label>`,
          )}
        </div>`;
  }

  #commandFields() {
    return html`
      <label class="field">
        <span>Arguments</span>
        <input name="args" class="mono" autocomplete="off" spellcheck="false" />
        <small>Separated by spaces; quotes keep spaces together.</small>
      </label>
      ${textArea('Standard input', 'stdin')}
    `;
  }

  #httpFields() {
    return html`
      <div class="field-row">
        <label class="field field-short">
          <span>Method</span>
          <select name="method">
            ${['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(
              (method) => html`<option>${method}</option>`,
            )}
          </select>
        </label>
        <label class="field">
          <span>Path</span>
          <input name="path" class="mono" value="/" autocomplete="off" spellcheck="false" />
        </label>
      </div>
      ${textArea('Body', 'body')}
    `;
  }

  #timing() {
    return this.outcome ? format.millis(this.outcome.millis) : undefined;
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
      <div aria-live="polite">
        ${results
          ? html`<ol class="results" data-results>
              ${results.length === 0 ? html`<li class="quiet">no results</li>` : nothing}
              ${results.map(
                (value, index) => html`<li>
                  <code>${String(value)}</code> <span class="quiet">${types[index]}</span>
                </li>`,
              )}
            </ol>`
          : html`<pre class="answer-text" tabindex="0">${text || '(empty)'}</pre>`}
        ${facts(headers)}
      </div>
    `;
  }

  /** @param {...string} segments below the plugin */
  #path(...segments) {
    return path('tenants', this.tenant, 'plugins', this.plugin.plugin, ...segments);
  }

  /** @param {FormData} form */
  #callPlain = async (form) => {
    const item = this.#export;
    const types = item?.params ?? [];
    const args = form.getAll('arg').map((text, index) => readArgument(String(text), types[index]));
    const url = this.#path('call', item?.name ?? '');
    const response = await send('POST', url, { json: { args } });
    const { results } = await response.json();
    return { results, types: item?.results, headers: response.headers, millis: 0 };
  };

  /** @param {FormData} form */
  #callBytes = async (form) =>
    textOutcome(
      await send('POST', this.#path('call', String(form.get('export'))), {
        body: String(form.get('body')),
        headers: { 'Content-Type': 'application/octet-stream', Accept: '*/*' },
      }),
    );

  /** @param {FormData} form */
  #runCommand = async (form) => {
    const args = shellWords(String(form.get('args')));
    const query = new URLSearchParams(args.map((arg) => ['arg', arg])).toString();
    return textOutcome(
      await send('POST', this.#path('run') + (query && `?${query}`), {
        body: String(form.get('stdin')),
        headers: { 'Content-Type': 'application/octet-stream', Accept: '*/*' },
      }),
    );
  };

  /** @param {FormData} form */
  #request = async (form) => {
    const method = String(form.get('method'));
    const target = String(form.get('path')).replace(/^\//, '');
    return textOutcome(
      await send(method, `${this.#path('http')}/${target}`, {
        body: method === 'GET' ? undefined : String(form.get('body')),
        headers: { Accept: '*/*' },
      }),
    );
  };

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
      this.outcome = { ...(await action(form)), millis: performance.now() - start };
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

/** @param {Response} response */
const textOutcome = async (response) => ({
  text: await response.text(),
  headers: response.headers,
  millis: 0,
});

/** @param {Headers} headers */
function facts(headers) {
  const known = TELLING_HEADERS.filter((name) => headers.has(name));
  return known.length === 0
    ? nothing
    : html`<dl class="facts facts-minor facts-text">
        ${known.map(
          (name) => html`<div class="fact">
            <dt>${name}</dt>
            <dd class="mono">${headers.get(name)}</dd>
          </div>`,
        )}
      </dl>`;
}

/**
 * @param {string} label
 * @param {string} name
 */
const textArea = (label, name) => html`
  <label class="field">
    <span>${label}</span>
    <textarea name=${name} class="mono" rows="6" spellcheck="false"></textarea>
  </label>
`;

customElements.define('cloister-try-call', TryCall);
