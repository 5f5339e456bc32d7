// The page and the gateway together, as `npm start` has them: the built Worker in
// workerd, the StepFun simulator behind it, Chromium before it.

import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGateway, type Gateway } from '../worker/harness.ts';
import { startSiteverify } from './servers.ts';
import { useChromium, useServer } from './setup.ts';

/** Wrangler builds and starts a gateway for some of the tests. */
const START_LIMIT_MS = 60_000;

describe('the playground on the gateway', { timeout: START_LIMIT_MS }, () => {
  const chromium = useChromium();
  let page: Page;

  async function ask(text: string): Promise<void> {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByLabel('Message', { exact: true }).press('Enter');
  }

  async function visit({ url }: { url: string }): Promise<void> {
    ({ page } = await chromium.openPage(url));
  }

  /** A gateway for one test. */
  async function start(vars: Record<string, string>): Promise<Gateway> {
    const gateway = await startGateway(vars);
    onTestFinished(() => gateway.close());
    return gateway;
  }

  /** Waits until the page offers the gateway's models. */
  async function listed(gateway: Gateway, key = 'none'): Promise<void> {
    const response = await gateway.fetch('/v1/models', { headers: { authorization: `Bearer ${key}` } });
    const { data } = (await response.json()) as { data: { id: string }[] };
    await page.locator(`#model option[value="${data.at(-1)?.id}"]`).waitFor({ state: 'attached' });
  }

  const figures = () => page.locator('.figures').last().innerText();
  const done = () => page.getByRole('button', { name: 'Regenerate' }).last().waitFor();
  const exchanges = (count: number) =>
    page
      .locator('.exchange')
      .nth(count - 1)
      .waitFor();

  describe('that is open to all', () => {
    const gateway = useServer(() => startGateway());

    it('converses: models, reasoning, answer, figures', async () => {
      await visit(gateway());
      await listed(gateway());
      await page.getByRole('radio', { name: 'High' }).check();
      await ask('Why is the sky blue?');
      await done();
      expect((await page.locator('.prose').innerText()).length).toBeGreaterThan(100);
      expect(await page.locator('.reasoning summary').innerText()).toMatch(/^Reasoned for/);
      expect((await figures()).replace(/\s+/g, ' ')).toMatch(/Prompt \d+.* Completion \d+ Cache miss/);
      await ask('And the sea?');
      await exchanges(2);
      await done();
      expect(await page.locator('.failure').count()).toBe(0);
    });

    it('hides the reasoning on request', async () => {
      await visit(gateway());
      await page.getByLabel('Reasoning format').selectOption('hidden');
      await ask('Why is grass green?');
      await done();
      expect(await page.locator('.reasoning summary').isVisible()).toBe(false);
    });

    it('shows the cache at work, and asks past it for another answer', async () => {
      await visit(gateway());
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

    it('calls a tool of the examples, and takes its result', async () => {
      await visit(gateway());
      await page.getByText('More options').click();
      await page.getByRole('button', { name: 'weather' }).click();
      await expect.poll(() => page.getByLabel('Tools').inputValue()).toContain('get_weather');
      await ask('Please call get_weather.');
      await page.getByLabel('Result of get_weather').fill('{"celsius": 21}');
      await page.getByRole('button', { name: 'Send result' }).click();
      await exchanges(2);
      await done();
      expect(await page.locator('.failure').count()).toBe(0);
    });

    it.each([
      ['simulate error 429 retry-after 30', 'StepFun is busy'],
      ['simulate error 402', 'StepFun does not accept the gateway’s key'],
      ['simulate error 451', 'StepFun’s content filter stopped this'],
      ['simulate truncated after 5', 'The answer broke off'],
      ['simulate error mid-stream after 5', 'StepFun'],
    ])('explains the answer to "%s"', async (text, title) => {
      await visit(gateway());
      await ask(`Hello, ${text}`);
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').innerText()).toContain(title);
    });
  });

  it('tells an operator on the first look what to configure', async () => {
    await visit(await start({ ANONYMOUS_ACCESS: 'false' }));
    await page.locator('#setup').getByText('This gateway is not ready yet').waitFor();
    expect(await page.locator('#setup').innerText()).toContain('CLIENT_KEYS');
    await ask('Hello');
    await page.getByText('No way in is configured yet').waitFor();
  });

  it.each([
    ['is missing', { STEP_API_KEY: '' }, ['STEP_API_KEY', 'is not set']],
    ['is no pair of a name and a key', { CLIENT_KEYS: 'only-a-key-0123456789' }, ['CLIENT_KEYS', 'name:key']],
    ['has an unknown value', { RELAY: 'sideways' }, ['RELAY', 'rewrite, native']],
  ])('says on the first look which setting %s', async (_, vars, words) => {
    await visit(await start(vars));
    await page.locator('#setup').getByText('This gateway is not ready yet').waitFor();
    for (const word of words) expect(await page.locator('#setup').innerText()).toContain(word);
  });

  it('asks for a key where one is needed', async () => {
    const gateway = await start({ ANONYMOUS_ACCESS: 'false', CLIENT_KEYS: 'visitor:the-right-key-0001' });
    await visit(gateway);
    await page.getByLabel('This gateway needs a key').fill('the-right-key-0001');
    await page.getByLabel('This gateway needs a key').press('Enter');
    await listed(gateway, 'the-right-key-0001');
    await ask('Hello');
    await done();
    expect(await page.locator('.failure').count()).toBe(0);
  });

  it('opens a session by Turnstile, which lists the models and asks the question', async () => {
    const siteverify = await startSiteverify('127.0.0.1');
    onTestFinished(() => siteverify.close());
    const gateway = await start({
      ANONYMOUS_ACCESS: 'false',
      TURNSTILE_SITE_KEY: '1x00000000000000000000AA',
      TURNSTILE_SECRET_KEY: '1x0000000000000000000000000000000AA',
      TURNSTILE_VERIFY_URL: siteverify.url,
      SESSION_SIGNING_KEY: 'a signing key of more than 32 characters',
    });
    ({ page } = await chromium.openPage('about:blank'));
    await page.route('https://challenges.cloudflare.com/**', (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: 'turnstile = { render: (_, { callback }) => void setTimeout(callback, 9, "solved-once"), remove() {} }',
      }),
    );
    await page.goto(gateway.url);
    await ask('Why is the sky blue?');
    await done();
    expect(await page.locator('.failure').count()).toBe(0);
    expect(siteverify.forms.map((form) => form.get('response'))).toEqual(['solved-once']);
  });

  it('is gone, with all its files, when it is switched off', async () => {
    const gateway = await start({ PLAYGROUND: 'off' });
    for (const path of ['/', '/docs', '/playground/app.js', '/playground/base.css', '/index.html']) {
      const response = await gateway.fetch(path, { redirect: 'manual' });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 'not_found' } });
    }
  });
});
