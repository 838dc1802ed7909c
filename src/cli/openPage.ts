import open from 'open';

/** Opens the page where there is a desktop to show it; elsewhere the printed address has to do. */
export function openPage(url: string): void {
  const hasDesktop =
    process.platform === 'darwin' ||
    process.platform === 'win32' ||
    process.env.DISPLAY !== undefined ||
    process.env.WAYLAND_DISPLAY !== undefined;
  if (!hasDesktop || process.env.CI !== undefined) return;
  open(url).then(
    (browser) => browser.on('error', () => undefined),
    () => undefined,
  );
}
