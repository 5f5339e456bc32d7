// The words of a prompt: its language, its subject, its names and numbers.

const STOP_WORDS = new Set(
  (
    'a about an and any are as at be been but by can could describe did do does for from get give got had has have ' +
    "hello help here hey hi how i i'd i'm if in into is it its just know let like list make many may me might more " +
    'most much must my need no not now of on one or our out over please say shall she should show so some something ' +
    'tell than thank thanks that the their them then there these they this those to today tomorrow up us use very ' +
    'explain compare translate essay summarize summarise discuss introduce two three four five exactly reply return json keys fields ' +
    "want was we were what what's when where which while who whose why will with within word words would write you your"
  ).split(' '),
);

const CHINESE_STOP_WORDS = new Set(
  (
    '的 了 是 在 我 你 他 她 它 们 我们 你们 吗 呢 吧 啊 请 请问 怎么 怎么样 什么 为什么 如何 多少 哪里 今天 明天 昨天 现在 ' +
    '一下 一个 一首 一些 介绍 告诉 给 帮 帮我 写 说 说说 查 查询 解释 天气 和 与 把 用 有 会 能 可以 这 那 这个 那个 想 要 关于'
  ).split(' '),
);

const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });

/** The beginning of a long text shows what it is about. */
const PROMPT_CHARS_MAX = 2_000;

/** @returns whether the answer should be in Chinese. */
export function isChinese(text: string): boolean {
  const start = text.slice(0, PROMPT_CHARS_MAX);
  const ideographs = start.match(/\p{Script=Han}/gu)?.length ?? 0;
  const words = start.match(/[A-Za-z]+/g)?.length ?? 0;
  return ideographs > 0 && ideographs >= words;
}

/** @returns the words without stop words, in order, each once. */
export function keywords(text: string): string[] {
  const found = Array.from(segmenter.segment(text.slice(0, PROMPT_CHARS_MAX)), (part) =>
    part.isWordLike === true ? part.segment : '',
  ).filter((word) =>
    isChinese(word)
      ? word.length > 1 && !CHINESE_STOP_WORDS.has(word)
      : word.length > 2 && !STOP_WORDS.has(word.toLowerCase().replace('’', "'")),
  );
  return [...new Set(found)];
}

/** @returns the proper names, such as `San Francisco`, in order. */
export function properNames(text: string): string[] {
  const start = text.slice(0, PROMPT_CHARS_MAX);
  const found = start.match(/\p{Lu}[\p{L}\p{M}'’-]*(?: \p{Lu}[\p{L}\p{M}'’-]*)*/gu) ?? [];
  return found
    .map((name) =>
      name
        .split(' ')
        .filter((word) => !STOP_WORDS.has(word.toLowerCase().replace('’', "'")))
        .join(' '),
    )
    .filter((name) => name.length > 1);
}

/** @returns the numbers in a text, in order. */
export function numbers(text: string): number[] {
  return (text.slice(0, PROMPT_CHARS_MAX).match(/(?<![\w.])-?\d{1,15}(?:\.\d{1,6})?(?!\w)/g) ?? []).map(
    Number,
  );
}

const LEAD =
  /^(?:(?:please|hello|hi|hey|well|so|and|ok|okay|now|can you|could you|would you|i want to know|i would like to know|help me|briefly|in short)[\s,!.]+)*/i;
const ASK =
  /^(?:(?:tell|teach|show) me (?:more )?(?:about|how|why|what)?|explain(?: to me)?(?: what| why| how)?|describe|introduce|summari[sz]e|compare|discuss|define|write (?:me )?(?:an?|the|some)? ?(?:\w+ )?(?:\w+ )?(?:about|on)|what(?:'s| is| are| was| were| do you know about| does)|who(?:'s| is| was)|how (?:do i|do you|do|does|can i|can|should i|to)|why (?:is|are|do|does|did)|where is|when (?:is|was|did)|give me (?:some |an? )?(?:\w+ )?(?:about|on|for)|should i)\s+/i;
const TAIL =
  /(?:\s+(?:is|are|works?|mean|means))?(?:,?\s+(?:in|within|using|with) (?:exactly |about |at most )?(?:\d+|one|two|three|four|five|simple|plain|a few)\s+(?:\w+\s+)?(?:sentences?|words?|characters?|paragraphs?|terms|lines?|steps?))?(?:,?\s+please)?[\s?.!]*$/i;

/** @returns the subject of an English prompt, in a few of its words: `reinforcement learning`. */
export function topic(text: string): string {
  const first = opening(text);
  const bare = first.replace(ASK, '').replace(TAIL, '').trim();
  const TOPIC_WORDS_MAX = 8;
  const words = (bare === '' ? first.replace(/[?.!]+$/, '') : bare).split(' ');
  return words.length <= TOPIC_WORDS_MAX ? words.join(' ') : keywords(text).slice(0, 3).join(', ');
}

/** @returns the first sentence, without greetings and "please". */
function opening(text: string): string {
  const OPENING_CHARS_MAX = 400;
  const start = text.slice(0, OPENING_CHARS_MAX).replace(/\s+/g, ' ').trim().replace(LEAD, '');
  return start.split(/(?<=[.?!])\s/)[0] ?? '';
}

/** @returns the number of sentences that the prompt asks for; null if it names none. */
export function sentencesAsked(text: string): number | null {
  const asked = /\b(one|two|three|four|five|\d{1,2}) (?:short |simple )?sentences?\b/i.exec(text)?.[1];
  const inChinese = /([一两二三四五]|\d{1,2})\s*句话?/.exec(text)?.[1];
  const word = (asked ?? inChinese)?.toLowerCase();
  if (word === undefined) return null;
  const spelled: Record<string, number> = {
    one: 1,
    two: 2,
    three: 3,
    four: 4,
    five: 5,
    一: 1,
    两: 2,
    二: 2,
    三: 3,
    四: 4,
    五: 5,
  };
  return spelled[word] ?? Math.max(1, Number(word));
}

export function capitalise(text: string): string {
  return text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}
