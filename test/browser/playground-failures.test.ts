// Failures in real Chromium: each is shown once, with one button.

import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from './fake-gateway.ts';
import { usePlayground, type Playground } from './playground-page.ts';

const openPlayground = usePlayground();
let playground: Playground;
let page: Page;

beforeEach(async () => {
  playground = await openPlayground();
  ({ page } = playground);
});

const ask = (text: string) => playground.ask(text);
const card = () => page.locator('.failure');
const refusal = (code: string, message = 'In the gateway’s own words.') => ({
  error: { message, type: 't', param: null, code },
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
  ])('keeps the text after %s, and is told once', async (_, fail, code) => {
    const asked = await ask('Tell me');
    asked.open();
    asked.chunk({ content: 'Half of' });
    await page.locator('.prose').getByText('Half of').waitFor();
    fail(asked);
    await card().waitFor();
    expect(await page.locator('.prose').innerText()).toBe('Half of');
    expect(await page.getByRole('alert').innerText()).toContain('The answer broke off');
    expect(await page.locator('.failure-facts').innerText()).toBe(`${code} · request-1`);
    expect(await page.getByText('broke', { exact: false }).count()).toBeLessThanOrEqual(2);
    expect(await card().getByRole('button').allInnerTexts()).toEqual(['Try again']);
  });
});

describe('a refusal', () => {
  it.each([
    [503, 'access_not_configured', 'No way in is configured yet', 'CLIENT_KEYS', null],
    [503, 'invalid_configuration', 'A setting of the gateway is wrong', 'wrangler tail', null],
    [403, 'origin_not_allowed', 'This page may not call the gateway', 'ALLOWED_ORIGINS', null],
    [502, 'upstream_auth', 'StepFun does not accept the gateway’s key', 'STEP_API_KEY', null],
    [451, 'content_filter', 'StepFun’s content filter stopped this', 'differently', 'Edit the message'],
    [429, 'queue_full', 'The gateway is busy', 'waiting', 'Try again'],
    [413, 'request_too_large', 'The conversation is too large', 'images', 'New conversation'],
  ])('%i %s has its own words and at most one button', async (status, code, title, advice, button) => {
    (await ask('Hello')).json(status, refusal(code));
    const alert = page.getByRole('alert');
    expect(await alert.innerText()).toContain(title);
    expect(await alert.innerText()).toContain(advice);
    expect(await page.getByText('In the gateway’s own words.').count()).toBe(0);
    expect(await card().getByRole('button').allInnerTexts()).toEqual(button === null ? [] : [button]);
    expect(await page.locator('.failure-facts').innerText()).toBe(`${status} · ${code} · request-1`);
  });

  it('has the gateway’s words where they name the field', async () => {
    (await ask('Hello')).json(400, refusal('invalid_value', 'temperature: expected 0 to 2'));
    expect(await page.getByRole('alert').innerText()).toBe(
      'A value is not valid\n\ntemperature: expected 0 to 2',
    );
    await page.getByRole('button', { name: 'Open settings' }).click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('model');
  });

  it('429 counts down to the next try', async () => {
    const asked = await ask('Hello');
    asked.json(429, refusal('rate_limit_exceeded'), { 'retry-after': '2' });
    const again = page.getByRole('button', { name: /^Try again/ });
    await page.getByRole('button', { name: 'Try again in 2 s' }).waitFor();
    expect(await again.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Try again in 1 s' }).waitFor();
    await page.getByRole('button', { name: 'Try again', exact: true }).waitFor();
    const { body, headers } = await playground.asked(() => again.click());
    expect(body['messages']).toEqual([{ role: 'user', content: 'Hello' }]);
    // A second try may be answered from the cache.
    expect(headers['cache-control']).toBeUndefined();
    expect(await page.locator('.exchange').count()).toBe(1);
  });

  it('is told apart from no answer at all', async () => {
    await page.context().setOffline(true);
    await playground.message().fill('Hello');
    await playground.message().press('Enter');
    expect(await page.getByRole('alert').innerText()).toContain('The gateway can’t be reached');
    await page.context().setOffline(false);
  });

  it('is told apart from a proxy’s HTML', async () => {
    (await ask('Hello')).json(502, '<h1>Bad gateway</h1>', { 'content-type': 'text/html' });
    expect(await page.getByRole('alert').innerText()).toContain('This is not an answer of the gateway');
  });
});
