// The types of what scripts/playground-libraries.mjs makes. By absolute paths: relative ones would
// let the type checker read the minified files themselves.

declare module '/playground/libraries/markdown-it.js' {
  export { default } from 'markdown-it';
}

declare module '/playground/libraries/katex.js' {
  export { default } from 'katex';
}

declare module '/playground/libraries/lowlight.js' {
  import type { createLowlight } from 'lowlight';

  export const lowlight: ReturnType<typeof createLowlight>;
}
