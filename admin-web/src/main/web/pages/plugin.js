import { html, nothing } from 'lit';
import { call, fetchJson, path } from '../api.js';
import * as format from '../format.js';
import { go, href } from '../router.js';
import { isAdmin, isOperator } from '../session.js';
import { badge } from '../widgets/badge.js';
import { copyButton } from '../widgets/copy.js';
import { askToDestroy } from '../widgets/dialog.js';
import { Loader } from '../widgets/loader.js';
import { Page, pageHead, panel } from '../widgets/page.js';
import { empty } from '../widgets/state.js';
import { table } from '../widgets/table.js';
import { tabs } from '../widgets/tabs.js';
import { toast } from '../widgets/toast.js';
import './plugin-versions.js';
import './try-call.js';

/**
 * @typedef {import('../types.js').Plugin} Plugin
 * @typedef {import('../types.js').Extern} Extern
 */

/** One plugin: what it offers and needs, its versions, and a form to call it. */
class PluginPage extends Page {
  static properties = {
    session: { attribute: false },
    tenant: {},
    plugin: {},
    tab: {},
  };

  constructor() {
    super();
    /** @type {import('../types.js').Session} */
    this.session = { signedIn: false };
    this.tenant = '';
    this.plugin = '';
    this.tab = '';
    /** @type {Loader<Plugin>} */
    this.loader = new Loader(this, (signal) => fetchJson(this.#url(), {}, signal));
  }

  #url() {
    return path('tenants', this.tenant, 'plugins', this.plugin);
  }

  get heading() {
    return `${this.plugin} · ${this.tenant}`;
  }

  connectedCallback() {
    super.connectedCallback();
    this.loader.reload();
  }

  render() {
    const item = this.loader.value;
    const tab = this.tab || 'call';
    const tenants = isOperator(this.session) ? [{ text: 'Tenants', segments: ['tenants'] }] : [];
    return html`
      ${pageHead({
        title: this.plugin,
        trail: [...tenants, { text: this.tenant, segments: ['tenants', this.tenant] }],
        badge: item?.abi ? badge(item.abi, 'accent') : nothing,
        note: item ? this.#note(item) : undefined,
        actions:
          item && isAdmin(this.session)
            ? html`<button type="button" class="danger" @click=${this.#delete}>Delete</button>`
            : undefined,
      })}
      ${this.loader.problem ? nothing : tabs('Views of the plugin', this.#tabs(), tab)}
      ${this.loader.render((plugin) => this.#view(tab, plugin))}
    `;
  }

  /** @param {Plugin} item */
  #note({ script, sizeBytes }) {
    return html`
      ${
        script
          ? html`<span class="mono">${script}</span>${copyButton(script, 'the script URL')}`
          : nothing
      }
      ${format.bytes(sizeBytes)}
    `;
  }

  #tabs() {
    const tab = (/** @type {string} */ name, /** @type {string} */ text) => ({
      name,
      text,
      href: href([
        'tenants',
        this.tenant,
        'plugins',
        this.plugin,
        ...(name === 'call' ? [] : [name]),
      ]),
    });
    return [tab('call', 'Try it'), tab('versions', 'Versions'), tab('interface', 'Interface')];
  }

  /**
   * @param {string} tab
   * @param {Plugin} plugin
   */
  #view(tab, plugin) {
    switch (tab) {
      case 'versions':
        return html`<cloister-plugin-versions
          .tenant=${this.tenant}
          .plugin=${this.plugin}
          .isAdmin=${isAdmin(this.session)}
          @changed=${() => this.loader.reload()}
        ></cloister-plugin-versions>`;
      case 'interface':
        return this.#interface(plugin);
      default:
        return plugin.live
          ? html`<cloister-try-call .tenant=${this.tenant} .plugin=${plugin}></cloister-try-call>`
          : empty({
              title: 'No version is live',
              text: 'Calls need a version. Make one live under Versions.',
            });
    }
  }

  /** @param {Plugin} plugin */
  #interface({ imports = [], exports = [] }) {
    return html`
      <div class="columns">
        ${panel({
          title: 'Exports',
          note: format.count(exports.length),
          body: externTable('Exports', exports, 'The module exports nothing.'),
        })}
        ${panel({
          title: 'Imports',
          note: format.count(imports.length),
          body: externTable(
            'Imports',
            imports,
            'The module imports nothing: it can do nothing but compute.',
          ),
        })}
      </div>
    `;
  }

  async #delete() {
    const deleted = await askToDestroy({
      title: `Delete ${this.plugin}`,
      text: 'All its versions and aliases are deleted; calls that run are finished.',
      name: this.plugin,
      action: 'Delete plugin',
      submit: () => call('DELETE', this.#url()),
    });
    if (deleted) {
      toast(`Deleted ${this.plugin}`);
      go(href(['tenants', this.tenant]));
    }
  }
}

/**
 * @param {string} caption
 * @param {Extern[]} externs
 * @param {string} none
 */
const externTable = (caption, externs, none) =>
  externs.length === 0
    ? empty({ title: none })
    : table({
        caption,
        rows: externs,
        key: ({ module, name, kind }) => JSON.stringify([module, name, kind]),
        columns: [
          {
            label: 'Name',
            cell: ({ module, name }) => {
              const prefix = module && html`<span class="quiet">${module}.</span>`;
              return html`<span class="mono">${prefix ?? nothing}${name}</span>`;
            },
          },
          { label: 'Kind', cell: ({ kind }) => kind },
          {
            label: 'Type',
            cell: (item) => html`<span class="mono">${format.signature(item)}</span>`,
          },
        ],
      });

customElements.define('cloister-plugin', PluginPage);
