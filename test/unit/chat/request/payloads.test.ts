// Requests with long payloads are parsed without them; the result is the same.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeOutPayloads } from '../../../../src/chat/request/payloads.ts';
import { bytesOf, canonical, chat, failure, type Json, parse, withMessages, sentText } from './support.ts';

const LONG = 'QUJD'.repeat(9_000);
/** Too short to be taken out: in place of LONG in the request for comparison. */
const SHORT = 'QUJDSHORT+++';

const png = (payload: string) => `data:image/png;base64,${payload}`;
const image = (url: string, more: Json = {}) => ({ type: 'image_url', image_url: { url, ...more } });
const user = (...parts: unknown[]) => ({ role: 'user', content: parts });

function hasPayload(body: unknown): boolean {
  return takeOutPayloads(bytesOf(body)) !== null;
}

/** Expects for a request with LONG the result for the request with SHORT, with LONG in its place. */
function expectSame(body: string): void {
  const short = body.replaceAll(LONG, SHORT);
  const long = (text: string) => text.replaceAll(SHORT, LONG);
  expect(hasPayload(short)).toBe(false);
  expect(sentText(body)).toBe(long(sentText(short)));
  expect(canonical(body)).toBe(long(canonical(short)));
  const { model, stream, choices, ignoredParams, remoteMedia } = parse(short);
  expect(parse(body)).toMatchObject({ model, stream, choices, ignoredParams, remoteMedia });
}

