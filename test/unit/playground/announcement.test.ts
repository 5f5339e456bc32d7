import { describe, expect, it } from 'vitest';
import { announcementOf } from '../../../src/playground/playground/announcement.js';

describe('announcementOf', () => {
  it.each([
    ['waiting', '', ''],
    ['reasoning', '', 'Reasoning.'],
    ['answering', 'So', 'Answering.'],
    ['stopped', 'So far', 'Stopped.'],
    ['failed', '', ''],
    ['done', 'A short answer.', 'A short answer.'],
    ['done', 'word '.repeat(61), 'The answer is complete: 61 words.'],
  ] as const)('says for %s with "%s": "%s"', (phase, text, words) => {
    expect(announcementOf(phase, text)).toBe(words);
  });
});
