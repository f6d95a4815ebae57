import { html } from 'lit';
import { LightElement } from './element.js';
import { icon } from './icon.js';

const PAUSE_MILLIS = 200;

/**
 * A search field that emits `search` with the text once the typing pauses. `/` moves the focus to
 * it from anywhere on the page.
 */
class Search extends LightElement {
  static properties = { label: {}, value: {} };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  constructor() {
    super();
    this.label = 'Search';
    this.value = '';
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  render() {
    return html`
      <label class="search">
        ${icon('search')}
        <input
          type="search"
          aria-label=${this.label}
          placeholder=${this.label}
          .value=${this.value}
          autocomplete="off"
          spellcheck="false"
          aria-keyshortcuts="/"
          @input=${this.#onInput}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
    `;
  }

  /** @param {InputEvent} event */
  #onInput(event) {
    const text = /** @type {HTMLInputElement} */ (event.target).value.trim();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.dispatchEvent(new CustomEvent('search', { detail: text })),
      PAUSE_MILLIS,
    );
  }
}

customElements.define('cloister-search', Search);
