import { html, nothing } from 'lit';
import { href } from './router.js';
import { isOperator } from './session.js';
import { chosenTheme, chooseTheme } from './theme-choice.js';
import { icon } from './widgets/icon.js';

/**
 * @typedef {import('./types.js').Session} Session
 * @typedef {import('./event-stream.js').StreamState} StreamState
 */

/** @type {Record<StreamState, {text: string, tone: string}>} */
const STREAM_STATES = {
  connecting: { text: 'Connecting', tone: 'warn' },
  open: { text: 'Live', tone: 'good' },
  retrying: { text: 'Reconnecting', tone: 'bad' },
  paused: { text: 'Paused', tone: 'neutral' },
  refused: { text: 'Not live', tone: 'bad' },
};

/** @param {Session} session */
function destinations(session) {
  const tenant = session.tenant ?? '';
  return isOperator(session)
    ? /** @type {const} */ ([
        { icon: 'overview', text: 'Overview', segments: [], pages: ['overview'] },
        {
          icon: 'tenants',
          text: 'Tenants',
          segments: ['tenants'],
          pages: ['tenants', 'tenant', 'plugin'],
        },
        {
          icon: 'modules',
          text: 'Native modules',
          segments: ['native-modules'],
          pages: ['native-modules'],
        },
        { icon: 'events', text: 'Events', segments: ['events'], pages: ['events'] },
      ])
    : /** @type {const} */ ([
        {
          icon: 'tenants',
          text: tenant,
          segments: ['tenants', tenant],
          pages: ['overview', 'tenant', 'plugin'],
        },
        {
          icon: 'modules',
          text: 'Native modules',
          segments: ['native-modules'],
          pages: ['native-modules'],
        },
      ]);
}

/**
 * The frame's side: where one can go, whether figures are live, and who is signed in.
 *
 * @param {{session: Session, route: import('./router.js').Route, streamState: StreamState | null,
 *     onLeave: () => void, onShortcuts: () => void}} options
 */
export function navigation({ session, route, streamState, onLeave, onShortcuts }) {
  const stream = streamState && STREAM_STATES[streamState];
  return html`
    <header class="side">
      <a class="brand" href=${href([])} aria-label="Cloister, overview">
        <svg viewBox="0 0 34 24" aria-hidden="true">
          <path d="M3 22V10a7 7 0 0 1 14 0v12M17 22V10a7 7 0 0 1 14 0v12M1 22.5h32" />
        </svg>
        <span>Cloister</span>
      </a>
      <nav class="side-nav" aria-label="Console">
        ${destinations(session).map(
          (item) => html`
            <a
              href=${href([...item.segments])}
              aria-current=${item.pages.some((page) => page === route.page) ? 'page' : 'false'}
            >
              ${icon(item.icon)}<span>${item.text}</span>
            </a>
          `,
        )}
      </nav>
      <div class="side-foot">
        ${
          stream
            ? html`<p class="stream" role="status">
                <span class="dot dot-${stream.tone}"></span>${stream.text}
              </p>`
            : nothing
        }
        <p class="who">
          <strong>${session.tenant ?? 'Operator'}</strong>
          <span>${session.tenant ? session.role : (session.server?.node ?? '')}</span>
        </p>
        <label class="theme">
          ${icon('theme')}
          <select
            aria-label="Colours"
            .value=${chosenTheme()}
            @change=${(/** @type {Event} */ event) =>
              chooseTheme(/** @type {HTMLSelectElement} */ (event.target).value)}
          >
            <option value="auto">System</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
        <div class="side-actions">
          <button type="button" class="plain" title="Keyboard shortcuts" @click=${onShortcuts}>
            <kbd>?</kbd><span class="visually-hidden">Keyboard shortcuts</span>
          </button>
          <button type="button" class="plain" @click=${onLeave}>${icon('leave')} Sign out</button>
        </div>
      </div>
    </header>
  `;
}
