package dev.cloister.admin;

/// What a page's colours have to keep so that everybody can read it.
final class Contrast {
  /// Lists the visible texts whose contrast to what is behind them is below 4.5 to 1, with the
  /// colours (WCAG 2.2, 1.4.3). Controls that are disabled are left out, as there.
  static final String SCRIPT =
      """
      () => {
        const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
        const rgba = (colour) => {
          canvas.clearRect(0, 0, 1, 1);
          canvas.fillStyle = colour;
          canvas.fillRect(0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data];
        };
        const luminance = (colour) => {
          const [r, g, b] = colour.map((part) => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (element) => {
          for (let e = element; e; e = e.parentElement) {
            const colour = rgba(getComputedStyle(e).backgroundColor);
            if (colour[3] === 255) {
              return colour;
            }
          }
          return rgba('white');
        };
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const poor = [];
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
          const element = text.parentElement;
          const isSeen = text.data.trim() !== '' && element.checkVisibility()
              && !element.closest('svg, :disabled, .visually-hidden, script, .skip');
          if (isSeen) {
            const [light, dark] = [rgba(getComputedStyle(element).color), behind(element)]
              .map((colour) => luminance(colour.slice(0, 3)))
              .sort((a, b) => b - a);
            const ratio = (light + 0.05) / (dark + 0.05);
            if (ratio < 4.5) {
              poor.push(`${text.data.trim()}: ${ratio.toFixed(2)}`);
            }
          }
        }
        return poor;
      }
      """;

  private Contrast() {}
}
