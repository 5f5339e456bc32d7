// The page and the gateway together, as `npm start` has them: the built Worker in
// workerd, the StepFun simulator behind it, Chromium before it.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from '../worker/harness.ts';
import { launchChromium, openPage, type OpenPage } from './playground-harness.ts';

describe('the playground on the gateway', () => {
  let browser: Browser;
  let gateway: Gateway;
  let open: OpenPage;
  let page: Page;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  async function ask(text: string): Promise<void> {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.keyboard.press('Enter');
  }

  async function visit(): Promise<void> {
    open = await openPage(browser, gateway.url);
    ({ page } = open);
  }

  const figures = () => page.locator('.figures').last().innerText();
  const done = () => page.getByRole('button', { name: 'Regenerate' }).last().waitFor();
  const exchanges = (count: number) =>
    page
      .locator('.exchange')
      .nth(count - 1)
      .waitFor();

  describe('that is open to all', () => {
    beforeAll(async () => {
      gateway = await startGateway();
    });
    afterAll(() => gateway.close());
    afterEach(async () => {
      expect(open.complaints).toEqual([]);
      await page.context().close();
    });

    it('converses: models, reasoning, answer, figures', async () => {
      await visit();
      await page.locator('#model option[value="step-2-16k"]').waitFor({ state: 'attached' });
      await page.getByRole('radio', { name: 'High' }).check();
      await ask('Why is the sky blue?');
      await done();
      expect((await page.locator('.prose').innerText()).length).toBeGreaterThan(100);
      expect(await page.locator('summary').innerText()).toMatch(/^Reasoned for/);
      expect((await figures()).replace(/\s+/g, ' ')).toMatch(/Prompt \d+.* Completion \d+ Cache miss/);
      await ask('And the sea?');
      await exchanges(2);
      await done();
      expect(await page.locator('.failure').count()).toBe(0);
    });

    it('hides the reasoning when told to', async () => {
      await visit();
      await page.getByLabel('Reasoning format').selectOption('hidden');
      await ask('Why is grass green?');
      await done();
      expect(await page.locator('summary').isVisible()).toBe(false);
    });

    it('shows the cache at work, and asks past it for another answer', async () => {
      await visit();
      await page.getByLabel('Streaming').uncheck();
      await ask('Name three primes.');
      await done();
      expect((await figures()).replace(/\s+/g, ' ')).toMatch(/Cache miss, stored$/);
      await page.getByRole('button', { name: 'New conversation' }).click();
      await ask('Name three primes.');
      await done();
      expect((await figures()).replace(/\s+/g, ' ')).toMatch(/Cache hit, \d+ (?:min|h) left$/);
      await page.getByRole('button', { name: 'Regenerate' }).click();
      await page.getByText('Cache', { exact: true }).waitFor();
      await done();
      expect(await figures()).not.toContain('hit');
    });

    it.each([
      ['simulate error 429 retry-after 30', 'StepFun is busy'],
      ['simulate error 402', 'The gateway is not let in by StepFun'],
      ['simulate error 451', "StepFun's content filter stopped this"],
      ['simulate truncated after 5', 'The answer broke off'],
      ['simulate error mid-stream after 5', 'StepFun'],
    ])('explains what "%s" comes to', async (text, title) => {
      await visit();
      await ask(`Hello, ${text}`);
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').innerText()).toContain(title);
    });
  });

  it('asks for a key where one is needed, and tells an operator what to configure', async () => {
    gateway = await startGateway({ ANONYMOUS_ACCESS: 'false' });
    await visit();
    await ask('Hello');
    await page.getByText('Nobody is let in yet').waitFor();
    await page.context().close();
    await gateway.close();

    gateway = await startGateway({ ANONYMOUS_ACCESS: 'false', CLIENT_KEYS: 'visitor:the-right-key' });
    await visit();
    await ask('Hello');
    await page.getByText('A key is needed').waitFor();
    await page.getByRole('button', { name: 'Enter a key' }).click();
    await page.keyboard.type('the-right-key');
    await page.getByRole('button', { name: 'Try again' }).click();
    await done();
    await page.locator('#model option[value="step-2-16k"]').waitFor({ state: 'attached' });
    expect(open.complaints).toEqual([]);
    await gateway.close();
  });

  it('is gone, with all its files, when it is switched off', async () => {
    gateway = await startGateway({ PLAYGROUND: 'off' });
    for (const path of ['/', '/playground/app.js', '/playground/style.css', '/index.html']) {
      const response = await gateway.fetch(path, { redirect: 'manual' });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 'not_found' } });
    }
    await gateway.close();
  });
});
