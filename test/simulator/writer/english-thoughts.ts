// What goes before an answer in English.

import { findSum, written } from './arithmetic.ts';
import { asks, keywords, topic } from './words.ts';
import type { Prompt } from './writer.ts';

/** Six sentences of thought, of which any first few make sense. */
export function thinkInEnglish({ text, media: sent, results }: Prompt, tool: string | null): string[] {
  const SHOWN_CHARS = 80;
  const about = asks(text) ? `asks about ${topic(text)}` : `wrote: “${text.slice(0, SHOWN_CHARS)}”`;
  const wish = `The user ${text === '' && sent.length > 0 ? 'sent something to look at' : about}`;
  if (results.length > 0) {
    return [
      `${wish}, and the tool has answered.`,
      `I have ${results.length === 1 ? 'one result' : `${results.length} results`} to read.`,
      'The numbers go into the answer as they are.',
      'Nothing in them asks for another call.',
      'I should name the function the figures come from.',
      'A short closing sentence is enough.',
    ];
  }
  const close = [
    'Let me check whether I have overlooked a second meaning.',
    'No, the plain reading fits best, so a clear and friendly tone will do.',
    "Now I'll write it down, short enough to be read in one go.",
  ];
  if (tool !== null) {
    return [
      `${wish}, and \`${tool}\` can find that out.`,
      'Its arguments are in the question itself.',
      'I will call it before I say anything.',
      ...close,
    ];
  }
  const found = findSum(text);
  if (found !== null) {
    return [
      `${wish}.`,
      `There is a sum in it: ${found.written}.`,
      `Step by step that gives ${written(found.value)}.`,
      ...close,
    ];
  }
  const words = keywords(text).slice(0, 3).join(', ');
  return [
    `${wish}.`,
    words === ''
      ? 'A short message, so a friendly answer is all it takes.'
      : `The words that matter here are: ${words}.`,
    'I should answer directly first and give the reasons after that.',
    ...close,
  ];
}
