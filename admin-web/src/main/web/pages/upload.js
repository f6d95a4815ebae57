import { html, nothing } from 'lit';
import { ApiProblem, path, upload } from '../api.js';
import * as format from '../format.js';
import { href } from '../router.js';
import { badge } from '../widgets/badge.js';
import { LightElement } from '../widgets/element.js';
import { icon } from '../widgets/icon.js';
import { meter } from '../widgets/meter.js';
import { problemBox } from '../widgets/problem.js';

const WASM_MAGIC = '\0asm';

/**
 * Sends a module and says what came of it. With a `plugin` it adds a version, without it also asks
 * for the name. Emits `uploaded` with the server's answer.
 */
class Upload extends LightElement {
  static properties = {
    tenant: {},
    plugin: {},
    file: { state: true },
    progress: { state: true },
    problem: { state: true },
    answer: { state: true },
    isOver: { state: true },
  };
  /** @type {AbortController | null} */
  #abort = null;

  constructor() {
    super();
    this.tenant = '';
    this.plugin = '';
    /** @type {File | null} */
    this.file = null;
    /** @type {number | null} bytes sent; null when nothing is being sent */
    this.progress = null;
    /** @type {ApiProblem | null} */
    this.problem = null;
    /** @type {any} */
    this.answer = null;
    this.isOver = false;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#abort?.abort();
  }

  render() {
    const isBusy = this.progress !== null;
    return html`
      <form class="upload" @submit=${this.#submit}>
        <label
          class="drop ${this.isOver ? 'is-over' : ''}"
          @dragover=${this.#onDragOver}
          @dragleave=${() => (this.isOver = false)}
          @drop=${this.#onDrop}
        >
          ${icon('upload')}
          <span class="drop-text">
            ${
              this.file
                ? html`<strong>${this.file.name}</strong> ${format.bytes(this.file.size)}`
                : 'Drop a .wasm file here, or choose one'
            }
          </span>
          <input
            type="file"
            name="file"
            class="visually-hidden"
            accept=".wasm,application/wasm"
            ?disabled=${isBusy}
            @change=${(/** @type {Event} */ event) =>
              this.#choose(/** @type {HTMLInputElement} */ (event.target).files?.[0])}
          />
        </label>
        <div class="upload-fields">
          ${
            this.plugin
              ? nothing
              : html`<label class="field">
                  <span>Name of the plugin</span>
                  <input
                    name="plugin"
                    required
                    maxlength="63"
                    pattern="[a-z0-9][a-z0-9\\-]*"
                    title="Small letters, digits and hyphens, beginning with a letter or digit"
                    autocomplete="off"
                    spellcheck="false"
                  />
                </label>`
          }
          <label class="check">
            <input type="checkbox" name="activate" checked /> Calls use this version at once
          </label>
          ${
            isBusy
              ? html`<button type="button" @click=${() => this.#abort?.abort()}>Cancel</button>`
              : html`<button class="primary" ?disabled=${this.file === null}>Upload</button>`
          }
        </div>
      </form>
      ${isBusy ? this.#progressBar() : nothing} ${this.problem ? problemBox(this.problem) : nothing}
      ${this.answer ? this.#result() : nothing}
    `;
  }

  #progressBar() {
    const size = this.file?.size ?? 0;
    const sent = this.progress ?? 0;
    return html`<div class="upload-progress" role="status">
      ${meter(sent, size, 'Sent')}
      <span>
        ${
          sent < size
            ? `${format.bytes(sent)} of ${format.bytes(size)} sent`
            : 'Sent. The server finishes compiling and stores it…'
        }
      </span>
    </div>`;
  }

  #result() {
    const { plugin, version, abi, script, exports = [] } = this.answer;
    return html`<div class="upload-result" role="status">
      ${badge('stored', 'good')}
      <a href=${href(['tenants', this.tenant, 'plugins', plugin])}>${plugin}</a>
      <span class="mono">${format.shortDigest(version)}</span>
      <span>${abi}</span>
      <span>${format.count(exports.length)} exports</span>
      <span class="mono">${script}</span>
    </div>`;
  }

  /** @param {DragEvent} event */
  #onDragOver(event) {
    event.preventDefault();
    this.isOver = true;
  }

  /** @param {DragEvent} event */
  #onDrop(event) {
    event.preventDefault();
    this.isOver = false;
    this.#choose(event.dataTransfer?.files[0]);
  }

  /** Text format and other files are told apart here already. @param {File | undefined} file */
  async #choose(file) {
    this.problem = null;
    this.answer = null;
    this.file = file ?? null;
    const field = /** @type {HTMLInputElement | null} */ (this.querySelector('[name=plugin]'));
    if (file && field && field.value === '') {
      field.value = file.name
        .toLowerCase()
        .replace(/\.wasm$/, '')
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 63);
    }
    if (file && (await file.slice(0, 4).text()) !== WASM_MAGIC) {
      this.problem = new ApiProblem(
        {
          title: 'This does not look like a WebAssembly module',
          detail:
            'The file does not begin with the bytes 00 61 73 6d. It can be sent all the same.',
        },
        0,
      );
    }
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const plugin = this.plugin || String(form.get('plugin'));
    if (this.file === null) {
      return;
    }
    this.#abort = new AbortController();
    this.problem = null;
    this.answer = null;
    this.progress = 0;
    try {
      const answer = await upload(path('tenants', this.tenant, 'plugins', plugin), this.file, {
        query: { activate: form.has('activate') ? null : false },
        onProgress: (sent) => (this.progress = sent),
        signal: this.#abort.signal,
      });
      this.answer = { plugin, ...answer };
      this.dispatchEvent(new CustomEvent('uploaded', { detail: this.answer }));
    } catch (error) {
      if (error instanceof ApiProblem) {
        this.problem = error;
      }
    } finally {
      this.progress = null;
    }
  }
}

customElements.define('cloister-upload', Upload);
