import { html } from 'lit';
import { fetchJson, path } from '../api.js';
import * as format from '../format.js';
import { LiveController, live } from '../live.js';
import { href } from '../router.js';
import { figure } from '../widgets/figure.js';
import { Loader } from '../widgets/loader.js';
import { meter } from '../widgets/meter.js';
import { Page, pageHead, panel } from '../widgets/page.js';
import { empty } from '../widgets/state.js';
import { auditLine } from './audit-line.js';
import { calls, figures, resources } from './overview-figures.js';

/** @typedef {import('../types.js').Tenant} Tenant */

/** The whole server in figures that move. */
class Overview extends Page {
  constructor() {
    super();
    new LiveController(this, { statistics: () => this.requestUpdate() });
    this.tenants = new Loader(this, (signal) =>
      fetchJson(path('tenants'), { limit: 8, sort: '-memoryBytes' }, signal),
    );
    this.events = new Loader(this, (signal) => fetchJson(path('events'), { limit: 8 }, signal));
  }

  get heading() {
    return 'Overview';
  }

  connectedCallback() {
    super.connectedCallback();
    this.tenants.reload();
    this.events.reload();
  }

  render() {
    const statistics = live.statistics;
    const version = statistics && `Up ${format.uptime(statistics.uptimeSeconds)}`;
    return html`
      ${pageHead({ title: 'Overview', note: version })} ${figures(statistics ?? {}, live.samples)}
      <div class="columns columns-wide">
        ${panel({
          title: 'Calls',
          note: 'per second',
          body: calls(statistics ?? {}, live.samples),
        })}
        ${panel({ title: 'Resources', body: resources(statistics ?? {}) })}
      </div>
      <div class="columns columns-wide">
        ${panel({
          title: 'Tenants by memory',
          actions: html`<a href=${href(['tenants'])}>All tenants</a>`,
          body: this.tenants.render(({ items }) => this.#topTenants(items), 8),
        })}
        ${panel({
          title: 'Latest events',
          actions: html`<a href=${href(['events'])}>All events</a>`,
          body: this.events.render(
            ({ items }) =>
              items.length === 0
                ? empty({ title: 'Nothing has happened yet' })
                : html`<ul class="audit-list">
                    ${items.map(auditLine)}
                  </ul>`,
            8,
          ),
        })}
      </div>
    `;
  }

  /** @param {Tenant[]} tenants */
  #topTenants(tenants) {
    if (tenants.length === 0) {
      return empty({
        title: 'No tenants yet',
        text: 'A tenant holds plugins, keys and limits of its own.',
        action: html`<a class="button primary" href=${href(['tenants'])}>Create one</a>`,
      });
    }
    return html`
      <table class="table">
        <caption class="visually-hidden">
          Tenants that hold most memory
        </caption>
        <thead>
          <tr>
            <th scope="col">Tenant</th>
            <th scope="col" class="number">Memory</th>
            <th scope="col" class="minor">Of limit</th>
            <th scope="col" class="number">Calls</th>
            <th scope="col" class="number">Failed</th>
          </tr>
        </thead>
        <tbody>
          ${tenants.map(
            (tenant) =>
              html`<tr>
                <td><a href=${href(['tenants', tenant.tenant])}>${tenant.tenant}</a></td>
                <td class="number">${figure(format.bytesFigure(tenant.memoryBytes))}</td>
                <td class="minor">
                  ${meter(tenant.memoryBytes, tenant.memoryLimitBytes, 'Memory')}
                </td>
                <td class="number">${format.count(tenant.calls)}</td>
                <td class="number">${format.percent(tenant.failedCalls, tenant.calls)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    `;
  }
}

customElements.define('cloister-overview', Overview);
