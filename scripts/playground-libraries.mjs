// Bundles the library files of the playground and of the API viewer from node_modules. `npm install` runs it
// (`prepare`), so that development, tests and deployment have the same files; git ignores them.
//
// Each library is one ES module, since a page without a build step can't import a package by its name.

import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const OUT = fileURLToPath(new URL('../src/playground/playground/libraries/', import.meta.url));
const packages = createRequire(import.meta.url);

/** The languages that models write most: all 37 common ones would add 30 KB. `cpp` reads C, too. */
const LANGUAGES = [
  'bash',
  'cpp',
  'css',
  'diff',
  'go',
  'java',
  'javascript',
  'json',
  'python',
  'rust',
  'sql',
  'typescript',
  'xml',
  'yaml',
];

const MODULES = {
  'markdown-it.js': `export { default } from 'markdown-it';`,
  'katex.js': `export { default } from 'katex';`,
  'lowlight.js': [
    `import { createLowlight } from 'lowlight';`,
    ...LANGUAGES.map((name) => `import ${name} from 'highlight.js/lib/languages/${name}';`),
    `export const lowlight = createLowlight({ ${LANGUAGES.join(', ')} });`,
    `lowlight.registerAlias({ cpp: ['c'] });`,
  ].join('\n'),
};

/** Their licences require the licence's text in each copy. */
const LICENSED = ['markdown-it', 'katex', 'lowlight', 'highlight.js', 'swagger-ui-dist'];

await rm(OUT, { recursive: true, force: true });
await mkdir(join(OUT, 'fonts'), { recursive: true });
await Promise.all([
  ...Object.entries(MODULES).map(([name, source]) => bundle(name, source)),
  copyKatexStyles(),
  copyFile(packages.resolve('swagger-ui-dist/swagger-ui-bundle.js'), join(OUT, 'swagger-ui.js')),
  copyFile(packages.resolve('swagger-ui-dist/swagger-ui.css'), join(OUT, 'swagger-ui.css')),
  copyLicenses(),
]);

/**
 * @param {string} name - of the file.
 * @param {string} contents - the module to bundle.
 */
async function bundle(name, contents) {
  await build({
    stdin: { contents, resolveDir: dirname(fileURLToPath(import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
    outfile: join(OUT, name),
  });
}

/** Only WOFF2: every browser that can run the page reads it. */
async function copyKatexStyles() {
  const source = packages.resolve('katex/dist/katex.min.css');
  const css = await readFile(source, 'utf8');
  const fonts = [...css.matchAll(/url\((fonts\/[\w-]+\.woff2)\)/g)].map(([, path]) => path ?? '');
  await Promise.all(fonts.map((path) => copyFile(join(dirname(source), path), join(OUT, path))));
  await writeFile(
    join(OUT, 'katex.css'),
    css.replaceAll(/,url\(fonts\/[\w-]+\.(?:woff|ttf)\) format\("\w+"\)/g, ''),
  );
}

async function copyLicenses() {
  const texts = await Promise.all(
    LICENSED.map(async (name) => {
      const path = join(fileURLToPath(new URL('../node_modules/', import.meta.url)), name);
      const text = await readFile(join(path, 'LICENSE'), 'utf8').catch(() =>
        readFile(join(path, 'license'), 'utf8'),
      );
      return `${name}\n\n${text.trim()}\n`;
    }),
  );
  await writeFile(join(OUT, 'LICENSES.txt'), texts.join('\n\n'));
}
