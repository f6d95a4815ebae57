import { html, nothing, render } from 'lit';
import { ApiProblem } from '../api.js';
import { problemBox } from './problem.js';

/**
 * @typedef {object} DialogOptions
 * @property {string} title
 * @property {unknown} body
 * @property {string} action text of the button that does it
 * @property {boolean} [danger]
 * @property {string | null} [cancel] text of the button that does not; null for none
 * @property {(form: FormData) => unknown} [submit] may be asynchronous; a refusal stays in view
 */

/**
 * Asks in a modal dialog. The browser's own `<dialog>` keeps the focus inside, closes on Escape and
 * gives the focus back.
 *
 * @param {DialogOptions} options
 * @returns {Promise<boolean>} whether it was done
 */
export function ask({ title, body, action, danger = false, cancel = 'Cancel', submit }) {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  let isBusy = false;
  /** @type {ApiProblem | null} */
  let problem = null;

  const update = () =>
    render(
      html`
        <form method="dialog" aria-labelledby="dialog-title" @submit=${onSubmit}>
          <h2 id="dialog-title" class="dialog-title">${title}</h2>
          <div class="dialog-body">${body}</div>
          ${problem ? problemBox(problem) : nothing}
          <div class="dialog-actions">
            ${
              cancel === null
                ? nothing
                : html`<button type="button" @click=${() => dialog.close()}>${cancel}</button>`
            }
            <button type="submit" class=${danger ? 'danger' : 'primary'} ?disabled=${isBusy}>
              ${action}
            </button>
          </div>
        </form>
      `,
      dialog,
    );

  /** @param {SubmitEvent} event */
  async function onSubmit(event) {
    event.preventDefault();
    isBusy = true;
    problem = null;
    update();
    try {
      await submit?.(new FormData(/** @type {HTMLFormElement} */ (event.target)));
      dialog.close('done');
    } catch (error) {
      if (!(error instanceof ApiProblem)) {
        throw error;
      }
      problem = error;
    } finally {
      isBusy = false;
      update();
    }
  }

  update();
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'done');
    });
  });
}

/**
 * Asks before something that cannot be undone; the name has to be typed.
 *
 * @param {{title: string, text: unknown, name: string, action: string,
 *     submit: () => unknown}} options
 */
export function askToDestroy({ title, text, name, action, submit }) {
  return ask({
    title,
    action,
    danger: true,
    body: html`
      <p>${text}</p>
      <label class="field">
        <span>Type <strong class="mono">${name}</strong> to confirm</span>
        <input
          name="confirmation"
          required
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          pattern=${name}
          title="The name, exactly"
        />
      </label>
    `,
    submit,
  });
}
