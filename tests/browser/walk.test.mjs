// What visitors and staff see, in a real browser: both brands, both widths, both themes, with JavaScript and without.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const AXE = require.resolve('axe-core/axe.min.js');
const base = new URL(process.env.EZSCALE_URL ?? 'http://ezscale.localhost:8080');
const at = (host, path) => `${base.protocol}//${host}:${base.port}${path}`;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
});
after(async () => browser?.close());

async function visit(options, use) {
  const context = await browser.newContext({ bypassCSP: false, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => { if (/Content Security Policy/i.test(message.text())) faults.push(message.text()); });
  try {
    await use(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

async function axe(page) {
  const source = (await import('node:fs')).readFileSync(AXE, 'utf8');
  await page.evaluate(source);
  const found = await page.evaluate(async () => (await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })).violations);
  assert.deepEqual(found.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), []);
}

async function fits(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `the page is ${over} px wider than the window`);
}

for (const [host, name, sold] of [['ezscale.localhost', 'EZSCALE', 'KVM NVMe 8'], ['northwind.ezscale.localhost', 'Northwind', 'Fjord 8']]) {
  for (const width of [1440, 390]) {
    for (const colorScheme of ['light', 'dark']) {
      test(`the shop of ${name} at ${width} px, ${colorScheme}`, async () => {
        await visit({ viewport: { width, height: 900 }, colorScheme }, async (page) => {
          await page.goto(at(host, '/'));
          assert.match(await page.title(), new RegExp(name));
          await fits(page);
          await axe(page);
          await page.goto(at(host, '/products/vps'));
          assert.ok((await page.textContent('main')).includes(sold));
          if (name !== 'EZSCALE') assert.ok(!/ezscale/i.test(await page.content()), 'the platform is named nowhere on a reseller page');
          await fits(page);
          await axe(page);
        });
      });
    }
  }
}

for (const javaScriptEnabled of [true, false]) {
  test(`staff sign in and find their services, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
    await visit({ javaScriptEnabled }, async (page) => {
      await page.goto(at('northwind.ezscale.localhost', '/admin'));
      assert.ok(page.url().includes('/sign-in'));
      await page.fill('#email', 'staff@northwind.test');
      await page.fill('#password', 'not the password');
      await page.click('form[action="/sign-in"] button[type=submit]');
      assert.equal(await page.inputValue('#email'), 'staff@northwind.test', 'what was typed is kept');
      await page.fill('#password', 'demo-password-1');
      await page.click('form[action="/sign-in"] button[type=submit]');
      await page.goto(at('northwind.ezscale.localhost', '/admin/services'));
      for (let tries = 0; tries < 60 && !(await page.textContent('main')).includes('Active'); tries += 1) {
        await page.waitForTimeout(500);
        await page.reload();
      }
      assert.ok((await page.textContent('main')).includes('Active'), 'the demo servers were built');
      await page.goto(at('northwind.ezscale.localhost', '/admin/invoices'));
      assert.ok((await page.textContent('main')).includes('Paid'));
      if (javaScriptEnabled) await axe(page);
    });
  });
}

test('a customer signs up and sees an empty list, not somebody else’s', async () => {
  await visit({}, async (page) => {
    const host = 'northwind.ezscale.localhost';
    await page.goto(at(host, '/sign-up'));
    await page.fill('#name', 'Ana Reis');
    await page.fill('#email', `ana${Date.now()}@reis.test`);
    await page.selectOption('#country', 'PT');
    await page.fill('#password', 'a long enough sentence');
    await page.click('form[action="/sign-up"] button[type=submit]');
    await page.goto(at(host, '/account/services'));
    assert.ok((await page.textContent('main')).includes('No services yet'));
    const answer = await page.goto(at(host, '/admin/services'));
    assert.equal(answer.status(), 404, 'a customer learns nothing of the staff area');
    await axe(page);
  });
});
