/** Who is signed in. The session itself is a cookie that scripts cannot read. */
import { call, fetchJson, path } from './api.js';
import { live } from './live.js';

/** @typedef {import('./types.js').Session} Session */

const SESSION = path('session');

/** @returns {Promise<Session>} */
export async function restoreSession() {
  return begin(await fetchJson(SESSION));
}

/** @param {string} key @returns {Promise<Session>} */
export async function signIn(key) {
  return begin(await call('POST', SESSION, { json: { key } }));
}

export async function signOut() {
  live.close();
  await call('DELETE', SESSION);
}

/** @param {Session} session */
function begin(session) {
  if (session.signedIn && session.role !== 'invoker') {
    live.open();
  }
  return session;
}

/** @param {Session} session */
export const isOperator = (session) => session.role === 'operator';

/**
 * Whether the session may change plugins, keys and settings of its tenant.
 *
 * @param {Session} session
 */
export const isAdmin = (session) => session.role === 'operator' || session.role === 'tenant-admin';
