import { describe, expect, it } from 'vitest';
import { CHOICES_MAX } from '../../../src/config/limits.ts';
import { Choices } from '../../../src/relay/choices.ts';

function choicesWith(asked: number): Choices {
  return new Choices(asked, false);
}

function finish(choices: Choices, index: number, reason = 'stop'): void {
  const choice = choices.at(index);
  if (choice === null) throw new Error('too many choices');
  choices.finish(choice, reason);
}

describe('an answer is complete', () => {
  it('when every choice that was asked for has ended', () => {
    const choices = choicesWith(2);
    expect(choices.areComplete).toBe(false);
    finish(choices, 1);
    expect(choices.areComplete).toBe(false);
    finish(choices, 1, 'length');
    expect(choices.areComplete).toBe(false);
    finish(choices, 0);
    expect(choices.areComplete).toBe(true);
  });

  it('when a choice that nobody asked for has ended, too', () => {
    const choices = choicesWith(1);
    finish(choices, 0);
    choices.at(3);
    expect(choices.areComplete).toBe(false);
    finish(choices, 3);
    expect(choices.areComplete).toBe(true);
  });
});

it('a choice is one object for all its chunks, and its last finish_reason counts', () => {
  const choices = choicesWith(1);
  finish(choices, 0, 'stop');
  finish(choices, 0, 'length');
  expect(choices.at(0)).toBe(choices.at(0));
  expect(choices.at(0)).toMatchObject({ index: 0, finishReason: 'length', collected: null });
});

it('choices are listed in the order of their indexes', () => {
  const choices = choicesWith(3);
  for (const index of [2, 0, 1]) choices.at(index);
  expect(choices.inOrder().map(({ index }) => index)).toEqual([0, 1, 2]);
});

it('there are at most 128', () => {
  expect(CHOICES_MAX).toBe(128);
  const choices = choicesWith(1);
  for (let index = 0; index < 128; index++) expect(choices.at(1_000_000 + index)).not.toBeNull();
  expect(choices.at(0)).toBeNull();
  expect(choices.at(1_000_000)).not.toBeNull();
});
