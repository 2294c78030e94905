// What the browser test does with an open incident; run.mjs calls it once a theme.
import { large } from './large.mjs';

/** What a reader does with an incident: say something of it, ask on, play it, compare it, take it along. */
export async function incidentTools({ page, t, clean, theme, base, expect, settle, shoot }) {
  const api = (path) => page.evaluate((p) => fetch(p).then((r) => r.text()), `/api/v1/incidents/${new URL(page.url()).pathname.split('/').at(-1)}${path}`);
  await t('a note on a step is sealed beside the result, and can be withdrawn', async () => {
    const before = await api('');
    const panel = page.locator('.dr details').first();
    await panel.evaluate((e) => (e.open = true));
    await panel.getByRole('button', { name: 'Confirm' }).click();
    const reason = `seen by the ${theme} test at ${Date.now()}`;
    await panel.getByLabel('Reason').fill(reason);
    await clean('the form of a note');
    await page.keyboard.press('Enter');
    const own = panel.locator('li:not(.gone)', { hasText: reason }).first();
    await own.waitFor();
    await page.waitForSelector('[data-step][aria-current] .said .v:has-text("confirmed")');
    await settle(page);
    await shoot(page, `incident-note-${theme}`);
    expect((await api('')) === before, 'the result has other bytes');
    await own.getByRole('button', { name: 'Withdraw' }).click();
    await panel.getByLabel('Reason').fill('only a test');
    await page.keyboard.press('Enter');
    await panel.locator('li.gone', { hasText: reason }).waitFor();
  });
  await t('a step asks on: what did this account do next, what else touched this file', async () => {
    const ask = page.locator('[data-ask]');
    await ask.locator('summary').click();
    const links = ask.locator('a');
    expect((await links.count()) > 0, 'no question is ready');
    for (const href of await links.evaluateAll((list) => list.map((a) => a.getAttribute('href')))) {
      const p = new URL(href, base).searchParams;
      const answer = await page.evaluate((q) => fetch(`/api/v1/search?limit=1&${q}`).then(async (r) => [r.status, (await r.json()).total]), `q=${encodeURIComponent(p.get('q'))}&from=${p.get('from')}&to=${p.get('to')}`);
      expect(answer[0] === 200, `${p.get('q')} is answered with ${answer[0]}`);
    }
  });
  await t('the way in leaves only the causes of a step', async () => {
    const steps = page.locator('[data-step]');
    const all = await steps.count();
    await steps.last().locator('button.n').click();
    const last = await steps.last().getAttribute('data-step');
    await page.keyboard.press('c');
    await page.waitForFunction((n) => new URLSearchParams(location.search).get('way') === n, last);
    const left = await steps.count();
    console.log(`      ${left} of ${all} steps lead to step ${last}`);
    expect(left >= 1 && left <= all && (await page.locator(`[data-step="${last}"]`).count()) === 1, `${left} of ${all} steps are left`);
    await settle(page);
    await shoot(page, `incident-way-${theme}`);
    await page.keyboard.press('c');
    await page.waitForFunction(() => !new URLSearchParams(location.search).get('way'));
  });
  await t('playback goes step by step and stops', async () => {
    const now = () => new URL(page.url()).searchParams.get('step');
    const count = await page.locator('[data-step]').count();
    await page.keyboard.press('g');
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await page.waitForSelector('button[aria-pressed="true"]:has-text("Stop")');
    if (count > 1) await page.waitForFunction(() => new URLSearchParams(location.search).get('step') === '2', undefined, { timeout: 9000 });
    await page.keyboard.press('p');
    const at = now();
    await page.waitForTimeout(1500);
    expect(now() === at, 'it plays on after the stop');
  });
  await t('a run made now is compared with the kept one', async () => {
    await page.click('text=Compare runs');
    await page.waitForSelector('section[aria-label="Comparison of runs"] :is(table, p)', { timeout: 30_000 });
    await clean('a comparison of runs');
    await page.click('section[aria-label="Comparison of runs"] button:has-text("Close")');
  });
  await t('the incident is saved in every form', async () => {
    await page.click('summary:has-text("Save as")');
    const links = await page.locator('details a[download]').evaluateAll((list) => list.map((a) => a.getAttribute('href')));
    expect(links.length >= 8, `only ${links.length} forms`);
    for (const href of links) {
      const [status, disposition, text] = await page.evaluate((h) => fetch(h).then(async (r) => [r.status, r.headers.get('content-disposition') ?? '', await r.text()]), href);
      expect(status === 200 && disposition.startsWith('attachment') && text.length > 0, `${href}: ${status} ${disposition}`);
      expect(!/<script/i.test(text), `${href} has a script`);
    }
    await page.keyboard.press('Escape');
  });
  await t('an incident of 10,000 links stays fluid', async () => {
    const big = JSON.stringify(large(10_000));
    await page.route('**/api/v1/incidents/inc-large', (r) => r.fulfill({ contentType: 'application/json', body: big }));
    await page.route('**/api/v1/incidents/inc-large/overlays', (r) => r.fulfill({ contentType: 'application/json', body: '{"overlays":[]}' }));
    const back = page.url();
    await page.evaluate(() => history.pushState(null, '', '/incidents/inc-large?graph=table&nodes=all'));
    await page.evaluate(() => dispatchEvent(new PopStateEvent('popstate')));
    await page.waitForSelector('section[aria-label="Cause graph"] tr[aria-rowindex]');
    const box = page.locator('section[aria-label="Cause graph"] [role="region"]');
    expect((await box.locator('table').getAttribute('aria-rowcount')) === '10001', 'the table does not count every link');
    await box.evaluate((e) => (e.scrollTop = e.scrollHeight));
    await page.waitForSelector('section[aria-label="Cause graph"] tr[aria-rowindex="10001"]');
    const rows = await box.locator('tr[aria-rowindex]').count();
    expect(rows < 120, `${rows} rows of the table are in the document`);
    await page.evaluate(() => document.querySelectorAll('section[aria-label="Cause graph"] .seg')[1].querySelector('button').click());
    await page.waitForSelector('section[aria-label="Cause graph"] .graph canvas');
    await page.waitForSelector('text=Too many to draw');
    const start = Date.now();
    for (let i = 0; i < 5; i++) await page.keyboard.press('j');
    await page.waitForFunction(() => new URLSearchParams(location.search).get('step') === '6');
    console.log(`      five steps by key in ${Date.now() - start} ms, ${rows} of 10,000 rows in the document`);
    await settle(page);
    await shoot(page, `incident-large-${theme}`);
    await clean('a large incident');
    await page.unroute('**/api/v1/incidents/inc-large');
    await page.unroute('**/api/v1/incidents/inc-large/overlays');
    await page.goto(back);
    await page.waitForSelector('[data-step]');
  });
}
