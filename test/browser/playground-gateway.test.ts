// The page and the gateway together, as `npm start` has them: the built Worker in
// workerd, the StepFun simulator behind it, Chromium before it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
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

  it('tells an operator what to configure', async () => {
    gateway = await startGateway({ ANONYMOUS_ACCESS: 'false' });
    await visit();
    await ask('Hello');
    await page.getByText('Nobody is let in yet').waitFor();
    expect(open.complaints).toEqual([]);
    await page.context().close();
    await gateway.close();
  });

  it('asks for a key where one is needed', async () => {
    gateway = await startGateway({ ANONYMOUS_ACCESS: 'false', CLIENT_KEYS: 'visitor:the-right-key-0001' });
    await visit();
    await ask('Hello');
    await page.getByText('A key is needed').waitFor();
    await page.getByRole('button', { name: 'Enter a key' }).click();
    await page.keyboard.type('the-right-key-0001');
    await page.getByRole('button', { name: 'Try again' }).click();
    await done();
    await page.locator('#model option[value="step-2-16k"]').waitFor({ state: 'attached' });
    expect(open.complaints).toEqual([]);
    await page.context().close();
    await gateway.close();
  });

  it('opens a session by Turnstile, which lists the models and asks the question', async () => {
    // Cloudflare's siteverify, which knows one token.
    const siteverify = createServer((request, response) => {
      void text(request).then((body) => {
        const success = body.includes('solved-once');
        response.end(JSON.stringify({ success, hostname: '127.0.0.1', action: 'chat', 'error-codes': [] }));
      });
    });
    await new Promise<void>((resolve) => siteverify.listen(0, '127.0.0.1', resolve));
    const { port } = siteverify.address() as AddressInfo;
    gateway = await startGateway({
      ANONYMOUS_ACCESS: 'false',
      TURNSTILE_SITE_KEY: '1x00000000000000000000AA',
      TURNSTILE_SECRET_KEY: '1x0000000000000000000000000000000AA',
      TURNSTILE_VERIFY_URL: `http://127.0.0.1:${port}/siteverify`,
      SESSION_SIGNING_KEY: 'a signing key of more than 32 characters',
    });
    open = await openPage(browser, 'about:blank');
    ({ page } = open);
    await page.route('https://challenges.cloudflare.com/**', (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: 'turnstile = { render: (_, { callback }) => void setTimeout(callback, 9, "solved-once"), remove() {} }',
      }),
    );
    await page.goto(gateway.url);
    await page.locator('#model option[value="step-2-16k"]').waitFor({ state: 'attached' });
    await ask('Why is the sky blue?');
    await done();
    expect(await page.locator('.failure').count()).toBe(0);
    expect(open.complaints).toEqual([]);
    await page.context().close();
    await gateway.close();
    siteverify.close();
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
