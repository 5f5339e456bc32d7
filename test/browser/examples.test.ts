// The pages of examples/ in Chromium, against the gateway with the simulator behind it.

import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { startGateway } from '../worker/harness.ts';
import { startSite } from './examples-harness.ts';
import { startSiteverify } from './servers.ts';
import { useChromium, useServer } from './setup.ts';

const TURNSTILE_SCRIPT = 'https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit';
const SITE_KEY = 'your-site-key'; // of index.html
const TTL_SECONDS = 600;
/** Chromium and the Workers share the cores of a small machine. */
const PATIENT = { timeout: 15_000 };

/** Acts as Turnstile's test widget: solves each challenge at once. A token is valid once, so each is new. */
const TURNSTILE_STUB = `
  globalThis.challenges = [];
  globalThis.turnstile = {
    render(container, options) {
      const widget = 'widget-' + challenges.length;
      challenges.push({ container, sitekey: options.sitekey, action: options.action, removed: false });
      const solve = () => globalThis.failChallenge ? options['error-callback']('300010') : options.callback(crypto.randomUUID());
      setTimeout(solve, 5);
      return widget;
    },
    remove(widget) { challenges[widget.slice('widget-'.length)].removed = true; },
  };`;

const chromium = useChromium();
const site = useServer(startSite);
let page: Page;
let consoleErrors: string[];

async function ask(text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

describe('examples/browser', { timeout: 60_000 }, () => {
  const siteverify = useServer(() => startSiteverify('127.0.0.1'));
  const gateway = useServer(() =>
    startGateway({
      ANONYMOUS_ACCESS: 'false',
      ALLOWED_ORIGINS: site().origin,
      TURNSTILE_SITE_KEY: SITE_KEY,
      TURNSTILE_SECRET_KEY: '1x0000000000000000000000000000000AA',
      TURNSTILE_VERIFY_URL: siteverify().url,
      SESSION_SIGNING_KEY: 'signing-key-of-32-characters-0001',
      SESSION_TTL_SECONDS: String(TTL_SECONDS),
    }),
  );
  beforeEach(async () => {
    await gateway().forget();
    site().use(gateway().url);
    siteverify().forms.length = 0;
    ({ page } = await chromium.openPage('about:blank'));
    await page.route(TURNSTILE_SCRIPT, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: TURNSTILE_STUB }),
    );
    await page.goto(`${site().origin}/browser`);
  });

  const challenges = () => page.evaluate<unknown[]>('challenges');
  const tokenCount = () => new Set(siteverify().forms.map((form) => form.get('response'))).size;

  it('chats with a session, and continues the conversation with the same one', async () => {
    await ask('My name is Ada');
    await page.getByText('Nice to meet you').waitFor();
    await ask('What is my name?');
    await page.getByText('Your name is **Ada**').waitFor();
    expect(await challenges()).toEqual([
      { container: '#turnstile', sitekey: SITE_KEY, action: 'chat', removed: true },
    ]);
    expect(tokenCount()).toBe(1);
    const bodies = (await gateway().received()).map(({ body }) => JSON.parse(body) as { messages: object[] });
    expect(bodies.map(({ messages }) => messages.length)).toEqual([1, 3]);
  });

  it('shows the answer while it arrives', async () => {
    await ask('simulate 40 tokens simulate no reasoning simulate pace 50');
    const answer = page.locator('#log p').nth(1);
    await expect.poll(() => answer.innerText(), PATIENT).toMatch(/^This text/);
    const partial = await answer.innerText();
    const length = async () => (await answer.innerText()).length;
    await expect.poll(length, PATIENT).toBeGreaterThan(partial.length);
  });

  it('sends no second question before the answer to the first has ended', async () => {
    const send = page.getByRole('button', { name: 'Send' });
    await ask('simulate 40 tokens simulate no reasoning simulate pace 50');
    await page.getByText(/^This text/).waitFor();
    expect(await send.isDisabled()).toBe(true);
    await page.getByLabel('Message').fill('What is my name?');
    await page.getByLabel('Message').press('Enter');
    await expect.poll(() => send.isEnabled(), PATIENT).toBe(true);
    expect(await gateway().received()).toHaveLength(1);
    expect(await page.locator('#log p').count()).toBe(2);
  });

  it('renews the session before it ends', async () => {
    await ask('Say one');
    await page.getByText('one', { exact: true }).waitFor();
    const moveClock = (seconds: number) =>
      page.evaluate(`{ const now = Date.now; Date.now = () => now() + ${seconds * 1_000}; }`);
    await moveClock(TTL_SECONDS - 120);
    await ask('Say two');
    await page.getByText('two', { exact: true }).waitFor();
    expect(tokenCount()).toBe(1);
    await moveClock(61);
    await ask('Say three');
    await page.getByText('three', { exact: true }).waitFor();
    expect(tokenCount()).toBe(2);
  });

  it('shows errors, and lets the visitor try again', async () => {
    await page.evaluate('globalThis.failChallenge = true');
    await ask('Say one');
    expect(await page.getByRole('alert').innerText()).toBe('Error: Turnstile failed: 300010');
    await page.evaluate('globalThis.failChallenge = false');
    await ask('Say one simulate error 400');
    await page.getByText('Error: The request parameters are invalid.').waitFor();
    await ask('Tell me a joke simulate truncated');
    await expect.poll(() => page.getByRole('alert').count(), PATIENT).toBe(3);
    await ask('Say four');
    await page.getByText('four', { exact: true }).waitFor();
    const last = JSON.parse((await gateway().received()).at(-1)?.body ?? '') as { messages: object[] };
    expect(last.messages).toEqual([{ role: 'user', content: 'Say four' }]);
  });
});

describe('examples/react', { timeout: 60_000 }, () => {
  const gateway = useServer(() => startGateway());
  beforeEach(async () => {
    await gateway().forget();
    site().use(gateway().url);
    ({ page, consoleErrors } = await chromium.openPage(`${site().origin}/react`));
  });

  it('chats, with the reasoning apart from the answer', async () => {
    await ask('My name is Ada');
    const answer = page.getByRole('article', { name: 'assistant' });
    await answer.getByText('Nice to meet you').waitFor();
    expect(await answer.locator('details').innerText()).toContain('Reasoning');
    expect(await answer.locator('details').textContent()).toContain('The user');
    expect(await answer.locator('p').innerText()).not.toContain('The user');
    await ask('What is my name?');
    await page.getByText('Your name is **Ada**').waitFor();
    expect(await gateway().received()).toHaveLength(2);
  });

  it('stops an answer, and sends no second question before', async () => {
    const send = page.getByRole('button', { name: 'Send' });
    await ask('simulate 400 tokens simulate no reasoning simulate pace 50');
    await page.getByText(/^This text/).waitFor();
    expect(await send.isDisabled()).toBe(true);
    await page.getByLabel('Message').fill('What is my name?');
    await page.getByLabel('Message').press('Enter');
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => send.isEnabled(), PATIENT).toBe(true);
    expect(await gateway().received()).toHaveLength(1);
  });

  it('shows an error', async () => {
    await ask('hi simulate error 400');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('The request parameters are invalid.');
    // The AI SDK also writes it to the console.
    await expect.poll(() => consoleErrors.splice(0).join()).toContain('The request parameters are invalid.');
  });
});
