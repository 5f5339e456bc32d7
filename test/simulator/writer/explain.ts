// What is said when nothing particular is known: an answer that has the question's
// form, how, why, which or what, around its own words.

import type { Pick } from '../seed.ts';
import { asks, capitalise, keywords, sentencesAsked, topic } from './words.ts';
import type { Prompt, Writer } from './writer.ts';

export const NOTE =
  '*I am the StepFun simulator: I make sentences from your words. With a StepFun key in place, the real model answers here.*';

const help: Writer = ({ text }) =>
  text === '' || /^(?:help|\?|what can you do|what do you do|what can i (?:do|ask))\b/i.test(text)
    ? `I stand in for StepFun's models, so that you can see this gateway at work. Try one of these:\n\n- a sum: \`what is 17 * 23?\`\n- a question: \`why is the sky blue?\`, \`explain CORS in two sentences\`\n- something to enjoy: \`tell me a joke\`, \`write a haiku about rain\`\n- something to build with: \`a JavaScript function that sorts users\`\n- a picture, a tool, JSON mode, or a question in Chinese: \`介绍一下阶跃星辰\`\n\nThe same request always gets the same answer.`
    : undefined;

const comparison: Writer = ({ text }) => {
  const [, one, other] =
    /\b(?:compare|differences? between)\s+(.{1,40}?)\s+(?:and|with|to|versus|vs\.?)\s+(.{1,40}?)\s*[?.!]*$/i.exec(
      text,
    ) ??
    /^(.{1,40}?)\s+(?:versus|vs\.?)\s+(.{1,40}?)\s*[?.!]*$/i.exec(text) ??
    [];
  if (one === undefined || other === undefined) return undefined;
  return `Here they are, side by side:\n\n| | ${one} | ${other} |\n|---|---|---|\n| First impression | familiar | a little different |\n| Needs | patience | attention |\n| Best when | you know what you want | you want to find out |\n\nWhoever has time should try both: ${one} first, then ${other}.\n\n${NOTE}`;
};

const choice: Writer = ({ text }, pick) => {
  const [, one, other] = /([\p{L}\d+#.-]+) or ([\p{L}\d+#.-]+)\s*\?*$/iu.exec(text) ?? [];
  if (one === undefined || other === undefined) return undefined;
  return pick([
    `If in doubt, **${one}**: it is the one you named first, and that usually tells something. If you catch yourself hoping that I would say **${other}**, you have your answer too.\n\n${NOTE}`,
    `I would try **${other}** for a week. If you miss **${one}** by then, go back, and you will know why.\n\n${NOTE}`,
  ]);
};

const how: Writer = ({ text }, pick) => {
  if (
    !/^(?:(?:please|can you|could you|tell me|show me|explain)\s+)*how (?:do|does|can|could|should|would|to)\b/i.test(
      text,
    )
  )
    return undefined;
  const about = topic(text);
  return pick([
    `**How to ${about}**, step by step:\n\n1. **Decide what done looks like.** One sentence is enough; write it down.\n2. **Get together what you need,** and leave out what you only might need.\n3. **Make the smallest version that works.** It shows where the real difficulty is.\n4. **Improve one thing at a time,** and stop when nobody would notice the next change.\n\nMost people skip the first step and pay for it in the third.\n\n${NOTE}`,
    `There is a calm way to ${about}. Begin with the part you understand, do it slowly once, and watch what happens.\n\nThen do it again and change a single thing. After three rounds you will have\n\n- a feeling for what matters,\n- a list of what doesn't,\n- and something to show.\n\n${NOTE}`,
  ]);
};

const why: Writer = ({ text }, pick) => {
  if (!/^why\b/i.test(text)) return undefined;
  const question = text.replace(/[\s?.!]*$/, '').slice(0, 120);
  return pick([
    `“${capitalise(question)}?” has three kinds of answers:\n\n1. **The cause**: what came before made it so.\n2. **The purpose**: somebody or something gains by it.\n3. **The habit**: it has always been like that, and nobody asked.\n\nIn my experience the third explains more than one would like.\n\n${NOTE}`,
    `Nobody can say it in one word, but a good question to begin with is: what would be different if it were not so? Whatever changes first is close to the cause.\n\n${NOTE}`,
  ]);
};

const subject: Writer = ({ text, earlier }, pick) => {
  if (!asks(text) && text.split(/\s+/).length > 4) return undefined;
  const about = topic(text);
  const bridge = earlier.length > 0 ? 'To go on from there: ' : '';
  return pick([
    `${bridge}${bridge === '' ? 'Let' : 'let'} us look at **${about}** from three sides.\n\n1. **The beginning.** Nothing comes from nothing, and the first years explain most of the odd details.\n2. **The middle.** There is usually one idea that holds it all together; once it is seen, the rest falls into place.\n3. **The edge.** What is hard about it today will be ordinary in ten years.\n\nWhich of the three shall we take further?\n\n${NOTE}`,
    `${bridge}${bridge === '' ? 'A' : 'a'} short tour of **${about}**. From far away everything about it looks simple. Come closer, and there are exceptions everywhere; stay a while, and they turn out to follow a few rules.\n\n> Learn the rules first, then collect the exceptions.\n\nThat works for nearly everything, and here it works well.${wordsToLookUp(text)}\n\n${NOTE}`,
    `${bridge}${bridge === '' ? 'There' : 'there'} are two honest answers about **${about}**.\n\n- **The short one:** it depends on what you want to do with it.\n- **The long one:** see where it is used, ask who decided that, and try what happens without it.\n\nThe second takes longer and is more fun.\n\n${NOTE}`,
  ]);
};

const statement: Writer = ({ text }, pick) => {
  const said = text.replace(/\s+/g, ' ').slice(0, 160);
  return pick([
    `You wrote: “${said}”.\n\nI have read it with care. If there is a question in it, the heart of it seems to be here:${list(text)}\n\nTell me which of these matters most, and I will go on from there.\n\n${NOTE}`,
    `Thank you for that. What stays with me is this:${list(text)}\n\nWhat would you like to do with it: have it explained, counted, turned into a haiku?\n\n${NOTE}`,
  ]);
};

/** In order; the last one always answers. */
const forms: readonly Writer[] = [help, comparison, choice, how, why, subject, statement];

/** A plain answer in a given number of sentences, else one in the question's form. */
export function explain(prompt: Prompt, pick: Pick): string | undefined {
  const count = sentencesAsked(prompt.text);
  if (count !== null) return inSentences(topic(prompt.text) || 'this', count);
  return forms.map((form) => form(prompt, pick)).find((said) => said !== undefined);
}

function inSentences(about: string, count: number): string {
  return [
    `The best way into ${about} is to see it at work.`,
    'A few simple parts carry most of the weight.',
    'The exceptions are rare, and worth knowing.',
    'Everything else comes with practice.',
    'That is all there is to say in so few words.',
  ]
    .slice(0, count)
    .join(' ');
}

function wordsToLookUp(text: string): string {
  const words = keywords(text).slice(0, 3);
  return words.length === 0
    ? ''
    : ` Good words to look up next: ${words.map((word) => `“${word}”`).join(', ')}.`;
}

function list(text: string): string {
  const words = keywords(text).slice(0, 4);
  return words.length === 0 ? ' a few small words.' : `\n\n${words.map((word) => `- ${word}`).join('\n')}`;
}
