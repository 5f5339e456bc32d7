// Answers in English, most particular first.

import { findSum, written } from './arithmetic.ts';
import { CAPITALS, FACTS, JOKES, STEPFUN_LONG, STEPFUN_SHORT } from './facts.ts';
import { describeMedia } from './media.ts';
import { readResult } from './results.ts';
import { capitalise, keywords, sentencesAsked, topic } from './words.ts';
import type { Prompt, Writer } from './writer.ts';

const NOTE =
  '*I am the StepFun simulator: I make sentences from your words. With a StepFun key in place, the real model answers here.*';

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
  return `${parts.join('\n\n')}\n\nThat should settle your question${about === '' ? '' : ` about ${about}`}.`;
};

const echo: Writer = ({ text }) =>
  /^(?:please )?(?:say|repeat|echo|(?:reply|respond|answer) with)(?: exactly| only| just| after me)*\b[\s:,]*(?:"(.+)"|“(.+)”|(.+?))$/is
    .exec(text)
    ?.slice(1)
    .find((said) => said !== undefined);

const media: Writer = ({ media: sent, text }, pick) => {
  if (sent.length === 0) return undefined;
  const things = sent.map(describeMedia);
  const opening = `You sent ${things.length === 1 ? things[0] : `${things.slice(0, -1).join(', ')} and ${things.at(-1)}`}.`;
  const asked = text === '' ? '' : ` Your wish was: “${text.slice(0, 200)}”.`;
  return pick([
    `${opening}${asked}\n\nI received every byte of it, but a simulator has no eyes. Picture soft light, clear lines and a calm scene in the middle of it: the real model would now describe what is truly there, in as elegant a language as you like.\n\n${NOTE}`,
    `${opening}${asked}\n\nIt arrived whole. What it shows I can't tell, being a simulator; a real vision model would go on with colours, objects, written text and mood.\n\n${NOTE}`,
  ]);
};

const sum: Writer = ({ text }, pick) => {
  const found = findSum(text);
  if (found === null) return undefined;
  const value = written(found.value);
  return pick([
    `${found.written} = **${value}**`,
    `That makes **${value}**, because ${found.written} = ${value}.`,
    `The answer is **${value}**.\n\n\`\`\`\n${found.written} = ${value}\n\`\`\``,
  ]);
};

