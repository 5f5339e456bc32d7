// A stream's way through the rewriter: bytes in, bytes out.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_CHARS } from '../../../src/config/limits.ts';
import { GatewayError } from '../../../src/http/errors.ts';
import { StreamRewriter } from '../../../src/relay/stream-rewriter.ts';
import { readUpstreamError } from '../../../src/upstream/upstream-error.ts';
import {
  CHUNK,
  CREATED,
  DONE,
  OPENAI,
  PLAIN,
  bytes,
  event,
  eventsOf,
  finish,
  push,
  text,
} from './support.ts';

const A = '{"choices":[],"x":"a"}';
const B = '{"choices":[],"x":"b"}';
const HIDDEN = { ...PLAIN, reasoning: 'hidden' } as const;

describe('an event that no rule changes leaves as the bytes that came', () => {
  it.each([
    ['LF', `data: ${A}\n\ndata: ${B}\n\n`],
    ['CR', `data: ${A}\r\rdata: ${B}\r\r`],
    ['CRLF', `data: ${A}\r\n\r\ndata: ${B}\r\n\r\n`],
    ['every line end in turn', `data: ${A}\r\n\rdata: ${B}\n\r\ndata: ${A}\r\n\n`],
    ['no space after the colon', `data:${A}\n\n`],
    ['space after the data', `data: ${A}  \n\n`],
    ['comments between events', `: one\n:two\n\ndata: ${A}\n\n:\n\n`],
    ['a comment before, in and after an event', `: 1\ndata: ${A}\n: 2\n\n: 3\n`],
    ['blank lines between events', `\n\n\ndata: ${A}\n\n\r\n\r\rdata: ${B}\n\n`],
    ['fields other than data', `id: 7\nevent: message\nretry: 10\ndata: ${A}\n\n`],
    ['fields without data', `event: ping\n\nid: 7\n\ndata: ${A}\n\n`],
    ['data on several lines', `data: {"choices":\ndata:[],\r\ndata:   "x":\rdata: 1}\n\n`],
    ['whitespace in the JSON', `data: { "choices" :\t[ ] , "x" : { } }\n\n`],
    ['UTF-8', 'data: {"choices":[],"x":"网关 🚪 \u0085\u2028"}\n\n'],
    [
      'what JSON.parse would lose',
      'data: {"choices":[],"a":12345678901234567890,"b":1e400,"a":"\\u00e9\\/"}\n\n',
    ],
  ])('%s', (_, stream) => {
    expect(push(stream, PLAIN).out).toBe(stream);
  });

  it('without a copy, from the first line end on', () => {
    const rewriter = new StreamRewriter(PLAIN);
    rewriter.push(bytes(event(A)));
    const piece = bytes(event(B));
    expect(rewriter.push(piece)).toBe(piece);
    expect(text(rewriter.push(bytes('data: ')))).toBe('');
    const rest = bytes(`${A}\n\n`);
    expect(text(rewriter.push(rest))).toBe(event(A));
    expect(rewriter.push(piece)).toBe(piece);
  });

  it('also in the openai shape', () => {
    const stream = event(
      `{"created":1,${CHUNK.replace('"content"', '"role":"assistant","content"').slice(1)}`,
    );
    expect(push(stream, OPENAI).out).toBe(stream);
  });
});

describe('a byte order mark', () => {
  it.each([0, 1, 2, 3])('at the start is left out, also when it is split after %i bytes', (cut) => {
    const stream = bytes(`\ufeffdata: ${A}\n\n`);
    const rewriter = new StreamRewriter(PLAIN);
    const out = text(rewriter.push(stream.subarray(0, cut))) + text(rewriter.push(stream.subarray(cut)));
    expect(out).toBe(event(A));
  });

  it('anywhere else is a character', () => {
    const stream = `data: ${A}\n\n\ufeff: no comment\n\n`;
    expect(push(stream, PLAIN).out).toBe(stream);
  });
});

it('bytes that are no UTF-8 become U+FFFD in an event that is changed', () => {
  const stream = Uint8Array.from(
    Buffer.from(event('{"choices":[{"delta":{"reasoning":"\xff\xe7\xbd"}}]}'), 'latin1'),
  );
  const out = text(new StreamRewriter({ ...PLAIN, reasoning: 'deepseek-style' }).push(stream));
  expect(eventsOf(out)).toEqual([{ choices: [{ delta: { reasoning_content: '\ufffd\ufffd' } }] }]);
});

