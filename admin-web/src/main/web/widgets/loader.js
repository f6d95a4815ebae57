import { ApiProblem } from '../api.js';
import { loading, problemState } from './state.js';

/**
 * One thing fetched from the server for a page: fetched when the page appears, again on `reload`,
 * and given up when the page goes away. An older answer never overtakes a newer one.
 *
 * @template T
 */
export class Loader {
  /** @type {T | null} */
  value = null;
  /** @type {ApiProblem | null} */
  problem = null;
  #abort = new AbortController();

  /**
   * @param {import('lit').ReactiveControllerHost} host
   * @param {(signal: AbortSignal) => Promise<T>} fetcher
   */
  constructor(host, fetcher) {
    this.host = host;
    this.fetcher = fetcher;
    host.addController(this);
  }

  hostDisconnected() {
    this.#abort.abort();
  }

  /** Forgets the value, for a page that now shows another thing. */
  clear() {
    this.#abort.abort();
    this.value = null;
    this.problem = null;
  }

  /** Shows a value that is newer than the one fetched. @param {T} value */
  show(value) {
    this.value = value;
    this.problem = null;
    this.host.requestUpdate();
  }

  async reload() {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const value = await this.fetcher(abort.signal);
      if (!abort.signal.aborted) {
        this.show(value);
      }
    } catch (error) {
      if (abort.signal.aborted) {
        return;
      }
      if (!(error instanceof ApiProblem)) {
        throw error;
      }
      this.problem = error;
      this.host.requestUpdate();
    }
  }

  /**
   * @param {(value: T) => unknown} ready renders the value
   * @param {number} [skeletonRows] how much room the value will probably take
   */
  render(ready, skeletonRows = 6) {
    if (this.problem) {
      return problemState(this.problem, () => this.reload());
    }
    return this.value === null ? loading(skeletonRows) : ready(this.value);
  }
}
