import { html, nothing } from 'lit';
import { path } from '../api.js';
import * as format from '../format.js';
import { LiveController, live } from '../live.js';
import { href, replace } from '../router.js';
import { badge } from '../widgets/badge.js';
import { figure } from '../widgets/figure.js';
import { icon } from '../widgets/icon.js';
import { Page, pageHead } from '../widgets/page.js';
import { PagedList } from '../widgets/paged-list.js';
import { pager } from '../widgets/pager.js';
import { empty } from '../widgets/state.js';
import { table } from '../widgets/table.js';
import { holders, moduleDetail, tierSummary } from './native-module-parts.js';

/** @typedef {import('../types.js').NativeModule} NativeModule */

/** Tenants named in a row; the others are in its details. */
const HOLDERS_IN_ROW = 3;

/** The compiled modules that tenants share, as the engine has them at this moment. */
class NativeModules extends Page {
  static properties = {
    query: { attribute: false },
    digest: {},
    unseen: { state: true },
  };

  constructor() {
    super();
    this.query = new URLSearchParams();
    this.digest = '';
    /** New modules that the page in view does not list. */
    this.unseen = 0;
    /** @type {PagedList<NativeModule>} */
    this.list = new PagedList(this, () => ({
      url: path('engine', 'native-modules'),
      query: { q: this.query.get('q') },
    }));
    new LiveController(this, {
      'native-module': (row) => this.#changed(row),
      state: (state) => state === 'open' && this.list.reload(),
      'native-module-removed': ({ digest }) => this.list.remove((row) => row.digest === digest),
    });
  }

  get heading() {
    return 'Native modules';
  }

  /** @param {import('lit').PropertyValues} changed */
  willUpdate(changed) {
    if (changed.has('query')) {
      this.unseen = 0;
      this.list.restart();
    }
  }

  /** @param {NativeModule} row */
  #changed(row) {
    const isListed = this.list.patch((other) => other.digest === row.digest, row);
    if (!isListed && live.isSettled && this.list.value) {
      const showsAll = !this.list.hasNext && !this.list.hasPrevious && !this.query.get('q');
      if (showsAll) {
        this.list.prepend(row);
      } else {
        this.unseen++;
      }
    }
  }

  /** @param {string} digest of the open row, or none */
  #open(digest) {
    this.digest = this.digest === digest ? '' : digest;
    const segments = ['native-modules', ...(this.digest ? [this.digest] : [])];
    replace(href(segments, { q: this.query.get('q') }));
  }

  /** @param {string} q */
  #search(q) {
    replace(href(['native-modules'], { q }));
    this.query = new URLSearchParams({ q });
  }

  render() {
    return html`
      ${pageHead({
        title: 'Native modules',
        note: 'Equal modules are compiled once and shared; memory and state never are.',
      })}
      <div class="toolbar">
        <cloister-search
          label="Find by script URL, digest or tenant"
          .value=${this.query.get('q') ?? ''}
          @search=${(/** @type {CustomEvent} */ event) => this.#search(event.detail)}
        ></cloister-search>
        ${
          this.unseen > 0
            ? html`<button type="button" @click=${() => this.#search(this.query.get('q') ?? '')}>
                ${format.count(this.unseen)} changed elsewhere, refresh
              </button>`
            : nothing
        }
        ${pager(this.list, 'modules')}
      </div>
      ${this.list.render(() => (this.list.items.length === 0 ? this.#empty() : this.#table()))}
    `;
  }

  #empty() {
    return this.query.get('q')
      ? empty({
          title: 'No module matches',
          text: 'Search by a part of its script URL or digest, or by a tenant.',
        })
      : empty({
          title: 'No native modules',
          text: 'The first plugin that is uploaded appears here as soon as it is compiled.',
        });
  }

  #table() {
    return table({
      caption: 'Native modules',
      rows: this.list.items,
      key: ({ digest }) => digest,
      detail: (row) => (row.digest === this.digest ? moduleDetail(row) : nothing),
      columns: [
        {
          label: 'Script',
          cell: (row) => html`
            <button
              type="button"
              class="expander"
              aria-expanded=${row.digest === this.digest}
              @click=${() => this.#open(row.digest)}
            >
              ${icon('forward')}<span class="mono">${row.script}</span>
            </button>
          `,
        },
        {
          label: 'References',
          isNumber: true,
          title: 'Plugin versions that hold the module',
          cell: ({ references }) => format.count(references),
        },
        { label: 'Held by', cell: (row) => holders(row, HOLDERS_IN_ROW) },
        { label: 'Tiers', isMinor: true, cell: tierSummary },
        {
          label: 'Functions',
          isNumber: true,
          isMinor: true,
          title: 'Functions; where known, how many of them are compiled so far',
          cell: ({ compiledFunctions, functions }) =>
            compiledFunctions === undefined
              ? format.count(functions)
              : html`${format.count(compiledFunctions)}
                  <span class="quiet">/ ${format.count(functions)}</span>`,
        },
        {
          label: 'Wire',
          isNumber: true,
          title: 'Bytes of the module as uploaded',
          cell: ({ wireBytes }) => figure(format.bytesFigure(wireBytes)),
        },
        {
          label: 'Code',
          isNumber: true,
          title: 'Bytes of generated code',
          cell: ({ codeBytes }) => figure(format.bytesFigure(codeBytes)),
        },
        {
          label: 'Metadata',
          isNumber: true,
          title: 'Bytes kept beside the code',
          cell: ({ metadataBytes }) => figure(format.bytesFigure(metadataBytes)),
        },
        {
          label: '',
          cell: ({ logging, debugging }) => html`
            ${debugging ? badge('debugging', 'warn') : nothing}
            ${logging ? badge('logging', 'accent') : nothing}
          `,
        },
      ],
    });
  }
}

customElements.define('cloister-native-modules', NativeModules);
