// The examples of StepFun's page with the gateway's base URL, and those of examples/ that run without a browser.

import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import backend from '../../examples/hono/index.ts';
import { dataOf, startGateway, type Gateway } from './harness.ts';
import { read, ROOT } from './pages.ts';

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

describe('examples/hono', () => {
  const send = (body: unknown) =>
    backend.request(
      '/api/chat',
      { method: 'POST', body: JSON.stringify(body) },
      { GATEWAY_URL: gateway.url, GATEWAY_KEY: 'any-key' },
    );

  it('streams an answer', async () => {
    await gateway.forget();
    const response = await send({ prompt: 'Say hello' });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const chunks = dataOf(await response.text());
    expect(chunks.at(-1)).toBe('[DONE]');
    expect(JSON.stringify(chunks)).toContain('"content":"hello"');
    const [sent] = await gateway.received();
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ max_tokens: 2_000, stream: true });
  });

  it("passes the gateway's errors on", async () => {
    const response = await send({ prompt: 'hi simulate error 400' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'upstream_rejected' } });
  });

  it.each([null, [], {}, { prompt: 1 }, { prompt: 'x'.repeat(4_001) }])(
    'refuses a wrong body',
    async (body) => {
      expect((await send(body)).status).toBe(400);
    },
  );
});

describe('the folder examples/hono', () => {
  interface Package {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  }

  it('has the packages that were tested here', () => {
    const example = JSON.parse(read('examples/hono/package.json')) as Package;
    const tested = JSON.parse(read('package.json')) as Package;
    const packages = { ...example.dependencies, ...example.devDependencies };
    expect(Object.keys(packages)).toEqual(['hono', 'wrangler']);
    expect(tested.devDependencies).toMatchObject(packages);
  });

  it('has a Worker of its own, which sees a user leave', () => {
    const path = (folder: string) => join(ROOT, folder, 'wrangler.toml');
    const example = unstable_readConfig({ config: path('examples/hono') });
    const gateway = unstable_readConfig({ config: path('.') });
    expect(example.name).not.toBe(gateway.name);
    expect(example.main).toBe(join(ROOT, 'examples/hono/index.ts'));
    expect(example.compatibility_date).toBe(gateway.compatibility_date);
    expect(example.compatibility_flags).toEqual(['enable_request_signal']);
  });
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

describe.runIf(hasPython)('examples/python', () => {
  it('prints the answer apart from the reasoning', async () => {
    const { stdout, stderr } = await promisify(execFile)(
      'python3',
      [join(ROOT, 'examples/python/chat.py'), 'Why is the sky blue?'],
      {
        env: {
          ...process.env,
          GATEWAY_URL: `${gateway.url}/v1`,
          PYTHONPATH: join(import.meta.dirname, 'fixtures'),
          PYTHONDONTWRITEBYTECODE: '1',
          no_proxy: '127.0.0.1',
        },
      },
    );
    expect(stdout).toMatch(/^The sky is blue because/);
    expect(stderr).toMatch(/^The user asks about/);
  });
});
