import { html } from 'lit';
import { toast } from './toast.js';
import { icon } from './icon.js';

/**
 * A button that copies a text.
 *
 * @param {string} text
 * @param {string} what names the text for people who cannot see it
 */
export const copyButton = (text, what) => html`
  <button
    type="button"
    class="copy"
    aria-label="Copy ${what}"
    title="Copy ${what}"
    @click=${() => copy(text, what)}
  >
    ${icon('copy')}
  </button>
`;

/**
 * @param {string} text
 * @param {string} what
 */
async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`Copied ${what}`);
  } catch {
    toast('The browser refused to copy. Select the text and copy it by hand.', 'bad');
  }
}
