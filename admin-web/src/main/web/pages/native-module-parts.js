import { html, nothing } from 'lit';
import * as format from '../format.js';
import { href } from '../router.js';
import { badge } from '../widgets/badge.js';
import { copyButton } from '../widgets/copy.js';
import { stack } from '../widgets/meter.js';
import { table } from '../widgets/table.js';

/**
 * @typedef {import('../types.js').NativeModule} NativeModule
 * @typedef {import('../types.js').CodeImage} CodeImage
 */

const TIERS = ['baseline', 'optimized', 'debug'];

/**
 * Who holds a module, by name as far as there is room.
 *
 * @param {NativeModule} row
 * @param {number} most
 */
export function holders({ tenants = [], tenantsTotal = tenants.length }, most) {
  const named = tenants.slice(0, most);
  const others = Math.max(tenantsTotal, tenants.length) - named.length;
  return html`<span class="holders">
    ${named.map((tenant) => html`<a href=${href(['tenants', tenant])}>${tenant}</a>`)}
    ${others > 0 ? html`<span class="quiet">and ${format.count(others)} more</span>` : nothing}
    ${named.length === 0 ? html`<span class="quiet">nobody</span>` : nothing}
  </span>`;
}

/** What an open row shows. @param {NativeModule} row */
export function moduleDetail(row) {
  const images = row.images ?? [];
  return html`
    <div class="module-detail">
      <dl class="pairs">
        <dt>Digest</dt>
        <dd class="mono">${row.digest} ${copyButton(row.digest, 'the digest')}</dd>
        <dt>Script</dt>
        <dd class="mono">${row.script} ${copyButton(row.script, 'the script URL')}</dd>
        <dt>Held by</dt>
        <dd>${holders(row, Infinity)}</dd>
        ${
          row.compiledAt
            ? html`<dt>Compiled</dt>
                <dd>${format.moment(row.compiledAt)}</dd>`
            : nothing
        }
        ${
          row.tiers
            ? html`<dt>Functions by tier</dt>
                <dd>${tierBar(row.tiers, row.functions ?? 0)}</dd>`
            : nothing
        }
      </dl>
      ${
        images.length === 0
          ? html`<p class="hint">No code image: nothing of it has been called yet.</p>`
          : imageTable(images)
      }
    </div>
  `;
}

/** @param {CodeImage[]} images */
function imageTable(images) {
  /** @type {import('../widgets/table.js').Column<CodeImage>[]} */
  const columns = [
    {
      label: 'Image',
      cell: ({ kind, current }) =>
        html`${badge(kind, kind === 'debug' ? 'warn' : 'neutral')}
        ${current ? badge('current', 'good') : nothing}`,
    },
    {
      label: 'Generation',
      isNumber: true,
      cell: ({ generation }) => format.count(generation),
    },
    { label: 'Tier', cell: ({ tier }) => tier ?? format.UNKNOWN },
    { label: 'Functions', isNumber: true, cell: ({ functions }) => format.count(functions) },
    { label: 'Instances', isNumber: true, cell: ({ instances }) => format.count(instances) },
    { label: 'Code', isNumber: true, cell: ({ codeBytes }) => format.bytes(codeBytes) },
  ];
  const isKnown = {
    Functions: images.some(({ functions }) => functions !== undefined),
    Instances: images.some(({ instances }) => instances !== undefined),
  };
  return table({
    caption: 'Code images',
    rows: images,
    key: ({ kind, generation }) => `${kind} ${generation}`,
    columns: columns.filter(
      ({ label }) => isKnown[/** @type {keyof typeof isKnown} */ (label)] ?? true,
    ),
  });
}

/**
 * The tiers a module is in, with the number of functions in each where it is known.
 *
 * @param {NativeModule} row
 */
export function tierSummary({ tiers, images = [] }) {
  const known = tiers
    ? TIERS.filter((tier) => tiers[tier] > 0).map((tier) => `${format.count(tiers[tier])} ${tier}`)
    : [...new Set(images.flatMap(({ tier }) => tier ?? []))];
  return known.length === 0
    ? html`<span class="quiet">not yet called</span>`
    : known.map((text) => html`<span class="tier">${text}</span> `);
}

/**
 * @param {Record<string, number>} tiers
 * @param {number} functions
 */
function tierBar(tiers, functions) {
  const compiled = TIERS.map((tier, series) => ({ value: tiers[tier] ?? 0, series }));
  const rest = Math.max(0, functions - compiled.reduce((sum, { value }) => sum + value, 0));
  return html`
    ${stack([...compiled, { value: rest, series: 'rest' }], 'Functions by tier')}
    <ul class="legend">
      ${TIERS.map(
        (tier, series) =>
          html`<li>
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
