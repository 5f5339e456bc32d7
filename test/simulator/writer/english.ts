// Answers in English, the most specific ones first.

import { findSum, formatNumber } from './arithmetic.ts';
import { explain, NOTE } from './explain.ts';
import { CAPITALS, FACTS, JOKES, STEPFUN_LONG, STEPFUN_SHORT } from './facts.ts';
import { describeMedia } from './media.ts';
import { readResult } from './results.ts';
import { writeSnippet } from './snippets.ts';
import { capitalise, keywords, sentencesAsked, topic } from './words.ts';
import type { Writer } from './writer.ts';

const COUNT_MAX = 1_000;

const toolResults: Writer = ({ results, text }) => {
  if (results.length === 0) return undefined;
  const parts = results.map(({ name, text: result }) => {
    const lines = readResult(result);
    const intro = `\`${name}\` answered`;
    return lines.length === 1
      ? `${intro}: ${lines[0]}`
      : `${intro}:\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
  });
  const about = topic(text);
  return `${parts.join('\n\n')}\n\nThis is the answer to your question${about === '' ? '' : ` about ${about}`}.`;
};

const echo: Writer = ({ whole }) =>
  /^(?:please )?(?:say|repeat|echo|(?:reply|respond|answer) with)(?: exactly| only| just| after me)*\b[\s:,]*(?:"(.+)"|“(.+)”|(.+?))$/is
    .exec(whole)
    ?.slice(1)
    .find((quoted) => quoted !== undefined);

const media: Writer = ({ media: sent, text }) => {
  if (sent.length === 0) return undefined;
  const things = sent.map(describeMedia);
  const list = things.length === 1 ? things[0] : `${things.slice(0, -1).join(', ')} and ${things.at(-1)}`;
  const request = text === '' ? '' : ` Your request was: “${text.slice(0, 200)}”.`;
  return `You sent ${list}.${request}\n\nA simulator cannot see or hear it. A real model would now describe its contents.\n\n${NOTE}`;
};

const sum: Writer = ({ text }, pick) => {
  const found = findSum(text);
  if (found === null) return undefined;
  const value = formatNumber(found.value);
  return pick([
    `${found.formatted} = **${value}**`,
    `The result is **${value}**, because ${found.formatted} = ${value}.`,
    `The answer is **${value}**.\n\n\`\`\`\n${found.formatted} = ${value}\n\`\`\``,
  ]);
};

