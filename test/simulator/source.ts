// The words of a prompt, one after the other, as values of a tool's arguments or of a JSON answer.

import { findSum } from './writer/arithmetic.ts';
import { keywords, numbers, properNames } from './writer/words.ts';

const TEXT_CHARS = 200;
/** `and` is included: "Boston and Paris" are two places. */
const PLACE = /\b(?:in|at|near|for|and) (\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*)*|\p{Ll}{4,})/u;

export interface Source {
  /** @returns a string for a field of this name, from the prompt if possible. */
  nextString(name: string): string;
  /** @returns the next number of the prompt; undefined if there is none left. */
  nextNumber(): number | undefined;
  /** @returns whether the prompt contains this value: how an enum's value is chosen. */
  mentions(value: unknown): boolean;
}

/** @param prompt - the last user message, without its triggers. */
export function createSource(prompt: string): Source {
  const PROMPT_CHARS_MAX = 2_000;
  const text = prompt.slice(0, PROMPT_CHARS_MAX);
  const words = keywords(text);
  const names = properNames(text);
  const figures = numbers(text);
  const whole = text.replace(/\s+/g, ' ').slice(0, TEXT_CHARS) || 'StepFun';
  const lower = text.toLowerCase();
  let wordsUsed = 0;
  let placesFrom = 0;

  return {
    nextString(name) {
      if (/expression|formula|calculation/i.test(name)) return findSum(text)?.expression ?? whole;
      if (
        /query|question|text|message|prompt|content|input|topic|search|summary|answer|body|reason/i.test(name)
      ) {
        return whole;
      }
      if (/date|day/i.test(name)) return /\d{4}-\d\d-\d\d/.exec(text)?.[0] ?? '2026-01-02';
      if (/city|location|place|town|region|country|address|where/i.test(name)) {
        // A preposition is a better sign than a capital letter: "Weather in Boston", "weather in paris".
        const after = PLACE.exec(text.slice(placesFrom));
        placesFrom += after === null ? 0 : after.index + after[0].length;
        return after?.[1] ?? names.shift() ?? words[0] ?? whole;
      }
      if (names.length > 0) return names.shift() ?? whole;
      return words.length === 0 ? whole : (words[wordsUsed++ % words.length] ?? whole);
    },
    nextNumber: () => figures.shift(),
    mentions: (value) =>
      (typeof value === 'string' && value !== '' && lower.includes(value.toLowerCase())) ||
      (typeof value === 'number' && figures.includes(value)),
  };
}
