import { html, nothing } from 'lit';
import * as format from '../format.js';
import { href } from '../router.js';
import { badge } from '../widgets/badge.js';

/** @typedef {import('../types.js').AuditEvent} AuditEvent */

/** What an event happened to, as a link where there is a page. @param {AuditEvent} event */
export function auditSubject({ action, tenant, target }) {
  const isPlugin = /^(plugin|alias|settings)\./.test(action);
  return html`${
    tenant
      ? action === 'tenant.delete'
        ? tenant
        : html`<a href=${href(['tenants', tenant])}>${tenant}</a>`
      : nothing
  }${
    tenant && target && target !== tenant
      ? html`<span class="slash">/</span>${
            isPlugin && action !== 'plugin.delete'
              ? html`<a href=${href(['tenants', tenant, 'plugins', target])}>${target}</a>`
              : target
          }`
      : !tenant && target
        ? target
        : nothing
  }`;
}

/** @param {AuditEvent} event */
export const outcomeBadge = ({ outcome }) =>
  outcome === 'ok' || outcome === undefined ? badge('ok', 'good') : badge(outcome, 'bad');

/** @param {AuditEvent} event */
export const auditLine = (event) => html`
  <li>
    <time datetime=${event.time} title=${format.moment(event.time)}>${format.ago(event.time)}</time>
    <span class="audit-action">${event.action}</span>
    <span class="audit-subject">${auditSubject(event)}</span>
    ${event.outcome && event.outcome !== 'ok' ? outcomeBadge(event) : nothing}
    <span class="audit-actor">${event.actor}</span>
  </li>
`;
