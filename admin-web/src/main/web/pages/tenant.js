import { html, nothing } from 'lit';
import { fetchJson, path } from '../api.js';
import * as format from '../format.js';
import { go, href } from '../router.js';
import { isAdmin, isOperator } from '../session.js';
import { tenantBadge } from '../widgets/badge.js';
import { Loader } from '../widgets/loader.js';
import { Page, pageHead } from '../widgets/page.js';
import { tabs } from '../widgets/tabs.js';
import { deleteTenant, setTenantState } from './tenant-actions.js';
import './tenant-keys.js';
import './tenant-limits.js';
import './tenant-logs.js';
import './tenant-plugins.js';
import './tenant-usage.js';

/** @typedef {import('../types.js').Tenant} Tenant */

/** One tenant: what it holds, what it may, and what it is doing. */
class TenantPage extends Page {
  static properties = {
    session: { attribute: false },
    tenant: {},
    tab: {},
  };

  constructor() {
    super();
    /** @type {import('../types.js').Session} */
    this.session = { signedIn: false };
    this.tenant = '';
    this.tab = '';
    /** @type {Loader<Tenant>} */
    this.loader = new Loader(this, (signal) => fetchJson(path('tenants', this.tenant), {}, signal));
  }

  get heading() {
    return this.tenant;
  }

  connectedCallback() {
    super.connectedCallback();
    if (isAdmin(this.session)) {
      this.loader.reload();
    }
  }

  render() {
    const { session, tenant } = this;
    const tab = this.tab || 'plugins';
    const item = this.loader.value;
    return html`
      ${pageHead({
        title: tenant,
        trail: isOperator(session) ? [{ text: 'Tenants', segments: ['tenants'] }] : [],
        badge: item ? tenantBadge(item.state) : nothing,
        note: item?.createdAt ? `Created ${format.moment(item.createdAt)}` : undefined,
        actions: item && isOperator(session) ? this.#actions(item) : undefined,
      })}
      ${
        isAdmin(session)
          ? html`
              ${this.loader.problem ? nothing : tabs('Views of the tenant', this.#tabs(), tab)}
              ${this.loader.render(() => this.#view(tab))}
            `
          : this.#view('plugins')
      }
    `;
  }

  #tabs() {
    const tab = (/** @type {string} */ name, /** @type {string} */ text) => ({
      name,
      text,
      href: href(['tenants', this.tenant, ...(name === 'plugins' ? [] : [name])]),
    });
    return [
      tab('plugins', 'Plugins'),
      tab('usage', 'Usage'),
      tab('limits', 'Limits'),
      tab('keys', 'Keys'),
      tab('logs', 'Log'),
    ];
  }

  /** @param {string} tab */
  #view(tab) {
    const { tenant, session } = this;
    switch (tab) {
      case 'usage':
        return html`<cloister-tenant-usage .tenant=${tenant}></cloister-tenant-usage>`;
      case 'limits':
        return html`<cloister-tenant-limits
          .tenant=${tenant}
          .isOperator=${isOperator(session)}
        ></cloister-tenant-limits>`;
      case 'keys':
        return html`<cloister-tenant-keys .tenant=${tenant}></cloister-tenant-keys>`;
      case 'logs':
        return html`<cloister-tenant-logs .tenant=${tenant}></cloister-tenant-logs>`;
      default:
        return html`<cloister-tenant-plugins
          .tenant=${tenant}
          .isAdmin=${isAdmin(session)}
        ></cloister-tenant-plugins>`;
    }
  }

  /** @param {Tenant} item */
  #actions(item) {
    return html`
      <button type="button" @click=${() => this.#changeState(item)}>
        ${item.state === 'active' ? 'Suspend' : 'Resume'}
      </button>
      <button
        type="button"
        class="danger"
        @click=${() => deleteTenant(item.tenant, () => go(href(['tenants'])))}
      >
        Delete
      </button>
    `;
  }

  /** @param {Tenant} item */
  async #changeState(item) {
    const changed = await setTenantState(item);
    if (changed) {
      this.loader.show(changed);
    }
  }
}

customElements.define('cloister-tenant', TenantPage);
