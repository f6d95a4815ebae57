import { fetchJson } from '../api.js';
import { Loader } from './loader.js';

/**
 * A list that the server pages by cursor. The cursors of the pages already seen are kept, which is
 * what makes the way back possible.
 *
 * @template T
 * @extends {Loader<import('../types.js').List<T>>}
 */
export class PagedList extends Loader {
  /** @type {string[]} cursor of every page up to this one; the first page has none */
  #cursors = [''];

  /**
   * @param {import('lit').ReactiveControllerHost} host
   * @param {() => {url: string, query?: Record<string, string | null | undefined>}} source
   * @param {number} [pageSize]
   */
  constructor(host, source, pageSize = 50) {
    super(host, (signal) => {
      const { url, query } = source();
      return fetchJson(url, { limit: pageSize, cursor: this.#cursors.at(-1), ...query }, signal);
    });
    this.pageSize = pageSize;
  }

  get items() {
    return this.value?.items ?? [];
  }

  get hasNext() {
    return Boolean(this.value?.next);
  }

  get hasPrevious() {
    return this.#cursors.length > 1;
  }

  /** Position of the first item of this page, counted from 1. */
  get from() {
    return (this.#cursors.length - 1) * this.pageSize + 1;
  }

  async reload() {
    await super.reload();
    if (this.value?.items.length === 0 && this.hasPrevious) {
      await this.previous();
    }
  }

  /** Back to the first page, for another search or order. */
  restart() {
    this.#cursors = [''];
    return this.reload();
  }

  next() {
    if (this.value?.next) {
      this.#cursors.push(this.value.next);
    }
    return this.reload();
  }

  previous() {
    this.#cursors.pop();
    return this.reload();
  }

  /**
   * Replaces one item in place, for an answer or a live event that is newer than the page.
   *
   * @param {(item: T) => boolean} matches
   * @param {T} item
   * @returns {boolean} whether this page has the item
   */
  patch(matches, item) {
    const index = this.items.findIndex(matches);
    if (this.value && index >= 0) {
      this.show({ ...this.value, items: this.items.with(index, item) });
    }
    return index >= 0;
  }

  /** @param {(item: T) => boolean} matches */
  remove(matches) {
    const items = this.items.filter((item) => !matches(item));
    const removed = this.items.length - items.length;
    if (this.value && removed > 0) {
      const total = this.value.total === undefined ? undefined : this.value.total - removed;
      this.show({ ...this.value, items, total });
    }
  }

  /** @param {T} item */
  prepend(item) {
    if (this.value) {
      const total = this.value.total === undefined ? undefined : this.value.total + 1;
      const items = [item, ...this.items].slice(0, this.pageSize);
      this.show({ ...this.value, items, total });
    }
  }
}
