import { html } from 'lit';
import { call, path } from '../api.js';
import * as format from '../format.js';
import { badge } from '../widgets/badge.js';
import { copyButton } from '../widgets/copy.js';
import { LightElement } from '../widgets/element.js';
import { figure } from '../widgets/figure.js';
import { panel } from '../widgets/page.js';
import { PagedList } from '../widgets/paged-list.js';
import { pager } from '../widgets/pager.js';
import { empty } from '../widgets/state.js';
import { table } from '../widgets/table.js';
import { announced } from '../widgets/toast.js';
import './upload.js';

/** @typedef {import('../types.js').Version} Version */

/**
 * The versions of a plugin, which never change; what changes is which of them calls use. Emits
 * `changed` when that happened.
 */
class PluginVersions extends LightElement {
  static properties = { tenant: {}, plugin: {}, isAdmin: { type: Boolean } };

  constructor() {
    super();
    this.tenant = '';
    this.plugin = '';
    this.isAdmin = false;
    /** @type {PagedList<Version>} */
    this.list = new PagedList(this, () => ({ url: this.#path('versions') }));
  }

  /** @param {...string} segments below the plugin */
  #path(...segments) {
    return path('tenants', this.tenant, 'plugins', this.plugin, ...segments);
  }

  connectedCallback() {
    super.connectedCallback();
    this.list.reload();
  }

  render() {
    return html`
      ${
        this.isAdmin
          ? panel({
              title: 'Upload a version',
              body: html`<cloister-upload
                .tenant=${this.tenant}
                .plugin=${this.plugin}
                @uploaded=${this.#changed}
              ></cloister-upload>`,
            })
          : ''
      }
      ${panel({
        title: 'Versions',
        note: 'newest first',
        body: this.list.render(() =>
          this.list.items.length === 0
            ? empty({ title: 'No versions', text: 'Upload one to call this plugin.' })
            : html`${this.#table()}
                <div class="panel-foot">${pager(this.list, 'versions')}</div>`,
        ),
      })}
    `;
  }

  #changed() {
    this.list.reload();
    this.dispatchEvent(new CustomEvent('changed'));
  }

  #table() {
    return table({
      caption: 'Versions',
      rows: this.list.items,
      key: ({ version }) => version,
      columns: [
        {
          label: 'Version',
          cell: ({ version }) => html`
            <span class="mono" title=${version}>${format.shortDigest(version)}</span>
            ${copyButton(version, 'the digest')}
          `,
        },
        { label: '', cell: ({ live }) => (live ? badge('live', 'good') : '') },
        { label: 'ABI', cell: ({ abi }) => badge(abi ?? 'unknown') },
        {
          label: 'Size',
          isNumber: true,
          cell: ({ sizeBytes }) => figure(format.bytesFigure(sizeBytes)),
        },
        { label: 'Uploaded', cell: ({ createdAt }) => format.moment(createdAt) },
        {
          label: 'Script',
          isMinor: true,
          cell: ({ script }) => html`<span class="mono">${script}</span>`,
        },
        {
          label: '',
          cell: ({ version, live }) =>
            this.isAdmin && !live
              ? html`<span class="row-actions">
                  <button
                    type="button"
                    class="plain"
                    aria-label="Make ${format.shortDigest(version)} live"
                    @click=${() => this.#makeLive(version)}
                  >
                    Make live
                  </button>
                </span>`
              : '',
        },
      ],
    });
  }

  /** @param {string} version */
  async #makeLive(version) {
    const isDone = await announced(
      () =>
        call('PUT', this.#path('aliases', 'live'), {
          json: { targets: [{ version, weight: 100 }] },
        }),
      `Calls now use ${format.shortDigest(version)}`,
    );
    if (isDone) {
      this.#changed();
    }
  }
}

customElements.define('cloister-plugin-versions', PluginVersions);
