declare module '*?raw' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: the form that Vite gives to raw imports
  export default text;
}

declare module 'polyenv:runtimes' {
  import type { Runtime } from './domain/runtime/runtime';
  export const runtimes: Readonly<Record<string, () => Promise<{ runtime: Runtime }>>>;
}

declare module 'polyenv:vendors' {
  import type { Vendor } from './domain/runtime/vendor';
  /** Those of the runtime that imports it, in the order of their files. */
  export const vendors: readonly Vendor[];
}

declare const __VERSION__: string;

/** Only in the file that completes: made by the build from the verbs. */
declare const __VOCABULARY__: import('./domain/routes/completion').Vocabulary;
