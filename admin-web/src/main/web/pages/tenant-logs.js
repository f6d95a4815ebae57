import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { path } from '../api.js';
import { EventStream } from '../event-stream.js';
import * as format from '../format.js';
import { LightElement } from '../widgets/element.js';
import { panel } from '../widgets/page.js';
import { empty } from '../widgets/state.js';

/**
 * @typedef {import('../types.js').LogLine} LogLine
 * @typedef {LogLine & {serial: number}} Line
 */

/** Lines kept in view. Older ones go, so that a tab left open does not grow without end. */
const MAX_LINES = 1000;
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

/** The end of a tenant's log as it grows. */
class TenantLogs extends LightElement {
  static properties = {
    tenant: {},
    level: { state: true },
    text: { state: true },
    isPaused: { state: true },
  };
  /** @type {Line[]} */
  #lines = [];
  #serial = 0;
  #missed = 0;
  #dropped = 0;
  /** @type {EventStream | null} */
  #stream = null;

  constructor() {
    super();
    this.tenant = '';
    this.level = '';
    this.text = '';
    this.isPaused = false;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#stream = new EventStream(
      `${path('tenants', this.tenant, 'logs')}?last=200`,
      {
        log: (line) => this.#add(line),
        lagged: ({ dropped }) => {
          this.#dropped += dropped;
          this.requestUpdate();
        },
      },
      () => this.requestUpdate(),
    );
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stream?.close();
  }

  /** @param {LogLine} line */
  #add(line) {
    if (this.isPaused) {
      this.#missed++;
    } else {
      this.#lines = [...this.#lines.slice(1 - MAX_LINES), { ...line, serial: this.#serial++ }];
    }
    this.requestUpdate();
  }

  /** Keeps the newest line in view, unless the person has scrolled up to read. */
  updated() {
    const view = this.querySelector('.log');
    if (view && this.#follows) {
      view.scrollTop = view.scrollHeight;
    }
  }

  #follows = true;

  render() {
    const least = LEVELS.indexOf(this.level);
    const wanted = this.text.toLowerCase();
    const lines = this.#lines.filter(
      (line) =>
        LEVELS.indexOf(line.level ?? 'info') >= least &&
        (wanted === '' || `${line.plugin} ${line.text}`.toLowerCase().includes(wanted)),
    );
    return panel({
      title: 'Log',
      className: 'panel-log',
      note: this.#note(),
      actions: html`
        <cloister-search
          label="Filter lines"
          .value=${this.text}
          @search=${(/** @type {CustomEvent} */ event) => (this.text = event.detail)}
        ></cloister-search>
        <select
          aria-label="Least level"
          @change=${(/** @type {Event} */ event) =>
            (this.level = /** @type {HTMLSelectElement} */ (event.target).value)}
        >
          <option value="">All levels</option>
          <option value="info">Info and above</option>
          <option value="warn">Warnings and errors</option>
          <option value="error">Errors</option>
        </select>
        <button type="button" aria-pressed=${this.isPaused} @click=${this.#togglePause}>
          ${this.isPaused ? `Resume${this.#missed ? ` (${this.#missed} not shown)` : ''}` : 'Pause'}
        </button>
      `,
      body: html`
        ${
          this.#dropped > 0
            ? html`<p class="log-lagged" role="alert">
                ${format.count(this.#dropped)} lines came faster than they could be sent and are
                missing.
              </p>`
            : nothing
        }
        <div class="log" role="log" aria-label="Log lines" tabindex="0" @scroll=${this.#onScroll}>
          ${
            lines.length === 0
              ? empty({
                  title: this.#lines.length === 0 ? 'Nothing logged yet' : 'No line matches',
                  text: 'What plugins write to their standard error appears here as it is written.',
                })
              : repeat(lines, (line) => line.serial, logRow)
          }
        </div>
      `,
    });
  }

  #note() {
    const state = this.#stream?.state;
    return state === 'open'
      ? 'live'
      : state === 'refused'
        ? 'the server refused the stream'
        : 'connecting…';
  }

  #togglePause() {
    this.isPaused = !this.isPaused;
    this.#missed = 0;
  }

  /** @param {Event} event */
  #onScroll(event) {
    const view = /** @type {HTMLElement} */ (event.target);
    this.#follows = view.scrollHeight - view.scrollTop - view.clientHeight < 24;
  }
}

/** @param {Line} line */
const logRow = ({ time, level = 'info', plugin, stream, text }) => html`
  <div class="log-line log-${level}">
    <time datetime=${time} title=${format.moment(time)}>${format.clock(time)}</time>
    <span class="log-level">${level}</span>
    <span class="log-plugin" title=${stream ?? ''}>${plugin}</span>
    <span class="log-text">${text}</span>
  </div>
`;

customElements.define('cloister-tenant-logs', TenantLogs);
