import { html, nothing } from 'lit';
import { ago, moment, shortDigest } from '../format.js';
import { href } from '../router.js';
import { badge } from '../widgets/badge.js';

/** @typedef {import('../types.js').AuditEvent} AuditEvent */

/** Actions whose target is a plugin: its name, and perhaps a version after a space. */
const PLUGIN_ACTION = /^(plugin|version|alias|settings)\./;

/** What an event happened to, as links where there are pages. @param {AuditEvent} event */
export function auditSubject({ action, tenant, target }) {
  if (!tenant) {
    return target ?? nothing;
  }
  const owner = action === 'tenant.delete' ? tenant : link(tenant, ['tenants', tenant]);
  if (!target || target === tenant) {
    return owner;
  }
  const [name, ...rest] = target.split(' ');
  const isLinked = PLUGIN_ACTION.test(action) && action !== 'plugin.delete';
  const more = rest.map((word) => (word.startsWith('sha256:') ? shortDigest(word) : word));
  return html`${owner}<span class="slash">/</span>${
      isLinked ? link(name, ['tenants', tenant, 'plugins', name]) : name
    }
    ${more.length > 0 ? html`<span class="mono quiet">${more.join(' ')}</span>` : nothing}`;
}

/**
 * @param {string} text
 * @param {string[]} segments
 */
const link = (text, segments) => html`<a href=${href(segments)}>${text}</a>`;

/** @param {AuditEvent} event */
export const outcomeBadge = ({ outcome }) =>
  outcome === 'ok' || outcome === undefined ? badge('ok', 'good') : badge(outcome, 'bad');

/** @param {AuditEvent} event */
export const auditLine = (event) => html`
  <li>
    <time datetime=${event.time} title=${moment(event.time)}>${ago(event.time)}</time>
    <span class="audit-action">${event.action}</span>
    <span class="audit-subject">${auditSubject(event)}</span>
    ${event.outcome && event.outcome !== 'ok' ? outcomeBadge(event) : nothing}
    <span class="audit-actor">${event.actor}</span>
  </li>
`;
