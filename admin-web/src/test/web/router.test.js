import assert from 'node:assert/strict';
import { test } from 'node:test';
import { href, parse } from '../../main/web/router.js';

test('parse_everyAddress_findsItsPage', () => {
  assert.equal(parse('').page, 'overview');
  assert.equal(parse('#/').page, 'overview');
  assert.equal(parse('#/tenants').page, 'tenants');
  assert.equal(parse('#/tenants/acme').page, 'tenant');
  assert.deepEqual(parse('#/tenants/acme/keys').params, { tenant: 'acme', tab: 'keys' });
  assert.deepEqual(parse('#/tenants/a/plugins/b/versions').params, {
    tenant: 'a',
    plugin: 'b',
    tab: 'versions',
  });
  assert.equal(parse('#/tenants/a/b/c/d/e').page, 'not-found');
});

test('parse_badEscape_isTakenAsItStands', () => {
  assert.deepEqual(parse('#/tenants/%zz').params, { tenant: '%zz' });
});

test('href_oddCharacters_comeBackFromParse', () => {
  const address = href(['tenants', 'a/b?c#d']);
  assert.deepEqual(parse(address).params, { tenant: 'a/b?c#d' });
});

test('href_emptyQuery_isLeftOut', () => {
  assert.equal(href(['tenants'], { q: '', state: undefined }), '#/tenants');
  assert.equal(parse(href(['tenants'], { q: 'a b' })).query.get('q'), 'a b');
});
