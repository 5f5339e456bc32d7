import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parsePlan } from '../../simulator/triggers.ts';
import { findSum } from '../../simulator/writer/arithmetic.ts';
import { topic } from '../../simulator/writer/words.ts';
import { complete, question } from './ask.ts';

const answerTo = async (text: string, fields: object = {}): Promise<string> =>
  (await complete(question(text, fields))).choices[0]?.message.content ?? '';

it.each([
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
])('answers "%s" with %s', async (text, part) => {
  const answer = await answerTo(text);
  expect(part.split('|').some((one) => answer.includes(one)) || answer.includes(part)).toBe(true);
});

it('writes as many sentences as the prompt asks for', async () => {
  expect(
    (await answerTo('Explain what reinforcement learning is in three sentences.')).match(/\.(?:\s|$)/g),
  ).toHaveLength(3);
  expect((await answerTo('Explain the history of tea in two sentences.')).match(/\.(?:\s|$)/g)).toHaveLength(
    2,
  );
});

it('remembers a name', async () => {
  const messages = [
    { role: 'user', content: 'My name is Ada.' },
    { role: 'assistant', content: 'Nice to meet you.' },
    { role: 'user', content: 'What is my name?' },
  ];
  expect(await answerTo('', { messages })).toContain('**Ada**');
});

it('describes media with their sizes', async () => {
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAYAAAA=';
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${'A'.repeat(16_384)}` } },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    { type: 'image_url', image_url: { url: 'https://www.stepfun.com/assets/section-1-CTe4nZiO.webp' } },
    { type: 'video_url', video_url: { url: 'https://example.com/clip.mp4' } },
  ];
  const model = 'step-3.7-flash';
  expect(await answerTo('', { model, messages: [{ role: 'user', content }] })).toContain(
    'You sent a jpeg image of 12.0 KB (12,288 bytes), a png image of 640 × 480 pixels and 29 bytes (29 bytes), ' +
      'an image at www.stepfun.com (section-1-CTe4nZiO.webp) and a video at example.com (clip.mp4).',
  );
  const recording = [{ type: 'input_audio', input_audio: { data: 'data:audio/mp3;base64,AAAA' } }];
  const messages = [{ role: 'user', content: recording }];
  expect(await answerTo('', { model: 'step-audio-2', messages })).toContain(
    'You sent an mp3 recording of 3 bytes (3 bytes).',
  );
});

it.each([
  "What's the weather in Paris today?",
  'What is the latest news?',
  'Who are you?',
  'What time is it?',
  'Explain quantum chromodynamics',
  'How do I bake bread?',
  'Give me three ideas for a party',
  'Compare cats and dogs',
  'Where is my wallet?',
])('says that it is a simulator: %s', async (text) => {
  expect(await answerTo(text)).toMatch(/\bsimulator\b/);
});

it.each(['今天北京的天气怎么样？', '你是谁', '最近有什么新闻', '介绍一下量子力学'])(
  'says so in Chinese: %s',
  async (text) => {
    expect(await answerTo(text)).toContain('模拟器');
  },
);

it.each([
  ['2 + 3 * 4', 14],
  ['(2 + 3) * 4', 20],
  ['2 ^ 3 ^ 2', 512],
  ['10 divided by 4', 2.5],
  ['what is 7-5', 2],
  ['1.5 + 1.5', 3],
])('calculates %s = %d', (text, value) => {
  expect(findSum(text)?.value).toBe(value);
});

it.each(['on 2026-05-01', 'room 5-7', '1/2/2026', '5 / 0', 'call 555-1234', '3 apples', '2 +', '()'])(
  'finds no calculation in "%s"',
  (text) => {
    expect(findSum(text)).toBeNull();
  },
);

it.each([
  ['Hello, please introduce the theory of relativity!', 'the theory of relativity'],
  ['What is the meaning of life?', 'the meaning of life'],
  ['Can you explain how a steam engine works in 3 sentences, please?', 'a steam engine'],
])('finds the topic of "%s": %s', (text, about) => {
  expect(topic(text)).toBe(about);
});

it('always has an answer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.lorem()), async (text) => {
      // A text may hold a trigger; none of these does.
      expect(parsePlan(text, '2026').error).toBeNull();
      const { message, finish_reason } = (await complete(question(text))).choices[0] ?? {};
      expect(message?.content).not.toBe('');
      expect(message?.reasoning).not.toBe('');
      expect(finish_reason).toBe('stop');
    }),
    { numRuns: 200 },
  );
});

// Quadratic patterns would run into the test's timeout.
it.each(['a ', '1+', '-', ' ', '阶', 'say ', 'A', '"', 'how do i ', 'my '])(
  'answers a megabyte of %j',
  async (piece) => {
    expect(await answerTo(piece.repeat(1_000_000 / piece.length))).not.toBe('');
  },
);
