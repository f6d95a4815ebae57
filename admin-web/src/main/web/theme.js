// Runs before the first paint, as a classic script, so that a chosen theme never flashes.
(() => {
  const theme = localStorage.getItem('cloister.theme');
  if (theme === 'light' || theme === 'dark') {
    document.documentElement.dataset.theme = theme;
  }
})();
