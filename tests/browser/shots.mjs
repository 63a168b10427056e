// Every page of a running bin/dev, in every look, with axe: crawls each portal as its demo people and keeps pictures.
//
//   EZSCALE_URL=http://ezscale.localhost:8080 EZSCALE_PICTURES=var/shots node tests/browser/shots.mjs [WORD ...]
//
// WORDs choose surfaces (site, account, admin, northwind ..). Prints one line per fault; exits 1 when there is one.
import { at, launch, open, overflows, picture, violations } from './walk.mjs';

const PASSWORD = 'demo-password-1';
const LANGUAGE = process.env.EZSCALE_LANGUAGE ?? 'en';
const WIDTHS = (process.env.EZSCALE_WIDTHS ?? '1440,390').split(',').map(Number);
const SCHEMES = (process.env.EZSCALE_SCHEMES ?? 'light,dark').split(',');
// A page about one thing is looked at this often.
const ALIKE = 1;

const SURFACES = [
  { name: 'site', host: '', from: ['/', '/cart', '/checkout', '/sign-in', '/sign-up', '/forgot-password', '/nowhere', '/verify-email', '/reset-password', '/api/v1/docs'] },
  { name: 'account', host: 'account', email: 'ops@hallsons.test', from: ['/account', '/account/nowhere'] },
  { name: 'admin', host: 'admin', email: 'staff@ezscale.test', from: ['/admin', '/admin/nowhere', '/styleguide',
    '/admin/services?status=suspended', '/admin/services?status=failed', '/admin/invoices?status=overdue', '/admin/invoices?status=unpaid',
    '/admin/orders?status=cancelled', '/admin/orders?status=pending_payment', '/admin/provisioning?status=failed', '/admin/customers?q=nobody-has-this'] },
  { name: 'northwind-site', host: 'northwind', from: ['/', '/cart', '/checkout', '/sign-in', '/sign-up', '/nowhere'] },
  { name: 'northwind-account', host: 'northwind', email: 'astrid@fjellheim.test', from: ['/account'] },
  { name: 'northwind-admin', host: 'northwind', email: 'staff@northwind.test', from: ['/admin'] },
];

/** One page stands for all of its kind: ids and what is asked of a list are left out. */
function kindOf(path) {
  const url = new URL(path, 'http://x');
  const id = url.pathname.replace(/\/([a-z]{3})_[0-9a-z]+/g, '/$1_').replace(/^(\/products\/\w+)\/.+/, '$1/one').replace(/^\/order\/.+/, '/order/one');
  const status = url.searchParams.get('status') ?? (url.searchParams.has('q') ? 'q' : '');
  return `${id}${status ? `-${status}` : ''}`;
}

async function signIn(page, surface) {
  await page.goto(at('/sign-in', surface.host));
  await page.fill('input[name=email]', surface.email);
  await page.fill('input[name=password]', PASSWORD);
  await page.click('main button[type=submit]');
  await page.waitForLoadState('load');
}

/** Pages of the same surface that this one leads to. */
async function links(page) {
  return page.$$eval('a[href]', (all) => all.map((a) => a.href))
    .then((all) => all.map((href) => new URL(href)).filter((url) => url.origin === new URL(page.url()).origin)
      .map((url) => url.pathname + url.search)
      .filter((path) => !/\/pdf$|\/go\/|\/hooks|\/assets|openapi|sort=|after=|page=|^\/theme/.test(path)));
}

const browser = await launch();
const words = process.argv.slice(2);
const faults = [];
const say = (fault) => { faults.push(fault); console.log(fault); };

for (const surface of SURFACES.filter(({ name }) => words.length === 0 || words.includes(name))) {
  const prefix = surface.name.endsWith('admin') ? '/admin' : surface.name.endsWith('account') ? '/account' : '';
  const first = await open(browser, { width: 1440, scheme: 'light', scripts: true, language: LANGUAGE });
  if (surface.email) await signIn(first.page, surface);
  const state = await first.context.storageState();
  // Found once, in the widest look.
  const seen = new Map();
  const wanted = [...surface.from];
  const pages = [];
  while (wanted.length > 0) {
    const path = wanted.shift();
    const kind = kindOf(path);
    const times = seen.get(kind) ?? 0;
    if (times >= ALIKE) continue;
    seen.set(kind, times + 1);
    pages.push(path);
    try {
      await first.page.goto(at(path, surface.host), { waitUntil: 'load' });
    } catch (error) {
      say(`${surface.name} ${path}: ${error.message.split('\n')[0]}`);
      continue;
    }
    const rest = await links(first.page);
    // What a list of one state shows comes before everything else.
    const next = rest.filter((link) => (prefix ? link.startsWith(prefix) : !/^\/(account|admin)/.test(link)) && !seen.has(kindOf(link)));
    if (path.includes('status=')) {
      const one = next.concat(rest).find((link) => /\/[a-z]{3}_[0-9a-z]+$/.test(link));
      if (one && !pages.includes(one)) { pages.push(one); continue; }
    }
    wanted.push(...next);
  }
  await first.context.close();
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const look = { width, scheme, scripts: true, language: LANGUAGE };
      const { context, page, problems } = await open(browser, look, state);
      for (const [index, path] of pages.entries()) {
        const name = `${surface.name} ${String(index).padStart(2, '0')} ${kindOf(path)}`;
        const says = `${name} (${path}) ${width} ${scheme}`;
        problems.splice(0);
        try {
          const answer = await page.goto(at(path, surface.host), { waitUntil: 'load' });
          if (answer && answer.status() >= 500) say(`${says}: answers ${answer.status()}`);
          if (await overflows(page)) say(`${says}: sticks out at the side`);
          for (const fault of await violations(page, look)) say(`${says}: ${fault}`);
          if (surface.name.startsWith('northwind') && /ezscale(?!\.localhost)/i.test(await page.content())) say(`${says}: names the platform`);
          const odd = problems.filter((problem) => !/status of 4\d\d|ERR_ABORTED/.test(problem));
          for (const problem of odd) say(`${says}: ${problem}`);
          await picture(page, `${name} ${width} ${scheme}`);
        } catch (error) {
          say(`${says}: ${error.message.split('\n')[0]}`);
        }
      }
      await context.close();
    }
  }
  console.log(`${surface.name}: ${pages.length} pages`);
}
await browser.close();
console.log(`${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
