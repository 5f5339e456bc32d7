// A client's mistake is a 4xx in the one error shape; never a stack trace, an HTML page, a 500
// or a hang. Each field's own errors are tested in test/unit/chat; here is what only the whole
// gateway can show.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { question, startGateway, type Gateway } from './harness.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());
afterEach(async () => expect(await gateway.received()).toEqual([]));

function post(body: BodyInit | null, headers: Record<string, string> = {}): Promise<Response> {
  return gateway.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  } as RequestInit);
}

async function expectError(response: Response, status: number, code: string): Promise<void> {
  const text = await response.text();
  expect(response.status).toBe(status);
  expect(JSON.parse(text)).toEqual({
    error: { message: expect.any(String), type: expect.any(String), param: expect.anything(), code },
  });
  expect(text.length).toBeLessThan(10_000);
  expect(text).not.toMatch(/at .*\.(ts|js)|<html/i);
}

/** `param` is null, or any text. */
async function expectCode(response: Response, status: number, code: string): Promise<void> {
  const text = await response.text();
  expect([response.status, JSON.parse(text).error?.code]).toEqual([status, code]);
  expect(text.length).toBeLessThan(10_000);
  expect(text).not.toMatch(/at .*\.(ts|js)|<html/i);
}

describe('a body that is not JSON', () => {
  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['half an object', '{"model":'],
    ['a trailing comma', '{"model":"step-3.5-flash",}'],
    ['single quotes', "{'model':'x'}"],
    ['two documents', '{}{}'],
    ['NaN', '{"temperature":NaN}'],
    ['a control character in a string', '{"model":"a\u0001"}'],
    ['a bad escape', '{"model":"\\x"}'],
    ['a leading zero', '{"n":01}'],
    ['a comment', '{/**/}'],
    ['a BOM', '\ufeff{}'],
    ['an unclosed nest', '['.repeat(100_000)],
  ])('%s', async (_, body) => expectCode(await post(body), 400, 'invalid_json'));

  it('bad UTF-8', async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('{"model":"'), 0xff, 0xfe, 0x22, 0x7d]);
    await expectCode(await post(bytes), 400, 'invalid_json');
  });

  it('UTF-16', async () => {
    await expectCode(await post(Buffer.from('{"model":"x"}', 'utf16le')), 400, 'invalid_json');
  });
});

describe('JSON that is not a request', () => {
  it.each(['null', '0', 'true', '"text"', '[]', '[{}]', '{}', '{"messages":1}'])('%s', async (body) =>
    expectCode(await post(body), 400, 'invalid_value'),
  );

  it('100,000 levels of nesting', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    await expectCode(await post(deep), 400, 'invalid_value');
    const { model, messages } = question('x');
    const parameters = `{"type":"object","properties":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`;
    const body = `{"model":"${model}","messages":${JSON.stringify(messages)},"tools":[{"type":"function","function":{"name":"f","parameters":${parameters}}}]}`;
    await expectCode(await post(body), 400, 'invalid_value');
  });

  it('200,000 keys', async () => {
    const fields = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i]));
    await expectCode(await post(JSON.stringify({ ...question('x'), ...fields })), 400, 'invalid_value');
  });

  it('a name that is near to a known field: the error names that field', async () => {
    const response = await post(JSON.stringify({ ...question('x'), temprature: 1 }));
    const { error } = (await response.json()) as { error: { message: string; param: string } };
    expect(error.message).toMatch(/did you mean "?temperature"?\?/i);
    expect(error.param).toBe('temprature');
  });

  it('several errors: all are listed, and param is the first', async () => {
    const response = await post(JSON.stringify({ ...question('x'), temperature: 3, top_p: 2, n: 0 }));
    const { error } = (await response.json()) as { error: { message: string; param: string } };
    for (const field of ['temperature', 'top_p', 'n']) expect(error.message).toContain(`${field}: expected`);
    expect(error.param).toBe('temperature');
  });
});

describe('a body that is not read', () => {
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
    'as %j',
    async (type) => expectCode(await post('{}', { 'content-type': type }), 415, 'unsupported_media_type'),
  );

  it('of 10 MB: its sender still gets the answer', async () => {
    const body = JSON.stringify(question('x'.repeat(10 * 1024 * 1024)));
    await expectCode(await post(body), 413, 'request_too_large');
    const typed = { 'content-type': 'text/plain' };
    await expectCode(await post(body, typed), 415, 'unsupported_media_type');
  });
});

it('an error has exactly these fields', async () => {
  await expectError(await post('{"model":"step-3.5-flash"}'), 400, 'invalid_value');
});
