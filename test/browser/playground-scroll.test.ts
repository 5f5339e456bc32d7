// A long answer in real Chromium: it is followed, and it moves nothing.

import type { Page } from 'playwright-core';
import { beforeEach, expect, it } from 'vitest';
import { USAGE, usePlayground, type Playground } from './playground-page.ts';

const LINES = Array.from({ length: 60 }, (_, at) => `Line ${at} of a long answer.\n\n`);

const openPlayground = usePlayground();
let playground: Playground;
let page: Page;

beforeEach(async () => {
  playground = await openPlayground();
  ({ page } = playground);
});

const prose = () => page.locator('.prose').last();
const scroller = () => page.locator('#scroller');
const distance = () => scroller().evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight);

it('a long answer is followed to its end, unless the reader has scrolled up', async () => {
  const asked = await playground.ask('Much');
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
  await playground.button('Send').waitFor();
});

it('a long answer is followed although it shrinks and grows between two frames', async () => {
  await page.evaluate(async () => {
    const block = document.querySelector('#column')!.appendChild(document.createElement('div'));
    const scroller = document.querySelector('#scroller')!;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    // Not by a stylesheet rule: the page's policy allows a style that a script sets.
    block.style.height = '3000px';
    await frame();
    scroller.scrollTop = scroller.scrollHeight;
    await frame();
    await frame();
    block.style.height = '2000px';
    // After the layout of this frame, and before the scroll event, which the next one sends.
    await new Promise((resolve) => setTimeout(resolve));
    block.style.height = '4000px';
    await frame();
    await frame();
    await frame();
  });
  expect(await distance()).toBeLessThan(4);
});

it('an answer moves nothing that is on the page already', async () => {
  await page.evaluate(() => {
    Reflect.set(globalThis, 'shifts', []);
    new PerformanceObserver((list) => {
      const shifts = Reflect.get(globalThis, 'shifts') as number[];
      for (const entry of list.getEntries()) shifts.push(Number(Reflect.get(entry, 'value')));
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const asked = await playground.ask('Slowly');
  asked.open();
  for (let at = 0; at < 40; at += 1) asked.chunk({ reasoning: `Thought ${at} is as long as others are. ` });
  await page.getByText('Thought 39').waitFor();
  // Long reasoning is shown through a window on its newest lines.
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
  await playground.button('Send').waitFor();
  await page.waitForTimeout(300);
  // Google calls 0.1 good. What is left is the reasoning as it folds away.
  const shifts = await page.evaluate(() => Reflect.get(globalThis, 'shifts') as number[]);
  expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.05);
});

it('the welcome is shown from its top on a small screen', async () => {
  await page.setViewportSize({ width: 320, height: 568 });
  await page.reload();
  expect(await scroller().evaluate((node) => node.scrollTop)).toBe(0);
});
