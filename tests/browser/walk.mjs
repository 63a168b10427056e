// A browser for walks: every width, colour scheme and script setting the design asks for, with axe.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

// Where pictures go; nothing is taken unless this is set.
const PICTURES = process.env.EZSCALE_PICTURES;

/** The demo's address, with another host below the same domain if one is named. */
export function at(path, host = '') {
  const url = new URL(process.env.EZSCALE_URL ?? 'http://ezscale.localhost:8080');
  if (host) url.hostname = `${host}.${url.hostname}`;
  return new URL(path, url).href;
}

export function launch() {
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
  if (!executablePath) throw new Error('no browser: run bin/setup --test');
  return chromium.launch({ executablePath, args: FLAGS });
}

/** Every way a page is looked at: 1440 and 390 px, light and dark, with scripts and without. */
export const LOOKS = [1440, 390].flatMap((width) => ['light', 'dark'].flatMap((scheme) =>
  [true, false].map((scripts) => ({ width, scheme, scripts, name: `${width} ${scheme} ${scripts ? 'scripts' : 'no scripts'}` }))));

/** Opens a page in one look; fails later through `problems` on console errors and blocked content. */
export async function open(browser, look, storageState) {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.width > 800 ? 900 : 844 },
    colorScheme: look.scheme,
    javaScriptEnabled: look.scripts,
    reducedMotion: 'reduce',
    locale: look.language ?? 'en',
    storageState,
  });
  const page = await context.newPage();
  const problems = [];
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('requestfailed', (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`));
  return { context, page, problems };
}

/** What axe finds, one line each; empty without scripts, which axe needs itself. */
export async function violations(page, look) {
  if (!look.scripts) return [];
  await page.evaluate(AXE);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

/** Whether the page is wider than its window. */
export function overflows(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/** Keeps a picture, for people to look at. */
export async function picture(page, name) {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name.replace(/[^a-z0-9]+/gi, '-')}.png`, fullPage: true });
}
