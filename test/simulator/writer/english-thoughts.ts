// The reasoning before an answer in English.

import { findSum, formatNumber } from './arithmetic.ts';
import { keywords, topic } from './words.ts';
import type { Prompt } from './writer.ts';

/** @returns six sentences; any first few of them make sense alone. */
export function thinkInEnglish({ text, media, results }: Prompt, tool: string | null): string[] {
  const about = topic(text);
  const request =
    about === '' && media.length > 0 ? 'The user sent a file.' : `The user asks about ${about || 'nothing'}.`;
  if (results.length > 0) {
    return [
      `${request} The tool has answered.`,
      `There ${results.length === 1 ? 'is one result' : `are ${results.length} results`} to read.`,
      'I use the values exactly as they are.',
      'No other call is needed.',
      'I name the function that each value comes from.',
      'One closing sentence is enough.',
    ];
  }
  const end = [
    'Is there a second way to read the question?',
    'The literal reading is the most likely one.',
    'The answer should be short and clear.',
  ];
  if (tool !== null) {
    return [
      request,
      `The function \`${tool}\` can answer this.`,
      'Its arguments are in the question.',
      ...end,
    ];
  }
  const sum = findSum(text);
  if (sum !== null) {
    return [
      request,
      `The question contains a calculation: ${sum.formatted}.`,
      `The result is ${formatNumber(sum.value)}.`,
      ...end,
    ];
  }
  const words = keywords(text).slice(0, 3).join(', ');
  return [
    request,
    words === '' ? 'The message is short.' : `The keywords are: ${words}.`,
    'I answer first and give the reasons afterwards.',
    ...end,
  ];
}
