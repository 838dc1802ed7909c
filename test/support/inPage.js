// Runs inside a page, as text: no types, no imports. The last expression is an object of questions to a page.
(() => {
  const channels = (colour) => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour[3] > 200) return colour;
    }
    return [255, 255, 255];
  };
  const contrast = (element) => {
    const pair = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  };
  // WCAG 2, 1.4.3: large is 18.66 px and bold, or 24 px.
  const isLarge = ({ fontSize, fontWeight }) =>
    Number.parseFloat(fontSize) >= (Number(fontWeight) >= 600 ? 18.66 : 24);

  function unreadable() {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent.trim();
      if (text === '' || !element.checkVisibility() || element.closest('.sr-only, noscript')) continue;
      const ratio = contrast(element);
      if (ratio < (isLarge(getComputedStyle(element)) ? 3 : 4.5)) found.push(`${text}: ${ratio.toFixed(2)}`);
    }
    return found;
  }

  const nameOf = (element) => {
    const by = element.getAttribute('aria-labelledby');
    const labels = [...(element.labels ?? [])].map((label) => label.textContent).join('');
    const words = by ? document.getElementById(by)?.textContent : element.getAttribute('aria-label');
    return (words ?? (labels || element.textContent)).trim();
  };
  const NAMED = 'button, a, input, select, section, nav, dialog, [role=slider], [role=img]';

  function nameless() {
    const shown = [...document.querySelectorAll(NAMED)].filter((element) => element.checkVisibility());
    const unnamed = shown.filter((element) => nameOf(element) === '');
    const unreachable = shown.filter(
      (element) => element.matches('button, a, input, select, [role=slider]') && element.tabIndex < 0,
    );
    return [...unnamed, ...unreachable].map((element) => element.outerHTML.slice(0, 120));
  }

  return { unreadable, nameless, width: () => document.documentElement.scrollWidth };
})();
