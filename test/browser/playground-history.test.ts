// Stored conversations in real Chromium: after a reload, as a file, as a link.

import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerWith, usePlayground, type Playground } from './playground-page.ts';

const openPlayground = usePlayground();
let playground: Playground;
let page: Page;

beforeEach(async () => {
  playground = await openPlayground();
  ({ page } = playground);
  playground.gateway.answer = answerWith('An **answer**.');
});

const openMenu = () => page.locator('#menu > summary').click();
const inMenu = async (name: string) => {
  await openMenu();
  await page.locator('#menu').getByRole('button', { name }).click();
};
const prose = () => page.locator('.prose');

async function converse(text: string): Promise<void> {
  await playground.message().fill(text);
  await playground.message().press('Enter');
  await prose().last().locator('strong').waitFor();
  await playground.button('Send').waitFor();
}

describe('a conversation', () => {
  it('survives a reload, and goes on', async () => {
    await converse('One');
    await page.reload();
    await prose().locator('strong').waitFor();
    expect(await page.locator('.bubble').innerText()).toBe('One');
    expect((await page.locator('.figures').innerText()).replaceAll(/\s+/g, ' ')).toContain('Cache miss');
    const asked = await playground.ask('Two');
    expect(asked.body['messages']).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'An **answer**.' },
      { role: 'user', content: 'Two' },
    ]);
  });

  it('stays in the menu when another one begins', async () => {
    await converse('The first');
    await playground.button('New conversation').click();
    await converse('The second');
    await inMenu('The first');
    expect(await page.locator('.bubble').innerText()).toBe('The first');
    await page.reload();
    await prose().first().waitFor();
    await openMenu();
    expect(await page.locator('#earlier-list').getByRole('button').allInnerTexts()).toEqual([
      'The second',
      'The first',
    ]);
  });

  it('is cleared from the browser with all others', async () => {
    await converse('A secret');
    await inMenu('Clear all conversations');
    expect(await page.locator('.exchange').count()).toBe(0);
    expect(await page.evaluate(() => JSON.stringify(Object.entries(localStorage)))).not.toContain('A secret');
    await page.reload();
    await page.getByText('Ask StepFun').waitFor();
    await openMenu();
    expect(await page.locator('#earlier').isVisible()).toBe(false);
  });

  it.each([
    ['Export as Markdown', 'conversation.md', '## You\n\nOne\n\n## step-3.7-flash\n\nAn **answer**.\n'],
    ['Export as JSON', 'conversation.json', '"content": "An **answer**."'],
  ])('%s', async (name, file, content) => {
    await converse('One');
    const [download] = await Promise.all([page.waitForEvent('download'), inMenu(name)]);
    expect(download.suggestedFilename()).toBe(file);
    expect(await readFile(await download.path(), 'utf8')).toContain(content);
  });
});

describe('a link', () => {
  it('opens the page with the same settings and prompt, without the key and without sending', async () => {
    await page.getByLabel('Client key').fill('the-secret-key');
    await page.getByLabel('Instructions').fill('Be brief — 简短。');
    await page.getByLabel('Temperature').fill('1.1');
    await playground.message().fill('Why?');
    await inMenu('Copy link');
    await page.waitForFunction(() => document.querySelector('#status')?.textContent === 'Copied');
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(Buffer.from(link.split('=')[1] ?? '', 'base64url').toString()).not.toContain('the-secret-key');

    const other = await openPlayground({}, new URL(link).pathname + new URL(link).hash);
    expect(await other.message().inputValue()).toBe('Why?');
    expect(await other.page.getByLabel('Instructions').inputValue()).toBe('Be brief — 简短。');
    expect(await other.page.getByLabel('Temperature').inputValue()).toBe('1.1');
    expect(await other.page.evaluate(() => location.hash)).toBe('');
    expect(other.gateway.asked).toEqual([]);
  });
});

describe('the theme', () => {
  it('is switched in the menu, and there before the first paint of the next visit', async () => {
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await openMenu();
    await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.route('**/app.js', (route) => route.abort());
    await page.reload();
    expect(await ground()).toBe(dark);
  });
});
