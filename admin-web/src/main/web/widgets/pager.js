import { html, nothing } from 'lit';
import { count } from '../format.js';
import { icon } from './icon.js';

/**
 * Which part of a list is in view, and the ways to its neighbours.
 *
 * @param {import('./paged-list.js').PagedList<any>} list
 * @param {string} noun plural of what is listed
 */
export function pager(list, noun) {
  const { from, items, hasNext, hasPrevious } = list;
  if (items.length === 0) {
    return nothing;
  }
  const total = list.value?.total;
  const range = `${count(from)}–${count(from + items.length - 1)}`;
  const isWhole = !hasNext && !hasPrevious;
  return html`
    <nav class="pager" aria-label="Pages of ${noun}">
      <span aria-live="polite">
        ${isWhole ? count(items.length) : range}
        ${isWhole || total === undefined ? noun : `of ${count(total)} ${noun}`}
      </span>
      ${
        isWhole
          ? nothing
          : html`
              <button type="button" ?disabled=${!hasPrevious} @click=${() => list.previous()}>
                ${icon('back')} Previous
              </button>
              <button type="button" ?disabled=${!hasNext} @click=${() => list.next()}>
                Next ${icon('forward')}
              </button>
            `
      }
    </nav>
  `;
}
