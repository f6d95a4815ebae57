import { html } from 'lit';

/** Outlines on a grid of 16, drawn in the colour of the text around them. */
const OUTLINES = {
  overview: 'M2 13V8M6 13V3M10 13V6M14 13v-3',
  tenants: 'M2 14V7a3 3 0 0 1 6 0v7M8 14V7a3 3 0 0 1 6 0v7M1 14h14',
  modules: 'M8 1.5 14 5v6l-6 3.5L2 11V5zM2 5l6 3.5L14 5M8 8.5v6',
  events: 'M2 4h12M2 8h12M2 12h7',
  copy: 'M5 5V2.5h8.5V11H11M2.5 5H11v8.5H2.5z',
  search: 'M11 11l3.5 3.5M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10z',
  close: 'M4 4l8 8M12 4l-8 8',
  upload: 'M8 11V2.5M4.5 6 8 2.5 11.5 6M2.5 10.5v3h11v-3',
  key: 'M6.5 9.5 14 2M11 5l2 2M7 11.5a2.75 2.75 0 1 1-5.5 0 2.75 2.75 0 0 1 5.5 0z',
  back: 'M10 3 5 8l5 5',
  forward: 'M6 3l5 5-5 5',
  theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  leave: 'M6 2.5H2.5v11H6M6.5 8H14M11 5l3 3-3 3',
};

/** @param {keyof typeof OUTLINES} name */
export const icon = (name) =>
  html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
    <path d=${OUTLINES[name]}></path>
  </svg>`;
