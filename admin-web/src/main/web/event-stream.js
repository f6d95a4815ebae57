/**
 * Server-sent events over `fetch`, which, unlike `EventSource`, shows why a stream was refused and
 * can resume after it was closed. A stream closes while its tab is hidden: HTTP/1.1 gives a browser
 * six connections to a host, and a few forgotten tabs would hold them all.
 */
import { ApiProblem, send } from './api.js';

/**
 * @typedef {object} ServerEvent
 * @property {string} type
 * @property {string} data
 * @property {string} id
 *
 * @typedef {'connecting' | 'open' | 'retrying' | 'paused' | 'refused'} StreamState
 */

const FIRST_RETRY_MILLIS = 1000;
const MAX_RETRY_MILLIS = 15000;

/** Cuts a text stream into events. */
export class EventParser {
  #rest = '';
  #type = '';
  #id = '';
  /** @type {string[]} */
  #data = [];

  /**
   * @param {string} chunk any part of the stream
   * @returns {ServerEvent[]} the events that the chunk completes
   */
  push(chunk) {
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  /** @param {string} line */
  #line(line) {
    if (line === '') {
      return this.#dispatch();
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') {
      this.#type = value;
    } else if (field === 'data') {
      this.#data.push(value);
    } else if (field === 'id') {
      this.#id = value;
    }
    return null;
  }

  #dispatch() {
    const event = { type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#type = '';
    this.#data = [];
    return isEmpty ? null : event;
  }
}

/** A stream that reconnects by itself until it is closed. */
export class EventStream {
  /** @type {StreamState} */
  state = 'connecting';
  #lastEventId = '';
  #closed = false;
  #failures = 0;
  /** @type {AbortController | null} */
  #connection = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {string} url
   * @param {Record<string, (data: any) => void>} handlers by event type; data is decoded JSON
   * @param {(state: StreamState) => void} [onState]
   */
  constructor(url, handlers, onState = () => {}) {
    this.url = url;
    this.handlers = handlers;
    this.onState = onState;
    document.addEventListener('visibilitychange', this.#visibilityChanged);
    this.#visibilityChanged();
  }

  close() {
    this.#closed = true;
    document.removeEventListener('visibilitychange', this.#visibilityChanged);
    this.#disconnect();
  }

  #visibilityChanged = () => {
    this.#disconnect();
    if (document.hidden) {
      this.#enter('paused');
    } else {
      this.#connect();
    }
  };

  #disconnect() {
    clearTimeout(this.#timer);
    this.#connection?.abort();
    this.#connection = null;
  }

  async #connect() {
    const connection = new AbortController();
    this.#connection = connection;
    this.#enter(this.#failures === 0 ? 'connecting' : 'retrying');
    try {
      await this.#read(connection.signal);
      this.#failures = 0;
    } catch (error) {
      if (connection.signal.aborted) {
        return;
      }
      this.#failures++;
      if (error instanceof ApiProblem && [401, 403, 404].includes(error.status)) {
        this.#enter('refused');
        return;
      }
    }
    if (!this.#closed && this.#connection === connection) {
      this.#enter('retrying');
      const pause = FIRST_RETRY_MILLIS * 2 ** Math.max(0, this.#failures - 1);
      const jitter = 0.75 + Math.random() / 2;
      this.#timer = setTimeout(() => this.#connect(), Math.min(MAX_RETRY_MILLIS, pause) * jitter);
    }
  }

  /** @param {AbortSignal} signal */
  async #read(signal) {
    /** @type {Record<string, string>} */
    const headers = { Accept: 'text/event-stream' };
    if (this.#lastEventId !== '') {
      headers['Last-Event-ID'] = this.#lastEventId;
    }
    const response = await send('GET', this.url, { headers, signal });
    const reader = /** @type {ReadableStream} */ (response.body)
      .pipeThrough(new TextDecoderStream())
      .getReader();
    const parser = new EventParser();
    this.#failures = 0;
    this.#enter('open');
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      parser.push(chunk.value).forEach((event) => this.#deliver(event));
    }
  }

  /** @param {ServerEvent} event */
  #deliver(event) {
    this.#lastEventId = event.id || this.#lastEventId;
    if (!this.#closed) {
      this.handlers[event.type]?.(JSON.parse(event.data));
    }
  }

  /** @param {StreamState} state */
  #enter(state) {
    if (!this.#closed && this.state !== state) {
      this.state = state;
      this.onState(state);
    }
  }
}