it('a changed event keeps its other lines', () => {
  const stream = `id: 1\n: c\ndata: {"choices":[{"delta":{"reasoning":\ndata: "r"}}]}\n\n`;
  expect(push(stream, { ...PLAIN, reasoning: 'deepseek-style' }).out).toBe(
    `id: 1\n: c\ndata: {"choices":[{"delta":{"reasoning_content":"r"}}]}\n\n`,
  );
});

describe('what is not whole waits', () => {
  it.each(['data: ', `data: ${A}`, `data: ${A}\n`, `data: ${A}\r\n`, `id: 1\n: c\ndata: ${A}\n`, ': half'])(
    '%j',
    (rest) => {
      const { out, rewriter } = push(event(B) + rest, PLAIN);
      expect(out).toBe(event(B));
      expect(text(rewriter.end())).toContain('"code":"upstream_truncated"');
    },
  );

  it('no piece is changed after it was given', () => {
    const rewriter = new StreamRewriter(PLAIN);
    const piece = bytes(event(A) + event(B).slice(0, 20));
    const copy = piece.slice();
    rewriter.push(piece);
    rewriter.push(bytes(event(B).slice(20) + event(A).slice(0, 20)));
    expect(piece).toEqual(copy);
  });
});

describe('an event without data', () => {
  it.each(['data\n\n', 'data:\n\n', 'data: \n\n', 'data\ndata\n\n', 'data: \t \r\r'])(
    'is a heartbeat: a blank line, which no SDK has to parse: %j',
    (heartbeat) => {
      const { out, rewriter } = push(event(A) + heartbeat + event(B), PLAIN);
      expect(out).toBe(`${event(A)}\n${event(B)}`);
      expect(rewriter.failure).toBeNull();
    },
  );
});

describe('the sentinel', () => {
  it.each([
    'data: [DONE]\n\n',
    'data:[DONE]\n\n',
    'data: [DONE] \n\n',
    'data: [DONE]\r\n\r\n',
    'data: [DONE]\r\r',
    'id: 1\ndata: [DONE]\n: c\n\n',
  ])('%j ends the stream', (sentinel) => {
    const { out, rewriter } = push(`${event(A)}${sentinel}${event(B)}: more\n\n`, PLAIN);
    expect(out).toBe(event(A) + DONE);
    expect(rewriter).toMatchObject({ isDone: true, failure: null });
    expect(rewriter.push(bytes(event(B))).length).toBe(0);
    expect(rewriter.end().length).toBe(0);
  });

  it.each(['[done]', '[DONE]x', '[DONE', '"[DONE]"', '[DONE][DONE]'])('is not %s', (data) => {
    expect(push(event(data), PLAIN).rewriter.failure?.code).toBe('upstream_malformed');
  });
});

describe('the cap on an event', () => {
  const around = event('{"choices":[],"x":""}').length;
  const large = (size: number): string => event(`{"choices":[],"x":"${'a'.repeat(size - around)}"}`);

  it('is 1 MiB, and the largest event passes in one piece and in two', () => {
    expect(EVENT_CHARS).toBe(1_048_576);
    const stream = large(1_048_576);
    expect(push(stream, PLAIN).out === stream).toBe(true);
    const rewriter = new StreamRewriter(PLAIN);
    const out = [stream.slice(0, 700_000), stream.slice(700_000)].map((s) => text(rewriter.push(bytes(s))));
    expect(out.join('') === stream).toBe(true);
  });

  it.each([
    ['a whole event', large(EVENT_CHARS + 1)],
    ['half an event', large(EVENT_CHARS + 2).slice(0, EVENT_CHARS + 1)],
    ['a comment', `: ${'c'.repeat(EVENT_CHARS)}`],
    ['many lines', 'data: \n'.repeat(EVENT_CHARS / 7 + 1)],
  ])('refuses %s', (_, stream) => {
    const { out, rewriter } = push(event(A) + stream, PLAIN);
    expect(rewriter.failure?.code).toBe('upstream_malformed');
    expect(out.startsWith(`${event(A)}data: {"error":`)).toBe(true);
    expect(out.length).toBeLessThan(1_000);
  });

  it('is none on many events', () => {
    const stream = event(A).repeat(EVENT_CHARS / event(A).length + 1);
    expect(push(stream, PLAIN).rewriter.failure).toBeNull();
  });

  it('holds for a nesting that JSON.stringify does not survive', () => {
    const nested = `{"choices":[{"delta":{"reasoning":${'['.repeat(200_000)}${']'.repeat(200_000)}}}]}`;
    const { out, rewriter } = push(event(A) + event(nested), { ...PLAIN, reasoning: 'deepseek-style' });
    expect(rewriter.failure?.code).toBe('upstream_malformed');
    expect(out.length).toBeLessThan(1_000);
  });
});