const memory: Writer = ({ text, earlier }) => {
  const name = /\bmy name is (\p{L}[\p{L}'’-]*)/iu;
  if (/\bwhat(?:'s| is) my name\b/i.test(text)) {
    const told = earlier.map((message) => name.exec(message)?.[1]).findLast((found) => found !== undefined);
    return told === undefined
      ? 'You have not told me your name yet.'
      : `Your name is **${told}**: you told me earlier.`;
  }
  const told = name.exec(text)?.[1];
  return told === undefined ? undefined : `Nice to meet you, **${told}**! What can I do for you?`;
};

const greeting: Writer = ({ text, earlier }, pick) => {
  if (!/^(?:hi|hello|hey|good (?:morning|afternoon|evening)|howdy)\b/i.test(text)) return undefined;
  if (
    keywords(text).filter((word) => !/^(?:good|morning|afternoon|evening|howdy|there)$/i.test(word)).length >
    0
  )
    return undefined;
  if (earlier.length > 0) return 'Hello again! How can I help you?';
  return pick([
    'Hello! Ask me a question, give me a calculation such as `17 * 23`, or send an image.',
    'Hi! How can I help you? I can explain a few things, calculate, tell a joke or write a haiku.',
    'Hello! I am the StepFun simulator. What is your question?',
  ]);
};

const identity: Writer = ({ text, model }) =>
  /\b(?:who|what) are you\b|\bwhich model\b|\bwhat model\b|\byour name\b|\bare you (?:a |an )?(?:chatgpt|gpt|human|robot|bot|real|ai)\b/i.test(
    text,
  )
    ? `I answer for the model \`${model}\`, but I am a **simulator**: a small program with StepFun's API. It needs no key and no internet, and gives the same answer to the same request.`
    : undefined;

const stepfun: Writer = ({ text }) => {
  if (!/stepfun/i.test(text) || /simulat/i.test(text)) return undefined;
  if (/within \d+ (?:characters|words)|in (?:short|brief|one sentence)|briefly/i.test(text))
    return STEPFUN_SHORT;
  return STEPFUN_LONG;
};

const thanks: Writer = ({ text }, pick) =>
  /^(?:many )?(?:thanks|thank you|thx|bye|goodbye|see you)\b/i.test(text) && text.length < 60
    ? pick(["You're welcome!", 'You are welcome. Goodbye!'])
    : undefined;

const counting: Writer = ({ text }) => {
  const upTo = /\bcount (?:from (?:1|one) )?(?:up )?to (\d{1,6})\b/i.exec(text)?.[1];
  if (upTo === undefined) return undefined;
  const end = Math.min(Number(upTo), COUNT_MAX);
  return Array.from({ length: end }, (_, i) => i + 1).join(', ') + (Number(upTo) > end ? ', …' : '');
};

const joke: Writer = ({ text }, pick) => (/\bjokes?\b|\bfunny\b/i.test(text) ? pick(JOKES) : undefined);

const poem: Writer = ({ text }, pick) => {
  if (!/\b(?:haiku|poem|poetry|verse|limerick|song)\b/i.test(text)) return undefined;
  const about = keywords(text).find((word) => !/haiku|poem|poetry|verse|limerick|song/i.test(word));
  const thing = capitalise(about ?? 'Morning');
  return pick([
    `*${thing}* —\n\nA quiet first light,  \n${thing.toLowerCase()} waits at the open door;  \none word, then the rest.`,
    `*${thing}* —\n\nWater, drop by drop,  \n${thing.toLowerCase()} in the evening wind;  \nthe stream finds the sea.`,
  ]);
};

const code: Writer = ({ text }) =>
  /\b(?:code|function|script|program|snippet|javascript|typescript|python)\b/i.test(text) &&
  /\b(?:write|give|show|make|create|code|how|need)\b/i.test(text)
    ? writeSnippet(text)
    : undefined;

const capital: Writer = ({ text }) => {
  const country = /\bcapital (?:city )?of ([\p{L} ]+?)\s*[?.!]*$/iu.exec(text)?.[1]?.toLowerCase();
  if (country === undefined) return undefined;
  const named = [country, `the ${country}`].find((name) => Object.hasOwn(CAPITALS, name));
  return named === undefined
    ? undefined
    : `The capital of ${named.replace(/(^|\s)(?!the\b)\p{L}/gu, (letter) => letter.toUpperCase())} is **${CAPITALS[named]}**.`;
};

const clock: Writer = ({ text }) =>
  /\bwhat(?:'s| is) the (?:time|date)\b|\bwhat (?:time|day) is it\b/i.test(text)
    ? 'I am a simulator and have no clock: the same question always gets the same answer.'
    : undefined;

const items: Writer = ({ text }) => {
  const asked =
    /\b(?:list|name|give me|suggest|top)\b[^.?!]{0,20}?\b(\d{1,2}|two|three|four|five|some|a few)\b/i.exec(
      text,
    )?.[1];
  if (asked === undefined) return undefined;
  const spelled: Record<string, number> = { two: 2, three: 3, four: 4, five: 5 };
  const count = Math.min(Number(asked) || (spelled[asked.toLowerCase()] ?? 3), 10);
  const about =
    keywords(text)
      .filter((word) => !/^(?:name|top|suggest|\d+|two|three|four|five|few|ideas?)$/i.test(word))
      .slice(0, 4)
      .join(' ') || 'this';
  const lines = Array.from({ length: count }, (_, i) => `${i + 1}. Item ${i + 1}`);
  return `I am a simulator and have no ideas about ${about}. A list of ${count} has this form:\n\n${lines.join('\n')}\n\n${NOTE}`;
};

const fact: Writer = ({ text }) => {
  const known = FACTS.find(({ pattern }) => pattern.test(text));
  if (known === undefined) return undefined;
  return known.sentences.slice(0, sentencesAsked(text) ?? known.sentences.length).join(' ');
};

export const english: readonly Writer[] = [
  toolResults,
  echo,
  media,
  sum,
  memory,
  greeting,
  identity,
  thanks,
  counting,
  joke,
  poem,
  capital,
  clock,
  stepfun,
  fact,
  items,
  code,
  explain,
];
