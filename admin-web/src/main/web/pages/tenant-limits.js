import { html, nothing } from 'lit';
import { ApiProblem, call, fetchJson, path } from '../api.js';
import { LightElement } from '../widgets/element.js';
import { Loader } from '../widgets/loader.js';
import { panel } from '../widgets/page.js';
import { problemBox } from '../widgets/problem.js';
import { toast } from '../widgets/toast.js';
import { LIMIT_NAMES, groupsOf, limitInput, limitText, parseLimit } from './limit-names.js';

/** @typedef {import('../types.js').Limits} Limits */

/** What a tenant may use at most; the operator changes it here. */
class TenantLimits extends LightElement {
  static properties = { tenant: {}, isOperator: { type: Boolean }, problem: { state: true } };

  constructor() {
    super();
    this.tenant = '';
    this.isOperator = false;
    /** @type {ApiProblem | null} */
    this.problem = null;
    /** @type {Loader<Limits>} */
    this.loader = new Loader(this, (signal) =>
      fetchJson(path('tenants', this.tenant, 'limits'), {}, signal),
    );
  }

  connectedCallback() {
    super.connectedCallback();
    this.loader.reload();
  }

  render() {
    return this.loader.render(
      (limits) => html`
        <form class="limits" @submit=${this.#save}>
          ${groupsOf(limits.limits).map(({ group, names }) =>
            panel({
              title: group,
              body: html`<table class="table limits-table">
                <caption class="visually-hidden">
                  ${group} limits
                </caption>
                <thead>
                  <tr>
                    <th scope="col">Limit</th>
                    <th scope="col" class="number">In force</th>
                    ${this.isOperator ? html`<th scope="col">Own value</th>` : nothing}
                    <th scope="col" class="number minor">Default</th>
                    <th scope="col" class="number minor">At most</th>
                  </tr>
                </thead>
                <tbody>
                  ${names.map((name) => this.#row(name, LIMIT_NAMES[name]?.text ?? name, limits))}
                </tbody>
              </table>`,
            }),
          )}
          ${this.problem ? problemBox(this.problem) : nothing}
          ${
            this.isOperator
              ? html`<div class="form-foot">
                  <button class="primary">Save limits</button>
                  <span class="hint">
                    Sizes may be written as 64 MiB, times as 2 s. An empty field means the default.
                    Calls that run keep the limits they began with.
                  </span>
                </div>`
              : html`<p class="hint">Limits are set by the operator.</p>`
          }
        </form>
      `,
      12,
    );
  }

  /**
   * @param {string} name
   * @param {string} text
   * @param {Limits} limits
   */
  #row(name, text, { limits, set = {}, defaults = {}, maximums = {} }) {
    return html`
      <tr>
        <th scope="row">${text}</th>
        <td class="number ${name in set ? 'is-own' : ''}">${limitText(name, limits[name])}</td>
        ${
          this.isOperator
            ? html`<td>
                <input
                  class="limit-field"
                  name=${name}
                  aria-label=${text}
                  .value=${limitInput(name, set[name])}
                  placeholder="default"
                  autocomplete="off"
                />
              </td>`
            : nothing
        }
        <td class="number minor">${limitText(name, defaults[name])}</td>
        <td class="number minor">${limitText(name, maximums[name])}</td>
      </tr>
    `;
  }

  /** @param {SubmitEvent} event */
  async #save(event) {
    event.preventDefault();
    const fields = [...this.querySelectorAll('input')];
    const set = this.loader.value?.set ?? {};
    /** @type {Record<string, number | null>} */
    const changes = {};
    for (const field of fields) {
      const before = limitInput(field.name, set[field.name]);
      const value = field.value.trim() === '' ? null : parseLimit(field.value);
      const isWrong = field.value.trim() !== '' && value === null;
      field.setCustomValidity(isWrong ? 'A number, if need be with a unit: 64 MiB, 2 s, 100' : '');
      if (!field.reportValidity()) {
        field.oninput = () => field.setCustomValidity('');
        return;
      }
      if (field.value !== before) {
        changes[field.name] = value;
      }
    }
    try {
      const url = path('tenants', this.tenant, 'limits');
      this.loader.show(await call('PUT', url, { json: { limits: changes } }));
      this.problem = null;
      toast('Limits saved');
    } catch (error) {
      if (!(error instanceof ApiProblem)) {
        throw error;
      }
      this.problem = error;
    }
  }
}

customElements.define('cloister-tenant-limits', TenantLimits);
