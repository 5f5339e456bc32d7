// The conversation in real Chromium: its requests, its answers and their ends.

import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from './fake-gateway.ts';
import { USAGE, usePlayground, type Playground } from './playground-page.ts';

const openPlayground = usePlayground();
let playground: Playground;
let page: Page;

beforeEach(async () => {
  playground = await openPlayground();
  ({ page } = playground);
});

const ask = (text: string) => playground.ask(text);
const reply = (asked: Asked, content: string) => playground.reply(asked, content);
const button = (name: string) => playground.button(name);
const reasoning = () => page.locator('details.reasoning').last();
const prose = () => page.locator('.prose').last();
const figures = async () => (await page.locator('.figures').innerText()).replaceAll(/\s+/g, ' ');

describe('an answer', () => {
  it('shows how long the first token has been waited for', async () => {
    const asked = await ask('Why is the sky blue?');
    await page.getByText('Waiting for the first token, 2 s').waitFor();
    asked.open();
    asked.chunk({ content: 'Because.' });
    await page.getByText('Waiting for the first token').waitFor({ state: 'hidden' });
    asked.done();
  });

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
    asked.open({ 'x-queue-ms': '1500', 'cache-status': 'stepfun-edge; fwd=miss' });
    asked.chunk({ role: 'assistant', reasoning: 'Light ' });
    await reasoning().getByText('Light', { exact: true }).waitFor();
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
    expect(await figures()).toMatch(
      /^Queue 1\.5 s First token \d+ m?s Total .+ Speed \d+ tok\/s Prompt 12 \(4 cached\) Completion 40 Cache miss$/,
    );
    await reasoning().locator('summary').click();
    await page.getByText('Light scatters.').waitFor();
  });

  it('leaves the reasoning open where the visitor has opened it', async () => {
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

  it('is shown from a completion, with the reasoning folded from the start', async () => {
    await page.getByLabel('Streaming').uncheck();
    const asked = await ask('All at once');
    expect(asked.body).toMatchObject({ stream: false });
    const message = { role: 'assistant', reasoning_content: 'Hm.', content: '# Title\n\nText' };
    const headers = { 'cache-status': 'stepfun-edge; hit; ttl=120', 'x-adjusted-params': 'max_tokens=9' };
    asked.json(200, { choices: [{ index: 0, message, finish_reason: 'stop' }], ...USAGE }, headers);
    await page.getByRole('heading', { name: 'Title' }).waitFor();
    expect(await reasoning().getAttribute('open')).toBeNull();
    expect(await figures()).toMatch(
      /^Total .+ Prompt 12 \(4 cached\) Completion 40 Cache hit, 2 min left Adjusted max_tokens=9$/,
    );
  });

  it('is part of the next request', async () => {
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

  it('is asked for again past the cache, and replaces the old one', async () => {
    await reply(await ask('One'), 'First');
    const asked = await playground.asked(() => button('Regenerate').click());
    expect(asked.headers['cache-control']).toBe('no-cache');
    expect(asked.body['messages']).toEqual([{ role: 'user', content: 'One' }]);
    await reply(asked, 'Other');
    expect(await page.locator('.prose').allInnerTexts()).toEqual(['Other']);
  });

  it('follows an edited question, which removes what came after it', async () => {
    await reply(await ask('One'), 'First');
    await reply(await ask('Two'), 'Second');
    await page.getByRole('button', { name: 'Edit' }).first().click();
    expect(await playground.message().inputValue()).toBe('One');
    await page.getByText('Editing. What came after it will be replaced.').waitFor();
    const asked = await ask('One and a half');
    expect(asked.body['messages']).toEqual([{ role: 'user', content: 'One and a half' }]);
    await reply(asked, 'Third');
    expect(await page.locator('.exchange').count()).toBe(1);
  });
});

describe('a stop', () => {
  it.each(['the button', 'Esc'])(
    'by %s aborts the request and keeps the text, without an alarm',
    async (way) => {
      const asked = await ask('Go on forever');
      asked.open();
      asked.chunk({ content: 'So far' });
      await prose().getByText('So far').waitFor();
      if (way === 'Esc') await page.keyboard.press('Escape');
      else await button('Stop').click();
      await asked.left;
      const stopped = page.getByText('Stopped', { exact: true });
      await stopped.waitFor();
      const [colour, alarm] = await stopped.evaluate((node) => {
        const probe = document.createElement('p');
        probe.style.color = 'var(--alarm)';
        document.body.append(probe);
        return [getComputedStyle(node).color, getComputedStyle(probe).color];
      });
      expect(colour).not.toBe(alarm);
      expect(await page.getByRole('alert').count()).toBe(0);
      expect(await prose().innerText()).toBe('So far');
      await button('Send').waitFor();
      // A stopped answer is part of the conversation.
      expect((await ask('And?')).body['messages']).toHaveLength(3);
    },
  );

  it('works before the first byte', async () => {
    const asked = await ask('Hello');
    await button('Stop').click();
    await asked.left;
    await page.getByText('Stopped', { exact: true }).waitFor();
    expect(await page.locator('.failure').count()).toBe(0);
  });
});

describe('an answer that was cut', () => {
  it('tells so where it is cut, and goes on with a higher limit', async () => {
    await page.getByLabel('Max tokens').fill('64');
    const asked = await ask('Tell me all');
    asked.open();
    asked.chunk({ content: 'All of' }, USAGE, 'length');
    asked.done();
    const cut = page.locator('.cut');
    await cut.waitFor();
    expect(await cut.innerText()).toContain('Stopped at max tokens (64).');
    const next = await playground.asked(() => button('Raise the limit and continue').click());
    expect(next.body).toMatchObject({ max_tokens: 128 });
    expect(next.body['messages']).toEqual([
      { role: 'user', content: 'Tell me all' },
      { role: 'assistant', content: 'All of' },
      { role: 'user', content: 'Continue exactly where you stopped.' },
    ]);
    expect(await page.getByLabel('Max tokens').inputValue()).toBe('128');
    await reply(next, 'it.');
  });

  it('tells so within the reasoning, which stays open', async () => {
    await page.getByLabel('Max tokens').fill('64');
    const asked = await ask('Think long');
    asked.open();
    asked.chunk({ reasoning: 'Hm, hm' }, USAGE, 'length');
    asked.done();
    await page.getByText('Stopped at max tokens (64), within the reasoning.').waitFor();
    expect(await reasoning().getAttribute('open')).not.toBeNull();
    await page.getByText('Hm, hm').waitFor();
    const next = await playground.asked(() => button('Raise the limit and ask again').click());
    expect(next.body).toMatchObject({ max_tokens: 128, messages: [{ role: 'user', content: 'Think long' }] });
    await reply(next, 'Done.');
    expect(await page.locator('.exchange').count()).toBe(1);
  });

  it('names the gateway where that lowered the limit', async () => {
    const asked = await ask('Tell me all');
    asked.open({ 'x-adjusted-params': 'reasoning_effort=high, max_tokens=1604' });
    asked.chunk({ content: 'All of' }, USAGE, 'length');
    asked.done();
    await page.getByText('Stopped at 1604 tokens: the gateway allows no more.').waitFor();
  });
});

describe('the key hints', () => {
  const hints = () => page.locator('.hint span:visible').allInnerTexts();

  it('name the keys that apply now', async () => {
    expect(await hints()).toEqual([]);
    await playground.message().fill('Hello');
    await expect.poll(hints).toEqual([expect.stringContaining('Enter')]);
    const asked = await ask('Hello');
    await expect.poll(hints).toEqual([expect.stringContaining('Esc')]);
    await reply(asked, 'Hi.');
    await expect.poll(hints).toEqual([expect.stringContaining('↑')]);
  });

  it('are not shown where there is no keyboard', async () => {
    const phone = { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true };
    playground = await openPlayground(phone);
    ({ page } = playground);
    await playground.message().fill('Hello');
    expect(await hints()).toEqual([]);
  });
});
