/**
 * The console's addresses. They live in the fragment (`/admin/#/tenants/acme/keys?q=x`), so the
 * server needs no rule for them, and every view can be bookmarked and sent to a colleague.
 *
 * @typedef {object} Route
 * @property {string} page name of the page, or `not-found`
 * @property {Record<string, string>} params
 * @property {URLSearchParams} query
 */

/** Pattern of path segments to page; `:name` matches one segment. */
const ROUTES = [
  ['', 'overview'],
  ['tenants', 'tenants'],
  ['tenants/:tenant', 'tenant'],
  ['tenants/:tenant/plugins/:plugin', 'plugin'],
  ['tenants/:tenant/plugins/:plugin/:tab', 'plugin'],
  ['tenants/:tenant/:tab', 'tenant'],
  ['native-modules', 'native-modules'],
  ['native-modules/:digest', 'native-modules'],
  ['events', 'events'],
];

/**
 * @param {string} fragment as `location.hash` has it
 * @returns {Route}
 */
export function parse(fragment) {
  const [pathText, queryText = ''] = fragment.replace(/^#?\/?/, '').split('?');
  const segments = pathText
    .split('/')
    .filter((segment) => segment !== '')
    .map(decode);
  for (const [pattern, page] of ROUTES) {
    const params = match(pattern.split('/').filter(Boolean), segments);
    if (params !== null) {
      return { page, params, query: new URLSearchParams(queryText) };
    }
  }
  return { page: 'not-found', params: {}, query: new URLSearchParams(queryText) };
}

/**
 * @param {string[]} pattern
 * @param {string[]} segments
 */
function match(pattern, segments) {
  if (pattern.length !== segments.length) {
    return null;
  }
  /** @type {Record<string, string>} */
  const params = {};
  const matches = pattern.every((part, index) => {
    if (part.startsWith(':')) {
      params[part.slice(1)] = segments[index];
      return true;
    }
    return part === segments[index];
  });
  return matches ? params : null;
}

/** @param {string} segment */
function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * The address of a view.
 *
 * @param {string[]} segments
 * @param {Record<string, string | null | undefined>} [query]
 */
export function href(segments, query = {}) {
  const known = Object.entries(query).filter(([, value]) => value != null && value !== '');
  const search = new URLSearchParams(/** @type {[string, string][]} */ (known)).toString();
  return `#/${segments.map(encodeURIComponent).join('/')}${search && `?${search}`}`;
}

/** @param {string} address made by `href` */
export function go(address) {
  location.hash = address;
}

/**
 * Changes the address of the same view, for instance after a search, without a step in the history.
 *
 * @param {string} address made by `href`
 */
export function replace(address) {
  history.replaceState(null, '', address);
}
