import { expect, test } from 'vitest';
import { readPlan } from '../../simulator/triggers.ts';

test('a message without triggers is left alone', () => {
  const text = 'Can you simulate a pendulum, please?  ';
  expect(readPlan(text)).toEqual({
    text,
    refusal: null,
    break: null,
    sentinel: 'sent',
    wrongBody: null,
    finish: null,
    toolPieces: 'with id',
    toolCalls: 1,
    reasoning: true,
    usage: true,
    cachedTokens: null,
    textTokens: null,
    paceMs: null,
    delayMs: 0,
  });
});

test.each([
  ['simulate error 429', { status: 429, times: Infinity, retryAfter: '1', namesKey: false, as200: false }],
  ['simulate error 503 twice', { status: 503, times: 2, retryAfter: null, namesKey: false, as200: false }],
  ['Simulate Error 500 once.', { status: 500, times: 1, retryAfter: null, namesKey: false, as200: false }],
  ['simulate error 503 5 times', { status: 503, times: 5, retryAfter: null, namesKey: false, as200: false }],
  [
    'simulate error 429 retry-after 1e9, please',
    { status: 429, times: Infinity, retryAfter: '1e9', namesKey: false, as200: false },
  ],
  [
    'simulate error 401 naming the key as 200',
    { status: 401, times: Infinity, retryAfter: null, namesKey: true, as200: true },
  ],
])('%s', (text, refusal) => {
  expect(readPlan(text).refusal).toEqual(refusal);
});

test.each([
  ['simulate truncated', { kind: 'truncated', after: null, status: 500 }],
  ['simulate error mid-stream after 3', { kind: 'error', after: 3, status: 500 }],
  ['simulate error mid-stream 451', { kind: 'error', after: null, status: 451 }],
  ['simulate garbage after 0', { kind: 'garbage', after: 0, status: 500 }],
  ['simulate reset', { kind: 'reset', after: null, status: 500 }],
  ['simulate stall', { kind: 'stall', after: null, status: 500 }],
  ['simulate pings after 1', { kind: 'pings', after: 1, status: 500 }],
])('%s', (text, found) => {
  expect(readPlan(text).break).toEqual(found);
  expect(readPlan(text).refusal).toBeNull();
});

test('triggers add up, and the question stays', () => {
  const plan = readPlan(
    'What is 2 + 2? simulate pace 5; simulate delay 100; simulate 3 tool calls; simulate cached 12; simulate finish stop; ' +
      'simulate no reasoning; simulate no usage; simulate missing done; simulate tool pieces without id',
  );
  expect(plan).toMatchObject({
    text: 'What is 2 + 2?',
    paceMs: 5,
    delayMs: 100,
    toolCalls: 3,
    cachedTokens: 12,
    finish: 'stop',
    reasoning: false,
    usage: false,
    sentinel: 'missing',
    toolPieces: 'without id',
    textTokens: null,
  });
});
