// The page's views of the gateway, in real Chromium: the raw exchange and its timings, the simulator's
// badge, the token budget, and the problems of the deployment.

import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { USAGE, usePlayground, type Playground } from './playground-page.ts';

const openPlayground = usePlayground();
let playground: Playground;
let page: Page;

beforeEach(async () => {
  playground = await openPlayground();
  ({ page } = playground);
});

const dialog = () => page.getByRole('dialog', { name: 'Raw exchange' });
const tab = async (name: string) => {
  await dialog().getByRole('tab', { name }).click();
  return dialog().getByRole('tabpanel').innerText();
};

describe('the raw view', () => {
  it('has request, response headers, events as they came, and timings', async () => {
    await page.getByLabel('Client key').fill('the-secret-key');
    const asked = await playground.ask('Hello');
    asked.open({
      'x-queue-ms': '250',
      'server-timing': 'queue;dur=250, cache;desc=miss, total;dur=300',
      'x-ratelimit-remaining-tokens': '900',
    });
    asked.raw(': keep-alive\n\n');
    asked.chunk({ reasoning: 'Hm.' });
    asked.chunk({ content: 'Hi.' }, USAGE, 'stop');
    asked.done();
    await playground.button('Send').waitFor();
    await playground.button('Raw').click();
    await dialog().waitFor();

    const events = await tab('Events');
    for (const line of [': keep-alive', '"reasoning":"Hm."', '"content":"Hi."', 'data: [DONE]']) {
      expect(events).toContain(line);
    }
    expect(events).toMatch(/^\d+ ms/);
    const request = await tab('Request');
    expect(request).toContain('POST /v1/chat/completions');
    expect(request).toContain('"content": "Hello"');
    const response = await tab('Response');
    expect(response).toContain('HTTP 200');
    expect(response).toContain('x-request-id: request-1');
    expect(response).toContain('x-ratelimit-remaining-tokens: 900');
    const timings = await tab('Timings');
    for (const label of ['Queue (gateway)', 'total (gateway)', 'First token', 'Answer', 'Total', '250 ms']) {
      expect(timings).toContain(label);
    }
    expect(await page.locator('body').innerText()).not.toContain('the-secret-key');
  });

  it('has the error of a refused request', async () => {
    const asked = await playground.ask('Hello');
    asked.json(400, { error: { code: 'invalid_value', message: 'No.', param: 'temperature' } });
    await playground.button('Raw').click();
    expect(await tab('Events')).toContain('"param":"temperature"');
    expect(await tab('Response')).toContain('HTTP 400');
  });

  it('copies what a tab shows', async () => {
    await playground.reply(await playground.ask('Hello'), 'Hi.');
    await playground.button('Raw').click();
    await tab('Response');
    await dialog().getByRole('button', { name: 'Copy' }).click();
    await dialog().getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('HTTP 200');
  });
});

describe('the badge', () => {
  it('is there where the simulator answers, and only there', async () => {
    await page.locator('#model option[value="step-plain"]').waitFor({ state: 'attached' });
    expect(await page.getByText('Simulator').isVisible()).toBe(false);
    playground.gateway.models = { data: [{ id: 'step-3.7-flash', owned_by: 'stepfun-simulator' }] };
    await page.reload();
    await page.getByText('Simulator').waitFor();
  });
});

describe('the budget', () => {
  it('is shown beside the key, and asked for again after an answer that names one', async () => {
    playground.gateway.usage = {
      object: 'usage',
      client: 'visitor',
      tokens: { limit: 100_000, used: 1234, remaining: 98_766 },
    };
    await page.reload();
    await page.getByText('Today: 1,234 of 100,000 tokens used.').waitFor();
    playground.gateway.usage = { object: 'usage', client: 'visitor', tokens: { limit: 100_000, used: 1286 } };
    const asked = await playground.ask('Hello');
    asked.open({ 'x-ratelimit-limit-tokens': '100000' });
    asked.chunk({ content: 'Hi.' }, USAGE, 'stop');
    asked.done();
    await page.getByText('Today: 1,286 of 100,000 tokens used.').waitFor();
  });

  it('is not shown where there is none', async () => {
    await page.locator('#model option[value="step-plain"]').waitFor({ state: 'attached' });
    expect(await page.locator('#usage').isVisible()).toBe(false);
  });
});

describe('the first look at a deployment that is not ready', () => {
  it('names what is missing, in words', async () => {
    playground.gateway.health = {
      status: 'not_serving',
      configuration: 'invalid',
      access: 'unknown',
      missing: [{ setting: 'STEP_API_KEY', expected: 'set' }],
    };
    await page.reload();
    const setup = page.locator('#setup');
    await setup.getByText('This gateway is not ready yet').waitFor();
    expect(await setup.innerText()).toContain('npx wrangler secret put STEP_API_KEY');
    expect(await setup.innerText()).not.toContain('{');
  });

  it('names every way in where there is none', async () => {
    playground.gateway.health = {
      status: 'not_serving',
      configuration: 'valid',
      access: 'not_configured',
    };
    await page.reload();
    await page.locator('#setup').getByText('ANONYMOUS_ACCESS').waitFor();
  });

  it('names wrong settings where the gateway does, else the log', async () => {
    const wrong = { status: 'not_serving', configuration: 'invalid', access: 'unknown' };
    playground.gateway.health = {
      ...wrong,
      wrong: [{ setting: 'MAX_CHOICES', expected: 'a whole number from 1' }],
    };
    await page.reload();
    await page.locator('#setup').getByText('MAX_CHOICES: expected a whole number from 1').waitFor();
    playground.gateway.health = wrong;
    await page.reload();
    await page.locator('#setup').getByText('npx wrangler tail').waitFor();
  });

  it('has no such notice for one that serves', async () => {
    await page.locator('#model option[value="step-plain"]').waitFor({ state: 'attached' });
    expect(await page.locator('#setup').isVisible()).toBe(false);
  });
});
