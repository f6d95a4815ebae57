/** Shortcuts, anywhere but in a field: `/` to search, `g` and a letter to go, `?` for help. */
import { html } from 'lit';
import { go, href } from './router.js';
import { ask } from './widgets/dialog.js';

/** @type {Record<string, {segments: string[], text: string}>} */
const DESTINATIONS = {
  o: { segments: [], text: 'Overview' },
  t: { segments: ['tenants'], text: 'Tenants' },
  n: { segments: ['native-modules'], text: 'Native modules' },
  e: { segments: ['events'], text: 'Events' },
};
const CHORD_MILLIS = 1500;

let chordUntil = 0;

/** @param {KeyboardEvent} event */
export function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const isTyping = target.matches?.('input, select, textarea, [contenteditable]');
  const isModal = document.querySelector('dialog[open]') !== null;
  if (isTyping || isModal || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const destination = performance.now() < chordUntil ? DESTINATIONS[event.key] : undefined;
  chordUntil = event.key === 'g' ? performance.now() + CHORD_MILLIS : 0;
  if (destination) {
    go(href(destination.segments));
  } else if (event.key === '/') {
    /** @type {HTMLElement | null} */ (document.querySelector('main input[type=search]'))?.focus();
  } else if (event.key === '?') {
    showShortcuts();
  } else {
    return;
  }
  event.preventDefault();
}

export function showShortcuts() {
  const row = (/** @type {string[]} */ keys, /** @type {string} */ text) => html`
    <dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt>
    <dd>${text}</dd>
  `;
  return ask({
    title: 'Keyboard',
    cancel: null,
    action: 'Close',
    body: html`
      <dl class="shortcuts">
        ${row(['/'], 'Search on this page')} ${row(['↑', '↓'], 'Move between the rows of a table')}
        ${Object.entries(DESTINATIONS).map(([key, { text }]) => row(['g', key], text))}
        ${row(['?'], 'This list')}
      </dl>
    `,
  });
}
