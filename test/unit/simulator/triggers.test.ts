import { expect, it } from 'vitest';
import { parsePlan } from '../../simulator/triggers.ts';

const NO_OPTIONS = {
  times: Infinity,
  retryAfter: null,
  namesKey: false,
  as200: false,
  limit: null,
  isTrial: false,
};

it('leaves a message without triggers unchanged', () => {
  const text = 'Can you simulate a pendulum, please?  ';
  expect(parsePlan(text, '2026')).toEqual({
    text,
    dialect: '2026',
    error: null,
    fault: null,
    sentinel: 'sent',
    wrongBody: null,
    finishReason: null,
    toolPieces: 'with index',
    toolCalls: null,
    reasoning: true,
    reasoningNames: null,
    usage: true,
    cachedTokens: null,
    cachedInDetails: false,
    textTokens: null,
    tokensPerChunk: 1,
    paceMs: null,
    delayMs: 0,
  });
});

it.each([
  ['simulate error 429', { ...NO_OPTIONS, status: 429 }],
  ['simulate error 503 twice', { ...NO_OPTIONS, status: 503, times: 2 }],
  ['Simulate Error 500 once.', { ...NO_OPTIONS, status: 500, times: 1 }],
  ['simulate error 503 5 times', { ...NO_OPTIONS, status: 503, times: 5 }],
  ['simulate error 429 retry-after 1e9, please', { ...NO_OPTIONS, status: 429, retryAfter: '1e9' }],
  ['simulate error 401 naming the key as 200', { ...NO_OPTIONS, status: 401, namesKey: true, as200: true }],
  ['simulate error 429 RPM with top-up', { ...NO_OPTIONS, status: 429, limit: 'RPM', isTrial: true }],
  ['simulate error 429 once tpm', { ...NO_OPTIONS, status: 429, times: 1, limit: 'TPM' }],
])('parses "%s"', (text, error) => {
  expect(parsePlan(text, '2026').error).toEqual(error);
});

it.each([
  ['simulate truncated', { kind: 'truncated', after: null, status: 500 }],
  ['simulate error mid-stream after 3', { kind: 'error', after: 3, status: 500 }],
  ['simulate error mid-stream 451', { kind: 'error', after: null, status: 451 }],
  ['simulate garbage after 0', { kind: 'garbage', after: 0, status: 500 }],
  ['simulate pings after finish', { kind: 'pings', after: 'finish', status: 500 }],
  ['simulate reset', { kind: 'reset', after: null, status: 500 }],
  ['simulate stall', { kind: 'stall', after: null, status: 500 }],
  ['simulate pings after 1', { kind: 'pings', after: 1, status: 500 }],
])('parses "%s"', (text, fault) => {
  expect(parsePlan(text, '2026').fault).toEqual(fault);
  expect(parsePlan(text, '2026').error).toBeNull();
});

it('combines triggers, and keeps the question', () => {
  const plan = parsePlan(
    'What is 2 + 2? simulate pace 5; simulate delay 100; simulate 3 tool calls; simulate cached 12 in details; ' +
      'simulate finish stop; simulate no reasoning; simulate reasoning as reasoning_content; simulate no usage; ' +
      'simulate missing done; simulate tool pieces without id; simulate 4 tokens per chunk; simulate dialect 2024',
    '2026',
  );
  expect(plan).toMatchObject({
    text: 'What is 2 + 2?',
    dialect: '2024',
    paceMs: 5,
    delayMs: 100,
    toolCalls: 3,
    cachedTokens: 12,
    cachedInDetails: true,
    finishReason: 'stop',
    reasoning: false,
    reasoningNames: 'reasoning_content',
    usage: false,
    sentinel: 'missing',
    toolPieces: 'without id',
    textTokens: null,
    tokensPerChunk: 4,
  });
});

it('spells tool calls as the dialect does, unless a trigger says otherwise', () => {
  expect(parsePlan('hi', '2024').toolPieces).toBe('with id');
  expect(parsePlan('hi simulate dialect 2024', '2026').toolPieces).toBe('with id');
  expect(parsePlan('hi simulate tool pieces under one index', '2024').toolPieces).toBe('under one index');
});
