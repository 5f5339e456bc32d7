// The five kinds of examples on StepFun's page, unchanged but for the base URL,
// through the client they are written for.

import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from './harness.ts';

const SYSTEM =
  'You are an AI chat assistant provided by StepFun. You are good at Chinese, English, and many other languages.';
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let gateway: Gateway;
let openai: OpenAI;
beforeAll(async () => {
  gateway = await startGateway();
  openai = new OpenAI({ apiKey: 'STEP_API_KEY', baseURL: `${gateway.url}/v1` });
});
afterAll(() => gateway.close());

describe("StepFun's examples", () => {
  it('reasoning effort', async () => {
    const completion = await openai.chat.completions.create({
      model: 'step-3.7-flash',
      messages: [{ role: 'user', content: 'Explain what reinforcement learning is in three sentences.' }],
      reasoning_effort: 'medium',
      max_tokens: 1024,
    });
    expect(completion.choices[0]?.message).toMatchObject({
      content: expect.stringMatching(/\w/),
      reasoning: expect.stringMatching(/\w/),
    });
  });

  it('text chat', async () => {
    const completion = await openai.chat.completions.create({
      model: 'step-3.5-flash',
      messages: [
        { role: 'system', content: SYSTEM },
        { role: 'user', content: "Hello, please introduce StepFun's artificial intelligence!" },
      ],
    });
    expect(completion.object).toBe('chat.completion');
    expect(completion.choices[0]).toMatchObject({ index: 0, finish_reason: 'stop' });
    expect(completion.choices[0]?.message.content).toContain('StepFun');
  });

  it.each([
    ['by URL', 'https://www.stepfun.com/assets/section-1-CTe4nZiO.webp'],
    ['as base64', `data:image/png;base64,${PIXEL}`],
  ])('image understanding, %s', async (_, url) => {
    await gateway.forget();
    const completion = await openai.chat.completions.create({
      model: 'step-3.7-flash',
      messages: [
        { role: 'system', content: SYSTEM },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Describe this image with elegant language' },
            { type: 'image_url', image_url: { url } },
          ],
        },
      ],
    });
    expect(completion.choices[0]?.message.content).toMatch(/image/i);
    const [sent] = await gateway.received();
    expect(sent?.body).toContain(url);
  });

  it('streaming', async () => {
    const stream = await openai.chat.completions.create({
      model: 'step-3.5-flash',
      stream: true,
      messages: [
        { role: 'system', content: SYSTEM },
        { role: 'user', content: "Hello, please introduce StepFun's artificial intelligence!" },
      ],
    });
    let content = '';
    const finishes: unknown[] = [];
    for await (const chunk of stream) {
      expect(chunk.object).toBe('chat.completion.chunk');
      content += chunk.choices[0]?.delta.content ?? '';
      finishes.push(chunk.choices[0]?.finish_reason);
    }
    expect(content).toContain('StepFun');
    expect(finishes.at(-1)).toBe('stop');
  });
});
