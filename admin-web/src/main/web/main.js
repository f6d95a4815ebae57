/** The console's frame: who is signed in, which page is in view, and the way to the others. */
import { html } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { whenSignedOut } from './api.js';
import { onKey, showShortcuts } from './keyboard.js';
import { LiveController, live } from './live.js';
import { navigation } from './navigation.js';
import { href, parse } from './router.js';
import { restoreSession, signOut } from './session.js';
import { LightElement } from './widgets/element.js';
import { empty, loading, problemState } from './widgets/state.js';
import './widgets/search.js';
import './widgets/toast.js';
import './pages/sign-in.js';
import './pages/overview.js';
import './pages/tenants.js';
import './pages/tenant.js';
import './pages/plugin.js';
import './pages/native-modules.js';
import './pages/events.js';

/**
 * @typedef {import('./types.js').Session} Session
 * @typedef {import('./router.js').Route} Route
 */

class Console extends LightElement {
  static properties = {
    session: { state: true },
    route: { state: true },
    problem: { state: true },
  };

  constructor() {
    super();
    /** @type {Session | null} null until the server has said who is signed in */
    this.session = null;
    /** @type {Route} */
    this.route = parse(location.hash);
    /** @type {import('./api.js').ApiProblem | null} */
    this.problem = null;
    new LiveController(this, { state: () => this.requestUpdate() });
  }

  connectedCallback() {
    super.connectedCallback();
    whenSignedOut(() => this.#forgetSession());
    addEventListener('hashchange', () => this.#navigate());
    addEventListener('keydown', onKey);
    this.#restore();
  }

  async #restore() {
    this.problem = null;
    try {
      this.session = await restoreSession();
    } catch (error) {
      this.problem = /** @type {import('./api.js').ApiProblem} */ (error);
    }
  }

  #forgetSession() {
    live.close();
    this.session = { signedIn: false };
  }

  async #leave() {
    await signOut().catch(() => {});
    this.#forgetSession();
  }

  async #navigate() {
    const before = this.route;
    this.route = parse(location.hash);
    await this.updateComplete;
    const main = this.querySelector('main');
    if (before.page !== this.route.page || !main?.contains(document.activeElement)) {
      scrollTo(0, 0);
      main?.focus({ preventScroll: true });
    }
  }

  render() {
    const { session, route } = this;
    if (this.problem) {
      return html`<main class="alone">${problemState(this.problem, () => this.#restore())}</main>`;
    }
    if (session === null) {
      return html`<main class="alone">${loading(3)}</main>`;
    }
    if (!session.signedIn) {
      return html`
        <cloister-sign-in
          @signed-in=${(/** @type {CustomEvent} */ event) => (this.session = event.detail)}
        ></cloister-sign-in>
        <cloister-toasts></cloister-toasts>
      `;
    }
    return html`
      <a class="skip" href=${location.hash || '#/'} @click=${this.#skip}>Skip to content</a>
      ${navigation({
        session,
        route,
        streamState: session.role === 'invoker' ? null : live.state,
        onLeave: () => this.#leave(),
        onShortcuts: showShortcuts,
      })}
      <main tabindex="-1">${this.#page(session, route)}</main>
      <cloister-toasts></cloister-toasts>
    `;
  }

  /** @param {MouseEvent} event */
  #skip(event) {
    event.preventDefault();
    this.querySelector('main')?.focus();
  }

  /**
   * @param {Session} session
   * @param {Route} route
   */
  #page(session, { page, params, query }) {
    const { tenant = '', plugin = '', tab = '', digest = '' } = params;
    switch (page) {
      case 'overview':
        return session.tenant
          ? this.#tenant(session, session.tenant, '')
          : html`<cloister-overview></cloister-overview>`;
      case 'tenants':
        return html`<cloister-tenants .query=${query}></cloister-tenants>`;
      case 'tenant':
        return this.#tenant(session, tenant, tab);
      case 'plugin':
        return keyed(
          `${tenant}/${plugin}`,
          html`<cloister-plugin
            .session=${session}
            .tenant=${tenant}
            .plugin=${plugin}
            .tab=${tab}
          ></cloister-plugin>`,
        );
      case 'native-modules':
        return html`<cloister-native-modules
          .query=${query}
          .digest=${digest}
        ></cloister-native-modules>`;
      case 'events':
        return html`<cloister-events .query=${query}></cloister-events>`;
      default:
        return empty({
          title: 'There is no such page',
          text: 'The address may be mistyped, or from another version of the console.',
          action: html`<a class="button" href=${href([])}>Overview</a>`,
        });
    }
  }

  /**
   * @param {Session} session
   * @param {string} tenant
   * @param {string} tab
   */
  #tenant(session, tenant, tab) {
    return keyed(
      tenant,
      html`<cloister-tenant .session=${session} .tenant=${tenant} .tab=${tab}></cloister-tenant>`,
    );
  }
}

customElements.define('cloister-console', Console);
