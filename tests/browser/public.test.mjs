// What anybody sees without signing in, in every look.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LOOKS, at, launch, open, overflows, picture, violations } from './walk.mjs';

const PAGES = [
  { name: 'home', path: '/' },
  { name: 'customer sign-in', path: '/sign-in', host: 'account' },
  { name: 'staff sign-in', path: '/sign-in', host: 'admin' },
];

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const { name, path, host } of PAGES) {
  for (const look of LOOKS) {
    test(`${name}, ${look.name}`, async () => {
      const { context, page, problems } = await open(browser, look);
      const answer = await page.goto(at(path, host), { waitUntil: 'load' });
      assert.equal(answer.status(), 200);
      assert.ok((await page.title()).length > 0, 'a page has a title');
      assert.equal(await page.locator('h1').count(), 1, 'a page has one heading of the first order');
      assert.equal(await overflows(page), false, 'nothing sticks out at the side');
      await picture(page, `${name} ${look.name}`);
      assert.deepEqual(await violations(page, look), []);
      assert.deepEqual(problems, []);
      await context.close();
    });
  }
}

test('an unknown host is a plain 404 with nobody\'s name on it', async () => {
  const { context, page } = await open(browser, LOOKS[0]);
  const answer = await page.goto(at('/', 'nobody'));
  assert.equal(answer.status(), 404);
  assert.doesNotMatch(await page.content(), /ezscale/i);
  await context.close();
});
