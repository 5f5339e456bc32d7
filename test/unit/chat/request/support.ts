// Short ways to ask what a request becomes.

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

/** A body as the gateway gets it: bytes, text, or what JSON makes of it. */
export function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return encoder.encode(typeof body === 'string' ? body : JSON.stringify(body));
}

export function parse(body: unknown, { header, ...chat }: Given = {}): ChatRequest {
  return parseChatRequest(bytesOf(body), { reasoningHeader: header ?? null, chat: { ...CHAT, ...chat } });
}

/** The smallest request, with other fields in addition or in place. */
export function chat(fields: Json = {}): Json {
  return { model: 'step-3.5-flash', messages: [{ role: 'user', content: 'Hi' }], ...fields };
}

/** The same with one message, or several. */
export function saying(...messages: unknown[]): Json {
  return chat({ messages });
}

export function sentText(body: unknown, given?: Given): string {
  return decoder.decode(parse(body, given).upstreamBody());
}

/** What StepFun is asked. */
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

/** How a request fails; a request that doesn't fails the test. */
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

/** `failure`, when only code and param matter. */
export function fault(body: unknown, given?: Given): [code: string, param: string | undefined] {
  const { code, param } = failure(body, given);
  return [code, param];
}

/** A message of an assistant that called functions by these ids, and the tools' answers to it. */
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
