import { html, nothing } from 'lit';
import { path } from '../api.js';
import * as format from '../format.js';
import { LiveController } from '../live.js';
import { href, replace } from '../router.js';
import { isOperator } from '../session.js';
import { badge } from '../widgets/badge.js';
import { copyButton } from '../widgets/copy.js';
import { figure } from '../widgets/figure.js';
import { icon } from '../widgets/icon.js';
import { stack } from '../widgets/meter.js';
import { Page, pageHead } from '../widgets/page.js';
import { PagedList } from '../widgets/paged-list.js';
import { pager } from '../widgets/pager.js';
import { empty } from '../widgets/state.js';
import { table } from '../widgets/table.js';

/** @typedef {import('../types.js').NativeModule} NativeModule */

/** Tenants named in a row; the others are in its details. */
const HOLDERS_IN_ROW = 3;
const TIERS = ['baseline', 'optimized', 'debug'];

/** The compiled modules that tenants share, as the engine has them at this moment. */
class NativeModules extends Page {
  static properties = {
    session: { attribute: false },
    query: { attribute: false },
    digest: {},
    unseen: { state: true },
  };

  constructor() {
    super();
    /** @type {import('../types.js').Session} */
    this.session = { signedIn: false };
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
    if (!isListed && this.list.value) {
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
          label="Find by script URL or digest"
          .value=${this.query.get('q') ?? ''}
          @search=${(/** @type {CustomEvent} */ event) => this.#search(event.detail)}
        ></cloister-search>
        ${this.unseen > 0
          ? html`<button type="button" @click=${() => this.#search(this.query.get('q') ?? '')}>
              ${format.count(this.unseen)} changed elsewhere, refresh
            </button>`
          : nothing}
        ${pager(this.list, 'modules')}
      </div>
      ${this.list.render(() => (this.list.items.length === 0 ? this.#empty() : this.#table()))}
    `;
  }

  #empty() {
    return this.query.get('q')
      ? empty({ title: 'No module matches', text: 'Search by a part of its script URL or digest.' })
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
      detail: (row) => (row.digest === this.digest ? this.#detail(row) : nothing),
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
        { label: 'Held by', cell: (row) => this.#holders(row, HOLDERS_IN_ROW) },
        { label: 'Tiers', isMinor: true, cell: tierSummary },
        {
          label: 'Compiled',
          isNumber: true,
          isMinor: true,
          title: 'Functions compiled so far; the others are compiled when first called',
          cell: ({ compiledFunctions, functions }) =>
            html`${format.count(compiledFunctions)}
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

  /**
   * @param {NativeModule} row
   * @param {number} most
   */
  #holders({ tenants = [], tenantsTotal = tenants.length }, most) {
    const named = tenants.slice(0, most);
    const others = Math.max(tenantsTotal, tenants.length) - named.length;
    return html`<span class="holders">
      ${named.map((tenant) => html`<a href=${href(['tenants', tenant])}>${tenant}</a>`)}
      ${others > 0 ? html`<span class="quiet">and ${format.count(others)} more</span>` : nothing}
      ${named.length === 0 ? html`<span class="quiet">nobody</span>` : nothing}
    </span>`;
  }

  /** @param {NativeModule} row */
  #detail(row) {
    const images = row.images ?? [];
    return html`
      <div class="module-detail">
        <dl class="pairs">
          <dt>Digest</dt>
          <dd class="mono">${row.digest} ${copyButton(row.digest, 'the digest')}</dd>
          <dt>Script</dt>
          <dd class="mono">${row.script} ${copyButton(row.script, 'the script URL')}</dd>
          <dt>${isOperator(this.session) ? 'Held by' : 'Held by you'}</dt>
          <dd>${this.#holders(row, Infinity)}</dd>
          <dt>Compiled</dt>
          <dd>${format.moment(row.compiledAt)}</dd>
          <dt>Functions by tier</dt>
          <dd>${tierBar(row)}</dd>
        </dl>
        ${images.length === 0
          ? html`<p class="hint">No code image: nothing of it has been called yet.</p>`
          : table({
              caption: 'Code images',
              rows: images,
              key: ({ kind, generation }) => `${kind} ${generation}`,
              columns: [
                { label: 'Image', cell: ({ kind }) => badge(kind, kind === 'debug' ? 'warn' : 'neutral') },
                { label: 'Generation', isNumber: true, cell: ({ generation }) => format.count(generation) },
                { label: 'Tier', cell: ({ tier }) => tier ?? format.UNKNOWN },
                { label: 'Functions', isNumber: true, cell: ({ functions }) => format.count(functions) },
                { label: 'Code', isNumber: true, cell: ({ codeBytes }) => format.bytes(codeBytes) },
                { label: 'Instances', isNumber: true, cell: ({ instances }) => format.count(instances) },
              ],
            })}
      </div>
    `;
  }
}

/** @param {NativeModule} row */
function tierSummary({ tiers = {} }) {
  const known = TIERS.filter((tier) => tiers[tier] > 0);
  return known.length === 0
    ? html`<span class="quiet">not yet called</span>`
    : known.map((tier) => html`<span class="tier">${format.count(tiers[tier])} ${tier}</span> `);
}

/** @param {NativeModule} row */
function tierBar({ tiers = {}, functions = 0 }) {
  const compiled = TIERS.map((tier, series) => ({ value: tiers[tier] ?? 0, series }));
  const rest = Math.max(0, functions - compiled.reduce((sum, { value }) => sum + value, 0));
  return html`
    ${stack([...compiled, { value: rest, series: 'rest' }], 'Functions by tier')}
    <ul class="legend">
      ${TIERS.map(
        (tier, series) => html`<li>
          <span class="swatch swatch-${series}"></span>${tier}
          <span class="number">${format.count(tiers[tier] ?? 0)}</span>
        </li>`,
      )}
      <li>
        <span class="swatch swatch-rest"></span>not compiled
        <span class="number">${format.count(rest)}</span>
      </li>
    </ul>
  `;
}

customElements.define('cloister-native-modules', NativeModules);