describe('the cost of a byte does not depend on how many there are', () => {
  const MIB = 1024 * 1024;

  /** 1 MiB in pieces of 16 bytes: at quadratic cost, 30 GB to move, beyond the test's timeout. */
  it.each<[string, string]>([
    ['one long line', event(`{"choices":[],"x":"${'a'.repeat(MIB - 100)}"}`)],
    ['one event of short lines', `${'id: 7\n'.repeat(MIB / 6 - 100)}data: ${A}\n\n`],
    ['one event of data lines', `data: {"choices":[\n${'data: \n'.repeat(MIB / 7 - 100)}data: ]}\n\n`],
    ['short events', event(A).repeat(MIB / event(A).length)],
    ['short events in CR', `data: ${A}\r\r`.repeat(MIB / event(A).length)],
    ['comments', ': c\n'.repeat(MIB / 4)],
  ])('%s', (_, stream) => {
    const all = bytes(stream);
    const rewriter = new StreamRewriter(PLAIN);
    let length = 0;
    for (let at = 0; at < all.length; at += 16) length += rewriter.push(all.subarray(at, at + 16)).length;
    expect(rewriter.failure).toBeNull();
    expect(length).toBe(all.length);
  });
});

describe('what is no chunk never goes out', () => {
  it.each([
    'not json',
    '{"choices":[]',
    '{"choices":[]}x',
    '{"choices":[],}',
    "{'choices':[]}",
    '\ufeff{"choices":[]}',
    '{"choices":[],"x":"\u0001"}',
    '[]',
    '{"reasoning":"SECRET"}',
    '{"choices":[{"delta":"SECRET"}]}',
    `${A}\ndata: ${B}`,
  ])('%s', (data) => {
    const { out, rewriter } = push(event(A) + event(data), HIDDEN);
    expect(rewriter).toMatchObject({ isDone: true, hasBegun: true, failure: { code: 'upstream_malformed' } });
    expect(out).toMatch(
      /^data: \{"choices":\[\],"x":"a"\}\n\ndata: \{"error":\{[^\n]*"code":"upstream_malformed"\}\}\n\n$/,
    );
  });
});

