// Pieces of tool calls, as StepFun and others send them: every order in which an index, an id
// and a name can come.

import { describe, expect, it } from 'vitest';
import { TOOL_CALLS_MAX } from '../../../src/config/limits.ts';
import { ToolCalls, completeToolCall, rewriteToolCallPiece } from '../../../src/relay/tool-calls.ts';

interface Piece {
  index?: unknown;
  id?: unknown;
  type?: unknown;
  name?: unknown;
  arguments?: unknown;
}

/** @returns the pieces as the client gets them. */
function rewrite(...pieces: Piece[]): unknown[] {
  const calls = new ToolCalls();
  return pieces.map(({ name, arguments: text, ...rest }) => {
    const called = { ...(name !== undefined && { name }), ...(text !== undefined && { arguments: text }) };
    const piece: Record<string, unknown> = {
      ...rest,
      ...(Object.keys(called).length > 0 && { function: called }),
    };
    const assigned = calls.assign(piece);
    if (assigned === null) throw new Error('too many calls');
    rewriteToolCallPiece(piece, assigned);
    return JSON.parse(JSON.stringify(piece)) as unknown;
  });
}

interface Sent {
  index: number;
  id?: string;
  type?: string;
  function?: { name?: string; arguments?: string };
}

/** The calls as a client gathers them: by index, id and name of the first piece. */
function gather(...pieces: Piece[]): { id: string; name: string; arguments: string }[] {
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const { index, id, function: called } of rewrite(...pieces) as Sent[]) {
    calls[index] ??= { id: id ?? 'no id', name: '', arguments: '' };
    calls[index].name += called?.name ?? '';
    calls[index].arguments += called?.arguments ?? '';
  }
  return calls;
}

const MADE_ID = /^call_[0-9a-f]{32}$/;

describe('a piece belongs to the right call', () => {
  const A = { id: 'a', name: 'f' };
  const B = { id: 'b', name: 'g' };
  const BOTH = [
    { id: 'a', name: 'f', arguments: '{"x":1}' },
    { id: 'b', name: 'g', arguments: '{}' },
  ];

  it.each<[string, Piece[]]>([
    [
      'as OpenAI sends it',
      [
        { index: 0, ...A, arguments: '' },
        { index: 0, arguments: '{"x"' },
        { index: 0, arguments: ':1}' },
        { index: 1, ...B, arguments: '{}' },
      ],
    ],
    [
      'with empty strings on later pieces',
      [
        { index: 0, ...A, arguments: '{"x"' },
        { index: 0, id: '', type: '', name: '', arguments: ':1}' },
        { index: 1, ...B, arguments: '' },
        { index: 1, id: '', type: '', name: '', arguments: '{}' },
      ],
    ],
    [
      'with everything on each piece',
      [
        { index: 0, ...A, arguments: '{"x"' },
        { index: 0, ...A, arguments: ':1}' },
        { index: 1, ...B, arguments: '{' },
        { index: 1, ...B, arguments: '}' },
      ],
    ],
    [
      'a new id under an index that was used',
      [
        { index: 0, ...A, arguments: '' },
        { index: 0, arguments: '{"x":1}' },
        { index: 0, ...B, arguments: '' },
        { index: 0, arguments: '{}' },
      ],
    ],
    [
      'without index, later pieces without id',
      [{ ...A, arguments: '{"x"' }, { arguments: ':1}' }, { ...B, arguments: '{' }, { arguments: '}' }],
    ],
    [
      'without index, the id repeated, in any order',
      [
        { ...A, arguments: '{"x"' },
        { ...B, arguments: '{}' },
        { id: 'a', arguments: ':1}' },
      ],
    ],
    [
      'with the index on the first pieces alone',
      [
        { index: 0, ...A, arguments: '{"x"' },
        { arguments: ':1}' },
        { index: 1, ...B, arguments: '{' },
        { arguments: '}' },
      ],
    ],
    [
      'pieces of two calls in turn',
      [
        { index: 0, ...A, arguments: '{"x"' },
        { index: 1, ...B, arguments: '{' },
        { index: 0, arguments: ':1}' },
        { index: 1, arguments: '}' },
      ],
    ],
    [
      'indexes that do not begin at 0',
      [
        { index: 5, ...A, arguments: '{"x":1}' },
        { index: 9, ...B, arguments: '{}' },
      ],
    ],
    [
      'indexes that are no whole numbers',
      [
        { index: '0', ...A, arguments: '{"x"' },
        { index: null, arguments: ':1}' },
        { index: -1, ...B, arguments: '{' },
        { index: 1.5, arguments: '}' },
      ],
    ],
  ])('%s', (_, pieces) => {
    expect(gather(...pieces)).toEqual(BOTH);
  });

  it.each<[string, Piece[]]>([
    ['index 0', [{ index: 0 }, { index: 0 }, { index: 0 }]],
    ['no index', [{}, {}, {}]],
    ['an index on the last piece alone', [{}, {}, { index: 0 }]],
    ['an index on the first piece alone', [{ index: 0 }, {}, {}]],
  ])('an id that comes after the first piece belongs to the open call: %s', (_, [one, two, three]) => {
    const calls = gather(
      { ...one, id: '', name: 'f', arguments: '{' },
      { ...two, id: 'late', arguments: '"x":1' },
      { ...three, id: 'late', arguments: '}' },
    );
    expect(calls).toEqual([{ id: expect.stringMatching(MADE_ID), name: 'f', arguments: '{"x":1}' }]);
  });

  it('a late id with another name begins a call', () => {
    expect(
      gather({ name: 'f', arguments: '{}' }, { id: 'b', name: 'g', arguments: '{"x":1}' }),
    ).toMatchObject([
      { name: 'f', arguments: '{}' },
      { id: 'b', name: 'g', arguments: '{"x":1}' },
    ]);
  });

  it.each<[string, object]>([
    ['with index', { index: 0 }],
    ['without index', {}],
  ])('calls that never get an id get one, %s', (_, index) => {
    const calls = gather(
      { ...index, name: 'f', arguments: '{' },
      { ...index, arguments: '}' },
      { ...index, name: 'g', arguments: '{}' },
    );
    expect(calls).toEqual([
      { id: expect.stringMatching(MADE_ID), name: 'f', arguments: '{}' },
      { id: expect.stringMatching(MADE_ID), name: 'g', arguments: '{}' },
    ]);
    expect(calls[0]?.id).not.toBe(calls[1]?.id);
  });

  it('a name that comes after the first piece belongs to the open call', () => {
    expect(gather({ id: 'a' }, { name: 'f' }, { arguments: '{}' })).toEqual([
      { id: 'a', name: 'f', arguments: '{}' },
    ]);
  });

  it('another index begins a call, also where the open call got its own later', () => {
    const calls = gather({ name: 'f' }, { index: 0, arguments: '{}' }, { index: 1, arguments: '{"x":1}' });
    expect(calls.map((call) => call.arguments)).toEqual(['{}', '{"x":1}']);
  });

  it('an index of another call that never got an id begins a new call', () => {
    expect(gather({ index: 0, name: 'f' }, { index: 1, id: 'b', name: 'f' })).toMatchObject([
      { name: 'f' },
      { id: 'b', name: 'f' },
    ]);
  });
});