describe('payloads', () => {
  const sound = { type: 'input_audio', input_audio: { data: `data:audio/wav;base64,${LONG}` } };

  it.each<[string, unknown]>([
    ['an image', withMessages(user(image(png(LONG))))],
    ['an image with detail', withMessages(user(image(png(LONG), { detail: 'high' })))],
    [
      'two images and a sound',
      withMessages(user(image(png(LONG)), { type: 'text', text: 'a' }, image(png(LONG)), sound)),
    ],
    [
      'images in two messages',
      withMessages(user(image(png(LONG))), { role: 'assistant', content: 'a' }, user(sound)),
    ],
    [
      'an image beside text that is long too',
      withMessages({ role: 'user', content: 'ä,é"'.repeat(30_000) }, user(image(png(LONG)))),
    ],
    ['padding', withMessages(user(image(png(`${LONG}QQ==`))))],
    ['remote media beside it', withMessages(user(image(png(LONG)), image('https://a.example/a.png')))],
    ['a payload in a URL', withMessages(user(image(`https://a.example/?q=;base64,${LONG}`)))],
    [
      'fields in another order',
      { stream: true, messages: [{ content: [image(png(LONG))], role: 'user' }], model: 'm' },
    ],
  ])('are taken out and put back: %s', (_, request) => {
    const body = JSON.stringify(request);
    expect(hasPayload(body)).toBe(true);
    expectSame(body);
    expectSame(JSON.stringify(request, null, 2));
  });

  it.each<[string, unknown]>([
    ['text', withMessages({ role: 'user', content: `see ${png(LONG)}` })],
    ['a text part', withMessages(user({ type: 'text', text: png(LONG) }))],
    ['the text of a tool', withMessages({ role: 'assistant', content: png(LONG), reasoning: png(LONG) })],
    ['a field that is ignored', chat({ user: png(LONG) })],
    ['both a payload and text', withMessages(user(image(png(LONG)), { type: 'text', text: png(LONG) }))],
    ['a key of a schema', chat({ audio: { [png(LONG)]: 1 } })],
    ['a value of a schema', chat({ audio: { a: png(LONG) } })],
  ])('are not taken out elsewhere: %s', (_, request) => {
    expectSame(JSON.stringify(request));
  });

  it('of duplicate keys are the last one', () => {
    const part = (inner: string) => `{"model":"m","messages":[{"role":"user","content":[${inner}]}]}`;
    const body = part(
      `{"type":"image_url","image_url":{"url":"${png(`${LONG}AAAA`)}","url":"${png(LONG)}"}}`,
    );
    expect(sentText(body)).toBe(part(`{"type":"image_url","image_url":{"url":"${png(LONG)}"}}`));
    const keys = `{"model":"m","messages":[{"role":"user","content":""}],"audio":{"${png(LONG)}":1,"${png(LONG)}":2}}`;
    expect(sentText(keys)).toBe(
      `{"model":"m","messages":[{"role":"user","content":""}],"audio":{"${png(LONG)}":2}}`,
    );
  });

  it.each([
    ['a line break', png(`${LONG}\n`)],
    ['an escape', png(`${LONG}\u0001AAA`)],
    ['a letter beyond ASCII', png(`${LONG}é`)],
    ['padding inside', png(`${LONG}==${LONG}`)],
    ['padding where a piece ends that is decoded', png(`${'QUJD'.repeat(8 * 1024 - 1)}QQ==${LONG}`)],
    ['too much padding', png(`${LONG}===`)],
    ['the wrong padding', png(`${LONG}A=`)],
    ['a letter too many', png(`${LONG}A`)],
    ['URL-safe letters', png(`${LONG}-_`)],
    ['another medium', `data:text/html;base64,${LONG}`],
    ['nothing before it', `;base64,${LONG}`],
    ['two prefixes', png(`;base64,${LONG}`)],
  ])('are refused for %s with the message for short ones', (_, url) => {
    const at = { code: 'invalid_value', param: 'messages[0].content[0].image_url.url' };
    const { message, ...rest } = failure(withMessages(user(image(url))));
    expect(rest).toEqual(at);
    expect(message).toBe(failure(withMessages(user(image('x')))).message);
  });

  it('are not copied for the canonical form', () => {
    const bytes = bytesOf(JSON.stringify(withMessages(user(image(png(LONG))))));
    const [, payload] = parse(bytes).canonical();
    if (!(payload instanceof Uint8Array)) throw new Error('the payload is text');
    expect(payload.buffer).toBe(bytes.buffer);
    expect(payload).toHaveLength(LONG.length);
  });

  it.each<[string, string, string]>([
    ['broken JSON', `{"a":"${png(LONG)}",}`, 'invalid_json'],
    ['an unterminated string', `{"a":"${png(LONG)}`, 'invalid_json'],
    ['a payload outside of strings', `{"a":;base64,${LONG}"}`, 'invalid_json'],
    ['a raw line break in it', `{"a":"${png(`${LONG}\n${LONG}`)}"}`, 'invalid_json'],
    [
      'a misspelt field',
      JSON.stringify({ ...withMessages(user(image(png(LONG)))), streem: 1 }),
      'unknown_parameter',
    ],
    ['a wrong effort', JSON.stringify(chat({ reasoning_effort: png(LONG) })), 'invalid_value'],
    ['a model with a payload', JSON.stringify(chat({ model: png(LONG) })), 'invalid_value'],
    [
      'an empty payload',
      JSON.stringify(withMessages(user(image(png('')), { type: 'text', text: 'a'.repeat(50_000) }))),
      'invalid_value',
    ],
  ])('have an error that does not repeat them: %s', (_, body, code) => {
    const { code: actual, message } = failure(body);
    expect(actual).toBe(code);
    expect(message.length).toBeLessThan(1_000);
  });

  it('of no length are refused at any position', () => {
    const request = (padding: string) => withMessages(user({ type: 'text', text: padding }, image(png(''))));
    const end = JSON.stringify(request('')).lastIndexOf(',') + 1;
    // A payload would be searched at the quote after the comma.
    const body = JSON.stringify(request('x'.repeat(32 * 1024 - end)));
    expect(body.slice(32 * 1024 - 8, 32 * 1024 + 1)).toBe(';base64,"');
    expect(hasPayload(body)).toBe(false);
    expect(failure(body).param).toBe('messages[0].content[1].image_url.url');
  });

  it('are taken out of valid UTF-8 only', () => {
    const body = bytesOf(JSON.stringify(withMessages(user(image(png(LONG)), { type: 'text', text: 'aXa' }))));
    body[body.lastIndexOf(0x58)] = 0xff;
    expect(failure(body).code).toBe('invalid_json');
  });

  it('are equal in a call and in its answer', () => {
    const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '' } });
    const id = png(LONG);
    const body = withMessages(
      { role: 'assistant', content: null, tool_calls: [call(id)] },
      { role: 'tool', tool_call_id: id, content: 'a' },
    );
    expectSame(JSON.stringify(body));
  });
});

describe('any text around a payload', () => {
  it('has the same result', () => {
    const text = fc.oneof(
      // Repeated: fast-check takes 0.1 s for one text of 40,000 characters.
      fc
        .tuple(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 1, max: 300 }))
        .map(([piece, times]) => piece.repeat(times)),
      fc.constantFrom(
        '',
        ',',
        '"',
        ';base64,',
        `${'x'.repeat(32_760)};base64,`,
        'é'.repeat(16_384),
        png('QQ=='),
      ),
    );
    const part = fc.oneof(
      text.map((content) => ({ type: 'text', text: content.replaceAll(SHORT, '') })),
      fc.constantFrom(image(png(LONG)), image(png(`${LONG}QQ==`)), { type: 'text', text: png(LONG) }),
    );
    let count = 0;
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.boolean(), (parts, wide) => {
        const body = JSON.stringify(withMessages(user(...parts)), null, wide ? 1 : 0);
        if (hasPayload(body)) count++;
        const short = body.replaceAll(LONG, SHORT);
        expect(sentText(body).replaceAll(LONG, SHORT)).toBe(sentText(short));
        expect(canonical(body).replaceAll(LONG, SHORT)).toBe(canonical(short));
      }),
      { numRuns: 8 },
    );
    expect(count).toBeGreaterThan(2);
  });
});
