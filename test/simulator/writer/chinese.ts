// Answers in Chinese, the most specific ones first.

import { findSum, formatNumber } from './arithmetic.ts';
import { describeMediaInChinese } from './media.ts';
import { readResult } from './results.ts';
import { keywords, sentencesAsked } from './words.ts';
import type { Prompt, Writer } from './writer.ts';

const NOTE = '*（这是 StepFun 模拟器，回答由模板生成；配置 StepFun 密钥后，将由真正的模型回答。）*';

const LEAD =
  /^(?:你好|您好|请问?|麻烦|帮我|给我|能不能|可以|用?[一两二三四五\d]+句话|[，。！,!\s]|介绍一下|解释一下|介绍|解释|讲讲|说说|谈谈|告诉我|写一?[首篇个段]|关于|什么是|如何|怎样|怎么|为什么)+/u;
const TAIL = /(?:是什么|怎么样|是多少|是谁|怎么办|的诗|吗|呢|吧)?[\s，。？！?!,.]*$/u;

/** The subject of the prompt: its text without the words of asking, or its keywords. */
function topicOf(text: string): string {
  const PROMPT_CHARS_MAX = 200;
  const SUBJECT_CHARS_MAX = 16;
  const bare = text.slice(0, PROMPT_CHARS_MAX).replace(LEAD, '').replace(TAIL, '');
  if (bare !== '' && bare.length <= SUBJECT_CHARS_MAX) return bare;
  return keywords(text).slice(0, 3).join('、') || text.slice(0, SUBJECT_CHARS_MAX);
}

