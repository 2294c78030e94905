// Chromium with what every test watches: requests that leave the origin, console errors, page errors.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts the browser; throws with the package to install where there is none. */
export async function launch() {
  const executablePath = places.find((p) => p && existsSync(p));
  if (!executablePath) throw new Error('no Chromium found: apt-get install chromium, or set CHROMIUM to its path');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'] });
}

/** Opens a page of the given theme and size; faults collects what must not happen. */
export async function openPage(browser, base, { theme = 'dark', width = 1600, height = 1000, motion = 'no-preference' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: motion, timezoneId: 'America/New_York', bypassCSP: false });
  const faults = [];
  const origin = new URL(base).origin;
  await context.addInitScript((t) => localStorage.setItem('evident.theme', t), theme);
  const page = await context.newPage();
  page.on('request', (r) => {
    const url = new URL(r.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== origin) faults.push(`request to another origin: ${url.origin}`);
  });
  page.on('console', (m) => m.type() === 'error' && faults.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => faults.push(`page error: ${e.message}`));
  page.setDefaultTimeout(15_000);
  return { page, context, faults };
}

/**
 * Runs axe-core in the page; returns serious and critical violations, one line each. The script goes in through
 * the debugger, which the content policy does not concern.
 */
export async function axe(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }),
  );
  return result.violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.impact} ${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} (${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? ''})`).join('; ')}`);
}
