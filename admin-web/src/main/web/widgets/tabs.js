import { html } from 'lit';

/**
 * Links between the views of one thing. They are addresses, so they are links, not ARIA tabs.
 *
 * @param {string} label
 * @param {{name: string, text: unknown, href: string}[]} tabs
 * @param {string} current name of the view in sight
 */
export const tabs = (label, tabs, current) => html`
  <nav class="tabs" aria-label=${label}>
    ${tabs.map(
      ({ name, text, href }) => html`
        <a href=${href} aria-current=${name === current ? 'page' : 'false'}>${text}</a>
      `,
    )}
  </nav>
`;
