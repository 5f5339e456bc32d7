// Whole answers of StepFun's stand-in; events.ts has the events of streams.

import { FINISH, SENTINEL, event } from './events.ts';
import { HEAD, type Call } from './upstream.ts';

export const STREAM = event('Hello') + event(' world') + FINISH + SENTINEL;

/** The same answer as a completion. */
export const COMPLETION = JSON.stringify({
  id: 'b7b56af0-52a6-483f-a589-948182676a1b',
  object: 'chat.completion',
  created: 1_709_893_411,
  model: 'step-3.5-flash',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello world' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 83, completion_tokens: 2, total_tokens: 85 },
});

export type Headers = Readonly<Record<string, string>>;

/** @returns whether a call asks for a stream. */
export function wantsStream({ body }: Call): boolean {
  return (JSON.parse(body) as { stream?: boolean }).stream === true;
}

/** @returns the status line and the headers of an answer. */
export function head(status: number | string, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}${typeof status === 'number' ? ' Status' : ''}\r\n${lines.join('')}\r\n`;
}

/** Answers with this body and its Content-Length. */
export function reply(call: Call, status: number, body: string | Uint8Array, headers: Headers = {}): void {
  const bytes = Buffer.from(body);
  call.isWhole = true;
  call.raw(
    Buffer.concat([
      Buffer.from(
        head(status, {
          'content-type': 'application/json',
          'content-length': String(bytes.length),
          ...headers,
        }),
      ),
      bytes,
    ]),
  );
}

/** Answers with an error in StepFun's form. */
export function refuse(call: Call, status: number, error: unknown, headers: Headers = {}): void {
  reply(call, status, JSON.stringify({ error }), headers);
}

/** Answers without a fault, as a stream or as a completion. */
export function answer(call: Call): void {
  if (wantsStream(call)) call.raw(HEAD).chunk(STREAM).end();
  else reply(call, 200, COMPLETION);
}
