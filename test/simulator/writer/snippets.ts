// Short programs, for prompts that ask for code.

interface Snippet {
  readonly pattern: RegExp;
  readonly javascript: string;
  readonly python: string;
  readonly comment: string;
}

const SNIPPETS: readonly Snippet[] = [
  {
    pattern: /\bsort/i,
    javascript:
      "const users = [{ name: 'Ada', age: 36 }, { name: 'Lin', age: 28 }];\n\nexport function sortBy(items, key) {\n  return items.toSorted((a, b) => a[key] - b[key]);\n}\n\nconsole.log(sortBy(users, 'age')); // Lin, Ada",
    python:
      "users = [{'name': 'Ada', 'age': 36}, {'name': 'Lin', 'age': 28}]\n\n\ndef sort_by(items, key):\n    return sorted(items, key=lambda item: item[key])\n\n\nprint(sort_by(users, 'age'))  # Lin, Ada",
    comment: 'The function returns a sorted copy and does not change the list.',
  },
  {
    pattern: /fibonacci/i,
    javascript:
      'export function* fibonacci() {\n  let [a, b] = [0, 1];\n  for (;;) {\n    yield a;\n    [a, b] = [b, a + b];\n  }\n}\n\nconsole.log([...fibonacci().take(8)]); // 0 1 1 2 3 5 8 13',
    python:
      'from itertools import islice\n\n\ndef fibonacci():\n    a, b = 0, 1\n    while True:\n        yield a\n        a, b = b, a + b\n\n\nprint(list(islice(fibonacci(), 8)))  # 0 1 1 2 3 5 8 13',
    comment: 'The generator never ends: take as many numbers as you need.',
  },
  {
    pattern: /fizz ?buzz/i,
    javascript:
      "for (let i = 1; i <= 15; i++) {\n  console.log((i % 3 ? '' : 'Fizz') + (i % 5 ? '' : 'Buzz') || i);\n}",
    python: "for i in range(1, 16):\n    print(('' if i % 3 else 'Fizz') + ('' if i % 5 else 'Buzz') or i)",
    comment: 'An empty string is false, so the number is printed instead.',
  },
  {
    pattern: /reverse|palindrome/i,
    javascript:
      "export const reverse = (text) => [...text].reverse().join('');\n\nconsole.log(reverse('step')); // pets",
    python: "def reverse(text):\n    return text[::-1]\n\n\nprint(reverse('step'))  # pets",
    comment: 'It reverses code points, so an emoji of one code point stays whole.',
  },
  {
    pattern: /./s,
    javascript:
      "const response = await fetch('/v1/chat/completions', {\n  method: 'POST',\n  headers: { 'content-type': 'application/json' },\n  body: JSON.stringify({\n    model: 'step-3.5-flash',\n    messages: [{ role: 'user', content: 'Hello!' }],\n  }),\n});\nconst { choices } = await response.json();\nconsole.log(choices[0].message.content);",
    python:
      "from openai import OpenAI\n\nclient = OpenAI(base_url='http://127.0.0.1:8787/v1', api_key='none')\ncompletion = client.chat.completions.create(\n    model='step-3.5-flash',\n    messages=[{'role': 'user', 'content': 'Hello!'}],\n)\nprint(completion.choices[0].message.content)",
    comment:
      'I am a simulator and do not know the program that you asked for. This one calls a model through this gateway.',
  },
];

/** @returns Markdown with a program in the language that the text names, by default JavaScript. */
export function writeSnippet(text: string): string {
  const found = SNIPPETS.find(({ pattern }) => pattern.test(text)) ?? SNIPPETS[0];
  if (found === undefined) return '';
  const inPython = /\bpython\b/i.test(text);
  const language = inPython ? 'Python' : 'JavaScript';
  return `Here is an example in ${language}:\n\n\`\`\`${inPython ? 'python' : 'js'}\n${inPython ? found.python : found.javascript}\n\`\`\`\n\n${found.comment}`;
}
