/**
 * The one place that talks to the server. Every failure leaves here as an `ApiProblem`.
 *
 * @typedef {object} RequestOptions
 * @property {Record<string, string | number | boolean | null | undefined>} [query]
 * @property {unknown} [json] body, sent as JSON
 * @property {BodyInit} [body] body, sent as it is
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

const BASE = '/v1';

/** Proves that a change comes from the console and not from another site in the same browser. */
const CONSOLE_HEADER = { 'Cloister-Console': '1' };

/** A refusal or failure, in the words of RFC 9457. Status 0 means that no answer came at all. */
export class ApiProblem extends Error {
  /**
   * @param {Record<string, any>} problem
   * @param {number} status
   * @param {Headers} [headers]
   */
  constructor(problem, status, headers = new Headers()) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.problem = problem;
    this.status = status;
    this.headers = headers;
  }

  /** The last part of the problem's type: `invalid-module`, `trap`, `rate-limited`. */
  get name() {
    return (
      String(this.problem.type ?? '')
        .split('/')
        .pop() || `http-${this.status}`
    );
  }

  /** The heading a person should read. */
  get title() {
    return this.problem.title ?? (this.status === 0 ? 'Server unreachable' : `HTTP ${this.status}`);
  }

  /** What the problem names beyond the standard members, such as `offset` or `allowed`. */
  get members() {
    const standard = ['type', 'title', 'status', 'detail', 'instance'];
    return Object.entries(this.problem).filter(([name]) => !standard.includes(name));
  }
}

/** Called when an answer says that the session is over. */
let onSignedOut = () => {};

/** @param {() => void} listener */
export function whenSignedOut(listener) {
  onSignedOut = listener;
}

/**
 * Joins path segments below `/v1`, each escaped.
 *
 * @param {...string} segments
 */
export function path(...segments) {
  return [BASE, ...segments.map(encodeURIComponent)].join('/');
}

/**
 * Sends a request and answers with the raw response once its status is known to be good.
 *
 * @param {string} method
 * @param {string} url
 * @param {RequestOptions} [options]
 */
export async function send(method, url, { query, json, body, headers, signal } = {}) {
  const response = await fetch(url + queryString(query), {
    method,
    signal,
    credentials: 'same-origin',
    headers: {
      Accept: 'application/json',
      ...CONSOLE_HEADER,
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: json === undefined ? body : JSON.stringify(json),
  }).catch((error) => {
    throw error.name === 'AbortError' ? error : unreachable();
  });
  if (!response.ok) {
    throw problemOf(response.status, await response.text().catch(() => ''), response.headers);
  }
  return response;
}

/**
 * Sends a request and answers with the decoded JSON, or null where the answer has no body.
 *
 * @param {string} method
 * @param {string} url
 * @param {RequestOptions} [options]
 * @returns {Promise<any>}
 */
export async function call(method, url, options) {
  const text = await (await send(method, url, options)).text();
  return text === '' ? null : JSON.parse(text);
}

/**
 * @param {string} url
 * @param {RequestOptions['query']} [query]
 * @param {AbortSignal} [signal]
 */
export const fetchJson = (url, query, signal) => call('GET', url, { query, signal });

/**
 * Sends a file, reporting progress; `fetch` cannot report how much has been sent.
 *
 * @param {string} url
 * @param {Blob} file
 * @param {{query?: RequestOptions['query'], onProgress?: (sentBytes: number) => void,
 *     signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export function upload(url, file, { query, onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open('PUT', url + queryString(query));
    xhr.setRequestHeader('Content-Type', 'application/wasm');
    xhr.setRequestHeader('Accept', 'application/json');
    Object.entries(CONSOLE_HEADER).forEach(([name, value]) => xhr.setRequestHeader(name, value));
    xhr.upload.onprogress = (event) => onProgress?.(event.loaded);
    xhr.onerror = () => reject(unreachable());
    xhr.onabort = () => reject(new DOMException('Upload cancelled', 'AbortError'));
    xhr.onload = () =>
      xhr.status < 300
        ? resolve(JSON.parse(xhr.responseText))
        : reject(problemOf(xhr.status, xhr.responseText));
    signal?.addEventListener('abort', () => xhr.abort());
    xhr.send(file);
  });
}

/** @param {RequestOptions['query']} [query] */
function queryString(query = {}) {
  const known = Object.entries(query).filter(([, value]) => value != null && value !== '');
  const text = new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

/**
 * @param {number} status
 * @param {string} text
 * @param {Headers} [headers]
 */
function problemOf(status, text, headers) {
  if (status === 401) {
    onSignedOut();
  }
  /** @type {Record<string, any>} */
  let problem = {};
  try {
    problem = JSON.parse(text) ?? {};
  } catch {
    problem = { detail: text.slice(0, 500) };
  }
  return new ApiProblem(problem, status, headers);
}

function unreachable() {
  return new ApiProblem(
    {
      title: 'Server unreachable',
      detail: 'No answer came. Check that the server runs and that this address still leads to it.',
    },
    0,
  );
}
