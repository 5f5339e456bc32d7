// How the page is let in: by a key, or by a session that Turnstile opens.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  launchChromium,
  openPage,
  startFakeGateway,
  type Asked,
  type FakeGateway,
  type OpenPage,
} from './playground-harness.ts';

const REFUSED = { error: { message: 'No valid credentials were given.', code: 'invalid_api_key' } };

describe('the playground lets itself in', () => {
  let browser: Browser;
  let gateway: FakeGateway;
  let open: OpenPage;
  let page: Page;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    expect(open.complaints).toEqual([]);
    await page.context().close();
    await gateway.close();
  });

  const send = async (text: string) => {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.keyboard.press('Enter');
  };

  describe('by a key', () => {
    beforeEach(async () => {
      gateway = await startFakeGateway();
      gateway.models = null;
      gateway.answer = (asked) => {
        if (asked.headers.authorization === 'Bearer right-key') answer(asked, 'Welcome');
        else asked.json(401, REFUSED);
      };
      open = await openPage(browser, gateway.url);
      ({ page } = open);
    });

    it('that it asks for, and tells a wrong one from none', async () => {
      await send('Hello');
      expect(await page.getByRole('alert').innerText()).toContain('A key is needed');
      await page.getByRole('button', { name: 'Enter a key' }).click();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('key');
      await page.keyboard.type('wrong-key');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('This key was not accepted').waitFor();
      await page.getByLabel('Client key').fill(' right-key ');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('.prose', { hasText: 'Welcome' }).waitFor();
      expect(gateway.asked.map(({ headers }) => headers.authorization)).toEqual([
        undefined,
        'Bearer wrong-key',
        'Bearer right-key',
      ]);
    });

    it('that it forgets with the page, unless told to remember it', async () => {
      const stored = () =>
        page.evaluate(() =>
          JSON.stringify([...Object.entries(localStorage), ...Object.entries(sessionStorage)]),
        );
      await page.getByLabel('Client key').fill('right-key');
      await page.getByLabel('Max tokens').fill('5');
      await send('Hello');
      await page.locator('.prose', { hasText: 'Welcome' }).waitFor();
      expect(await stored()).toContain('"maxTokens');
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

    it('that no snippet shows', async () => {
      await page.getByLabel('Client key').fill('right-key');
      await page.getByRole('button', { name: 'Code' }).click();
      const dialog = page.getByRole('dialog', { name: 'This request as code' });
      for (const language of ['curl', 'JavaScript', 'Python']) {
        await dialog.getByRole('tab', { name: language }).click();
        const code = await dialog.getByRole('tabpanel').innerText();
        expect(code).toContain('GATEWAY_KEY');
        expect(code).not.toContain('right-key');
      }
    });

    it('and then lists the models it may use', async () => {
      gateway.models = { data: [{ id: 'for-this-key' }] };
      await page.getByLabel('Client key').fill('right-key');
      await page.getByLabel('Client key').blur();
      await page.locator('#model option[value="for-this-key"]').waitFor({ state: 'attached' });
    });
  });

  describe('by a session', () => {
    let opened: Asked[];
    let ttlSeconds: number;

    beforeEach(async () => {
      opened = [];
      ttlSeconds = 600;
      gateway = await startFakeGateway('1x00000000000000000000AA');
      gateway.answer = (asked) => {
        if (asked.path === '/v1/session') {
          opened.push(asked);
          const expiresAt = Math.floor(Date.now() / 1000) + ttlSeconds;
          asked.json(200, { token: `session-${opened.length}`, expires_at: expiresAt });
        } else answer(asked, 'Welcome');
      };
    });

    const chats = () => gateway.asked.filter(({ path }) => path === '/v1/chat/completions');

    /** Turnstile as the page knows it, which solves its challenge at once, or never. */
    async function openWithTurnstile(outcome: 'solves' | 'fails' | 'is blocked'): Promise<void> {
      open = await openPage(browser, 'about:blank');
      ({ page } = open);
      await page.route('https://challenges.cloudflare.com/**', (route) =>
        outcome === 'is blocked'
          ? route.abort()
          : route.fulfill({ contentType: 'text/javascript', body: turnstile(outcome) }),
      );
      await page.goto(gateway.url);
    }

    it('that it opens once, and uses for what follows', async () => {
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

    it('that it renews before its end', async () => {
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

    it('that it renews once when it is refused', async () => {
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

    it('or by a key, if there is one', async () => {
      await openWithTurnstile('solves');
      await page.getByLabel('Client key').fill('right-key');
      await send('One');
      await page.locator('.prose', { hasText: 'Welcome' }).waitFor();
      // The session that the page began to open for its list of models may still arrive.
      expect(chats().map(({ headers }) => headers.authorization)).toEqual(['Bearer right-key']);
    });

    it.each(['fails', 'is blocked'] as const)('and says what to do when Turnstile %s', async (outcome) => {
      await openWithTurnstile(outcome);
      await send('One');
      expect(await page.getByRole('alert').innerText()).toContain('The browser check failed');
      await page.getByRole('button', { name: 'Enter a key' }).waitFor();
      expect(gateway.asked).toEqual([]);
    });
  });
});

function answer(asked: Asked, content: string): void {
  asked.open();
  asked.chunk({ content }, {}, 'stop');
  asked.done();
}

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
