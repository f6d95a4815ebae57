/** How a filled form becomes a call, one function for each ABI. */
import { path, send } from '../api.js';
import { readArgument, shellWords } from './arguments.js';

/**
 * @typedef {import('../types.js').Extern} Extern
 *
 * @typedef {object} Outcome
 * @property {string} [text] the answer's body
 * @property {unknown[]} [results] of a plain export
 * @property {string[]} [types] of the results
 * @property {Headers} headers
 *
 * @typedef {object} Target
 * @property {string} tenant
 * @property {string} plugin
 */

const BYTES = { 'Content-Type': 'application/octet-stream', Accept: '*/*' };

/**
 * @param {Target} target
 * @param {...string} segments below the plugin
 */
const below = ({ tenant, plugin }, ...segments) =>
  path('tenants', tenant, 'plugins', plugin, ...segments);

/**
 * Calls an export with typed arguments.
 *
 * @param {Target} target
 * @param {Extern} item
 * @param {FormData} form
 * @returns {Promise<Outcome>}
 */
export async function callPlain(target, item, form) {
  const types = item.params ?? [];
  const args = form.getAll('arg').map((text, index) => readArgument(String(text), types[index]));
  const response = await send('POST', below(target, 'call', item.name), { json: { args } });
  const { results } = await response.json();
  return { results, types: item.results, headers: response.headers };
}

/**
 * Calls an export that takes and gives bytes.
 *
 * @param {Target} target
 * @param {FormData} form
 */
export async function callBytes(target, form) {
  const url = below(target, 'call', String(form.get('export')));
  return textOutcome(await send('POST', url, { body: String(form.get('body')), headers: BYTES }));
}

/**
 * Runs a command with arguments and standard input.
 *
 * @param {Target} target
 * @param {FormData} form
 */
export async function runCommand(target, form) {
  const args = shellWords(String(form.get('args')));
  const query = new URLSearchParams(args.map((arg) => ['arg', arg])).toString();
  const url = below(target, 'run') + (query && `?${query}`);
  return textOutcome(await send('POST', url, { body: String(form.get('stdin')), headers: BYTES }));
}

/**
 * Sends a request to a plugin that answers HTTP.
 *
 * @param {Target} target
 * @param {FormData} form
 */
export async function sendRequest(target, form) {
  const method = String(form.get('method'));
  const url = `${below(target, 'http')}/${String(form.get('path')).replace(/^\//, '')}`;
  const body = method === 'GET' ? undefined : String(form.get('body'));
  return textOutcome(await send(method, url, { body, headers: { Accept: '*/*' } }));
}

/** @param {Response} response @returns {Promise<Outcome>} */
async function textOutcome(response) {
  return { text: await response.text(), headers: response.headers };
}
