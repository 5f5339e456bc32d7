// The few facts that the simulator knows, so that the first questions of a visitor get true answers.

/** The questions it answers, and sentences of which any first few make sense alone. */
export interface Fact {
  readonly pattern: RegExp;
  readonly sentences: readonly string[];
}

export const FACTS: readonly Fact[] = [
  {
    pattern: /reinforcement learning/i,
    sentences: [
      'Reinforcement learning is a way of learning by trial and error: an agent acts in an environment and receives rewards for its actions.',
      'Over many attempts it adjusts its policy, the rule that picks the next action, so that the sum of future rewards grows.',
      'The hard part is the balance between exploring new actions and using the ones that already work.',
    ],
  },
  {
    pattern: /server[- ]sent events?|\bSSE\b|event ?stream/i,
    sentences: [
      '**Server-sent events** are a one-way stream over plain HTTP: the server keeps the response open and writes `data:` lines whenever it has new data.',
      'A blank line ends each event, and the browser passes it to your code at once.',
      'Chat APIs use them to show an answer word by word, and end the stream with `data: [DONE]`.',
      'Unlike WebSockets they need no upgrade, pass through ordinary proxies, and reconnect by themselves with `EventSource`.',
    ],
  },
  {
    pattern: /\bCORS\b|cross-origin/i,
    sentences: [
      '**CORS** lets a server tell browsers which other origins may read its answers.',
      'For anything beyond a simple request the browser first pattern with an `OPTIONS` preflight, and goes on only if the answer allows the origin, the method and the headers.',
      'It protects the users of a page, not the server: a program outside a browser ignores it.',
    ],
  },
  {
    pattern: /cloudflare workers?|\bworkers? kv\b|edge (?:computing|function)/i,
    sentences: [
      '**Cloudflare Workers** run JavaScript in V8 isolates, in the data centre nearest to the user.',
      'An isolate starts within milliseconds, because no container or process has to boot.',
      'KV stores values that are read often and written rarely; a Durable Object is a single place that can decide.',
      'A gateway fits this platform well: it mostly waits for other servers, and waiting costs no CPU time.',
    ],
  },
  {
    pattern: /language models?|\bLLMs?\b|transformers?\b/i,
    sentences: [
      'A **large language model** predicts the next token of a text, again and again.',
      'It learned from so much text that its predictions show knowledge, style and reasoning.',
      'Its text is likely, but not verified: check important facts in a second source.',
      'Reasoning models generate reasoning tokens before the answer; `reasoning_effort` sets the limit.',
    ],
  },
  {
    pattern: /sky (?:is )?blue|blue sky/i,
    sentences: [
      'The sky is blue because air scatters short waves of light far more than long ones.',
      'This is Rayleigh scattering: it grows with the fourth power of the frequency, so blue light reaches your eye from every direction.',
      'Violet is scattered even more, but the sun sends less of it and our eyes see it less well.',
      'At sunset the light has passed through so much air that most of the blue is gone, and red remains.',
    ],
  },
  {
    pattern: /recursion/i,
    sentences: [
      '**Recursion** is a function that calls itself on a smaller piece of the same problem.',
      'It needs a base case with a direct result, and a step that leads towards it.',
      'To understand the rest, see *recursion*.',
    ],
  },
  {
    pattern: /photosynthesis/i,
    sentences: [
      '**Photosynthesis** turns light, water and carbon dioxide into sugar and oxygen.',
      'Chlorophyll catches the light, and its energy splits water and produces ATP and NADPH.',
      'The Calvin cycle then uses this energy to build sugar from carbon dioxide.',
    ],
  },
];

export const CAPITALS: Readonly<Record<string, string>> = {
  argentina: 'Buenos Aires',
  australia: 'Canberra',
  austria: 'Vienna',
  brazil: 'Brasília',
  canada: 'Ottawa',
  china: 'Beijing',
  egypt: 'Cairo',
  france: 'Paris',
  germany: 'Berlin',
  india: 'New Delhi',
  italy: 'Rome',
  japan: 'Tokyo',
  kenya: 'Nairobi',
  mexico: 'Mexico City',
  spain: 'Madrid',
  sweden: 'Stockholm',
  'the united kingdom': 'London',
  'the united states': 'Washington, D.C.',
  turkey: 'Ankara',
};

/** The answers to the two prompts on StepFun's page, as the page shows them. */
export const STEPFUN_SHORT =
  'StepFun AI, intelligent and secure, multilingual, fast and accurate, rejects harmful content, using technology to create a better future.';

export const STEPFUN_LONG = [
  'Hello! StepFun is a company focused on artificial intelligence technology and is dedicated to developing and providing various AI solutions. Our AI capabilities cover natural language processing, computer vision, and machine learning to help users in many industries improve efficiency and create value.',
  'We provide a variety of AI products and services, including intelligent customer service, virtual assistants, smart recommendations, and intelligent moderation. These products and services can be applied across industries such as finance, retail, education, and healthcare. By using our AI, users can better understand and analyze data, deliver personalized services and experiences, and improve the efficiency and accuracy of their decisions.',
  'We value the security and privacy of user data and strictly follow relevant laws, regulations, and industry standards. We believe AI technology should create more benefits for people rather than negative impacts. We will continue to work hard to provide smarter, more efficient, and safer AI solutions.',
].join('\n\n');

export const JOKES: readonly [string, ...string[]] = [
  'Why do programmers mix up Halloween and Christmas?\n\nBecause `OCT 31 == DEC 25`.',
  'A server walks into a bar. The bartender pattern: "What can I get you?"\n\n"…"\n\n"…"\n\n`504 Gateway Timeout`',
  'There are two hard things in computer science: cache invalidation, naming things, and off-by-one errors.',
  'I would tell you a joke about UDP, but you might not get it.',
];