const toolResults: Writer = ({ results }) => {
  if (results.length === 0) return undefined;
  const parts = results.map(({ name, text }) => {
    const lines = readResult(text);
    return lines.length === 1
      ? `\`${name}\` 返回：${lines[0]}`
      : `\`${name}\` 返回：\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
  });
  return `${parts.join('\n\n')}\n\n以上就是查询到的结果。`;
};

const echo: Writer = ({ whole }) => /^(?:请)?(?:重复|跟我说|只回答|说)[：:]\s*(.+)$/s.exec(whole)?.[1];

const media: Writer = ({ media: sent, text }) =>
  sent.length === 0
    ? undefined
    : `您发来了${sent.map(describeMediaInChinese).join('，以及')}。${text === '' ? '' : `您的要求是：“${text.slice(0, 100)}”。`}\n\n模拟器无法查看其内容；真正的模型会在这里描述它。\n\n${NOTE}`;

const sum: Writer = ({ text }, pick) => {
  const found = findSum(text);
  if (found === null) return undefined;
  const value = formatNumber(found.value);
  return pick([`${found.formatted} = **${value}**`, `答案是 **${value}**：${found.formatted} = ${value}。`]);
};

const memory: Writer = ({ text, earlier }) => {
  const name = /我(?:的名字)?(?:叫|是)([\p{Script=Han}A-Za-z]{1,12})/u;
  if (/我(?:的名字)?叫什么|我是谁/.test(text)) {
    const told = earlier.map((message) => name.exec(message)?.[1]).findLast((found) => found !== undefined);
    return told === undefined ? '您还没有告诉我您的名字。' : `您叫**${told}**，您之前告诉过我。`;
  }
  const told = /我(?:的名字)?叫([\p{Script=Han}A-Za-z]{1,12})/u.exec(text)?.[1];
  return told === undefined ? undefined : `很高兴认识您，**${told}**！有什么可以帮您？`;
};

const greeting: Writer = ({ text }, pick) =>
  /^(?:你好|您好|嗨|早上好|下午好|晚上好|大家好)[\s，。！!,.~～呀啊]*$/u.test(text)
    ? pick([
        '您好！很高兴见到您。可以问我一个问题、让我算一道题，或者发一张图片。',
        '你好呀！今天想聊点什么？我可以解释概念、做算术，也可以写一首小诗。',
      ])
    : undefined;

const identity: Writer = ({ text, model }) =>
  /你是谁|您是谁|你叫什么|什么模型|你是.*(?:机器人|人类|真人)/.test(text)
    ? `我代替模型 \`${model}\` 回答，但我只是一个**模拟器**：一个实现了阶跃星辰接口的小程序，不需要密钥，也不需要联网；同样的请求总是得到同样的回答。`
    : undefined;

const stepfun: Writer = ({ text }) =>
  /阶跃|stepfun/i.test(text)
    ? '阶跃星辰（StepFun）是一家专注于人工智能的公司，研发 **Step 系列大模型**，能力覆盖自然语言、图像、视频与语音。\n\n其中推理模型会先思考再作答，思考内容通过 `reasoning` 字段返回；开发者可以用 `reasoning_effort` 选择思考的深浅。\n\n这些模型可用于智能客服、教育、金融、办公等场景，帮助用户提高效率、创造价值。'
    : undefined;

const poem: Writer = ({ text }, pick) => {
  if (!/诗|俳句|歌词/.test(text)) return undefined;
  const thing = keywords(text).find((word) => !/诗|俳句|歌词/.test(word)) ?? '清晨';
  return pick([
    `《${thing}》\n\n晨光落在窗前，  \n${thing}静静等在门边；  \n一个字，然后是整个春天。`,
    `《${thing}》\n\n流水一滴一滴，  \n${thing}在晚风里；  \n小溪流进了大海。`,
  ]);
};

const joke: Writer = ({ text }) =>
  /笑话|段子/.test(text)
    ? '程序员去买菜。家人说：“买一个西瓜，如果看到鸡蛋，买十个。”\n\n他带回了十个西瓜。家人问为什么，他说：“因为我看到鸡蛋了。”'
    : undefined;

const UNKNOWABLE = /今天|今晚|明天|昨天|现在|目前|最新|最近|新闻|天气|股价|股票|汇率|比分|附近|我的(?!名字)/;

const unknowable: Writer = ({ text }) =>
  UNKNOWABLE.test(text)
    ? `这个问题我无法回答：我是模拟器，不能联网，也没有实时数据或您的个人数据。真正的 StepFun 模型配合合适的工具可以回答关于**${topicOf(text)}**的问题。\n\n${NOTE}`
    : undefined;

const subject: Writer = ({ text }, pick) => {
  const about = topicOf(text);
  const count = sentencesAsked(text);
  if (count !== null) {
    return [
      `我是模拟器，不了解${about}的细节。`,
      '真正的模型会在这里说明要点。',
      '然后举一个例子。',
      '并说明适用的范围。',
      '最后用一句话总结。',
    ]
      .slice(0, count)
      .join('');
  }
  return pick([
    `我是模拟器，并不了解**${about}**。真正的回答可以分为三部分：\n\n1. **定义**：用一两句话说明它是什么。\n2. **背景**：它的由来和意义。\n3. **例子**：一个能说明原理的例子。\n\n${NOTE}`,
    `我是模拟器，只能展示关于**${about}**的回答会是什么样子：\n\n- **是什么**\n- **如何运作**\n- **什么时候有用，什么时候没有用**\n\n${NOTE}`,
  ]);
};

export const chinese: readonly Writer[] = [
  toolResults,
  echo,
  media,
  sum,
  memory,
  greeting,
  identity,
  joke,
  poem,
  stepfun,
  unknowable,
  subject,
];

/** @returns six sentences; any first few of them make sense alone. */
export function thinkInChinese({ text, results }: Prompt, tool: string | null): string[] {
  const about = topicOf(text);
  const found = findSum(text);
  if (results.length > 0) {
    return [
      `工具已经返回结果，可以回答关于${about}的问题了。`,
      `一共有${results.length}条结果要看。`,
      '数字照原样写进回答。',
      '不需要再次调用工具。',
      '要说明数据来自哪个函数。',
      '最后用一句话收尾就够了。',
    ];
  }
  return [
    tool === null ? `用户在问${about}。` : `用户在问${about}，可以用 \`${tool}\` 来查。`,
    found === null ? '先找出问题里的关键词。' : `里面有一道算式：${found.formatted}。`,
    found === null ? '应该先直接回答，再说明理由。' : `一步一步算，结果是${formatNumber(found.value)}。`,
    '再想一想，这个问题有没有别的意思。',
    '没有，按字面理解最合适，语气清楚友好就好。',
    '现在写出简短的回答。',
  ];
}
