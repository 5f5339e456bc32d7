// The words of a prompt, handed out one after the other to whoever must fill in a
// value: a tool's argument, a field of a JSON answer.

import { findSum } from './writer/arithmetic.ts';
import { keywords, numbers, properNames } from './writer/words.ts';

const TEXT_CHARS = 200;

export interface Source {
  /** @returns a string for a field of this name, from the prompt where it has one. */
  nextString(name: string): string;
  /** @returns the next number of the prompt; undefined when there is none left. */
  nextNumber(): number | undefined;
  /** @returns whether the prompt speaks of this: how an enum's value is chosen. */
  mentions(value: unknown): boolean;
}

/** @param text - the last user message, without its triggers. */
export function createSource(text: string): Source {
  const words = keywords(text);
  const names = properNames(text);
  const figures = numbers(text);
  const whole = text.replace(/\s+/g, ' ').slice(0, TEXT_CHARS) || 'StepFun';
  const lower = text.toLowerCase();
  let wordsGiven = 0;

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
        // Without a capital letter the preposition tells: "weather in paris".
        const after = /\b(?:in|at|near|for)\s+(\p{Ll}{3,})/u.exec(text)?.[1];
        return names.shift() ?? after ?? words[0] ?? whole;
      }
      if (names.length > 0) return names.shift() ?? whole;
      return words.length === 0 ? whole : (words[wordsGiven++ % words.length] ?? whole);
    },
    nextNumber: () => figures.shift(),
    mentions: (value) =>
      (typeof value === 'string' && value !== '' && lower.includes(value.toLowerCase())) ||
      (typeof value === 'number' && figures.includes(value)),
  };
}
