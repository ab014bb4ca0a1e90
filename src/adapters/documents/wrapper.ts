import { type Digest, formatDigest } from '../../domain/runtime/digest';
import { PolyenvError } from '../../domain/words/errors';
import { quoteSh } from '../../domain/words/shell-quote';
import template from '../../shim/wrapper.sh?raw';

/** A package of polyenv: an npm tarball with `dist/polyenv.cjs` below its one folder. */
export interface OwnPackage {
  /** Without a user or password: it is committed. */
  readonly url: string;
  /** sha256 or sha512. */
  readonly digest: Digest;
}

/** The script that fetches exactly that package, and runs it. */
export function renderWrapper({ url, digest }: OwnPackage): string {
  // A brace would end the default value in which the URL stands.
  if (/[\s{}'"`$\\]/.test(url)) throw new PolyenvError('usage', `${JSON.stringify(url)} cannot stand in a script`);
  const values: Readonly<Record<string, string>> = {
    URL: quoteSh(url),
    DIGEST: quoteSh(formatDigest(digest)),
    KEY: digest.value.slice(0, 32),
  };
  return template.replace(/@([A-Z]+)@/g, (whole, name: string) => values[name] ?? whole);
}