describe('a piece is written as OpenAI writes it', () => {
  it('id, type and name on the first piece alone, an index on each', () => {
    expect(
      rewrite(
        { id: 'a', type: 'function', name: 'f', arguments: '' },
        { id: 'a', type: 'function', name: 'f', arguments: '{' },
        { id: '', type: '', name: '', arguments: '}' },
        { id: null, type: null, name: null },
      ),
    ).toEqual([
      { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{' } },
      { index: 0, function: { arguments: '}' } },
      { index: 0, function: {} },
    ]);
  });

  it.each<[string, Piece, object]>([
    ['nothing', {}, { name: '', arguments: '' }],
    ['a name alone', { name: 'f' }, { name: 'f', arguments: '' }],
    ['arguments alone', { arguments: '{' }, { name: '', arguments: '{' }],
    ['nulls', { id: null, type: null, name: null, arguments: null }, { name: '', arguments: '' }],
  ])('a first piece has a function with a name and arguments: %s', (_, piece, called) => {
    expect(rewrite(piece)).toEqual([
      { index: 0, id: expect.stringMatching(MADE_ID), type: 'function', function: called },
    ]);
  });

  it('a type of another kind stays', () => {
    expect(rewrite({ id: 'a', type: 'custom', name: 'f', arguments: '' })).toMatchObject([
      { type: 'custom' },
    ]);
  });

  it('a member that nobody here knows stays', () => {
    const piece = { id: 'a', extra_content: { x: 1 }, function: { name: 'f', arguments: '', x: 1 } };
    const assigned = new ToolCalls().assign(piece);
    if (assigned !== null) rewriteToolCallPiece(piece, assigned);
    expect(piece).toMatchObject({ extra_content: { x: 1 }, function: { x: 1 } });
  });

  it('nothing changes in one that is written so already', () => {
    const calls = new ToolCalls();
    for (const piece of [
      { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{}' } },
    ]) {
      const assigned = calls.assign(piece);
      expect(assigned !== null && rewriteToolCallPiece(piece, assigned)).toBe(false);
    }
  });
});

it('there are at most 1024 calls', () => {
  expect(TOOL_CALLS_MAX).toBe(1024);
  const calls = new ToolCalls();
  for (let i = 0; i < 1024; i++) expect(calls.assign({ id: `${i}` })?.index).toBe(i);
  expect(calls.assign({ id: 'one more' })).toBeNull();
  expect(calls.assign({ id: '7' })?.index).toBe(7);
});

describe('completeToolCall', () => {
  it.each([{}, { id: '', type: '' }, { id: null, type: null }, { id: 7, type: 7 }])(
    'gives a call of a completion an id and a type: %j',
    (call) => {
      expect(completeToolCall(call)).toBe(true);
      expect(call).toEqual({ id: expect.stringMatching(MADE_ID), type: 'function' });
    },
  );

  it('changes nothing in one that has both', () => {
    const call = { id: 'a', type: 'custom', function: { name: '' } };
    expect(completeToolCall(call)).toBe(false);
    expect(call).toEqual({ id: 'a', type: 'custom', function: { name: '' } });
  });
});
