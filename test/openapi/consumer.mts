// Code as a client's author writes it, with types generated from the description. It is
// compiled, never run: right requests compile, wrong ones don't, and what the gateway
// answers can be read without a cast.

import type { components, operations, paths } from './node_modules/.cache/gateway.d.ts';

type Schemas = components['schemas'];
type Chat = operations['createChatCompletion'];
type Request = Chat['requestBody']['content']['application/json'];
type Answer = Chat['responses'][200]['content'];

export const right: Request[] = [
  { model: 'step-3.5-flash', messages: [{ role: 'user', content: 'Hi' }] },
  {
    model: 'step-3.7-flash',
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'https://a.example/a.png', detail: 'high' } },
          { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: '1', content: 'done' },
    ],
    tools: [
      {
        type: 'function',
        function: { name: 'f', parameters: { type: 'object', properties: {}, required: [], $defs: {} } },
      },
      { type: 'web_search', limit: 3 },
    ],
    tool_choice: { type: 'function', function: { name: 'f' } },
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
    reasoning_effort: 'medium',
    reasoning_format: 'hidden',
    stream: true,
    stream_options: { include_usage: true },
    temperature: null,
    stop: ['a'],
    metadata: { any: 'thing' },
    top_k: 5,
  },
];

const hi: Request['messages'] = [{ role: 'user', content: 'Hi' }];
export const wrong: Request[] = [
  // @ts-expect-error: no messages
  { model: 'm' },
  // @ts-expect-error: no such role
  { model: 'm', messages: [{ role: 'robot', content: 'Hi' }] },
  // @ts-expect-error: images are the user's
  { model: 'm', messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'a' } }] }] },
  // @ts-expect-error: no such effort
  { model: 'm', messages: hi, reasoning_effort: 'most' },
  // @ts-expect-error: refused
  { model: 'm', messages: hi, functions: 'f' },
];

export function textOf(completion: Answer['application/json']): string {
  return completion.choices
    .map(({ message }) => message.content ?? message.reasoning ?? message.tool_calls?.[0]?.function.arguments)
    .join();
}

/** One event of a stream: a chunk, or the error that it ended with. */
export function pieceOf(event: Answer['text/event-stream']): string {
  if ('error' in event) return event.error.code;
  const tokens: number | undefined = event.usage?.prompt_tokens_details?.cached_tokens;
  return event.choices[0]?.delta.reasoning_content ?? event.choices[0]?.delta.content ?? String(tokens);
}

/** Codes are names to compare with, and no other name is. */
export function isWorthRetrying({ error }: Schemas['Error']): boolean {
  // @ts-expect-error: no such code
  const isUnknown = error.code === 'no_such_code';
  return isUnknown || error.code === 'upstream_unavailable' || error.code === 'rate_limit_exceeded';
}

export const session: Schemas['SessionRequest'] = { turnstile_token: 't' };
export const models: (list: Schemas['ModelList']) => (number | undefined)[] = ({ data }) =>
  data.map(({ context_length }) => context_length);
export const routes: (keyof paths)[] = [
  '/v1/chat/completions',
  '/v1/models',
  '/v1/models/{id}',
  '/v1/session',
  '/openapi.json',
  '/healthz',
  '/',
];
