// Chunks, completions and streams as no upstream would send them all: every quirk,
// spelling, duplicate and line ending that the rules and the framing speak of, often
// enough to meet each other. Text is latin1, one character a byte.

import * as fc from 'fast-check';
import type { RewriteOptions } from '../../../../src/relay/rewriter.ts';

type Text = fc.Arbitrary<string>;

const rarely = <T>(common: T, rare: T, rate: number): T[] => [...Array<T>(rate).fill(common), rare];

/** Mostly none, as upstreams write; with LF, which makes an event of several data lines, seldom. */
const space: Text = fc.oneof(
  { weight: 30, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: fc.constantFrom(' ', '  ', '\t') },
  { weight: 1, arbitrary: fc.constantFrom('\n', ' \n') },
);

/** A key, now and then with one of its characters escaped. */
function key(name: string): Text {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(JSON.stringify(name)) },
    {
      weight: 1,
      arbitrary: fc.nat(name.length - 1).map((at) => {
        const code = name.charCodeAt(at).toString(16).padStart(4, '0');
        return `"${name.slice(0, at)}\\u${code}${name.slice(at + 1)}"`;
      }),
    },
  );
}

function member(name: string, value: Text): Text {
  return fc
    .tuple(key(name), space, space, value)
    .map(([spelled, before, after, text]) => `${spelled}${before}:${after}${text}`);
}

function list(open: string, close: string, items: fc.Arbitrary<string[]>): Text {
  return fc.tuple(items, space, space).map(([texts, before, after]) => {
    return `${open}${before}${texts.join(`${after},${before}`)}${after}${close}`;
  });
}

/** @param members - each is there or not, in any order, seldom twice. */
function object(...members: Text[]): Text {
  const some = fc
    .tuple(
      fc.shuffledSubarray(members.map((_, i) => i)),
      fc.constantFrom(...rarely(false, true, 6)),
      fc.nat(members.length - 1),
    )
    .chain(([order, twice, which]) =>
      fc.tuple(...(twice ? [...order, which] : order).map((i) => members[i] ?? fc.constant(''))),
    );
  return list('{', '}', some);
}

/** @param members - all of them, in this order: as StepFun writes. */
function ordered(...members: Text[]): Text {
  return list('{', '}', fc.tuple(...members));
}

function array(item: Text, maxLength: number): Text {
  return list('[', ']', fc.array(item, { maxLength }));
}

function text(...texts: string[]): Text {
  return fc.constantFrom(...texts);
}

const string: Text = fc.oneof(
  text('""', '" the"', '"\\u0022\\n\\\\"', '"\\ud800"', '"{\\"reasoning\\":1}"', '"data: [DONE]"'),
  // 网 whole, cut, and bytes that are no UTF-8 at all.
  text('"\xe7\xbd\x91"', '"\xe7\xbd"', '"\xff\x80"', '"\xc2\x85\xe2\x80\xa8"'),
  fc.string({ maxLength: 8 }).map((s) => JSON.stringify(s).replaceAll(/[^ -~]/g, '?')),
);
const number: Text = text('0', '-0', '1', '-1.5', '1e400', '12345678901234567890', '0.10', '1E+2');
const scalar: Text = fc.oneof(string, number, text('true', 'false', 'null'));

/** Values in which nothing may change, whatever their members are called. */
const anything: Text = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    object(
      member('reasoning', tie('value')),
      member('reasoning_content', tie('value')),
      member('role', text('""')),
      member('choices', tie('value')),
      member('cached_tokens', number),
    ),
    array(tie('value'), 3),
  ),
})).value;
const unknown = fc
  .constantFrom('x', 'name', 'logprobs', 'Reasoning', 'reasoning ', 'toString')
  .chain((name) => member(name, anything));

const reasoning = fc.oneof(string, text('""', 'null'), anything);
const toolCall = fc.oneof(
  object(
    member('index', text('0', '1', '3', 'null', '"1"', '1.0', '-1', '2.5')),
    member('id', text('"a"', '"b"', '"c"', '""', 'null', '5', '"\\u0061"')),
    member('id', text('"d"', '"a"')),
    member('type', text('"function"', '""', 'null', '7')),
    member(
      'function',
      fc.oneof(
        object(member('name', text('"f"', '""', 'null', '{}')), member('arguments', string)),
        anything,
      ),
    ),
    unknown,
  ),
  anything,
);
const said = fc.oneof(
  {
    weight: 6,
    arbitrary: object(
      member('role', text('""', '"assistant"', 'null', '"\\u0061ssistant"', '7', '{}', '10')),
      member('content', string),
      member('reasoning', reasoning),
      member('reasoning_content', reasoning),
      member('tool_calls', fc.oneof(array(toolCall, 3), anything)),
      unknown,
    ),
  },
  {
    weight: 6,
    arbitrary: ordered(
      member('role', text('""')),
      fc.oneof(member('content', string), member('reasoning', string)),
    ),
  },
  { weight: 1, arbitrary: text('null') },
);
const finishReason = text(
  '""',
  '""',
  'null',
  '"stop"',
  '"length"',
  '"tool_calls"',
  '"st\\u006fp"',
  '7',
  '[]',
);
const choice = fc.oneof(
  object(
    member('index', text('0', '0', '1', '2', 'null', '"0"', '1e0', '-0', '-1')),
    member('delta', said),
    member('message', said),
    member('finish_reason', finishReason),
    unknown,
  ),
  ordered(member('index', text('0', '1')), member('delta', said), member('finish_reason', finishReason)),
);
const usage = fc.oneof(
  object(
    member('prompt_tokens', number),
    member('completion_tokens', number),
    member('cached_tokens', fc.oneof(number, text('null', '"3"'))),
    member(
      'prompt_tokens_details',
      fc.oneof(
        text('null', '{}', '{ }', '[]', '7'),
        object(member('cached_tokens', text('null', '4')), unknown),
      ),
    ),
    member('prompt_cache_hit_tokens', text('null', '2')),
    unknown,
  ),
  ordered(member('prompt_tokens', text('90')), member('cached_tokens', text('7'))),
  text('null', '7', '[]'),
);
const created = text(
  '0',
  '-0',
  '0.0',
  '0e5',
  '1710146871',
  '1e400',
  '0.5',
  '-1',
  'null',
  '"0"',
  '12345678901234567890',
);

