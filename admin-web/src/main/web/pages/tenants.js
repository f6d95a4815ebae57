import { html } from 'lit';
import { path } from '../api.js';
import * as format from '../format.js';
import { href, replace } from '../router.js';
import { tenantBadge } from '../widgets/badge.js';
import { figure } from '../widgets/figure.js';
import { meter } from '../widgets/meter.js';
import { Page, pageHead } from '../widgets/page.js';
import { PagedList } from '../widgets/paged-list.js';
import { pager } from '../widgets/pager.js';
import { empty } from '../widgets/state.js';
import { table } from '../widgets/table.js';
import { createTenant, deleteTenant, setTenantState } from './tenant-actions.js';

/** @typedef {import('../types.js').Tenant} Tenant */

const PAGE_SIZE = 50;

/** All tenants, found by name, a page at a time. */
class Tenants extends Page {
  static properties = { query: { attribute: false } };

  constructor() {
    super();
    this.query = new URLSearchParams();
    /** @type {PagedList<Tenant>} */
    this.list = new PagedList(
      this,
      () => ({ url: path('tenants'), query: this.#filter() }),
      PAGE_SIZE,
    );
  }

  get heading() {
    return 'Tenants';
  }

  /** @param {import('lit').PropertyValues} changed */
  willUpdate(changed) {
    if (changed.has('query')) {
      this.list.restart();
    }
  }

  #filter() {
    const { q, state, sort = 'tenant' } = Object.fromEntries(this.query);
    return { q, state, sort };
  }

  /** @param {Record<string, string>} change */
  #show(change) {
    replace(href(['tenants'], { ...Object.fromEntries(this.query), ...change }));
    this.query = new URLSearchParams(location.hash.split('?')[1]);
  }

  render() {
    const { q = '', state = '' } = this.#filter();
    return html`
      ${pageHead({
        title: 'Tenants',
        actions: html`<button type="button" class="primary" @click=${createTenant}>
          Create tenant
        </button>`,
      })}
      <div class="toolbar">
        <cloister-search
          label="Find tenants by name"
          .value=${q}
          @search=${(/** @type {CustomEvent} */ event) => this.#show({ q: event.detail })}
        ></cloister-search>
        <select
          aria-label="State"
          .value=${state}
          @change=${(/** @type {Event} */ event) =>
            this.#show({ state: /** @type {HTMLSelectElement} */ (event.target).value })}
        >
          <option value="">Any state</option>
          <option value="active">Active</option>
          <option value="suspended">Suspended</option>
        </select>
        ${pager(this.list, 'tenants')}
      </div>
      ${this.list.render(() => (this.list.items.length === 0 ? this.#empty() : this.#table()), 12)}
    `;
  }

  #empty() {
    const { q, state } = this.#filter();
    return q || state
      ? empty({
          title: 'No tenant matches',
          text: 'Names are matched by any part of them.',
          action: html`<button type="button" @click=${() => this.#show({ q: '', state: '' })}>
            Show all tenants
          </button>`,
        })
      : empty({
          title: 'No tenants yet',
          text: 'A tenant holds plugins, keys and limits of its own.',
          action: html`<button type="button" class="primary" @click=${createTenant}>
            Create the first tenant
          </button>`,
        });
  }

  #table() {
    return table({
      caption: 'Tenants',
      rows: this.list.items,
      key: (tenant) => tenant.tenant,
      sort: this.#filter().sort,
      onSort: (sort) => this.#show({ sort }),
      columns: [
        {
          label: 'Tenant',
          sort: 'tenant',
          cell: ({ tenant }) => html`<a href=${href(['tenants', tenant])}>${tenant}</a>`,
        },
        { label: 'State', cell: ({ state }) => tenantBadge(state) },
        { label: 'Plugins', isNumber: true, cell: ({ plugins }) => format.count(plugins) },
        {
          label: 'Instances',
          isNumber: true,
          isMinor: true,
          cell: ({ instances }) => format.count(instances),
        },
        {
          label: 'Memory',
          isNumber: true,
          sort: '-memoryBytes',
          cell: ({ memoryBytes }) => figure(format.bytesFigure(memoryBytes)),
        },
        {
          label: 'Of limit',
          isMinor: true,
          cell: (tenant) =>
            html`<span class="of-limit">
              ${meter(tenant.memoryBytes, tenant.memoryLimitBytes, 'Memory')}
              <span class="number">${format.bytes(tenant.memoryLimitBytes)}</span>
            </span>`,
        },
        {
          label: 'Calls',
          isNumber: true,
          sort: '-calls',
          cell: ({ calls }) => format.count(calls),
        },
        {
          label: 'Failed',
          isNumber: true,
          cell: ({ failedCalls, calls }) => format.percent(failedCalls, calls),
        },
        {
          label: 'Last call',
          isNumber: true,
          isMinor: true,
          cell: ({ lastCallAt }) => (lastCallAt ? format.ago(lastCallAt) : 'never'),
        },
        { label: '', cell: (tenant) => this.#actions(tenant) },
      ],
    });
  }

  /** @param {Tenant} tenant */
  #actions(tenant) {
    const isActive = tenant.state === 'active';
    return html`
      <span class="row-actions">
        <button
          type="button"
          class="plain"
          aria-label="${isActive ? 'Suspend' : 'Resume'} ${tenant.tenant}"
          @click=${() => this.#changeState(tenant)}
        >
          ${isActive ? 'Suspend' : 'Resume'}
        </button>
        <button
          type="button"
          class="plain danger-text"
          aria-label="Delete ${tenant.tenant}"
          @click=${() => deleteTenant(tenant.tenant, () => this.list.reload())}
        >
          Delete
        </button>
      </span>
    `;
  }

  /** @param {Tenant} tenant */
  async #changeState(tenant) {
    const changed = await setTenantState(tenant);
    if (changed) {
      this.list.patch((other) => other.tenant === tenant.tenant, changed);
    }
  }
}

customElements.define('cloister-tenants', Tenants);
