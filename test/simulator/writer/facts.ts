// The little the simulator knows by heart, so that its first answers are true ones.

/** What it is about, and sentences in an order that lets any number of them stand alone. */
export interface Fact {
  readonly asks: RegExp;
  readonly sentences: readonly string[];
}

export const FACTS: readonly Fact[] = [
  {
    asks: /reinforcement learning/i,
    sentences: [
      'Reinforcement learning is a way of learning by trial and error: an agent acts in an environment and receives rewards for what it does.',
      'Over many attempts it adjusts its policy, the rule that picks the next action, so that the sum of future rewards grows.',
      'The hard part is the balance between exploring what is unknown and using what already works.',
    ],
  },
  {
    asks: /server[- ]sent events?|\bSSE\b|event ?stream/i,
    sentences: [
      '**Server-sent events** are a one-way stream over plain HTTP: the server keeps the response open and writes `data:` lines whenever it has something to say.',
      'A blank line ends each event, and the browser hands it to your code at once.',
      'Chat APIs use them to show an answer word by word, and end the stream with `data: [DONE]`.',
      'Unlike WebSockets they need no upgrade, pass through ordinary proxies, and reconnect by themselves with `EventSource`.',
    ],
  },
  {
    asks: /\bCORS\b|cross-origin/i,
    sentences: [
      '**CORS** lets a server tell browsers which other origins may read its answers.',
      'For anything beyond a simple request the browser first asks with an `OPTIONS` preflight, and goes on only if the answer allows the origin, the method and the headers.',
      'It protects the users of a page, not the server: a program outside a browser ignores it.',
    ],
  },
  {
    asks: /cloudflare workers?|\bworkers? kv\b|edge (?:computing|function)/i,
    sentences: [
      '**Cloudflare Workers** run JavaScript in V8 isolates, in the data centre nearest to whoever asks.',
      'An isolate starts within milliseconds, because no container or process has to boot.',
      'Beside it stand KV for values that are read often and written seldom, and Durable Objects where one single place must decide.',
      'A gateway fits this well: it spends its time waiting for others, and waiting costs no CPU.',
    ],
  },
  {
    asks: /language models?|\bLLMs?\b|transformers?\b/i,
    sentences: [
      'A **large language model** predicts the next token of a text, again and again.',
      'It has read so much that good predictions take on the look of knowledge, style and reasoning.',
      'What it writes is likely rather than checked, so facts that matter deserve a second source.',
      'Reasoning models spend extra tokens on thinking before the answer begins; `reasoning_effort` says how many.',
    ],
  },
  {
    asks: /sky (?:is )?blue|blue sky/i,
    sentences: [
      'The sky is blue because air scatters short waves of light far more than long ones.',
      'This is Rayleigh scattering: it grows with the fourth power of the frequency, so blue light reaches your eye from every direction.',
      'Violet is scattered even more, but the sun sends less of it and our eyes see it less well.',
      'At sunset the light has come a long way through the air, the blue is gone from it, and red remains.',
    ],
  },
  {
    asks: /recursion/i,
    sentences: [
      '**Recursion** is a function that calls itself on a smaller piece of the same problem.',
      'It needs a base case, which is answered directly, and a step that comes closer to it.',
      'To understand the rest, see *recursion*.',
    ],
  },
  {
    asks: /photosynthesis/i,
    sentences: [
      '**Photosynthesis** turns light, water and carbon dioxide into sugar and oxygen.',
      'Chlorophyll catches the light, and its energy splits water and charges the molecules ATP and NADPH.',
      'The Calvin cycle then spends that charge to build sugar from the carbon dioxide of the air.',
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

/** StepFun's own answers to the two prompts of its page. */
export const STEPFUN_SHORT =
  'StepFun AI, intelligent and secure, multilingual, fast and accurate, rejects harmful content, using technology to create a better future.';

export const STEPFUN_LONG = [
  'Hello! StepFun is a company focused on artificial intelligence technology and is dedicated to developing and providing various AI solutions. Our AI capabilities cover natural language processing, computer vision, and machine learning to help users in many industries improve efficiency and create value.',
  'We provide a variety of AI products and services, including intelligent customer service, virtual assistants, smart recommendations, and intelligent moderation. These products and services can be applied across industries such as finance, retail, education, and healthcare. By using our AI, users can better understand and analyze data, deliver personalized services and experiences, and improve the efficiency and accuracy of their decisions.',
  'We value the security and privacy of user data and strictly follow relevant laws, regulations, and industry standards. We believe AI technology should create more benefits for people rather than negative impacts. We will continue to work hard to provide smarter, more efficient, and safer AI solutions.',
].join('\n\n');

export const JOKES: readonly [string, ...string[]] = [
  'Why do programmers mix up Halloween and Christmas?\n\nBecause `OCT 31 == DEC 25`.',
  'A server walks into a bar. The bartender asks: "What can I get you?"\n\n"…"\n\n"…"\n\n`504 Gateway Timeout`',
  'There are two hard things in computer science: cache invalidation, naming things, and off-by-one errors.',
  'I would tell you a joke about UDP, but you might not get it.',
];
