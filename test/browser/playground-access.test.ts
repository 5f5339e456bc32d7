// The page's credential in real Chromium: a key, or a session opened with Turnstile.

import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { startFakeGateway, type Asked, type FakeGateway } from './fake-gateway.ts';
import { answerWith, usePlayground, type Playground } from './playground-page.ts';
import { useChromium, useServer } from './setup.ts';

const REFUSED = { error: { message: 'No valid credentials were given.', code: 'invalid_api_key' } };

describe('a key', () => {
  const openPlayground = usePlayground();
  let playground: Playground;
  let page: Page;

  /** Opens the page of a gateway that needs a key. */
  beforeEach(async () => {
    playground = await openPlayground();
    ({ page } = playground);
    const { gateway } = playground;
    const { models } = gateway;
    gateway.models = (asked: Asked) => (asked.headers.authorization === 'Bearer right-key' ? models : null);
    gateway.answer = (asked) => {
      if (asked.headers.authorization === 'Bearer right-key') answerWith('Welcome')(asked);
      else asked.json(401, REFUSED);
    };
    await page.reload();
  });

  const welcome = () => page.locator('.prose', { hasText: 'Welcome' });
  const stored = () =>
    page.evaluate(() => JSON.stringify([...Object.entries(localStorage), ...Object.entries(sessionStorage)]));
  const send = async (text: string) => {
    await playground.message().fill(text);
    await playground.message().press('Enter');
  };

  it('is asked for before the first question, and Enter tries it', async () => {
    const field = page.getByLabel('This gateway needs a key');
    await field.waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('welcome-key');
    await field.fill('wrong-key');
    await field.press('Enter');
    await page.locator('#welcome-note', { hasText: 'This key was not accepted.' }).waitFor();
    await field.fill(' right-key ');
    await field.press('Enter');
    await field.waitFor({ state: 'hidden' });
    expect(await page.getByLabel('Client key').inputValue()).toBe(' right-key ');
    await page.locator('#model option[value="step-plain"]').waitFor({ state: 'attached' });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('prompt');
    await send('Hello');
    await welcome().waitFor();
    expect(playground.gateway.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer right-key',
    ]);
  });

  it('that was missing or wrong is entered in the settings, and Enter repeats the question', async () => {
    await send('Hello');
    expect(await page.getByRole('alert').innerText()).toContain('A key is needed');
    await page.getByRole('button', { name: 'Enter a key' }).click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('key');
    await page.keyboard.type('wrong-key');
    await page.keyboard.press('Enter');
    await page.locator('#key-note', { hasText: 'This key was not accepted.' }).waitFor();
    await page.getByLabel('Client key').fill('right-key');
    await page.getByLabel('Client key').press('Enter');
    await welcome().waitFor();
    expect(await page.locator('.exchange').count()).toBe(1);
    expect(playground.gateway.asked.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer right-key',
    ]);
  });

  it('is not accepted if the gateway could not check it, and Enter repeats the check', async () => {
    const { models } = playground.gateway;
    const note = (text: string) => page.locator('#key-note', { hasText: text });
    playground.gateway.models = (asked: Asked) => asked.json(429, { error: { code: 'rate_limit_exceeded' } });
    await page.getByLabel('Client key').fill('right-key');
    await page.getByLabel('Client key').press('Enter');
    await note('could not check this key').waitFor();
    playground.gateway.models = models;
    await page.getByLabel('Client key').press('Enter');
    await note('This key is accepted.').waitFor();
  });

  it('is not accepted if the gateway answers everybody and does not know it', async () => {
    playground.gateway.models = { data: [{ id: 'step-3.7-flash' }] };
    playground.gateway.usage = { object: 'usage', client: 'anonymous', tokens: { limit: null } };
    await page.getByLabel('Client key').fill('wrong-key');
    await page.getByLabel('Client key').press('Enter');
    await page.locator('#key-note', { hasText: 'The gateway does not know this key.' }).waitFor();
    // The note is in view, below the field.
    const bottom = await page.locator('#key-note').evaluate((node) => node.getBoundingClientRect().bottom);
    expect(bottom).toBeLessThanOrEqual(720);
  });

  it('is forgotten with the page, unless the visitor wants it remembered', async () => {
    await page.getByLabel('Client key').fill('right-key');
    await page.getByLabel('Max tokens').fill('5');
    await send('Hello');
    await welcome().waitFor();
    expect(await stored()).toContain('maxTokens');
    expect(await stored()).not.toContain('right-key');
    await page.reload();
    expect(await page.getByLabel('Client key').inputValue()).toBe('');

    await page.getByLabel('Client key').fill('right-key');
    await page.getByLabel('Remember it in this browser').check();
    await page.reload();
    expect(await page.getByLabel('Client key').inputValue()).toBe('right-key');
    await page.getByLabel('Remember it in this browser').uncheck();
    expect(await stored()).not.toContain('right-key');
  });

  it('is in no snippet', async () => {
    await page.getByLabel('Client key').fill('right-key');
    await page.locator('#code-open').click();
    const dialog = page.getByRole('dialog', { name: 'This request as code' });
    for (const language of ['curl', 'JavaScript', 'Python']) {
      await dialog.getByRole('tab', { name: language }).click();
      const code = await dialog.getByRole('tabpanel').innerText();
      expect(code).toContain('GATEWAY_KEY');
      expect(code).not.toContain('right-key');
    }
  });
});

