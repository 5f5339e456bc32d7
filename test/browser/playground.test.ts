// The conversation, in real Chromium: what is asked, what is shown, how it ends.

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

const USAGE = { usage: { prompt_tokens: 12, completion_tokens: 40, cached_tokens: 4, total_tokens: 52 } };

describe('the playground', () => {
  let browser: Browser;
  let gateway: FakeGateway;
  let open: OpenPage;
  let page: Page;

  beforeAll(async () => {
    [browser, gateway] = await Promise.all([launchChromium(), startFakeGateway()]);
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });
  beforeEach(async () => {
    gateway.asked.length = 0;
    open = await openPage(browser, gateway.url);
    ({ page } = open);
  });
  afterEach(async () => {
    // Not one violation of the policy, not one uncaught error, in any test.
    expect(open.complaints).toEqual([]);
    await page.context().close();
  });

  /** Asks, and waits until the gateway has the question. */
  async function ask(text: string): Promise<Asked> {
    const { promise, resolve } = Promise.withResolvers<Asked>();
    gateway.answer = resolve;
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.keyboard.press('Enter');
    return promise;
  }

  const reasoning = () => page.locator('details.reasoning').last();
  const prose = () => page.locator('.prose').last();
  const button = (name: string) => page.getByRole('button', { name, exact: true }).last();

  describe('an answer', () => {
    it('unfolds its reasoning live, folds it away when the answer starts, and streams', async () => {
      const asked = await ask('Why is the sky blue?');
      expect(asked.body).toEqual({
        model: 'step-3.7-flash',
        messages: [{ role: 'user', content: 'Why is the sky blue?' }],
        stream: true,
        reasoning_format: 'general',
        temperature: 0.5,
      });
      await page.getByText('Waiting for the first token').waitFor();
      asked.open();
      asked.chunk({ role: 'assistant', reasoning: 'Light ' });
      await page.getByText('Light', { exact: true }).waitFor();
      asked.chunk({ reasoning: 'scatters.' });
      await page.getByText('Light scatters.').waitFor();
      expect(await reasoning().getAttribute('open')).not.toBeNull();
      expect(await page.getByText('Waiting for the first token').isVisible()).toBe(false);

      asked.chunk({ content: 'Because **blue** ' });
      await prose().getByText('blue').waitFor();
      expect(await reasoning().getAttribute('open')).toBeNull();
      expect(await reasoning().locator('summary').innerText()).toMatch(/^Reasoned for \d+(\.\d)? m?s$/);
      await page.getByText('Light scatters.').waitFor({ state: 'hidden' });
      asked.chunk({ content: 'scatters most.' });
      await prose().getByText('scatters most.').waitFor();
      expect(await prose().locator('strong').innerText()).toBe('blue');
      expect(await button('Stop').isVisible()).toBe(true);

      asked.chunk({}, USAGE, 'stop');
      asked.done();
      await button('Send').waitFor();
      const figures = await page.locator('.figures').innerText();
      expect(figures.replace(/\s+/g, ' ')).toMatch(
        /^First token \d+ ms Total .+ Speed \d+ tok\/s Prompt 12 \(4 cached\) Completion 40 Cache miss$/,
      );
      // Folded away, not gone.
      await reasoning().locator('summary').click();
      await page.getByText('Light scatters.').waitFor();
    });

    it('leaves the reasoning open to whoever has opened it', async () => {
      const asked = await ask('Think');
      asked.open();
      asked.chunk({ reasoning: 'Hm.' });
      await page.getByText('Hm.').waitFor();
      await reasoning().locator('summary').click();
      await reasoning().locator('summary').click();
      asked.chunk({ content: 'Done.' });
      await prose().getByText('Done.').waitFor();
      expect(await reasoning().getAttribute('open')).not.toBeNull();
      asked.done();
      await button('Send').waitFor();
    });

    it('shows a completion, with the reasoning folded from the start', async () => {
      await page.getByLabel('Streaming').uncheck();
      const asked = await ask('All at once');
      expect(asked.body).toMatchObject({ stream: false });
      const message = { role: 'assistant', reasoning_content: 'Hm.', content: '# Title\n\nText' };
      const headers = { 'cache-status': 'stepfun-edge; hit; ttl=120' };
      asked.json(200, { choices: [{ index: 0, message, finish_reason: 'stop' }], ...USAGE }, headers);
      await page.getByRole('heading', { name: 'Title' }).waitFor();
      expect(await reasoning().getAttribute('open')).toBeNull();
      const figures = (await page.locator('.figures').innerText()).replace(/\s+/g, ' ');
      expect(figures).toMatch(/^Total .+ Prompt 12 \(4 cached\) Completion 40 Cache hit, 2 min left$/);
    });

    it('goes on as a conversation', async () => {
      await reply(await ask('One'), 'First');
      const asked = await ask('Two');
      expect(asked.body['messages']).toEqual([
        { role: 'user', content: 'One' },
        { role: 'assistant', content: 'First' },
        { role: 'user', content: 'Two' },
      ]);
      await reply(asked, 'Second');
      await button('New conversation').click();
      expect(await page.locator('.exchange').count()).toBe(0);
      expect((await ask('Three')).body['messages']).toEqual([{ role: 'user', content: 'Three' }]);
    });

    it('is asked for anew past the cache, and in place of the old one', async () => {
      await reply(await ask('One'), 'First');
      const { promise, resolve } = Promise.withResolvers<Asked>();
      gateway.answer = resolve;
      await button('Regenerate').click();
      const asked = await promise;
      expect(asked.headers['cache-control']).toBe('no-cache');
      expect(asked.body['messages']).toEqual([{ role: 'user', content: 'One' }]);
      await reply(asked, 'Other');
      expect(await page.locator('.prose').allInnerTexts()).toEqual(['Other']);
    });

    it('follows an edited question, and what came after is gone', async () => {
      await reply(await ask('One'), 'First');
      await reply(await ask('Two'), 'Second');
      await page.getByRole('button', { name: 'Edit' }).first().click();
      const message = page.getByLabel('Message', { exact: true });
      expect(await message.inputValue()).toBe('One');
      await page.getByText('Editing. What came after it will be replaced.').waitFor();
      const asked = await ask('One and a half');
      expect(asked.body['messages']).toEqual([{ role: 'user', content: 'One and a half' }]);
      await reply(asked, 'Third');
      expect(await page.locator('.exchange').count()).toBe(1);
    });

    async function reply(asked: Asked, content: string): Promise<void> {
      asked.open();
      asked.chunk({ content }, USAGE, 'stop');
      asked.done();
      await button('Send').waitFor();
    }
  });

  describe('stopping', () => {
    it.each(['the button', 'Esc'])('aborts the request by %s, and keeps the text', async (way) => {
      const asked = await ask('Go on forever');
      asked.open();
      asked.chunk({ content: 'So far' });
      await prose().getByText('So far').waitFor();
      if (way === 'Esc') await page.keyboard.press('Escape');
      else await button('Stop').click();
      await asked.left;
      await page.getByText('Stopped', { exact: true }).waitFor();
      expect(await prose().innerText()).toBe('So far');
      await button('Send').waitFor();
      // A stopped answer is part of what was said.
      expect((await ask('And?')).body['messages']).toHaveLength(3);
    });

    it('works before the first byte, too', async () => {
      const asked = await ask('Hello');
      await button('Stop').click();
      await asked.left;
      await page.getByText('Stopped', { exact: true }).waitFor();
      expect(await page.locator('.failure').count()).toBe(0);
    });
  });

  describe('a failure in the middle of a stream', () => {
    it.each<[string, (asked: Asked) => void, string]>([
      [
        'an error event',
        (asked) => {
          asked.raw('data: {"error":{"message":"The connection broke.","code":"upstream_reset"}}\n\n');
          asked.end();
        },
        'upstream_reset',
      ],
      ['an end without [DONE]', (asked) => asked.end(), 'interrupted'],
      ['a reset', (asked) => asked.reset(), 'interrupted'],
    ])('keeps the text after %s, and marks it incomplete', async (_, fail, code) => {
      const asked = await ask('Tell me');
      asked.open();
      asked.chunk({ content: 'Half of' });
      await prose().getByText('Half of').waitFor();
      fail(asked);
      await page.getByText('Incomplete', { exact: true }).waitFor();
      expect(await prose().innerText()).toBe('Half of');
      const alert = page.getByRole('alert');
      expect(await alert.innerText()).toContain('The answer broke off');
      expect(await page.locator('.failure-facts').innerText()).toBe(`${code} · request-1`);
    });
  });

  describe('a refusal', () => {
    it.each([
      [503, 'access_not_configured', 'Nobody is let in yet', 'CLIENT_KEYS'],
      [503, 'invalid_configuration', 'A setting of the gateway is wrong', 'wrangler tail'],
      [403, 'origin_not_allowed', 'This page may not call the gateway', 'ALLOWED_ORIGINS'],
      [400, 'invalid_value', 'A value is not right', 'Change it in the settings'],
      [502, 'upstream_auth', 'The gateway is not let in by StepFun', 'STEP_API_KEY'],
      [451, 'content_filter', "StepFun's content filter stopped this", 'other words'],
    ])('%i %s says what happened and what to do', async (status, code, title, advice) => {
      const asked = await ask('Hello');
      asked.json(status, { error: { message: 'In its own words.', type: 't', param: null, code } });
      const alert = page.getByRole('alert');
      expect(await alert.innerText()).toContain(title);
      expect(await alert.innerText()).toContain(advice);
      await page.getByText('In its own words.').waitFor();
      expect(await page.locator('.failure-facts').innerText()).toBe(`${status} · ${code} · request-1`);
    });

    it('429 counts down to the next try', async () => {
      const asked = await ask('Hello');
      const error = { error: { message: 'Slowly.', code: 'rate_limit_exceeded' } };
      asked.json(429, error, { 'retry-after': '2' });
      const again = page.getByRole('button', { name: /^Try again/ });
      await page.getByRole('button', { name: 'Try again in 2 s' }).waitFor();
      expect(await again.isDisabled()).toBe(true);
      await page.getByRole('button', { name: 'Try again in 1 s' }).waitFor();
      await page.getByRole('button', { name: 'Try again', exact: true }).waitFor();
      const { promise, resolve } = Promise.withResolvers<Asked>();
      gateway.answer = resolve;
      await again.click();
      const { body, headers } = await promise;
      expect(body['messages']).toEqual([{ role: 'user', content: 'Hello' }]);
      // A second try is welcome to what the cache has.
      expect(headers['cache-control']).toBeUndefined();
      expect(await page.locator('.exchange').count()).toBe(1);
    });

    it('tells that nothing answered at all', async () => {
      await page.context().setOffline(true);
      await page.getByLabel('Message', { exact: true }).fill('Hello');
      await page.keyboard.press('Enter');
      expect(await page.getByRole('alert').innerText()).toContain("The gateway can't be reached");
      await page.context().setOffline(false);
    });

    it("takes a proxy's HTML for what it is", async () => {
      const asked = await ask('Hello');
      asked.json(502, '<h1>Bad gateway</h1>', { 'content-type': 'text/html' });
      expect(await page.getByRole('alert').innerText()).toContain('This is not an answer of the gateway');
    });
  });

  describe("a model's text", () => {
    const HOSTILE = [
      '<img src=x onerror="window.hacked = 1"> <script>window.hacked = 1</script>',
      '[go](javascript:window.hacked=1) ![i](https://tracker.example/p.png?q=secret)',
      '`</code><script>window.hacked = 1</script>` **<svg onload=window.hacked=1>**',
      '| <b onclick=alert(1)>a</b> | b |\n|-|-|\n| [x](data:text/html,<script>) | c |',
      '```html"onload=x\n</pre><script>window.hacked = 1</script>\n```',
      '# <iframe srcdoc="<script>parent.hacked=1</script>">',
      '<a href="javascript:alert(1)">x</a> https://fine.example/a?b=<c>',
    ].join('\n\n');

    it('never becomes markup, and fetches nothing', async () => {
      const elsewhere: string[] = [];
      page.on('request', (request) => {
        if (!request.url().startsWith(gateway.url)) elsewhere.push(request.url());
      });
      const asked = await ask(HOSTILE);
      asked.open();
      asked.chunk({ reasoning: HOSTILE });
      for (const piece of HOSTILE.match(/[\s\S]{1,7}/g) ?? []) asked.chunk({ content: piece });
      asked.chunk({}, USAGE, 'stop');
      asked.done();
      await button('Send').waitFor();

      const found = await page.locator('#exchanges').evaluate((root) => ({
        dangerous: root.querySelectorAll(
          'script, iframe, .prose img, .prose svg:not(.icon), [onclick], [onerror]',
        ).length,
        links: [...root.querySelectorAll('a')].map((link) => [link.protocol, link.rel, link.target]),
        hacked: Reflect.get(globalThis, 'hacked') as unknown,
      }));
      expect(found.dangerous).toBe(0);
      expect(found.hacked).toBeUndefined();
      expect(found.links).toEqual(
        found.links.map(() => ['https:', 'noopener noreferrer nofollow', '_blank']),
      );
      expect(found.links.length).toBe(2);
      expect(elsewhere).toEqual([]);
      // All of it can be read.
      expect(await prose().innerText()).toContain('<script>window.hacked = 1</script>');
    });

    it('could not become markup: the browser refuses', async () => {
      const refused = await page.evaluate(() => {
        try {
          document.body.innerHTML = '<p>x</p>';
          return false;
        } catch {
          return true;
        }
      });
      expect(refused).toBe(true);
      open.complaints.length = 0;
    });
  });

  describe('a long answer', () => {
    const LINES = Array.from({ length: 60 }, (_, at) => `Line ${at} of a long answer.\n\n`);
    const scroller = () => page.locator('#scroller');
    const distance = () =>
      scroller().evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight);

    it('is followed to its end, unless the reader has scrolled up', async () => {
      const asked = await ask('Much');
      asked.open();
      for (const line of LINES) asked.chunk({ content: line });
      await prose().getByText('Line 59').waitFor();
      expect(await distance()).toBeLessThan(4);

      await scroller().hover();
      await page.mouse.wheel(0, -900);
      await page.getByRole('button', { name: 'Latest' }).waitFor();
      const top = await scroller().evaluate((node) => node.scrollTop);
      for (const line of LINES) asked.chunk({ content: line });
      asked.chunk({ content: 'The end.' });
      await prose().getByText('The end.').waitFor();
      expect(await scroller().evaluate((node) => node.scrollTop)).toBe(top);

      await page.getByRole('button', { name: 'Latest' }).click();
      expect(await distance()).toBeLessThan(4);
      asked.chunk({ content: '\n\nOne more line.' });
      await prose().getByText('One more line.').waitFor();
      expect(await distance()).toBeLessThan(4);
      asked.done();
      await button('Send').waitFor();
    });

    it('moves nothing that is on the page already', async () => {
      await page.evaluate(() => {
        Reflect.set(globalThis, 'shifts', []);
        new PerformanceObserver((list) => {
          const shifts = Reflect.get(globalThis, 'shifts') as number[];
          for (const entry of list.getEntries()) shifts.push(Number(Reflect.get(entry, 'value')));
        }).observe({ type: 'layout-shift', buffered: true });
      });
      const asked = await ask('Slowly');
      asked.open();
      for (let at = 0; at < 40; at += 1)
        asked.chunk({ reasoning: `Thought ${at} is as long as others are. ` });
      await page.getByText('Thought 39').waitFor();
      // Long reasoning is seen through a window on its newest lines.
      const view = await page.locator('.reasoning-body').evaluate((node) => ({
        height: node.clientHeight,
        hidden: node.scrollHeight - node.clientHeight,
        below: node.scrollHeight - node.scrollTop - node.clientHeight,
      }));
      expect(view.height).toBeLessThanOrEqual(192);
      expect(view.hidden).toBeGreaterThan(0);
      expect(view.below).toBeLessThan(2);
      for (const line of [
        'A first line. ',
        'A second. ',
        '\n\n```js\n',
        'let a;\n',
        '```\n\n',
        '- x\n',
        '- y\n',
      ]) {
        asked.chunk({ content: line });
        await page.waitForTimeout(60);
      }
      asked.chunk({}, USAGE, 'stop');
      asked.done();
      await button('Send').waitFor();
      await page.waitForTimeout(300);
      // Google calls 0.1 good. What is left is the reasoning as it folds away.
      const shifts = await page.evaluate(() => Reflect.get(globalThis, 'shifts') as number[]);
      expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.05);
    });
  });

  describe('the settings', () => {
    it('are sent, remembered, and never hold more than the model takes', async () => {
      await page.getByLabel('Model', { exact: true }).selectOption('step-3.5-flash-2603');
      expect(await page.getByRole('radio', { name: 'Medium' }).count()).toBe(0);
      await page.getByRole('radio', { name: 'High' }).check({ force: true });
      await page.getByLabel('Reasoning format').selectOption('deepseek-style');
      await page.getByLabel('Temperature').fill('1.2');
      await page.getByLabel('Max tokens').fill('64');
      await page.getByLabel('Instructions').fill('Be brief.');
      const expected = {
        model: 'step-3.5-flash-2603',
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hello' },
        ],
        stream: true,
        reasoning_effort: 'high',
        reasoning_format: 'deepseek-style',
        temperature: 1.2,
        max_tokens: 64,
      };
      expect((await ask('Hello')).body).toEqual(expected);
      await page.reload();
      await page.waitForFunction(() => document.querySelectorAll('#model option').length === 3);
      expect((await ask('Hello')).body).toEqual(expected);

      await page.getByLabel('Model', { exact: true }).selectOption('step-plain');
      await page.getByText('This model takes no reasoning effort.').waitFor();
      await button('New conversation').click();
      expect((await ask('Hello')).body).not.toHaveProperty('reasoning_effort');
      await page.getByRole('button', { name: 'Back to defaults' }).click();
      expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('step-3.7-flash');
      expect(await page.getByLabel('Instructions').inputValue()).toBe('');
    });

    it('offer the known models where the gateway tells none', async () => {
      gateway.models = null;
      await page.reload();
      await page.waitForFunction(() => document.querySelectorAll('#model option').length === 3);
      expect(await page.getByLabel('Model', { exact: true }).locator('option').allInnerTexts()).toContain(
        'step-3.5-flash',
      );
      gateway.models = { data: [{ id: 'only-one' }] };
      await page.reload();
      await page.waitForFunction(() => document.querySelectorAll('#model option').length === 1);
      expect((await ask('Hello')).body).toMatchObject({ model: 'only-one' });
    });
  });
});