const memory: Writer = ({ text, earlier }) => {
  const name = /\bmy name is (\p{L}[\p{L}'’-]*)/iu;
  if (/\bwhat(?:'s| is) my name\b/i.test(text)) {
    const told = earlier.map((said) => name.exec(said)?.[1]).findLast((found) => found !== undefined);
    return told === undefined
      ? "You haven't told me your name yet."
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
  if (earlier.length > 0) return 'Hello again! Where shall we go on?';
  return pick([
    'Hello! Nice to hear from you. Ask me something, give me a sum such as `17 * 23`, or send a picture.',
    'Hi there! What would you like to talk about? I can explain things, do sums, tell a joke or write a haiku.',
    'Hey! I am awake and listening. What is on your mind today?',
  ]);
};

const identity: Writer = ({ text, model }) =>
  /\b(?:who|what) are you\b|\bwhich model\b|\bwhat model\b|\byour name\b|\bare you (?:a |an )?(?:chatgpt|gpt|human|robot|bot|real|ai)\b/i.test(
    text,
  )
    ? `I am answering in the name of \`${model}\`, but to be honest I am its **simulator**: a small program that speaks StepFun's API down to its quirks, needs no key and no internet, and gives the same answer to the same request.`
    : undefined;

const stepfun: Writer = ({ text }) => {
  if (!/stepfun/i.test(text) || /simulat/i.test(text)) return undefined;
  if (/within \d+ (?:characters|words)|in (?:short|brief|one sentence)|briefly/i.test(text))
    return STEPFUN_SHORT;
  return STEPFUN_LONG;
};

const thanks: Writer = ({ text }, pick) =>
  /^(?:many )?(?:thanks|thank you|thx|bye|goodbye|see you)\b/i.test(text) && text.length < 60
    ? pick(["You're welcome! It was a pleasure.", 'Any time. Come back whenever you like.'])
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
  const about = keywords(text).filter((word) => !/haiku|poem|poetry|verse|limerick|song/i.test(word));
  const thing = capitalise(about[0] ?? 'Morning');
  return pick([
    `*${thing}* —\n\nA quiet first light,  \n${thing.toLowerCase()} waits at the open door;  \none word, then the rest.`,
    `*${thing}* —\n\nDrop by drop it comes,  \n${thing.toLowerCase()} on a silver thread;  \nthe stream finds its end.`,
  ]);
};

const code: Writer = ({ text }) => {
  if (!/\b(?:code|function|script|program|snippet|javascript|typescript|python)\b/i.test(text))
    return undefined;
  const words = keywords(text).filter(
    (word) =>
      /^[a-z]+$/i.test(word) &&
      !/^(?:code|function|script|program|snippet|javascript|typescript|python|example)$/i.test(word),
  );
  const words3 = words.slice(0, 3).map((word) => word.toLowerCase());
  if (/\bpython\b/i.test(text)) {
    const name = words3.join('_') || 'answer';
    return `Here is a start in Python:\n\n\`\`\`python\ndef ${name}(items):\n    """${capitalise(topic(text))}."""\n    return [item for item in items if item is not None]\n\n\nprint(${name}([1, None, 2]))  # [1, 2]\n\`\`\`\n\nCall it with any list; what is missing is left out.`;
  }
  const name = words3.map((word, i) => (i === 0 ? word : capitalise(word))).join('') || 'answer';
  return `Here is a start in JavaScript:\n\n\`\`\`js\n/** ${capitalise(topic(text))}. */\nexport function ${name}(items) {\n  return items.filter((item) => item !== null);\n}\n\nconsole.log(${name}([1, null, 2])); // [ 1, 2 ]\n\`\`\`\n\nCall it with any array; what is missing is left out.`;
};

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
    ? 'I have no clock: the same question gets the same answer here, whenever it is asked. Your own device knows better.'
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
  const angles = [
    'The obvious one',
    'The overlooked one',
    'The bold one',
    'The cheap one',
    'The slow one',
    'The playful one',
    'The careful one',
    'The one for two',
    'The one for later',
    'The odd one out',
  ];
  const hints = [
    'start here and see how far it carries you',
    'most people pass it by, which is a pity',
    'it takes some courage and pays it back',
    'nearly free, and better than nothing',
    'give it time',
    'it makes everybody smile',
    'check twice, then begin',
    'ask somebody to join',
    'write it down so that it is not lost',
    'it fits no list, so it ends this one',
  ];
  const lines = Array.from({ length: count }, (_, i) => `${i + 1}. **${angles[i]}**: ${hints[i]}.`);
  return `Some thoughts on ${about}:\n\n${lines.join('\n')}\n\n${NOTE}`;
};

const fact: Writer = ({ text }) => {
  const known = FACTS.find(({ asks }) => asks.test(text));
  if (known === undefined) return undefined;
  return known.sentences.slice(0, sentencesAsked(text) ?? known.sentences.length).join(' ');
};

const anything: Writer = ({ text, earlier }, pick) => {
  const about = topic(text) || 'your question';
  const [first = about, second = 'the rest', third = 'time'] = keywords(text);
  const count = sentencesAsked(text);
  if (count !== null) {
    return [
      `${capitalise(about)} is best understood by what it does.`,
      `It begins with ${first} and shows its value where ${second} comes in.`,
      'Whoever looks closely finds that the simple part carries most of the weight.',
      'The exceptions are few, and worth knowing.',
      'Everything else follows from practice.',
    ]
      .slice(0, count)
      .join(' ');
  }
  const bridge = earlier.length > 0 ? 'Going on from what you said before: ' : '';
  return pick([
    `${bridge}${capitalise(about)} is a good thing to ask about. In short:\n\n1. **What it is.** Begin with ${first} and leave everything else aside for a moment.\n2. **Why it matters.** As soon as ${second} comes in, the small choices add up.\n3. **What to do.** Try the simplest version, look at the result, and go on from there.\n\nMost questions about ${about} turn into one of these three. Which of them is yours?\n\n${NOTE}`,
    `${bridge}Let us take **${about}** apart. On one side there is ${first}, which one can see and measure. On the other there is ${second}, which only shows over ${third === 'time' ? 'time' : `time, often through ${third}`}.\n\nA useful rule: decide what must never go wrong, make that part dull and solid, and keep the play for the rest. Ask me for a list, a sum or a haiku about it if you like.\n\n${NOTE}`,
    `${bridge}There are two honest answers about ${about}.\n\n- **The short one:** it depends on ${first}.\n- **The long one:** look at ${first}, then at ${second}, and ask what would change if one of them were missing.\n\nThe second takes longer and is more fun.\n\n${NOTE}`,
  ]);
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
  anything,
];

/** Six sentences of thought, of which any first few make sense. */
export function thinkInEnglish({ text, media: sent, results }: Prompt, tool: string | null): string[] {
  const about = topic(text) || (sent.length > 0 ? 'what was sent along' : 'nothing in particular');
  const found = findSum(text);
  const words = keywords(text).slice(0, 3).join(', ') || 'no special words';
  if (results.length > 0) {
    return [
      `The tool has answered, so the question about ${about} can be settled now.`,
      `I have ${results.length === 1 ? 'one result' : `${results.length} results`} to read.`,
      'The numbers go into the answer as they are.',
      'Nothing in them asks for another call.',
      'I should name the function the figures come from.',
      'A short closing sentence is enough.',
    ];
  }
  return [
    tool === null
      ? `The user asks about ${about}.`
      : `The user asks about ${about}, and \`${tool}\` can find that out.`,
    tool !== null
      ? 'Its arguments are in the question itself.'
      : found === null
        ? `The words that matter here are ${words}.`
        : `There is a sum in it: ${found.written}.`,
    tool !== null
      ? 'I will call it before I say anything.'
      : found === null
        ? 'I should answer directly first and give the reasons after that.'
        : `Step by step that gives ${written(found.value)}.`,
    'Let me check whether I have overlooked a second meaning of the question.',
    'No, the plain reading fits best, so a clear and friendly tone will do.',
    "Now I'll write it down, short enough to be read in one go.",
  ];
}