describe('the end of the upstream', () => {
  const OPEN = event(CHUNK);

  it.each<[string, string, number]>([
    ['nothing at all', '', 1],
    ['no finish_reason', OPEN, 1],
    ['half an event with the finish_reason', OPEN + event(finish()).slice(0, -1), 1],
    ['one of two choices', OPEN + event(finish(1)), 2],
    ['one of two choices, twice', event(finish()) + event(finish()), 2],
    ['a choice that nobody asked for', event(finish()) + OPEN.replace('"index":0', '"index":3'), 1],
    ['an empty finish_reason', event(finish(0, '')), 1],
    ['a finish_reason that is no text', event('{"choices":[{"finish_reason":7}]}'), 1],
    ['a sentinel without its blank line', `${OPEN}data: [DONE]\n`, 1],
  ])('is upstream_truncated after %s', (_, stream, choices) => {
    for (const base of [PLAIN, OPENAI]) {
      const { out, rewriter } = push(stream, { ...base, choices });
      expect(out).not.toContain('error');
      expect(eventsOf(text(rewriter.end()))).toMatchObject([{ error: { code: 'upstream_truncated' } }]);
      expect(rewriter).toMatchObject({ isDone: true, isComplete: false });
      expect(rewriter.failure?.code).toBe('upstream_truncated');
      expect(rewriter.hasBegun).toBe(stream.includes('\n\n'));
    }
  });

  it.each<[string, string, number]>([
    ['no sentinel', event(finish()), 1],
    ['an unterminated sentinel', `${event(finish())}data: [DONE]`, 1],
    ['a sentinel without its blank line', `${event(finish())}data: [DONE]\r\n`, 1],
    ['half an event', `${event(finish())}data: {"choices":[],"usa`, 1],
    ['two choices', event(finish(1)) + OPEN + event(finish()) + OPEN, 2],
    [
      'more choices than were asked for',
      event(finish()) + OPEN.replace('"index":0', '"index":3') + event(finish(3)),
      1,
    ],
    ['choices without index', event('{"choices":[{"finish_reason":"stop"},{"finish_reason":"length"}]}'), 2],
    ['a reason that OpenAI does not know', event(finish(0, 'tired')), 1],
  ])('is the sentinel where every choice has ended, after %s', (_, stream, choices) => {
    for (const base of [PLAIN, OPENAI]) {
      for (const end of ['end', 'upstream_reset', 'upstream_timeout', 'upstream_malformed'] as const) {
        const { rewriter } = push(stream, { ...base, choices });
        expect(rewriter).toMatchObject({ isDone: false, isComplete: true });
        expect(text(end === 'end' ? rewriter.end() : rewriter.fail(new GatewayError(end)))).toBe(DONE);
        expect(rewriter).toMatchObject({ isDone: true, failure: null });
        expect(rewriter.end().length).toBe(0);
      }
    }
  });

  it('brings the usage that was asked for before the sentinel', () => {
    const usage = { usage: { total_tokens: 3 } };
    const stream = event({ ...JSON.parse(finish()), ...usage });
    const { rewriter } = push(stream, { ...OPENAI, includeUsage: true });
    expect(eventsOf(text(rewriter.end()))).toEqual([{ choices: [], created: CREATED, ...usage }, '[DONE]']);
  });
});

describe('a failure of the upstream', () => {
  it.each(['upstream_reset', 'upstream_timeout'] as const)('is one event and the end: %s', (code) => {
    const error = new GatewayError(code);
    const { rewriter } = push(`${event(CHUNK)}data: {"half":`, PLAIN);
    expect(eventsOf(text(rewriter.fail(error)))).toMatchObject([{ error: { code, param: null } }]);
    expect(rewriter).toMatchObject({ isDone: true, hasBegun: true, failure: error });
    expect(rewriter.fail(error).length).toBe(0);
    expect(rewriter.push(bytes(event(CHUNK))).length).toBe(0);
    expect(rewriter.end().length).toBe(0);
  });
});

describe('an error object in the stream', () => {
  const options = {
    ...PLAIN,
    readError: (json: string) => readUpstreamError(json, { secrets: ['canary one', 'canary two'] }),
  };

  it.each([
    ['{"error":{"message":"no","type":"rate_limit_error"}}', 'upstream_rate_limited'],
    ['{"error":"simply no"}', 'upstream_unavailable'],
    ['{"id":"i","error":{"code":451,"message":"not that"}}', 'content_filter'],
    ['{"\\u0065rror":{"status":400,"message":"bad"}}', 'upstream_rejected'],
    [`{"error":{"code":"400","message":"bad"},${CHUNK.slice(1)}`, 'upstream_rejected'],
  ])('%s ends it as %s', (data, code) => {
    for (const stream of [event(data), event(data) + event(CHUNK) + DONE]) {
      const { events, rewriter } = push(event(CHUNK) + stream, options);
      expect(events).toMatchObject([{ choices: [{}] }, { error: { code } }]);
      expect(events).toHaveLength(2);
      expect(rewriter).toMatchObject({ isDone: true, hasBegun: true, failure: { code } });
    }
  });

  it.each([
    `event: error\ndata: {"code":429,"message":"slow down"}\n\n`,
    `data: {"message":"slow down","status":429}\nevent: error\n\n`,
    `event:error\ndata: {"error":\ndata: {"type":"rate_limit"}}\n\n`,
  ])('is one by the name of its event, too: %j', (stream) => {
    expect(push(event(CHUNK) + stream, options).rewriter.failure?.code).toBe('upstream_rate_limited');
  });

  it('may be no JSON when the event says error', () => {
    const { out, events } = push(`${event(CHUNK)}event: error\ndata: engine sk-123456 died\n\n`, options);
    expect(events.at(-1)).toMatchObject({ error: { code: 'upstream_unavailable' } });
    expect(out).not.toContain('sk-123456');
  });

  it('does not show the secrets that the handler knows', () => {
    const { out, rewriter } = push(
      event('{"error":{"message":"canary one and canary two","status":400}}'),
      options,
    );
    expect(out).toContain('[redacted] and [redacted]');
    expect(JSON.stringify(rewriter.failure)).not.toContain('canary');
  });
});

