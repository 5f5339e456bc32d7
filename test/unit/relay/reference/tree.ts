// JSON as a tree that forgets nothing: every key's spelling, every space, every
// duplicate. Slow, recursive and on strings: nothing in it is how src does it.
// JSON.parse is the judge of what is JSON and of what a key or a value says.

export interface Plain {
  readonly kind: 'plain';
  text: string;
}

export interface Member {
  before: string;
  /** With quotes and escapes. */
  key: string;
  colon: string;
  value: Tree;
  after: string;
}

export interface ObjectTree {
  readonly kind: 'object';
  members: Member[];
  /** The whitespace of an object without members. */
  inner: string;
}

export interface ArrayTree {
  readonly kind: 'array';
  items: { before: string; value: Tree; after: string }[];
  inner: string;
}

export type Tree = Plain | ObjectTree | ArrayTree;

const SPACE = /[ \t\n\r]*/y;
const PLAIN = /"(?:[^"\\]|\\.)*"|[^\s,[\]{}]+/y;

/** @returns the document's tree and the whitespace around it; null when it isn't JSON. */
export function parseTree(text: string): { before: string; tree: Tree; after: string } | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const value = (): Tree => {
    if (text[at] === '{') {
      const tree: ObjectTree = { kind: 'object', members: [], inner: '' };
      at++;
      let before = take(SPACE);
      if (text[at] === '}') tree.inner = before;
      while (text[at] !== '}') {
        const key = take(PLAIN);
        const colon = take(/[ \t\n\r]*:[ \t\n\r]*/y);
        tree.members.push({ before, key, colon, value: value(), after: take(SPACE) });
        before = text[at] === ',' ? take(/,[ \t\n\r]*/y).slice(1) : '';
      }
      at++;
      return tree;
    }
    if (text[at] === '[') {
      const tree: ArrayTree = { kind: 'array', items: [], inner: '' };
      at++;
      let before = take(SPACE);
      if (text[at] === ']') tree.inner = before;
      while (text[at] !== ']') {
        tree.items.push({ before, value: value(), after: take(SPACE) });
        before = text[at] === ',' ? take(/,[ \t\n\r]*/y).slice(1) : '';
      }
      at++;
      return tree;
    }
    return { kind: 'plain', text: take(PLAIN) };
  };
  const before = take(SPACE);
  const tree = value();
  return { before, tree, after: take(SPACE) };
}

export function render(tree: Tree): string {
  if (tree.kind === 'plain') return tree.text;
  if (tree.kind === 'array') {
    return `[${tree.inner}${tree.items.map((i) => i.before + render(i.value) + i.after).join(',')}]`;
  }
  const members = tree.members.map((m) => m.before + m.key + m.colon + render(m.value) + m.after);
  return `{${tree.inner}${members.join(',')}}`;
}

/** @returns what a tree says; of duplicate keys the last, as JSON.parse has it. */
export function says(tree: Tree | undefined): unknown {
  if (tree === undefined) return undefined;
  const value: unknown = JSON.parse(render(tree));
  return value;
}

export function nameOf(member: Member): unknown {
  const name: unknown = JSON.parse(member.key);
  return name;
}

/** @returns all members of that name, in order; none where the tree is no object. */
export function membersOf(tree: Tree, ...names: string[]): Member[] {
  return tree.kind === 'object' ? tree.members.filter((m) => names.includes(String(nameOf(m)))) : [];
}

/** Takes members out, the first of them first: what whitespace is left depends on it. */
export function drop(object: ObjectTree, dropped: readonly Member[]): void {
  for (const member of object.members.filter((m) => dropped.includes(m))) {
    const at = object.members.indexOf(member);
    const previous = object.members[at - 1];
    const next = object.members[at + 1];
    if (previous !== undefined) previous.after += member.after;
    else if (next !== undefined) next.before = member.before;
    else object.inner = member.before + member.after;
    object.members.splice(at, 1);
  }
}

export function plain(value: unknown): Plain {
  return { kind: 'plain', text: JSON.stringify(value) };
}

export function append(object: ObjectTree, name: string, value: Tree): void {
  object.members.push({ before: '', key: JSON.stringify(name), colon: ':', value, after: '' });
  if (object.members.length > 1) return;
  // The only member stands where the whitespace ends.
  object.members[0]!.before = object.inner;
  object.inner = '';
}

export function prepend(object: ObjectTree, name: string, value: Tree): void {
  object.members.unshift({ before: '', key: JSON.stringify(name), colon: ':', value, after: '' });
  if (object.members.length > 1) return;
  object.members[0]!.after = object.inner;
  object.inner = '';
}
