import { html, nothing } from 'lit';
import { path } from '../api.js';
import { EventStream } from '../event-stream.js';
import * as format from '../format.js';
import { href, replace } from '../router.js';
import { Page, pageHead } from '../widgets/page.js';
import { PagedList } from '../widgets/paged-list.js';
import { pager } from '../widgets/pager.js';
import { empty } from '../widgets/state.js';
import { table } from '../widgets/table.js';
import { auditSubject, outcomeBadge } from './audit-line.js';

/** @typedef {import('../types.js').AuditEvent} AuditEvent */

/** Who changed what, newest first. */
class Events extends Page {
  static properties = { query: { attribute: false }, unseen: { state: true } };
  /** @type {EventStream | null} */
  #stream = null;

  constructor() {
    super();
    this.query = new URLSearchParams();
    this.unseen = 0;
    /** @type {PagedList<AuditEvent>} */
    this.list = new PagedList(this, () => ({ url: path('events'), query: this.#filter() }));
  }

  get heading() {
    return 'Events';
  }

  /** @param {import('lit').PropertyValues} changed */
  willUpdate(changed) {
    if (changed.has('query')) {
      this.unseen = 0;
      this.list.restart();
    }
  }

  connectedCallback() {
    super.connectedCallback();
    this.#stream = new EventStream(path('events'), { audit: (event) => this.#add(event) });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stream?.close();
  }

  #filter() {
    const { q, tenant } = Object.fromEntries(this.query);
    return { q, tenant };
  }

  /** @param {AuditEvent} event */
  #add(event) {
    const { q, tenant } = this.#filter();
    const isListed = this.list.items.some(({ id }) => id === event.id);
    if (q || tenant || this.list.hasPrevious) {
      this.unseen++;
    } else if (!isListed) {
      this.list.prepend(event);
    }
  }

  /** @param {Record<string, string>} change */
  #show(change) {
    this.query = new URLSearchParams({ ...Object.fromEntries(this.query), ...change });
    replace(href(['events'], this.#filter()));
  }

  render() {
    const { q = '', tenant = '' } = this.#filter();
    return html`
      ${pageHead({ title: 'Events', note: 'Every change and refusal, with who asked for it.' })}
      <div class="toolbar">
        <cloister-search
          label="Find by action, actor or subject"
          .value=${q}
          @search=${(/** @type {CustomEvent} */ event) => this.#show({ q: event.detail })}
        ></cloister-search>
        ${
          tenant
            ? html`<button type="button" @click=${() => this.#show({ tenant: '' })}>
                Only ${tenant} ✕
              </button>`
            : nothing
        }
        ${
          this.unseen > 0
            ? html`<button type="button" @click=${() => this.#show({})}>
                ${format.count(this.unseen)} new, refresh
              </button>`
            : nothing
        }
        ${pager(this.list, 'events')}
      </div>
      ${this.list.render(() => (this.list.items.length === 0 ? this.#empty(q) : this.#table()), 12)}
    `;
  }

  /** @param {string} q */
  #empty(q) {
    return q
      ? empty({
          title: 'No event matches',
          text: 'Try a part of an action, such as plugin or key.',
        })
      : empty({ title: 'Nothing has happened yet', text: 'Changes appear here as they are made.' });
  }

  #table() {
    return table({
      caption: 'Events',
      rows: this.list.items,
      key: ({ id }) => id,
      columns: [
        {
          label: 'Time',
          cell: ({ time }) =>
            html`<time class="number" datetime=${time}>${format.moment(time)}</time>`,
        },
        { label: 'Action', cell: ({ action }) => html`<span class="mono">${action}</span>` },
        { label: 'Subject', cell: auditSubject },
        { label: 'Outcome', cell: outcomeBadge },
        {
          label: 'Actor',
          cell: ({ actor, role }) =>
            html`${actor}
            ${role && role !== actor ? html`<span class="quiet">${role}</span>` : nothing}`,
        },
        {
          label: 'From',
          isMinor: true,
          cell: ({ remote }) => html`<span class="mono quiet">${remote}</span>`,
        },
        { label: 'Detail', isMinor: true, cell: ({ detail }) => detail },
      ],
    });
  }
}

customElements.define('cloister-events', Events);