describe('the state', () => {
  it.each<[string, string, boolean]>([
    ['a comment', ': c\n\n', false],
    ['a heartbeat', 'data:\n\n', false],
    ['fields without data', 'event: ping\n\n', false],
    ['half an event', event(CHUNK).slice(0, -1), false],
    ['an event', event(CHUNK), true],
  ])('after %s: the stream has begun or not', (_, stream, hasBegun) => {
    expect(push(stream, PLAIN).rewriter.hasBegun).toBe(hasBegun);
  });

  it.each([event('{"error":{"message":"m"}}'), event('<html>'), `: hello\n\n${event('{"error":"m"}')}`])(
    'after a failure that comes first a status can still be sent: %j',
    (stream) => {
      const { rewriter } = push(stream, PLAIN);
      expect(rewriter).toMatchObject({ hasBegun: false, isDone: true });
      expect(rewriter.failure).toBeInstanceOf(GatewayError);
    },
  );

  it('has the finish_reason of each choice, and the usage', () => {
    const stream = [finish(2, 'length'), finish(0), finish(1)].map(event).join('');
    const { rewriter } = push(stream + event('{"choices":[],"usage":{"total_tokens":7}}'), {
      ...OPENAI,
      choices: 3,
    });
    expect(rewriter.finishReasons).toEqual(['stop', 'stop', 'length']);
    expect(rewriter.usage?.totalTokens).toBe(7);
  });
});

it('streams side by side do not touch each other', () => {
  const streams = ['a', 'b', 'c'].map((name) => ({
    sent: event({ choices: [{ delta: { reasoning: name }, finish_reason: 'stop' }] }) + DONE,
    rewriter: new StreamRewriter({ ...OPENAI, reasoning: 'deepseek-style' }),
    out: '',
    name,
  }));
  for (let at = 0; at < streams[0]!.sent.length; at += 7) {
    for (const stream of streams) {
      stream.out += text(stream.rewriter.push(bytes(stream.sent.slice(at, at + 7))));
    }
  }
  for (const { name, out } of streams) {
    const delta = { role: 'assistant', reasoning_content: name };
    expect(eventsOf(out)).toEqual([
      { created: CREATED, choices: [{ delta, finish_reason: 'stop' }] },
      '[DONE]',
    ]);
  }
});

describe("StepFun's documented stream", () => {
  const documented = readFileSync(`${import.meta.dirname}/fixtures/stepfun-stream.txt`, 'utf8');
  const words = 'StepFun AI';
  const sent = eventsOf(documented).slice(0, -1) as {
    usage?: object;
    choices: { delta: { role?: string; content?: string }; finish_reason: string | null }[];
  }[];

  it('passes unchanged in the stepfun shape', () => {
    expect(push(documented, PLAIN).out).toBe(documented);
  });

  it.each([false, true])('is repaired in the openai shape (include_usage: %s)', (includeUsage) => {
    const expected = sent.map(({ usage, choices: [choice], ...rest }, i) => {
      const delta = { ...choice?.delta, role: i === 0 ? 'assistant' : undefined };
      const isLast = i === sent.length - 1;
      const finish_reason = isLast ? choice?.finish_reason : null;
      return {
        ...rest,
        created: i === 0 ? CREATED : 1710146871,
        choices: [{ index: 0, delta, finish_reason }],
        ...(isLast && !includeUsage && { usage }),
      };
    });
    const last = { ...sent.at(-1), choices: [] };
    const { events } = push(documented, { ...OPENAI, includeUsage });
    expect(events).toEqual([...expected, ...(includeUsage ? [last] : []), '[DONE]']);
    expect(JSON.stringify(events)).toContain(words.split(' ')[0]);
  });

  it('tells its usage', () => {
    expect(push(documented, PLAIN).rewriter.usage).toEqual({
      promptTokens: 90,
      completionTokens: 25,
      totalTokens: 115,
      cachedTokens: 0,
    });
  });
});
