/** What is said where a file of polyenv itself cannot be loaded: an archive that was cut short, or a folder that somebody tidied. */
export function incomplete(error: unknown): { readonly message: string; readonly hint: string } {
  const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const missing = /^Cannot find module '(?:\.\/)?(.+)'$/.exec(why)?.[1];
  return {
    message: `this polyenv is not complete: ${missing === undefined ? why : `its file ${missing} is missing`}`,
    hint: 'install it again, as you did the first time: your projects and what they use stay as they are',
  };
}

/** Whether a file of polyenv itself is missing: it loads no others. */
export function isOwnMissing(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
}
