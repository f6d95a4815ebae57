import { html } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from './icon.js';
import { LightElement } from './element.js';

/** @typedef {{id: number, text: string, tone: 'good' | 'bad'}} Toast */

const GOOD_MILLIS = 4000;
const BAD_MILLIS = 12000;

/**
 * Short messages in a corner. The region is always in the document, because screen readers announce
 * only what appears in a region they already know.
 */
class Toasts extends LightElement {
  /** @type {Toast[]} */
  #toasts = [];
  #lastId = 0;

  /**
   * @param {string} text
   * @param {Toast['tone']} tone
   */
  show(text, tone) {
    const id = ++this.#lastId;
    this.#toasts = [...this.#toasts.slice(-3), { id, text, tone }];
    this.requestUpdate();
    setTimeout(() => this.#dismiss(id), tone === 'bad' ? BAD_MILLIS : GOOD_MILLIS);
  }

  /** @param {number} id */
  #dismiss(id) {
    this.#toasts = this.#toasts.filter((toast) => toast.id !== id);
    this.requestUpdate();
  }

  render() {
    return html`
      <div class="toasts" role="status" aria-live="polite">
        ${repeat(
          this.#toasts,
          (toast) => toast.id,
          ({ id, text, tone }) => html`
            <div class="toast toast-${tone}">
              <span>${text}</span>
              <button
                type="button"
                class="plain"
                aria-label="Dismiss"
                @click=${() => this.#dismiss(id)}
              >
                ${icon('close')}
              </button>
            </div>
          `,
        )}
      </div>
    `;
  }
}

customElements.define('cloister-toasts', Toasts);

/**
 * @param {string} text
 * @param {Toast['tone']} [tone]
 */
export function toast(text, tone = 'good') {
  /** @type {Toasts | null} */ (document.querySelector('cloister-toasts'))?.show(text, tone);
}

/**
 * Runs an action and says how it went.
 *
 * @param {() => Promise<unknown>} action
 * @param {string} done what to say when it worked
 * @returns {Promise<boolean>}
 */
export async function announced(action, done) {
  try {
    await action();
    toast(done);
    return true;
  } catch (error) {
    const { title, message } = /** @type {import('../api.js').ApiProblem} */ (error);
    toast(title && title !== message ? `${title}: ${message}` : message, 'bad');
    return false;
  }
}
