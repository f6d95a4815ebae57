import { html, nothing } from 'lit';
import { offset } from '../format.js';

/**
 * One member of a problem in words. Offsets are shown as tools show them, in hexadecimal.
 *
 * @param {[string, any]} member
 */
export function memberText([name, value]) {
  if (name === 'offset' && typeof value === 'number') {
    return `at offset ${offset(value)} (byte ${value.toLocaleString('en')})`;
  }
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return `${name.replace(/([A-Z])/g, ' $1').toLowerCase()} ${text}`;
}

/**
 * @param {{function?: string | null, index?: number, offset?: number, file?: string,
 *     line?: number}} frame
 */
const frameRow = (frame) => html`
  <tr>
    <td class="number">${frame.index ?? ''}</td>
    <td class="mono">${frame.function ?? nothing}</td>
    <td class="mono number">${frame.offset === undefined ? '' : offset(frame.offset)}</td>
    <td class="mono">${frame.file ? `${frame.file}:${frame.line ?? '?'}` : nothing}</td>
  </tr>
`;

/**
 * A refusal inside a form or a result: its title, its detail, and everything it names.
 *
 * @param {import('../api.js').ApiProblem} problem
 */
export function problemBox(problem) {
  const stack = problem.problem.wasmStack;
  const members = problem.members.filter(([name]) => name !== 'wasmStack');
  return html`
    <div class="problem" role="alert">
      <p class="problem-title">${problem.title}</p>
      <p class="problem-detail">${problem.message}</p>
      ${
        members.length > 0
          ? html`<ul class="problem-members">
              ${members.map((member) => html`<li>${memberText(member)}</li>`)}
            </ul>`
          : nothing
      }
      ${
        stack?.length
          ? html`<table class="problem-stack">
              <caption>
                Wasm stack, innermost first
              </caption>
              <tbody>
                ${stack.map(frameRow)}
              </tbody>
            </table>`
          : nothing
      }
    </div>
  `;
}
