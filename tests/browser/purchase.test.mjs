// A visitor buys a server with a card: at both brands, with scripts and without, on a wide screen and a phone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { at, launch, open, overflows, picture, violations } from './walk.mjs';

const BRANDS = [{ host: '', name: 'EZSCALE' }, { host: 'northwind', name: 'Northwind' }];
const LOOKS = [
  { width: 1440, scheme: 'light', scripts: true },
  { width: 390, scheme: 'dark', scripts: true },
  { width: 390, scheme: 'light', scripts: false },
  { width: 1440, scheme: 'dark', scripts: false },
];

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const brand of BRANDS) {
  for (const look of LOOKS) {
    const says = `${look.width} px, ${look.scheme}, scripts ${look.scripts ? 'on' : 'off'}`;
    test(`a server is bought at ${brand.name}, ${says}`, async () => {
      const { context, page, problems } = await open(browser, look);
      const check = async (name) => {
        assert.equal(await page.locator('h1').count(), 1, `${name} has one heading of the first order`);
        assert.equal(await overflows(page), false, `${name}: nothing sticks out at the side`);
        if (brand.host) assert.doesNotMatch(await page.content(), /ezscale(?!\.localhost)/i, `${name} names the platform`);
        await picture(page, `buy ${brand.name} ${name} ${says}`);
        assert.deepEqual(await violations(page, look), [], name);
      };
      await page.goto(at('/', brand.host));
      await check('home');
      await page.goto(at('/products/vps', brand.host));
      await check('catalogue');
      await page.locator('.shop-card h2 a').first().click();
      await page.waitForURL(/\/products\/vps\/./);
      await check('product');
      await page.locator('main button.btn-primary').click();
      await page.waitForURL(/\/order\/./);
      assert.match(await page.inputValue('#hostname'), /\.internal$/, 'a name is suggested');
      if (look.scripts) {
        const yearly = page.locator('.radio-card').nth(1);
        const before = await page.textContent('#quote');
        await yearly.click();
        await page.waitForFunction((old) => document.querySelector('#quote').textContent !== old, before);
        await page.locator('.radio-card').first().click();
        await page.waitForFunction((old) => document.querySelector('#quote').textContent === old, before);
      }
      await page.fill('#hostname', 'not a host name');
      await page.locator('main button.btn-primary').click();
      await page.waitForSelector('.field-error');
      assert.equal(await page.inputValue('#hostname'), 'not a host name', 'what was typed is kept');
      await check('configure with an error');
      await page.fill('#hostname', 'web-1.walk.test');
      await page.locator('main button.btn-primary').click();
      await page.waitForURL(/\/cart$/);
      assert.ok((await page.textContent('main')).includes('web-1.walk.test'));
      await check('cart');
      await page.locator('main a[href="/checkout"]').click();
      await page.waitForURL(/\/checkout$/);
      await check('checkout');
      const email = `walk-${Date.now()}-${Math.floor(Math.random() * 1e6)}@walk.test`;
      await page.fill('#email', email);
      await page.fill('#name', 'Wanda Walk');
      await page.fill('#new_password', 'a long enough sentence');
      await page.selectOption('#country', 'PT');
      await page.fill('#address1', 'Rua Direita 1');
      await page.fill('#city', 'Porto');
      const pay = page.locator('main button.btn-lg');
      assert.match(await pay.textContent(), /Pay/);
      const own = problems.length;
      await pay.click();
      await page.waitForURL(/\/c\/pay\//);
      await page.click('button[value=card]');
      await page.waitForURL(/\/account\/orders\/ord_/);
      // What the gateway's own page complains of is not ours.
      problems.splice(own);
      const ready = async () => await page.locator('main a[href*="/account/services/svc_"]').count() > 0;
      for (let tries = 0; tries < 60 && !(await ready()); tries += 1) {
        await page.waitForTimeout(1000);
        if (!look.scripts) await page.reload();
      }
      assert.ok(await ready(), 'the server was built');
      await picture(page, `buy ${brand.name} order ${says}`);
      // A wrong form is answered 422, and leaving a page ends what it was asking for.
      const failed = problems.filter((text) => !/422|ERR_ABORTED|Failed to fetch/.test(text));
      assert.deepEqual(failed, []);
      await context.close();
    });
  }
}
