// The settings in real Chromium: the fields that they send, and the answers to them.

import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerWith, USAGE, usePlayground, type Playground } from './playground-page.ts';

const openPlayground = usePlayground();
let playground: Playground;
let page: Page;

beforeEach(async () => {
  playground = await openPlayground();
  ({ page } = playground);
  await page.locator('#model option[value="step-plain"]').waitFor({ state: 'attached' });
});

const ask = (text: string) => playground.ask(text);
const openMore = () => page.getByText('More options').click();

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
    await page.locator('#model option[value="step-plain"]').waitFor({ state: 'attached' });
    expect((await ask('Hello')).body).toEqual(expected);

    await page.getByLabel('Model', { exact: true }).selectOption('step-plain');
    await page.getByText('This model takes no reasoning effort.').waitFor();
    await playground.button('New conversation').click();
    expect((await ask('Hello')).body).not.toHaveProperty('reasoning_effort');
    await page.getByRole('button', { name: 'Back to defaults' }).click();
    expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('step-3.7-flash');
    expect(await page.getByLabel('Instructions').inputValue()).toBe('');
  });

  it('have more options: top p, choices, stop sequences, JSON', async () => {
    await openMore();
    await page.getByLabel('Top p').fill('0.9');
    await page.getByLabel('Choices (n)').fill('2');
    await page.getByLabel('Stop sequences').fill('END\nSTOP');
    await page.getByLabel('Output').selectOption('json');
    const asked = await ask('Hello');
    expect(asked.body).toMatchObject({
      top_p: 0.9,
      n: 2,
      stop: ['END', 'STOP'],
      response_format: { type: 'json_object' },
    });
    asked.open();
    const chunk = (index: number, content: string) =>
      asked.raw(`data: ${JSON.stringify({ choices: [{ index, delta: { content } }] })}\n\n`);
    chunk(1, 'second');
    chunk(0, 'first');
    asked.done();
    await page.getByRole('heading', { name: 'Choice 2' }).waitFor();
    expect(await page.locator('.prose').allInnerTexts()).toEqual(['first', 'second']);
  });

  it('send a JSON schema, and hold a request back while it is no JSON', async () => {
    await openMore();
    await page.getByLabel('Output').selectOption('schema');
    const schema = page.getByRole('textbox', { name: 'JSON schema' });
    // An example is filled in.
    await expect.poll(() => schema.inputValue()).toContain('"recipe"');
    await schema.fill('{');
    await page.locator('#schema-note', { hasText: 'JSON schema:' }).waitFor();
    await playground.message().fill('Hello');
    await playground.message().press('Enter');
    await page.locator('#composer-note', { hasText: 'JSON schema:' }).waitFor();
    expect(playground.gateway.asked).toEqual([]);
    expect(await playground.message().inputValue()).toBe('Hello');
    await schema.fill('{"title":"a","type":"object"}');
    const asked = await playground.asked(() => playground.message().press('Enter'));
    expect(asked.body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
    });
  });

  it('name the field that is no JSON when the request is asked for as code', async () => {
    await openMore();
    await page.getByLabel('Tools').fill('[{');
    await page.locator('#code-open').click();
    await page.locator('#composer-note', { hasText: 'Tools:' }).waitFor();
    await page.getByLabel('Tools').fill('[]');
    await page.locator('#code-open').click();
    await page.getByRole('dialog', { name: 'This request as code' }).waitFor();
  });

  it('offer the known models where the gateway lists none', async () => {
    playground.gateway.models = { data: [] };
    await page.reload();
    await page.locator('#model option[value="step-3.5-flash"]').waitFor({ state: 'attached' });
    playground.gateway.models = { data: [{ id: 'only-one' }] };
    await page.reload();
    await page.locator('#model option[value="only-one"]').waitFor({ state: 'attached' });
    expect((await ask('Hello')).body).toMatchObject({ model: 'only-one' });
  });
});

describe('tools', () => {
  it('are sent from an example; calls are shown, and results are entered by hand', async () => {
    await openMore();
    await page.getByRole('button', { name: 'weather' }).click();
    await expect.poll(() => page.getByLabel('Tools').inputValue()).toContain('get_weather');
    const asked = await ask('Is it warm in Rome?');
    expect(asked.body['tools']).toMatchObject([{ type: 'function', function: { name: 'get_weather' } }]);

    asked.open();
    const call = {
      index: 0,
      id: 'call_1',
      type: 'function',
      function: { name: 'get_weather', arguments: '' },
    };
    asked.chunk({ tool_calls: [call] });
    asked.chunk({ tool_calls: [{ index: 0, function: { arguments: '{"place":' } }] });
    asked.chunk({ tool_calls: [{ index: 0, function: { arguments: '"Rome"}' } }] });
    asked.chunk({}, USAGE, 'tool_calls');
    asked.done();
    const result = page.getByLabel('Result of get_weather');
    await result.waitFor();
    expect(await page.locator('.call pre').innerText()).toBe('{\n  "place": "Rome"\n}');
    await result.fill('{"celsius": 31}');
    const next = await playground.asked(() => page.getByRole('button', { name: 'Send result' }).click());
    expect(next.body['messages']).toEqual([
      { role: 'user', content: 'Is it warm in Rome?' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          {
            id: 'call_1',
            type: 'function',
            function: { name: 'get_weather', arguments: '{"place":"Rome"}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '{"celsius": 31}' },
    ]);
    await playground.reply(next, 'Hot.');
    expect(await page.locator('.result').innerText()).toContain('{"celsius": 31}');
  });
});

describe('two models side by side', () => {
  it('answer one prompt, each with its own part of the conversation', async () => {
    await page.getByLabel('Compare with').selectOption('step-plain');
    playground.gateway.answer = (asked) => answerWith(`I am ${String(asked.body['model'])}.`)(asked);
    await playground.message().fill('Who?');
    await playground.message().press('Enter');
    await playground.button('Send').waitFor();
    expect(await page.locator('.who').allInnerTexts()).toEqual(['step-3.7-flash', 'step-plain']);
    expect(await page.locator('.prose').allInnerTexts()).toEqual([
      'I am step-3.7-flash.',
      'I am step-plain.',
    ]);
    const boxes = await page
      .locator('.answer')
      .evaluateAll((nodes) => nodes.map((node) => node.getBoundingClientRect().x));
    expect(boxes[1]).toBeGreaterThan((boxes[0] ?? 0) + 200);

    await playground.message().fill('Sure?');
    await playground.message().press('Enter');
    await expect.poll(() => playground.gateway.asked.length).toBe(4);
    const histories = playground.gateway.asked
      .slice(2)
      .map(({ body }) => [body['model'], (body['messages'] as { content: string }[])[1]?.content]);
    expect(Object.fromEntries(histories)).toEqual({
      'step-3.7-flash': 'I am step-3.7-flash.',
      'step-plain': 'I am step-plain.',
    });
  });
});