describe('a session', () => {
  const chromium = useChromium();
  const server = useServer(() => startFakeGateway('1x00000000000000000000AA'));
  let gateway: FakeGateway;
  let page: Page;
  let opened: Asked[];
  let ttlSeconds: number;

  beforeEach(() => {
    opened = [];
    ttlSeconds = 600;
    gateway = server();
    gateway.asked.length = 0;
    gateway.answer = (asked) => {
      if (asked.path === '/v1/session') {
        opened.push(asked);
        const expiresAt = Math.floor(Date.now() / 1000) + ttlSeconds;
        asked.json(200, { token: `session-${opened.length}`, expires_at: expiresAt });
      } else answerWith('Welcome')(asked);
    };
  });

  const send = async (text: string) => {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByLabel('Message', { exact: true }).press('Enter');
  };
  const chats = () => gateway.asked.filter(({ path }) => path === '/v1/chat/completions');

  /** Opens the page with a Turnstile that solves its challenge at once, or fails. */
  async function openWithTurnstile(outcome: 'solves' | 'fails' | 'is blocked'): Promise<void> {
    ({ page } = await chromium.openPage('about:blank'));
    await page.route('https://challenges.cloudflare.com/**', (route) =>
      outcome === 'is blocked'
        ? route.abort()
        : route.fulfill({ contentType: 'text/javascript', body: turnstile(outcome) }),
    );
    await page.goto(gateway.url);
  }

  it('is opened once, and used for what follows', async () => {
    await openWithTurnstile('solves');
    await send('One');
    await page.locator('.prose', { hasText: 'Welcome' }).waitFor();
    await send('Two');
    await page.locator('.prose', { hasText: 'Welcome' }).nth(1).waitFor();
    expect(opened.map(({ body }) => body)).toEqual([
      { turnstile_token: 'solved-1-chat-1x00000000000000000000AA' },
    ]);
    expect(chats().map(({ headers }) => headers.authorization)).toEqual([
      'Bearer session-1',
      'Bearer session-1',
    ]);
    // The widget leaves nothing behind.
    expect(await page.locator('#turnstile').innerHTML()).toBe('');
  });

  it('is renewed before its end', async () => {
    ttlSeconds = 10;
    await openWithTurnstile('solves');
    await send('One');
    await page.locator('.prose', { hasText: 'Welcome' }).waitFor();
    const before = opened.length;
    await send('Two');
    await page.locator('.prose', { hasText: 'Welcome' }).nth(1).waitFor();
    expect(opened.length).toBe(before + 1);
    expect(gateway.asked.at(-1)?.headers.authorization).toBe(`Bearer session-${opened.length}`);
  });

  it('is renewed once when it is refused', async () => {
    await openWithTurnstile('solves');
    const admit = gateway.answer;
    gateway.answer = (asked) => {
      if (asked.headers.authorization === 'Bearer session-1') asked.json(401, REFUSED);
      else void admit(asked);
    };
    await send('One');
    await page.locator('.prose', { hasText: 'Welcome' }).waitFor();
    expect(opened.length).toBe(2);

    gateway.answer = (asked) => {
      if (asked.path === '/v1/session') void admit(asked);
      else asked.json(401, REFUSED);
    };
    await send('Two');
    await page.getByText('Your session was not accepted').waitFor();
    expect(opened.length).toBe(3);
  });

  it('is not used where there is a key', async () => {
    await openWithTurnstile('solves');
    await page.getByLabel('Client key').fill('right-key');
    await send('One');
    await page.locator('.prose', { hasText: 'Welcome' }).waitFor();
    // The session that the page opens for its list of models may still arrive.
    expect(chats().map(({ headers }) => headers.authorization)).toEqual(['Bearer right-key']);
  });

  it.each(['fails', 'is blocked'] as const)('is explained when Turnstile %s', async (outcome) => {
    await openWithTurnstile(outcome);
    await send('One');
    expect(await page.getByRole('alert').innerText()).toContain('The browser check failed');
    await page.getByRole('button', { name: 'Enter a key' }).waitFor();
    expect(gateway.asked).toEqual([]);
  });
});

/** As https://developers.cloudflare.com/turnstile/get-started/client-side-rendering/ describes it. */
function turnstile(outcome: 'solves' | 'fails'): string {
  return `
    let count = 0;
    window.turnstile = {
      render(container, { sitekey, action, callback, 'error-callback': fail }) {
        container.append(document.createElement('iframe'));
        count += 1;
        const token = 'solved-' + count + '-' + action + '-' + sitekey;
        setTimeout(() => ${outcome === 'solves' ? 'callback(token)' : 'fail("300010")'}, 20);
        return 'widget-' + count;
      },
      remove() {},
    };
  `;
}
