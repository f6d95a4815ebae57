import { html } from 'lit';
import { call, fetchJson, path } from '../api.js';
import * as format from '../format.js';
import { badge } from '../widgets/badge.js';
import { copyButton } from '../widgets/copy.js';
import { ask } from '../widgets/dialog.js';
import { LightElement } from '../widgets/element.js';
import { Loader } from '../widgets/loader.js';
import { panel } from '../widgets/page.js';
import { empty } from '../widgets/state.js';
import { table } from '../widgets/table.js';
import { toast } from '../widgets/toast.js';

/** @typedef {import('../types.js').Key} Key */

/** The keys of a tenant. A key is shown once, when it is made; the server keeps only a hash. */
class TenantKeys extends LightElement {
  static properties = { tenant: {} };

  constructor() {
    super();
    this.tenant = '';
    /** @type {Loader<import('../types.js').List<Key>>} */
    this.loader = new Loader(this, (signal) =>
      fetchJson(path('tenants', this.tenant, 'keys'), { limit: 500 }, signal),
    );
  }

  connectedCallback() {
    super.connectedCallback();
    this.loader.reload();
  }

  render() {
    const create = html`<button type="button" class="primary" @click=${this.#create}>
      Create key
    </button>`;
    return panel({
      title: 'Keys',
      note: 'who may act for this tenant',
      actions: create,
      body: this.loader.render(
        ({ items }) =>
          items.length === 0
            ? empty({
                title: 'No keys yet',
                text: 'Without a key of its own only the operator can use this tenant.',
              })
            : this.#table(items),
        4,
      ),
    });
  }

  /** @param {Key[]} keys */
  #table(keys) {
    return table({
      caption: 'Keys',
      rows: keys,
      key: ({ id }) => id,
      columns: [
        { label: 'Key', cell: ({ id }) => html`<span class="mono">${id}</span>` },
        {
          label: 'Role',
          cell: ({ role }) => badge(role, role === 'invoker' ? 'neutral' : 'accent'),
        },
        { label: 'Created', cell: ({ createdAt }) => format.moment(createdAt) },
        {
          label: 'Last used',
          cell: ({ lastUsedAt }) => (lastUsedAt ? format.ago(lastUsedAt) : 'never'),
        },
        {
          label: '',
          cell: ({ id }) =>
            html`<span class="row-actions">
              <button
                type="button"
                class="plain danger-text"
                aria-label="Delete key ${id}"
                @click=${() => this.#delete(id)}
              >
                Delete
              </button>
            </span>`,
        },
      ],
    });
  }

  async #create() {
    /** @type {{id: string, key: string} | null} */
    let created = null;
    await ask({
      title: `Create a key for ${this.tenant}`,
      action: 'Create key',
      body: html`
        <fieldset class="choices">
          <legend>It may</legend>
          <label>
            <input type="radio" name="role" value="invoker" checked />
            <span><strong>invoker</strong> call plugins and read their descriptions</span>
          </label>
          <label>
            <input type="radio" name="role" value="tenant-admin" />
            <span><strong>tenant-admin</strong> do everything inside the tenant</span>
          </label>
        </fieldset>
      `,
      submit: async (form) => {
        const json = { role: form.get('role') };
        created = await call('POST', path('tenants', this.tenant, 'keys'), { json });
      },
    });
    if (created) {
      this.loader.reload();
      await showOnce(created);
    }
  }

  /** @param {string} id */
  async #delete(id) {
    const deleted = await ask({
      title: 'Delete this key',
      danger: true,
      action: 'Delete key',
      body: html`<p>
        Whoever uses <strong class="mono">${id}</strong> is refused from now on, and signed out.
      </p>`,
      submit: () => call('DELETE', path('tenants', this.tenant, 'keys', id)),
    });
    if (deleted) {
      toast('Key deleted');
      this.loader.reload();
    }
  }
}

/** @param {{id: string, key: string}} created */
const showOnce = ({ key }) =>
  ask({
    title: 'Copy the key now',
    action: 'I have it',
    cancel: null,
    body: html`
      <p>It is shown this one time. The server keeps a hash of it and cannot show it again.</p>
      <p class="secret"><code data-secret>${key}</code>${copyButton(key, 'the key')}</p>
    `,
  });

customElements.define('cloister-tenant-keys', TenantKeys);
