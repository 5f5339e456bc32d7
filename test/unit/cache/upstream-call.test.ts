import { describe, expect, it } from 'vitest';
import { isPrivate, isShareable } from '../../../src/cache/upstream-call.ts';

const SHARED = { isCapped: false, choices: 1 };
const CAPPED = { isCapped: true, choices: 1 };

describe('an answer is for every later identical request', () => {
  it.each<[boolean, (string | null)[], { isCapped: boolean; choices: number }]>([
    [true, ['stop'], SHARED],
    [true, ['length'], SHARED],
    [true, ['tool_calls'], SHARED],
    [true, ['stop', 'length'], { ...SHARED, choices: 2 }],
    [false, ['content_filter'], SHARED],
    [false, ['tired'], SHARED],
    [false, [null], SHARED],
    [false, ['stop', null], { ...SHARED, choices: 2 }],
    [false, ['stop'], { ...SHARED, choices: 2 }],
    [false, ['stop', 'stop'], SHARED],
    [false, [], SHARED],
    // The budget cut it short, or could have and did not.
    [false, ['length'], CAPPED],
    [true, ['stop'], CAPPED],
  ])('%s: %j of %j', (expected, finishReasons, request) => {
    expect(isShareable({ finishReasons }, request)).toBe(expected);
  });
});

it.each([
  [true, ['length'], CAPPED],
  [true, ['stop', 'length'], CAPPED],
  [false, ['stop'], CAPPED],
  [false, ['length'], SHARED],
])('an answer is for its client alone: %s (%j of %j)', (expected, finishReasons, request) => {
  expect(isPrivate({ finishReasons }, request)).toBe(expected);
});
