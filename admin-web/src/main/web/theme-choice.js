/** The colours a person chose; `theme.js` applies the choice before the first paint. */

const KEY = 'cloister.theme';

/** @returns {string} `auto`, `light` or `dark` */
export const chosenTheme = () => localStorage.getItem(KEY) ?? 'auto';

/** @param {string} theme */
export function chooseTheme(theme) {
  if (theme === 'auto') {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(KEY, theme);
    document.documentElement.dataset.theme = theme;
  }
}
