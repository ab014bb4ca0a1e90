declare const brand: unique symbol;

/**
 * A version that exists, in its ecosystem's canonical spelling without any `v` or `go` in front: `20.11.1`, `1.24rc1`,
 * `3.13.0rc3`, `21.0.2+13`. Safe as one path component by construction.
 */
export type Version = string & { readonly [brand]: 'Version' };

const LEXICAL = /^[0-9A-Za-z](?:[0-9A-Za-z.+_-]{0,126}[0-9A-Za-z])?$/;

/** The text as a version if it is lexically one: at most 128 letters, digits and `. + _ -`, no `..`; else `undefined`. */
export function versionFrom(text: string): Version | undefined {
  return LEXICAL.test(text) && !text.includes('..') ? (text as Version) : undefined;
}
