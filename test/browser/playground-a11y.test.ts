// Accessibility in real Chromium: both themes, a phone, the keyboard, a screen reader.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from './fake-gateway.ts';
import { USAGE, usePlayground, type Playground } from './playground-page.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// All rules of axe are checked in one theme and size, the others with the rules whose result can differ.
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];
const SIZE_RULES = [
  ...COLOUR_RULES,
  'aria-dialog-name',
  'aria-hidden-focus',
  'css-orientation-lock',
  'label',
  'scrollable-region-focusable',
  'select-name',
  'target-size',
];

const ANSWER = [
  '# A title\n\nWords, **strong** and *thin*, `code`, [a link](https://a.example), $a^2$.',
  '\n\n```js\nconst answer = 42;\n```\n\n> A quote.\n\n',
  '1. one\n2. two\n   - deeper\n\n- [x] done\n\n$$\\frac{a}{b}$$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\nThe end.',
];

const WIDE: BrowserContextOptions = {
  viewport: { width: 1280, height: 800 },
  colorScheme: 'light',
  reducedMotion: 'reduce',
};
const PHONE: BrowserContextOptions = {
  ...WIDE,
  viewport: { width: 320, height: 640 },
  isMobile: true,
  hasTouch: true,
};

describe('the playground', () => {
  const openPlayground = usePlayground();
  let playground: Playground;
  let page: Page;

  async function show(options: BrowserContextOptions): Promise<void> {
    playground = await openPlayground(options);
    ({ page } = playground);
    playground.gateway.answer = whole;
  }

  const message = () => page.getByLabel('Message', { exact: true });
  const focused = () =>
    page.evaluate(() => {
      const node = document.activeElement;
      return node?.id !== '' ? `#${node?.id}` : (node.getAttribute('aria-label') ?? node.textContent.trim());
    });

  describe.each<[string, BrowserContextOptions, string[] | null]>([
    ['on a wide screen', WIDE, null],
    ['on a phone', PHONE, SIZE_RULES],
  ])('%s, in both themes', { timeout: 60_000 }, (_, options, rules) => {
    const check = (state: string) => checkState(state, rules);

    it('has no violation that axe finds, and nothing wider than the screen, in any state', async () => {
      await show(options);
      await check('welcome');

      const asked = await hold('Why?');
      asked.open();
      asked.chunk({ reasoning: 'Let me think about it for a while. '.repeat(30) });
      await page.locator('details.reasoning[open]').waitFor();
      await check('reasoning');
      asked.chunk({ content: ANSWER.join('') }, USAGE, 'stop');
      asked.done();
      await page.getByText('The end.', { exact: true }).waitFor();
      await page.locator('.reasoning summary').click();
      await check('answered');
      await page.getByRole('button', { name: 'Edit' }).click();
      await check('editing');
      await page.keyboard.press('Escape');
    });

    it('has no violation in dialogs and menus, and after a failure', async () => {
      await show(options);
      const refused = await hold('A very long word: ' + 'x'.repeat(200));
      const error = { error: { message: 'y'.repeat(300), code: 'rate_limit_exceeded' } };
      refused.json(429, error, { 'retry-after': '100' });
      await page.getByRole('alert').waitFor();
      await check('refused');

      await page.locator('#code-open').click();
      await page.getByRole('dialog').waitFor();
      await check('code');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Raw' }).click();
      for (const name of ['Timings', 'Events']) {
        await page.getByRole('tab', { name }).click();
        await check(`raw: ${name}`);
      }
      await page.keyboard.press('Escape');
      await page.locator('#menu > summary').click();
      await check('menu');
      await page.keyboard.press('Escape');
      await page.locator('#attach').click();
      await check('attach');
      await page.keyboard.press('Escape');
    });

    it('has no violation in the settings and around tools', async () => {
      await show(options);
      await page.locator('#model option[value="step-plain"]').waitFor({ state: 'attached' });
      if (options.isMobile === true) {
        await page.getByRole('button', { name: 'Settings' }).click();
        await page.getByRole('dialog').waitFor();
        await check('settings');
        await page.getByText('More options').click();
        await page.getByLabel('Output').selectOption('schema');
        await check('more settings');
        await page.keyboard.press('Escape');
      } else {
        await page.getByText('More options').click();
        await page.getByLabel('Output').selectOption('schema');
        await check('more settings');
      }
      await page.locator('#compareWith').evaluate((node) => {
        if (node instanceof HTMLSelectElement) node.value = 'step-plain';
        node.dispatchEvent(new Event('input', { bubbles: true }));
      });
      playground.gateway.answer = calls;
      await message().fill('Call');
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByLabel('Result of get_weather').nth(1).waitFor();
      await check('tools, side by side');
    });

    it('has no violation if the gateway is not ready', async () => {
      await show(options);
      playground.gateway.models = null;
      playground.gateway.health = {
        status: 'not_serving',
        configuration: 'invalid',
        access: 'unknown',
        missing: [{ setting: 'STEP_API_KEY', expected: 'set' }],
      };
      await page.reload();
      await page.locator('#setup').getByText('not ready').waitFor();
      await page.getByLabel('This gateway needs a key').waitFor();
      await check('setup');
    });
  });

  /** @param rules - axe's rules to check in the light theme; null: all. */
  async function checkState(state: string, rules: string[] | null): Promise<void> {
    if ((await page.evaluate(() => typeof Reflect.get(globalThis, 'axe'))) === 'undefined') {
      await page.evaluate(AXE);
    }
    const violations = await findViolations(rules);
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = (await findViolations(COLOUR_RULES)).map((violation) => `dark: ${violation}`);
    await page.emulateMedia({ colorScheme: 'light' });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect({ state, overflow: Math.max(0, overflow), violations: [...violations, ...dark] }).toEqual({
      state,
      overflow: 0,
      violations: [],
    });
  }

  /** @param rules - axe's rules; null: all. */
  async function findViolations(rules: string[] | null): Promise<string[]> {
    return page.evaluate(async (ids) => {
      type Run = (options: object) => Promise<{
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      }>;
      const { run } = Reflect.get(globalThis, 'axe') as { run: Run };
      const { violations } = await run({
        // axe then leaves out the nodes of the other results, of which there are many more.
        resultTypes: ['violations'],
        ...(ids !== null && { runOnly: { type: 'rule', values: ids } }),
      });
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
      );
    }, rules);
  }

  async function hold(text: string): Promise<Asked> {
    const { promise, resolve } = Promise.withResolvers<Asked>();
    playground.gateway.answer = resolve;
    await message().fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    return promise;
  }

  describe('by keyboard alone', () => {
    beforeEach(() => show(WIDE));

    it('asks, reads, copies and asks again', async () => {
      expect(await focused()).toBe('#prompt');
      await page.keyboard.type('First line');
      await page.keyboard.press('Shift+Enter');
      await page.keyboard.type('second');
      expect(await message().inputValue()).toBe('First line\nsecond');
      await page.keyboard.press('Enter');
      await page.getByText('The end.', { exact: true }).waitFor();
      expect(playground.gateway.asked[0]?.body['messages']).toEqual([
        { role: 'user', content: 'First line\nsecond' },
      ]);
      // The focus stays where the next message is written.
      expect(await focused()).toBe('#prompt');
      expect(await message().inputValue()).toBe('');

      await page.getByRole('button', { name: 'Regenerate' }).waitFor();
      await page.locator('.answer').getByRole('button', { name: 'Raw' }).waitFor();
      // The attach menu stands before the message.
      for (const name of ['Raw', 'Code', 'Regenerate', 'Copy']) {
        await page.keyboard.press('Shift+Tab');
        expect(await focused()).toBe(name);
      }
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(ANSWER.join(''));
    });

    it('edits the last question by ArrowUp, and leaves it by Esc', async () => {
      await page.keyboard.type('Hello');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Regenerate' }).waitFor();
      await page.keyboard.press('ArrowUp');
      expect(await message().inputValue()).toBe('Hello');
      await page.keyboard.press('Escape');
      expect(await message().inputValue()).toBe('');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.type(' again');
      await page.keyboard.press('Enter');
      await page.getByText('Hello again').waitFor();
      expect(await page.locator('.exchange').count()).toBe(1);
    });

    it('skips to the message, and moves through the page in reading order', async () => {
      for (let starter = 3; starter > 0; starter -= 1) await page.keyboard.press('Shift+Tab');
      expect(await focused()).toMatch(/^Explain reinforcement learning/);
      for (const before of ['#scroller', 'More', '#new', '#code-open', 'Skip to your message']) {
        await page.keyboard.press('Shift+Tab');
        expect(await focused()).toBe(before);
      }
      await page.keyboard.press('Enter');
      expect(await focused()).toBe('#prompt');
      for (const next of ['#attach', '#send', '#model']) {
        await page.keyboard.press('Tab');
        expect(await focused()).toBe(next);
      }
    });

    it('sends nothing while an input method composes', async () => {
      await page.keyboard.type('ni');
      await message().dispatchEvent('keydown', {
        key: 'Enter',
        isComposing: true,
        bubbles: true,
        cancelable: true,
      });
      expect(playground.gateway.asked).toEqual([]);
      expect(await message().inputValue()).toBe('ni');
    });

    it('opens the code, changes the language by arrows, and returns to where it was', async () => {
      await page.locator('#code-open').focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'This request as code' });
      await dialog.waitFor();
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('#code-tab-0');
      await page.keyboard.press('ArrowRight');
      expect(await focused()).toBe('#code-tab-1');
      expect(await dialog.getByRole('tabpanel', { name: 'JavaScript' }).innerText()).toContain(
        'import OpenAI',
      );
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowLeft');
      expect(await dialog.getByRole('tabpanel', { name: 'Python' }).innerText()).toContain(
        'from openai import',
      );
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
      expect(await focused()).toBe('#code-open');
    });

    it('opens and folds the reasoning', async () => {
      await page.keyboard.type('Hello');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Regenerate' }).waitFor();
      await page.locator('.reasoning summary').focus();
      await page.keyboard.press('Enter');
      await page.getByText('Hm, hm.').waitFor();
      await page.keyboard.press('Space');
      await page.getByText('Hm, hm.').waitFor({ state: 'hidden' });
    });
  });

  describe('with a screen reader', () => {
    beforeEach(() => show(WIDE));

    it('has landmarks and headings', async () => {
      for (const [role, name] of [
        ['banner', undefined],
        ['main', undefined],
        ['region', 'Conversation'],
        ['form', 'Your message'],
        ['complementary', 'Settings'],
      ] as const) {
        await page.getByRole(role, name === undefined ? {} : { name }).waitFor();
      }
      await page.keyboard.type('Hello');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Regenerate' }).waitFor();
      const headings = await page
        .getByRole('heading')
        .evaluateAll((nodes) =>
          nodes.map((node) => `${node.tagName} ${node.textContent.replace(/\s+/g, ' ').trim()}`),
        );
      expect(headings).toEqual(['H1 stepfun-edge playground', 'H2 You', 'H2 step-3.7-flash', 'H3 A title']);
    });

    it('announces an answer when it begins and when it ends, not token by token', async () => {
      await page.evaluate(() => {
        const status = document.querySelector('#status')!;
        const announced: string[] = [];
        Reflect.set(globalThis, 'announced', announced);
        new MutationObserver(() => announced.push(status.textContent)).observe(status, { childList: true });
      });
      const asked = await hold('Many tokens');
      asked.open();
      for (let at = 0; at < 100; at += 1) asked.chunk({ reasoning: 'hm ' });
      for (let at = 0; at < 100; at += 1) asked.chunk({ content: 'word ' });
      asked.chunk({}, USAGE, 'stop');
      asked.done();
      await page.getByRole('button', { name: 'Regenerate' }).waitFor();
      expect(await page.evaluate(() => Reflect.get(globalThis, 'announced') as string[])).toEqual([
        'Asked.',
        'Reasoning.',
        'Answering.',
        'The answer is complete: 100 words.',
      ]);
      // No other live region sees the text grow.
      expect(
        await page.locator('.exchange').evaluate((node) => node.closest('[aria-live], [role=log]')),
      ).toBeNull();
    });

    it('reads a short answer out', async () => {
      const asked = await hold('Short');
      asked.open();
      asked.chunk({ content: 'Forty-two.' }, USAGE, 'stop');
      asked.done();
      await page.getByRole('button', { name: 'Regenerate' }).waitFor();
      expect(await page.getByRole('status').last().innerText()).toBe('Forty-two.');
    });
  });

  describe('on a phone', () => {
    beforeEach(() => show(PHONE));

    it('has its settings in a sheet, which gives the focus back', async () => {
      expect(await page.getByLabel('Temperature').isVisible()).toBe(false);
      await page.getByRole('button', { name: 'step-3.7-flash' }).tap();
      const sheet = page.getByRole('dialog', { name: 'Settings' });
      await sheet.waitFor();
      expect(await focused()).toBe('#model');
      await page.getByLabel('Model', { exact: true }).selectOption('step-plain');
      await sheet.getByRole('button', { name: 'Close' }).tap();
      await sheet.waitFor({ state: 'hidden' });
      expect(await focused()).toBe('#model-open');
      expect(await page.locator('#model-name').innerText()).toBe('step-plain');
    });

    it('closes the touch keyboard when a question is sent', async () => {
      await message().tap();
      expect(await focused()).toBe('#prompt');
      await page.keyboard.type('Hello');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Regenerate' }).waitFor();
      expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
      await page.getByRole('button', { name: 'Edit' }).tap();
      expect(await focused()).toBe('#prompt');
    });

    it('opens the key field from a refusal', async () => {
      const asked = await hold('Hello');
      asked.json(401, { error: { message: 'No.', code: 'invalid_api_key' } });
      await page.getByRole('button', { name: 'Enter a key' }).tap();
      expect(await focused()).toBe('#key');
    });

    it('has targets as large as a fingertip', async () => {
      playground.gateway.answer = whole;
      await message().fill('Hello');
      await page.getByRole('button', { name: 'Send' }).tap();
      await page.getByRole('button', { name: 'Regenerate' }).waitFor();
      const small = await page.locator('button:visible, summary:visible').evaluateAll((nodes) =>
        nodes
          .map((node) => ({ name: node.textContent.trim(), box: node.getBoundingClientRect() }))
          // WCAG 2.2, 2.5.8: 24 by 24 at least.
          .filter(({ box }) => box.width < 32 || box.height < 32)
          .map(({ name }) => name),
      );
      expect(small).toEqual([]);
    });
  });
});

function whole(asked: Asked): void {
  asked.open();
  asked.chunk({ reasoning: 'Hm, hm.' });
  for (const content of ANSWER) asked.chunk({ content });
  asked.chunk({}, USAGE, 'stop');
  asked.done();
}

/** Calls a tool. */
function calls(asked: Asked): void {
  asked.open();
  const call = { index: 0, id: 'call_1', function: { name: 'get_weather', arguments: '{"place":"Rome"}' } };
  asked.chunk({ reasoning: 'Hm.', tool_calls: [call] }, USAGE, 'tool_calls');
  asked.done();
}
