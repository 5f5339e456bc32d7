import { expect, it } from 'vitest';
import { chunks, complete, question } from './ask.ts';

async function answerAs(text: string, response_format: object): Promise<unknown> {
  return JSON.parse((await complete(question(text, { response_format }))).choices[0]?.message.content ?? '');
}

async function usageOf(text: string, before: object[] = []) {
  const messages = [...before, { role: 'user', content: text }];
  return (await complete({ model: 'step-3.5-flash', messages })).usage;
}

async function reasoningLength(fields: object): Promise<number> {
  const { choices } = await complete(question('Why is the sky blue?', fields));
  return choices[0]?.message.reasoning?.length ?? 0;
}

it('reasons more at a higher effort, and not at all with other models', async () => {
  const [low, medium, high] = await Promise.all(
    ['low', 'medium', 'high'].map((reasoning_effort) => reasoningLength({ reasoning_effort })),
  );
  expect(low).toBeGreaterThan(10);
  expect(medium).toBeGreaterThan(low ?? 0);
  expect(high).toBeGreaterThan(medium ?? 0);
  expect(await reasoningLength({ model: 'step-1o-turbo-vision' })).toBe(0);
});

it.each([
  [{}, ['reasoning', 'reasoning_content']],
  [{ reasoning_format: 'general' }, ['reasoning']],
  [{ reasoning_format: 'deepseek-style' }, ['reasoning_content']],
])('names the reasoning of 2026 for %j', async (fields, names) => {
  const [choice] = (await complete(question('hi', fields))).choices;
  expect(Object.keys(choice?.message ?? {}).filter((name) => name.startsWith('reasoning'))).toEqual(names);
});

it.each([
  ['simulate dialect 2024', ['reasoning']],
  ['simulate reasoning as reasoning', ['reasoning']],
  ['simulate reasoning as reasoning_content', ['reasoning_content']],
  ['simulate dialect 2024 simulate reasoning as both', ['reasoning', 'reasoning_content']],
])('names the reasoning as asked: %s', async (trigger, names) => {
  const [choice] = (await complete(question(`hi ${trigger}`))).choices;
  expect(Object.keys(choice?.message ?? {}).filter((name) => name.startsWith('reasoning'))).toEqual(names);
});

it('cuts reasoning and content at max_tokens', async () => {
  const body = question('Weather in Boston');
  const whole = (await complete(body)).usage.completion_tokens;
  const cutAt = async (max_tokens: number) => (await complete({ ...body, max_tokens })).choices[0];
  expect(await cutAt(3)).toMatchObject({
    message: { content: '', reasoning: 'The user asks' },
    finish_reason: 'length',
  });
  expect(await cutAt(whole - 1)).toMatchObject({ finish_reason: 'length' });
  expect(await cutAt(whole)).toMatchObject({ finish_reason: 'stop' });
});

it('ends the text before a stop string', async () => {
  for (const stop of [', 4', [', 7', ', 4']]) {
    expect((await complete(question('count to 9', { stop }))).choices[0]).toMatchObject({
      message: { content: '1, 2, 3' },
      finish_reason: 'stop',
    });
  }
});

it('answers in JSON mode, and enforces a JSON Schema', async () => {
  expect(await answerAs('Why is the sky blue?', { type: 'json_object' })).toMatchObject({
    answer: expect.stringContaining('blue'),
    language: 'en',
  });
  expect(await answerAs('Ada Lovelace, 36, as JSON with keys name and age', { type: 'json_object' })).toEqual(
    {
      name: 'Ada Lovelace',
      age: 36,
    },
  );
  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  expect(
    await answerAs('I live in Boston', { type: 'json_schema', json_schema: { name: 'home', schema } }),
  ).toEqual({ city: 'Boston' });
});

it('counts cached tokens: by trigger, or for a long prefix', async () => {
  expect(await usageOf('hi')).not.toHaveProperty('cached_tokens');
  expect((await usageOf('Say hello again simulate cached 4')).cached_tokens).toBe(4);
  const detailed = await usageOf('Say hello again simulate cached 4 in details');
  expect(detailed).toMatchObject({ prompt_tokens_details: { cached_tokens: 4 } });
  expect(detailed).not.toHaveProperty('cached_tokens');
  const long = await usageOf('hi', [{ role: 'system', content: 'word '.repeat(600) }]);
  expect(long).toMatchObject({ cached_tokens: 512, completion_tokens_details: { reasoning_tokens: 0 } });
  expect(long.prompt_tokens).toBeGreaterThan(600);
});

it('has no completion_tokens_details in 2024', async () => {
  expect(Object.keys(await usageOf('hi simulate cached 2 simulate dialect 2024'))).toEqual([
    'prompt_tokens',
    'cached_tokens',
    'completion_tokens',
    'total_tokens',
  ]);
});

const bytesOf = (base64: string): string => atob(base64);
const SPEECH = { model: 'step-audio-2', modalities: ['text', 'audio'] };

it.each([
  ['wav', /^RIFF.{4}WAVEfmt /s],
  ['mp3', /^\xff\xfb/],
])('answers with %s sound, the same in a stream', async (format, magic) => {
  const body = question('Say hello there', { ...SPEECH, audio: { voice: 'lively-girl', format } });
  const { content, audio } = (await complete(body)).choices[0]?.message ?? {};
  expect(audio?.transcript).toBe(content);
  expect(bytesOf(audio?.data ?? '')).toMatch(magic);
  const deltas = (await chunks(body)).flatMap(({ choices: [one] }) => one.delta.audio ?? []);
  expect(deltas.map(({ data }) => data).join('')).toBe(audio?.data);
  expect(deltas.map(({ transcript }) => transcript).join('')).toBe(content);
});

it('states the length of the sound in its header', async () => {
  const body = question('Say hello there', { ...SPEECH, audio: { voice: 'lively-girl' } });
  const file = bytesOf((await complete(body)).choices[0]?.message.audio?.data ?? '');
  const view = new DataView(Uint8Array.from(file, (char) => char.charCodeAt(0)).buffer);
  expect(view.getUint32(4, true)).toBe(file.length - 8);
  expect(view.getUint32(40, true)).toBe(file.length - 44);
});

it('is silent unless asked', async () => {
  expect((await complete(question('hi', { model: 'step-audio-2' }))).choices[0]?.message).not.toHaveProperty(
    'audio',
  );
});
