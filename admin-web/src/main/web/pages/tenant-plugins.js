import { html } from 'lit';
import { path } from '../api.js';
import * as format from '../format.js';
import { href } from '../router.js';
import { badge } from '../widgets/badge.js';
import { LightElement } from '../widgets/element.js';
import { figure } from '../widgets/figure.js';
import { panel } from '../widgets/page.js';
import { PagedList } from '../widgets/paged-list.js';
import { pager } from '../widgets/pager.js';
import { empty } from '../widgets/state.js';
import { table } from '../widgets/table.js';
import './upload.js';

/** @typedef {import('../types.js').Plugin} Plugin */

/** The plugins of a tenant, and the way to add one. */
class TenantPlugins extends LightElement {
  static properties = {
    tenant: {},
    isAdmin: { type: Boolean },
    text: { state: true },
    isUploading: { state: true },
  };

  constructor() {
    super();
    this.tenant = '';
    this.isAdmin = false;
    this.text = '';
    this.isUploading = false;
    /** @type {PagedList<Plugin>} */
    this.list = new PagedList(this, () => ({
      url: path('tenants', this.tenant, 'plugins'),
      query: { q: this.text },
    }));
  }

  connectedCallback() {
    super.connectedCallback();
    this.list.reload();
  }

  render() {
    return html`
      ${
        this.isUploading
          ? panel({
              title: 'Upload a plugin',
              actions: html`<button type="button" @click=${() => (this.isUploading = false)}>
                Close
              </button>`,
              body: html`<cloister-upload
                .tenant=${this.tenant}
                @uploaded=${() => this.list.reload()}
              ></cloister-upload>`,
            })
          : ''
      }
      ${panel({
        title: 'Plugins',
        actions: html`
          <cloister-search
            label="Find plugins"
            .value=${this.text}
            @search=${this.#search}
          ></cloister-search>
          ${
            this.isAdmin && !this.isUploading
              ? html`<button
                  type="button"
                  class="primary"
                  @click=${() => (this.isUploading = true)}
                >
                  Upload plugin
                </button>`
              : ''
          }
        `,
        body: this.list.render(() =>
          this.list.items.length === 0
            ? this.#empty()
            : html`${this.#table()}
                <div class="panel-foot">${pager(this.list, 'plugins')}</div>`,
        ),
      })}
    `;
  }

  /** @param {CustomEvent} event */
  #search(event) {
    this.text = event.detail;
    this.list.restart();
  }

  #empty() {
    return this.text
      ? empty({ title: 'No plugin matches', text: 'Names are matched by any part of them.' })
      : empty({
          title: 'No plugins yet',
          text: this.isAdmin
            ? 'Upload a WebAssembly module. It is compiled while it arrives.'
            : 'A key with the role tenant-admin can upload one.',
        });
  }

  #table() {
    return table({
      caption: 'Plugins',
      rows: this.list.items,
      key: ({ plugin }) => plugin,
      columns: [
        {
          label: 'Plugin',
          cell: ({ plugin }) =>
            html`<a href=${href(['tenants', this.tenant, 'plugins', plugin])}>${plugin}</a>`,
        },
        { label: 'ABI', cell: ({ abi }) => badge(abi ?? 'unknown') },
        {
          label: 'Live version',
          cell: ({ live }) =>
            live
              ? html`<span class="mono" title=${live}>${format.shortDigest(live)}</span>`
              : badge('none live', 'warn'),
        },
        { label: 'Versions', isNumber: true, cell: ({ versions }) => format.count(versions) },
        {
          label: 'Size',
          isNumber: true,
          cell: ({ sizeBytes }) => figure(format.bytesFigure(sizeBytes)),
        },
        { label: 'Calls', isNumber: true, isMinor: true, cell: ({ calls }) => format.count(calls) },
        {
          label: 'Updated',
          isNumber: true,
          isMinor: true,
          cell: ({ updatedAt }) =>
            html`<span title=${format.moment(updatedAt)}>${format.ago(updatedAt)}</span>`,
        },
      ],
    });
  }
}

customElements.define('cloister-tenant-plugins', TenantPlugins);
