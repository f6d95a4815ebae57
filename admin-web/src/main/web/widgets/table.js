import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';

/**
 * @template T
 * @typedef {object} Column
 * @property {string} label
 * @property {(row: T) => unknown} cell
 * @property {boolean} [isNumber] figures stand at the right, under each other
 * @property {string} [sort] what the server calls the order by this column
 * @property {string} [title] what the figure means
 * @property {boolean} [isMinor] may go when the window is narrow
 */

/**
 * @template T
 * @typedef {object} TableOptions
 * @property {string} caption for people who cannot see the table
 * @property {Column<T>[]} columns
 * @property {T[]} rows
 * @property {(row: T) => string} key
 * @property {string} [sort] order in force
 * @property {(sort: string) => void} [onSort]
 * @property {(row: T) => unknown} [detail] an open row's details, or `nothing`
 */

/**
 * A table. Its columns decide what a row looks like; the server decides which rows there are.
 *
 * @template T
 * @param {TableOptions<T>} options
 */
export function table({ caption, columns, rows, key, sort, onSort, detail = () => nothing }) {
  const row = (/** @type {T} */ item) => {
    const more = detail(item);
    return html`
      <tr class=${more === nothing ? '' : 'is-open'}>
        ${columns.map((column) => html`<td class=${cellClass(column)}>${column.cell(item)}</td>`)}
      </tr>
      ${
        more === nothing
          ? nothing
          : html`<tr class="detail">
              <td colspan=${columns.length}>${more}</td>
            </tr>`
      }
    `;
  };
  return html`
    <div class="table-frame" tabindex="-1">
      <table class="table" @keydown=${moveByArrow}>
        <caption class="visually-hidden">
          ${caption}
        </caption>
        <thead>
          <tr>
            ${columns.map((column) => heading(column, sort, onSort))}
          </tr>
        </thead>
        <tbody>
          ${repeat(rows, key, row)}
        </tbody>
      </table>
    </div>
  `;
}

/**
 * @param {Column<any>} column
 * @param {string | undefined} current
 * @param {((sort: string) => void) | undefined} onSort
 */
function heading(column, current, onSort) {
  const isCurrent = column.sort !== undefined && column.sort === current;
  const order = column.sort?.startsWith('-') ? 'descending' : 'ascending';
  return html`
    <th
      scope="col"
      class=${cellClass(column)}
      title=${column.title ?? nothing}
      aria-sort=${column.sort === undefined ? nothing : isCurrent ? order : 'none'}
    >
      ${
        column.sort === undefined
          ? column.label
          : html`<button type="button" class="sort" @click=${() => onSort?.(column.sort ?? '')}>
              ${column.label}
            </button>`
      }
    </th>
  `;
}

/** @param {Column<any>} column */
const cellClass = ({ isNumber, isMinor }) =>
  [isNumber && 'number', isMinor && 'minor'].filter(Boolean).join(' ');

/** Up and down move between the first links or buttons of the rows. @param {KeyboardEvent} event */
function moveByArrow(event) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') {
    return;
  }
  const target = /** @type {HTMLElement} */ (event.target);
  const row = target.closest('tbody tr');
  if (row === null || target.matches('input, select, textarea')) {
    return;
  }
  const rows = [...(row.parentElement?.querySelectorAll('tr:not(.detail)') ?? [])];
  const next = rows[rows.indexOf(row) + (event.key === 'ArrowDown' ? 1 : -1)];
  /** @type {HTMLElement | null | undefined} */
  const focusable = next?.querySelector('a, button');
  if (focusable) {
    event.preventDefault();
    focusable.focus();
  }
}
