// The command line as options and names. Rejected: the messages of `parseArgs` itself, which name no remedy and say
// "ambiguous" of a negative number.

import { parseArgs } from 'node:util';
import { nearestName } from '../../src/chat/request/did-you-mean.ts';
import { CommandError } from './command-error.ts';
import { EXAMPLES, OPTIONS, type OptionValues } from './options.ts';

export interface CommandLine {
  readonly values: OptionValues;
  /** The command and the names behind it. */
  readonly positionals: readonly string[];
}

/**
 * @param args - the words behind `npm run clients --`.
 * @throws {CommandError} for an unknown option, for one without its value, and for a value where none belongs.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === 'option') requireOption(token);
  return { values: values as OptionValues, positionals };
}

interface OptionToken {
  readonly name: string;
  /** As it was written, such as `-h`. */
  readonly rawName: string;
  readonly value: string | undefined;
  /** Whether the value follows an equals sign. */
  readonly inlineValue: boolean | undefined;
}

function requireOption({ name, rawName, value, inlineValue }: OptionToken): void {
  if (!isOption(name)) {
    const near = nearestName(name, Object.keys(OPTIONS));
    const remedy = near === undefined ? 'see --help' : `did you mean --${near}?`;
    throw new CommandError(`There is no option ${rawName}: ${remedy}`);
  }
  if (OPTIONS[name].type === 'boolean') {
    if (value !== undefined) throw new CommandError(`--${name} takes no value.`);
    return;
  }
  // Also `--models --local`, and a negative number: no option has a value that begins with a dash.
  const isMissing = value === undefined || value === '' || (inlineValue !== true && value.startsWith('-'));
  if (isMissing) throw new CommandError(`--${name} needs a value, such as ${EXAMPLES[name]}.`);
}

function isOption(name: string): name is keyof typeof OPTIONS {
  return Object.hasOwn(OPTIONS, name);
}
