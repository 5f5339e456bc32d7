// A little code, for whoever asks for some.

interface Snippet {
  readonly asks: RegExp;
  readonly javascript: string;
  readonly python: string;
  readonly says: string;
}

const SNIPPETS: readonly Snippet[] = [
  {
    asks: /\bsort/i,
    javascript:
      "const users = [{ name: 'Ada', age: 36 }, { name: 'Lin', age: 28 }];\n\nexport function sortBy(items, key) {\n  return items.toSorted((a, b) => a[key] - b[key]);\n}\n\nconsole.log(sortBy(users, 'age')); // Lin, Ada",
    python:
      "users = [{'name': 'Ada', 'age': 36}, {'name': 'Lin', 'age': 28}]\n\n\ndef sort_by(items, key):\n    return sorted(items, key=lambda item: item[key])\n\n\nprint(sort_by(users, 'age'))  # Lin, Ada",
    says: 'The original list stays as it was: a sorted copy is returned.',
  },
  {
    asks: /fibonacci/i,
    javascript:
      'export function* fibonacci() {\n  let [a, b] = [0, 1];\n  for (;;) {\n    yield a;\n    [a, b] = [b, a + b];\n  }\n}\n\nconsole.log([...fibonacci().take(8)]); // 0 1 1 2 3 5 8 13',
    python:
      'from itertools import islice\n\n\ndef fibonacci():\n    a, b = 0, 1\n    while True:\n        yield a\n        a, b = b, a + b\n\n\nprint(list(islice(fibonacci(), 8)))  # 0 1 1 2 3 5 8 13',
    says: 'It is endless, so take only as many as you need.',
  },
  {
    asks: /fizz ?buzz/i,
    javascript:
      "for (let i = 1; i <= 15; i++) {\n  console.log((i % 3 ? '' : 'Fizz') + (i % 5 ? '' : 'Buzz') || i);\n}",
    python: "for i in range(1, 16):\n    print(('' if i % 3 else 'Fizz') + ('' if i % 5 else 'Buzz') or i)",
    says: 'An empty string counts as false, which lets the number through.',
  },
  {
    asks: /reverse|palindrome/i,
    javascript:
      "export const reverse = (text) => [...text].reverse().join('');\n\nconsole.log(reverse('step')); // pets",
    python: "def reverse(text):\n    return text[::-1]\n\n\nprint(reverse('step'))  # pets",
    says: 'It goes by code points, so emoji of one code point survive.',
  },
  {
    asks: /./s,
    javascript:
      "const response = await fetch('/v1/chat/completions', {\n  method: 'POST',\n  headers: { 'content-type': 'application/json' },\n  body: JSON.stringify({\n    model: 'step-3.5-flash',\n    messages: [{ role: 'user', content: 'Hello!' }],\n  }),\n});\nconst { choices } = await response.json();\nconsole.log(choices[0].message.content);",
    python:
      "from openai import OpenAI\n\nclient = OpenAI(base_url='http://127.0.0.1:8787/v1', api_key='none')\ncompletion = client.chat.completions.create(\n    model='step-3.5-flash',\n    messages=[{'role': 'user', 'content': 'Hello!'}],\n)\nprint(completion.choices[0].message.content)",
    says: 'What exactly you asked for I have not learned, but this much I know by heart: it asks a model through this very gateway.',
  },
];

/** @returns Markdown with a piece of code in the language asked for: JavaScript, if none. */
export function writeSnippet(text: string): string {
  const found = SNIPPETS.find(({ asks }) => asks.test(text)) ?? SNIPPETS[0];
  if (found === undefined) return '';
  const inPython = /\bpython\b/i.test(text);
  const language = inPython ? 'Python' : 'JavaScript';
  return `Here it is in ${language}:\n\n\`\`\`${inPython ? 'python' : 'js'}\n${inPython ? found.python : found.javascript}\n\`\`\`\n\n${found.says}`;
}
