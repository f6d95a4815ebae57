/** What can be done with a tenant as a whole, from the list and from its own page. */
import { html } from 'lit';
import { call, path } from '../api.js';
import { go, href } from '../router.js';
import { ask, askToDestroy } from '../widgets/dialog.js';
import { announced, toast } from '../widgets/toast.js';

/** @typedef {import('../types.js').Tenant} Tenant */

const MEBIBYTE = 1024 * 1024;

/** Asks for a name and the limits most often changed, creates the tenant and goes to its page. */
export async function createTenant() {
  let name = '';
  const created = await ask({
    title: 'Create tenant',
    action: 'Create',
    body: html`
      <div class="field">
        <label for="tenant-name">Name</label>
        <input
          id="tenant-name"
          aria-describedby="tenant-name-hint"
          name="tenant"
          required
          maxlength="63"
          pattern="[a-z0-9][a-z0-9\\-]*"
          title="Small letters, digits and hyphens, beginning with a letter or digit"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
        />
        <small id="tenant-name-hint">
          Small letters, digits and hyphens. It cannot be changed later.
        </small>
      </div>
      <div class="field-row">
        <label class="field">
          <span>Memory limit, MiB</span>
          <input name="memory" type="number" min="1" placeholder="default" />
        </label>
        <label class="field">
          <span>Calls at once</span>
          <input name="concurrency" type="number" min="1" placeholder="default" />
        </label>
      </div>
      <p class="hint">Every limit can be changed later on the tenant's page.</p>
    `,
    submit: (form) => {
      name = String(form.get('tenant'));
      const memory = Number(form.get('memory'));
      const concurrency = Number(form.get('concurrency'));
      return call('PUT', path('tenants', name), {
        headers: { 'If-None-Match': '*' },
        json: {
          limits: {
            ...(memory ? { memoryBytes: memory * MEBIBYTE } : {}),
            ...(concurrency ? { concurrency } : {}),
          },
        },
      });
    },
  });
  if (created) {
    toast(`Created ${name}`);
    go(href(['tenants', name]));
  }
}

/**
 * Suspends an active tenant, resumes a suspended one.
 *
 * @param {Tenant} tenant
 * @returns {Promise<Tenant | null>} the tenant as it is now
 */
export async function setTenantState({ tenant, state }) {
  const [verb, done] = state === 'active' ? ['suspend', 'Suspended'] : ['resume', 'Resumed'];
  /** @type {Tenant | null} */
  let changed = null;
  await announced(async () => {
    changed = await call('POST', path('tenants', tenant, verb));
  }, `${done} ${tenant}`);
  return changed;
}

/**
 * @param {string} tenant
 * @param {() => void} whenDeleted
 */
export async function deleteTenant(tenant, whenDeleted) {
  const deleted = await askToDestroy({
    title: `Delete ${tenant}`,
    text: 'Its plugins, keys, settings and data are deleted at once and cannot be brought back.',
    name: tenant,
    action: 'Delete tenant',
    submit: () => call('DELETE', path('tenants', tenant)),
  });
  if (deleted) {
    toast(`Deleted ${tenant}`);
    whenDeleted();
  }
}
