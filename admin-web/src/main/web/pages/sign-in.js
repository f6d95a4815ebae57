import { html, nothing } from 'lit';
import { ApiProblem } from '../api.js';
import { signIn } from '../session.js';
import { LightElement } from '../widgets/element.js';

/** Exchanges a key for a session. Emits `signed-in` with the session. */
class SignIn extends LightElement {
  static properties = { problem: { state: true }, isBusy: { state: true } };

  constructor() {
    super();
    /** @type {ApiProblem | null} */
    this.problem = null;
    this.isBusy = false;
  }

  firstUpdated() {
    document.title = 'Sign in · Cloister';
    /** @type {HTMLElement | null} */ (this.querySelector('[name=key]'))?.focus();
  }

  render() {
    return html`
      <main class="sign-in">
        <form class="sign-in-card" @submit=${this.#submit}>
          <svg class="sign-in-mark" viewBox="0 0 34 24" aria-hidden="true">
            <path d="M3 22V10a7 7 0 0 1 14 0v12M17 22V10a7 7 0 0 1 14 0v12M1 22.5h32" />
          </svg>
          <h1>Cloister</h1>
          <input name="username" autocomplete="username" value="cloister" hidden />
          <label class="field">
            <span>Operator or tenant key</span>
            <input
              name="key"
              type="password"
              autocomplete="current-password"
              required
              aria-describedby="key-hint"
              aria-invalid=${this.problem ? 'true' : nothing}
            />
          </label>
          ${
            this.problem
              ? html`<p class="field-error" role="alert">${this.#explain(this.problem)}</p>`
              : nothing
          }
          <button class="primary" ?disabled=${this.isBusy}>
            ${this.isBusy ? 'Signing in…' : 'Sign in'}
          </button>
          <p id="key-hint" class="hint">
            The operator's key is in the file <code>operator.key</code> of the server's data folder.
            Tenant keys are made on the page of the tenant.
          </p>
        </form>
      </main>
    `;
  }

  /** @param {ApiProblem} problem */
  #explain(problem) {
    return problem.status === 401
      ? 'The server does not know this key. It may have been deleted, or cut when it was copied.'
      : problem.message;
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    this.isBusy = true;
    this.problem = null;
    try {
      const session = await signIn(String(form.get('key')).trim());
      this.dispatchEvent(new CustomEvent('signed-in', { detail: session }));
    } catch (error) {
      if (!(error instanceof ApiProblem)) {
        throw error;
      }
      this.problem = error;
    } finally {
      this.isBusy = false;
    }
  }
}

customElements.define('cloister-sign-in', SignIn);
