import { html } from 'lit';
import { fetchJson, path } from '../api.js';
import * as format from '../format.js';
import { LightElement } from '../widgets/element.js';
import { Loader } from '../widgets/loader.js';
import { meter, stack } from '../widgets/meter.js';
import { panel } from '../widgets/page.js';
import { categoryText } from './overview-figures.js';
import { LIMIT_NAMES, limitText } from './limit-names.js';

/**
 * @typedef {import('../types.js').Limits} Limits
 * @typedef {import('../types.js').Usage} Usage
 */

const REFRESH_MILLIS = 3000;
const OUTCOMES = {
  ok: 'Answered',
  trap: 'Trap',
  limit: 'Limit reached',
  deadline: 'Deadline passed',
  exit: 'Exit code not 0',
  rateLimited: 'Rate limited',
  overloaded: 'Queue full',
  error: 'Server error',
};

/** How much of its limits a tenant uses now. */
class TenantUsage extends LightElement {
  static properties = { tenant: {} };
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  constructor() {
    super();
    this.tenant = '';
    /** @type {Loader<{usage: Usage, limits: Limits}>} */
    this.loader = new Loader(this, async (signal) => {
      const [usage, limits] = await Promise.all([
        fetchJson(path('tenants', this.tenant, 'usage'), {}, signal),
        fetchJson(path('tenants', this.tenant, 'limits'), {}, signal),
      ]);
      return { usage, limits };
    });
  }

  connectedCallback() {
    super.connectedCallback();
    this.loader.reload();
    this.#timer = setInterval(() => document.hidden || this.loader.reload(), REFRESH_MILLIS);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  render() {
    return this.loader.render(
      ({ usage, limits }) => html`
        <div class="columns">
          ${panel({
            title: 'Against the limits',
            note: 'refreshed every 3 s',
            body: this.#limits(usage, limits),
          })}
          <div class="column">
            ${panel({ title: 'Calls', note: 'since the server started', body: this.#calls(usage) })}
            ${panel({ title: 'Memory', body: this.#memory(usage) })}
          </div>
        </div>
      `,
      10,
    );
  }

  /**
   * @param {Usage} usage
   * @param {Limits} limits
   */
  #limits({ usage }, { limits }) {
    return html`<table class="table">
      <caption class="visually-hidden">
        Usage against limits
      </caption>
      <thead>
        <tr>
          <th scope="col">Limit</th>
          <th scope="col" class="number">Used</th>
          <th scope="col" class="number">Allowed</th>
          <th scope="col"><span class="visually-hidden">Share</span></th>
          <th scope="col" class="number">Share</th>
        </tr>
      </thead>
      <tbody>
        ${Object.keys(LIMIT_NAMES)
          .filter((name) => usage[name] !== undefined)
          .map(
            (name) =>
              html`<tr>
                <th scope="row">${LIMIT_NAMES[name].text}</th>
                <td class="number">${limitText(name, usage[name])}</td>
                <td class="number">${limitText(name, limits[name])}</td>
                <td class="meter-cell">
                  ${meter(usage[name], limits[name], LIMIT_NAMES[name].text)}
                </td>
                <td class="number">${format.percent(usage[name], limits[name])}</td>
              </tr>`,
          )}
      </tbody>
    </table>`;
  }

  /** @param {Usage} usage */
  #calls({ calls = {}, cpuMillis, instances }) {
    return html`
      <dl class="facts">
        <div class="fact">
          <dt>Calls</dt>
          <dd class="number">${format.count(calls.total)}</dd>
        </div>
        <div class="fact">
          <dt>CPU time</dt>
          <dd class="number">${format.millis(cpuMillis)}</dd>
        </div>
        <div class="fact">
          <dt>Instances</dt>
          <dd class="number">${format.count(instances)}</dd>
        </div>
      </dl>
      <table class="table">
        <caption class="visually-hidden">
          Calls by outcome
        </caption>
        <tbody>
          ${Object.entries(OUTCOMES).map(
            ([name, text]) =>
              html`<tr>
                <th scope="row">${text}</th>
                <td class="number">${format.count(calls[name])}</td>
                <td class="number">${format.percent(calls[name], calls.total)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    `;
  }

  /** @param {Usage} usage */
  #memory({ memory = {} }) {
    const parts = Object.entries(memory).filter(([, value]) => value > 0);
    return html`<div class="gauge-stack">
      ${
        parts.length === 0
          ? html`<p class="hint">No memory is charged: nothing is instantiated.</p>`
          : stack(
              parts.map(([, value], series) => ({ value, series })),
              'Memory by category',
            )
      }
      <ul class="legend">
        ${parts.map(
          ([name, value], series) =>
            html`<li>
              <span class="swatch swatch-${series}"></span>${categoryText(name)}
              <span class="number">${format.bytes(value)}</span>
            </li>`,
        )}
      </ul>
    </div>`;
  }
}

customElements.define('cloister-tenant-usage', TenantUsage);
