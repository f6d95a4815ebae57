import { LitElement } from 'lit';

/**
 * An element that renders into the document itself, so that the style sheets of `css/`, labels and
 * ARIA references reach into it.
 */
export class LightElement extends LitElement {
  createRenderRoot() {
    return this;
  }
}