const someMembers = object(
  member('id', string),
  member('created', created),
  member('choices', array(choice, 3)),
  member('usage', usage),
  member('system_fingerprint', scalar),
  unknown,
);
const allMembers = ordered(
  member('id', text('"d4ca"')),
  member('created', created),
  member('choices', array(choice, 2)),
  member('usage', usage),
);

/** A chunk's or a completion's JSON; now and then an error, or nothing that makes sense. */
export const document: Text = fc.oneof(
  { weight: 4, arbitrary: someMembers },
  { weight: 12, arbitrary: allMembers },
);
const rareDocument: Text = fc.oneof(
  object(member('error', anything), member('choices', array(choice, 1)), unknown),
  object(member('choices', fc.oneof(anything, array(anything, 2)))),
  anything,
  text(
    '',
    '{',
    '{"choices":[]',
    '{"choices":[],}',
    '[DONE] x',
    '\xef\xbb\xbf{"choices":[]}',
    '{"choices":[]}\x00',
  ),
);

/** A document with one character changed, left out or put in: mostly no JSON any more. */
export const brokenDocument: Text = fc
  .tuple(
    document,
    fc.nat(),
    fc.constantFrom('', '"', '\\', '{', '}', ']', ',', ':', '0', ' ', '\x01', '\xe7'),
    fc.boolean(),
  )
  .map(([whole, at, put, over]) => {
    const position = at % whole.length;
    return whole.slice(0, position) + put + whole.slice(position + (over ? 1 : 0));
  });

const lineEnd: Text = fc.oneof(
  { weight: 8, arbitrary: text('\n') },
  { weight: 1, arbitrary: text('\r', '\r\n') },
);
const otherLine: Text = text(
  ': a comment',
  ':',
  'id: 7',
  'retry: 5',
  'event: message',
  'data-x: no data',
  'Data: no data',
  'unknown',
  'event',
);

/** An event's data as the lines of a block, other lines before, between and after. */
function block(data: Text): Text {
  return fc
    .tuple(
      data,
      fc.constantFrom(...rarely('data: ', 'data:', 6)),
      lineEnd,
      fc.array(fc.tuple(fc.nat(), otherLine), { maxLength: 1 }),
      fc.constantFrom(...rarely('', 'event: error', 120)),
      lineEnd,
    )
    .map(([json, name, end, others, error, blank]) => {
      const lines = json.split('\n').map((line) => name + line);
      for (const [at, other] of others) lines.splice(at % (lines.length + 1), 0, other);
      if (error !== '') lines.push(error);
      return lines.map((line) => line + end).join('') + blank;
    });
}

const event: Text = fc.oneof(
  { weight: 40, arbitrary: block(document) },
  { weight: 2, arbitrary: fc.tuple(otherLine, lineEnd, lineEnd).map((parts) => parts.join('')) },
  { weight: 2, arbitrary: fc.tuple(otherLine, lineEnd).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: lineEnd },
  { weight: 1, arbitrary: block(text('', ' ', '\n')) },
  { weight: 1, arbitrary: text('data\n\n', 'data\r\rdata\ndata\n\n') },
  { weight: 1, arbitrary: block(rareDocument) },
  { weight: 1, arbitrary: block(brokenDocument) },
);

const ending: Text = fc.oneof(
  { weight: 4, arbitrary: block(text('[DONE]', '[DONE]', ' [DONE] ')) },
  { weight: 1, arbitrary: text('', 'data: [DONE]', 'data: [DONE]\n', 'data: {"choices"', ': half', '\r') },
);

/** A stream's bytes, from a BOM or none to the end and what comes after. */
function streamOf(maxEvents: number): Text {
  return fc
    .tuple(
      fc.constantFrom(...rarely('', '\xef\xbb\xbf', 8), '\xef\xbb', '\xef'),
      fc.array(event, { minLength: 1, maxLength: maxEvents }),
      ending,
      fc.constantFrom(...rarely('', 'data: {"choices":[]}\n\n', 3), '\n'),
    )
    .map(([bom, events, end, after]) => bom + events.join('') + end + after);
}

export const stream: Text = streamOf(8);
/** Where a cut may fall matters more than how many events there are. */
export const shortStream: Text = streamOf(3);

export const options: fc.Arbitrary<RewriteOptions> = fc.record({
  reasoning: fc.constantFrom('general', 'deepseek-style', 'hidden'),
  shape: fc.constantFrom('openai', 'openai', 'stepfun'),
  created: fc.constant(1_700_000_000),
  choices: fc.constantFrom(1, 1, 1, 2),
  includeUsage: fc.boolean(),
});

/** @returns the characters of a latin1 text as bytes. */
export function bytesOf(latin1: string): Uint8Array {
  return Uint8Array.from(Buffer.from(latin1, 'latin1'));
}

/** @returns bytes as the characters of a latin1 text. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
