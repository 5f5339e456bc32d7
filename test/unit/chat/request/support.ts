// Helpers for tests of requests.

import { expect } from 'vitest';
import type { Config } from '../../../../src/config/config.ts';
import { GatewayError } from '../../../../src/http/errors.ts';
import { type ChatRequest, parseChatRequest } from '../../../../src/chat/request/chat-request.ts';

export type Json = Record<string, unknown>;

export const CHAT: Config['chat'] = {
  allowedModels: new Set(),
  maxOutputTokens: 0,
  maxChoices: 5,
  maxBodyBytes: 8 * 1024 * 1024,
  unknownParams: 'ignore',
  extraParams: new Set(),
  defaultReasoningFormat: 'general',
};

export interface Given extends Partial<Config['chat']> {
  readonly header?: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @returns a request's body: the bytes themselves, a text, or the JSON of a value. */
export function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return encoder.encode(typeof body === 'string' ? body : JSON.stringify(body));
}

export function parse(body: unknown, { header, ...chat }: Given = {}): ChatRequest {
  return parseChatRequest(bytesOf(body), { reasoningHeader: header ?? null, chat: { ...CHAT, ...chat } });
}

/** A model that nothing is known about: it may read all media and take all efforts. */
export const MODEL = 'a-new-model';

/** @returns the smallest request, with these fields added or replaced. */
export function chat(fields: Json = {}): Json {
  return { model: MODEL, messages: [{ role: 'user', content: 'Hi' }], ...fields };
}

/** @returns the same with these messages. */
export function withMessages(...messages: unknown[]): Json {
  return chat({ messages });
}

export function sentText(body: unknown, given?: Given): string {
  return decoder.decode(parse(body, given).upstreamBody());
}

/** @returns the request for StepFun. */
export function sent(body: unknown, given?: Given): Json {
  return JSON.parse(sentText(body, given)) as Json;
}

export function canonical(body: unknown, given?: Given): string {
  return parse(body, given)
    .canonical()
    .map((part) => (typeof part === 'string' ? part : decoder.decode(part)))
    .join('');
}

export interface Failure {
  readonly code: string;
  readonly param: string | undefined;
  readonly message: string;
}

/** @returns how a request fails; a request that does not fail fails the test. */
export function failure(body: unknown, given?: Given): Failure {
  try {
    parse(body, given);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(GatewayError);
    const { code, details, message } = thrown as GatewayError;
    return { code, param: details.param, message };
  }
  throw new Error(`accepted: ${JSON.stringify(body).slice(0, 500)}`);
}

/** @returns code and param of the failure. */
export function fault(body: unknown, given?: Given): [code: string, param: string | undefined] {
  const { code, param } = failure(body, given);
  return [code, param];
}

/** @returns the failure of a field with a wrong value, as `fault` has it. */
export function invalid(param: string): ReturnType<typeof fault> {
  return ['invalid_value', param];
}

/** @returns a request with a user's message of these parts. */
export function user(...parts: unknown[]): Json {
  return withMessages({ role: 'user', content: parts });
}

/** A PNG of one pixel, in base64. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';

export const image = (url: unknown, more: Json = {}) => ({ type: 'image_url', image_url: { url, ...more } });
export const video = (url: unknown) => ({ type: 'video_url', video_url: { url } });
export const audio = (data: unknown, more: Json = {}) => ({
  type: 'input_audio',
  input_audio: { data, ...more },
});

/** @returns an assistant's message that calls functions, with these ids. */
export function calling(...ids: string[]): Json {
  return {
    role: 'assistant',
    content: null,
    tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
  };
}

export function tool(name: string, parameters: unknown = { type: 'object', properties: {} }): Json {
  return { type: 'function', function: { name, parameters } };
}

/**
 * @param rest - the same request without the fields that are left out.
 * @returns the names of these fields, and checks that nothing else changed.
 */
export function leftOut(body: Json, rest: Json): readonly string[] {
  expect(sent(body)).toEqual(sent(rest));
  expect(canonical(body)).toBe(canonical(rest));
  return parse(body).ignoredParams;
}
