/**
 * The live figures: one stream of engine events for the whole console, and the last minutes of it,
 * so that every page opens with a history to draw.
 */
import { path } from './api.js';
import { EventStream } from './event-stream.js';

/**
 * @typedef {import('./types.js').Statistics} Statistics
 * @typedef {import('./types.js').NativeModule} NativeModule
 *
 * @typedef {object} Sample
 * @property {Statistics} statistics
 * @property {number} atMillis
 * @property {number | null} callsPerSecond
 * @property {number | null} failuresPerSecond
 */

/** Five minutes at one sample per second. */
const MAX_SAMPLES = 300;

/** Outcomes of a call that count as failures: everything that is not `ok`. */
export const FAILURES = ['trap', 'limit', 'deadline', 'exit', 'rateLimited', 'overloaded', 'error'];

/** Emits `statistics`, `native-module`, `native-module-removed` and `state` events. */
class Live extends EventTarget {
  /** @type {Sample[]} */
  samples = [];
  /** @type {import('./event-stream.js').StreamState} */
  state = 'connecting';
  /** @type {EventStream | null} */
  #stream = null;
  #ticks = 0;

  /**
   * Whether module events tell of changes. A connection begins with every row there is; those come
   * before the second statistics.
   */
  get isSettled() {
    return this.#ticks > 1;
  }

  open() {
    this.#stream?.close();
    this.samples = [];
    this.#stream = new EventStream(
      path('engine', 'events'),
      {
        statistics: (statistics) => this.#add(statistics),
        'native-module': (row) => this.#emit('native-module', row),
        'native-module-removed': (row) => this.#emit('native-module-removed', row),
      },
      (state) => {
        this.state = state;
        this.#ticks = state === 'open' ? 0 : this.#ticks;
        this.#emit('state', state);
      },
    );
    this.state = this.#stream.state;
  }

  close() {
    this.#stream?.close();
    this.#stream = null;
  }

  /** @returns {Statistics | null} */
  get statistics() {
    return this.samples.at(-1)?.statistics ?? null;
  }

  /** @param {Statistics} statistics */
  #add(statistics) {
    this.#ticks++;
    const atMillis = statistics.time ? Date.parse(statistics.time) : Date.now();
    const last = this.samples.at(-1);
    const seconds = last ? (atMillis - last.atMillis) / 1000 : 0;
    const rate = (/** @type {number} */ now, /** @type {number} */ before) =>
      seconds > 0 && now >= before ? (now - before) / seconds : null;
    this.samples = [
      ...this.samples.slice(1 - MAX_SAMPLES),
      {
        statistics,
        atMillis,
        callsPerSecond: last ? rate(total(statistics), total(last.statistics)) : null,
        failuresPerSecond: last ? rate(failures(statistics), failures(last.statistics)) : null,
      },
    ];
    this.#emit('statistics', statistics);
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {Statistics} statistics */
const total = (statistics) => statistics.calls?.total ?? 0;

/** @param {Statistics} statistics */
export const failures = (statistics) =>
  FAILURES.reduce((sum, outcome) => sum + (statistics.calls?.[outcome] ?? 0), 0);

export const live = new Live();

/** Renders its host again, or calls back, on live events while the host is in the document. */
export class LiveController {
  /**
   * @param {import('lit').ReactiveControllerHost} host
   * @param {Record<string, (detail: any) => void>} handlers by event type
   */
  constructor(host, handlers) {
    this.handlers = Object.entries(handlers).map(([type, handler]) => ({
      type,
      listener: (/** @type {Event} */ event) => handler(/** @type {CustomEvent} */ (event).detail),
    }));
    host.addController(this);
  }

  hostConnected() {
    this.handlers.forEach(({ type, listener }) => live.addEventListener(type, listener));
  }

  hostDisconnected() {
    this.handlers.forEach(({ type, listener }) => live.removeEventListener(type, listener));
  }
}
