import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPlan } from '../../simulator/triggers.ts';
import { findSum } from '../../simulator/writer/arithmetic.ts';
import { topic } from '../../simulator/writer/words.ts';
import { complete, question } from './ask.ts';

const say = async (text: string, more: object = {}): Promise<string> =>
  (await complete(question(text, more))).choices[0]?.message.content ?? '';

test.each([
  ['What is 17 * 23?', '**391**'],
  ["what's 15% of 80?", '**12**'],
  ['12乘以12等于多少', '**144**'],
  ['What is the capital of France?', '**Paris**'],
  ['My name is Ada', '**Ada**'],
  ['Count to 5', '1, 2, 3, 4, 5'],
  ['Say "a\nb"', 'a\nb'],
  ['Reply with exactly: pong', 'pong'],
  ['Compare cats and dogs', '| cats | dogs |'],
  ['a JavaScript function that sorts users, show me', '```js'],
  ['python code for fibonacci', '```python'],
  ['Who are you?', '`step-3.5-flash`'],
  ['你好', '您好|你好'],
  ['请介绍一下阶跃星辰', '阶跃星辰（StepFun）'],
  ['用两句话解释什么是机器学习', '机器学习'],
  ['How do I bake bread?', 'bake bread'],
  ['Tell me about the history of tea', '**the history of tea**'],
])('%s → %s', async (text, part) => {
  const said = await say(text);
  expect(part.split('|').some((one) => said.includes(one)) || said.includes(part)).toBe(true);
});

test('three sentences are three sentences', async () => {
  expect(
    (await say('Explain what reinforcement learning is in three sentences.')).match(/\.(?:\s|$)/g),
  ).toHaveLength(3);
  expect((await say('Explain the history of tea in two sentences.')).match(/\.(?:\s|$)/g)).toHaveLength(2);
});

test('a name is remembered', async () => {
  const messages = [
    { role: 'user', content: 'My name is Ada.' },
    { role: 'assistant', content: 'Nice to meet you.' },
    { role: 'user', content: 'What is my name?' },
  ];
  expect(await say('', { messages })).toContain('**Ada**');
});

test('media are named with their size', async () => {
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAYAAAA=';
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${'A'.repeat(16_384)}` } },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    { type: 'image_url', image_url: { url: 'https://www.stepfun.com/assets/section-1-CTe4nZiO.webp' } },
    { type: 'video_url', video_url: { url: 'https://example.com/clip.mp4' } },
    { type: 'input_audio', input_audio: { data: 'data:audio/mp3;base64,AAAA' } },
  ];
  expect(await say('', { messages: [{ role: 'user', content }] })).toContain(
    'You sent a jpeg image of 12.0 KB (12,288 bytes), a png image of 640 × 480 pixels and 29 bytes (29 bytes), ' +
      'an image at www.stepfun.com (section-1-CTe4nZiO.webp), a video at example.com (clip.mp4) ' +
      'and a mp3 recording of 3 bytes (3 bytes).',
  );
});

test.each([
  ['2 + 3 * 4', 14],
  ['(2 + 3) * 4', 20],
  ['2 ^ 3 ^ 2', 512],
  ['10 divided by 4', 2.5],
  ['what is 7-5', 2],
  ['1.5 + 1.5', 3],
])('%s = %d', (text, value) => {
  expect(findSum(text)?.value).toBe(value);
});

test.each(['on 2026-05-01', 'room 5-7', '1/2/2026', '5 / 0', 'call 555-1234', '3 apples', '2 +', '()'])(
  '%s is no sum',
  (text) => {
    expect(findSum(text)).toBeNull();
  },
);

test.each([
  ['Hello, please introduce the theory of relativity!', 'the theory of relativity'],
  ['What is the meaning of life?', 'the meaning of life'],
  ['Can you explain how a steam engine works in 3 sentences, please?', 'a steam engine'],
])('%s is about %s', (text, about) => {
  expect(topic(text)).toBe(about);
});

test('whatever is asked, something is said, and quickly', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.lorem()), async (text) => {
      // A text may hold a trigger; none of these does.
      expect(readPlan(text).refusal).toBeNull();
      const { message, finish_reason } = (await complete(question(text))).choices[0] ?? {};
      expect(message?.content).not.toBe('');
      expect(message?.reasoning).not.toBe('');
      expect(finish_reason).toBe('stop');
    }),
    { numRuns: 200 },
  );
});

test.each(['a ', '1+', '-', ' ', '阶', 'say ', 'A', '"', 'how do i '])(
  'a megabyte of %j takes no time',
  async (piece) => {
    const start = performance.now();
    await complete(question(piece.repeat(1_000_000 / piece.length)));
    expect(performance.now() - start).toBeLessThan(3_000);
  },
);
