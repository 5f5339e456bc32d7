// The answers to questions that no other writer knows. They say that a simulator answers, and have the form that
// a model's answer would have, with the question's own words: so a page shows lists, tables and quotations.

import type { Pick } from '../seed.ts';
import { keywords, sentencesAsked, topic } from './words.ts';
import type { Prompt, Writer } from './writer.ts';

export const NOTE =
  '*This is the StepFun simulator: it builds its answers from templates. With a StepFun API key, the real model answers here.*';

const help: Writer = ({ text }) =>
  text === '' || /^(?:help|\?|what can you do|what do you do|what can i (?:do|ask))\b/i.test(text)
    ? 'I am a simulator of the StepFun API. I can show how this gateway works. For example, send me:\n\n- a calculation: `what is 17 * 23?`\n- a question: `why is the sky blue?` or `explain CORS in two sentences`\n- a request for text: `tell me a joke` or `write a haiku about rain`\n- a request for code: `a JavaScript function that sorts users`\n- an image, a tool, JSON mode, or a question in Chinese: `介绍一下阶跃星辰`\n\nThe same request always gets the same answer.'
    : undefined;

/** Needs the present, the world outside, or knowledge of the user. */
const UNKNOWABLE =
  /\b(?:today|tonight|tomorrow|yesterday|right now|currently|latest|recent(?:ly)?|this (?:week|month|year)|news|weather|forecast|stock|share price|exchange rate|score|who won|near me|my (?!name\b)\w+)\b/i;

const unknowable: Writer = ({ text }) =>
  UNKNOWABLE.test(text)
    ? `I cannot know that: I am a simulator, without access to the internet, to current data or to any data of yours. A real StepFun model with a suitable tool could answer your question about **${topic(text)}**.\n\n${NOTE}`
    : undefined;

const comparison: Writer = ({ text }) => {
  const [, one, other] =
    /\b(?:compare|differences? between)\s+(.{1,40}?)\s+(?:and|with|to|versus|vs\.?)\s+(.{1,40}?)\s*[?.!]*$/i.exec(
      text,
    ) ??
    /^(.{1,40}?)\s+(?:versus|vs\.?)\s+(.{1,40}?)\s*[?.!]*$/i.exec(text) ??
    [];
  if (one === undefined || other === undefined) return undefined;
  return `I am a simulator and cannot compare **${one}** and **${other}**. A model's answer could have this form:\n\n| | ${one} | ${other} |\n|---|---|---|\n| Purpose | … | … |\n| Strengths | … | … |\n| Limits | … | … |\n\n${NOTE}`;
};

const howTo: Writer = ({ text }, pick) => {
  if (
    !/^(?:(?:please|can you|could you|tell me|show me|explain)\s+)*how (?:do|does|can|should|to)\b/i.test(
      text,
    )
  )
    return undefined;
  const about = topic(text);
  return pick([
    `I am a simulator and do not know how to ${about}. These steps help with most tasks:\n\n1. **Define the result.** One sentence is enough.\n2. **Collect what you need.**\n3. **Build the smallest version that works.** It shows where the difficulty is.\n4. **Improve one thing at a time.**\n\n${NOTE}`,
    `I am a simulator, so this is a general plan for how to ${about}:\n\n- Start with the part that you understand.\n- Change one thing at a time, and check the result.\n- Write down what worked.\n\n${NOTE}`,
  ]);
};

const subject: Writer = ({ text, earlier }, pick) => {
  const about = topic(text) || 'this';
  const again = earlier.length > 0 ? 'As before: ' : '';
  return pick([
    `${again}I am a simulator and know nothing about **${about}**. A model's answer could have three parts:\n\n1. **Definition.** What it is, in one or two sentences.\n2. **Background.** Where it comes from, and why it matters.\n3. **Example.** One case that shows how it works.${wordList(text)}\n\n${NOTE}`,
    `${again}I am a simulator, so I can only show how an answer about **${about}** would look.\n\n> A quotation, if there is a good one.\n\nThen a paragraph with the main points, and at the end a short summary.${wordList(text)}\n\n${NOTE}`,
    `${again}I am a simulator without knowledge about **${about}**. A good answer would say:\n\n- **What** it is.\n- **How** it works.\n- **When** it is useful, and when it is not.${wordList(text)}\n\n${NOTE}`,
  ]);
};

/** In order; the last one always answers. */
const FORMS: readonly Writer[] = [help, unknowable, comparison, howTo, subject];

/** @returns a plain answer in a given number of sentences, or one in the question's form. */
export function explain(prompt: Prompt, pick: Pick): string | undefined {
  const count = sentencesAsked(prompt.text);
  if (count !== null) return inSentences(topic(prompt.text) || 'this', count);
  return FORMS.map((form) => form(prompt, pick)).find((answer) => answer !== undefined);
}

function inSentences(about: string, count: number): string {
  return [
    `I am a simulator and do not know the details of ${about}.`,
    'A real model would explain the main idea here.',
    'It would then give an example.',
    'It would also name the limits.',
    'A short summary would come last.',
  ]
    .slice(0, count)
    .join(' ');
}

function wordList(text: string): string {
  const words = keywords(text).slice(0, 3);
  return words.length === 0
    ? ''
    : `\n\nYour question contains these keywords: ${words.map((word) => `“${word}”`).join(', ')}.`;
}
