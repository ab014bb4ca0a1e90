import { createSecureContext, type SecureContext } from 'node:tls';
import { type Leaf, makeLeaf, type Signer } from '../adapters/tls/certificates';
import { present } from '../domain/words/present';

export interface LeavesOptions {
  readonly issuer: Signer;
  now(): Date;
  /** Whether a project, or the gateway itself, has the name. */
  isKnown(host: string): boolean;
}

interface Kept {
  readonly leaf: Leaf;
  readonly context: SecureContext;
}

/** Of names that nobody has: anybody can ask for any number of them. */
const UNKNOWN_LIMIT = 64;

/**
 * One certificate a name, in memory only, made when it is first asked for and again after two thirds of its life. Names that
 * nobody has get one too, or a browser would show a false alarm instead of our page; they share a key.
 */
export class Leaves {
  readonly #options: LeavesOptions;
  readonly #known = new Map<string, Promise<Kept>>();
  readonly #unknown = new Map<string, Promise<Kept>>();
  #sharedKey: string | undefined;

  constructor(options: LeavesOptions) {
    this.#options = options;
  }

  async contextFor(host: string): Promise<SecureContext> {
    const { isKnown, now } = this.#options;
    const known = isKnown(host);
    const kept = known ? this.#known : this.#unknown;
    const found = await kept.get(host);
    if (found !== undefined && now() < renewal(found.leaf) && now() >= found.leaf.from) return found.context;
    const made = this.#make(host, known);
    kept.delete(host);
    kept.set(host, made);
    made.catch(() => kept.delete(host));
    const [oldest] = this.#unknown.keys();
    if (this.#unknown.size > UNKNOWN_LIMIT && oldest !== undefined) this.#unknown.delete(oldest);
    return (await made).context;
  }

  /** Names come and go with projects. */
  forget(): void {
    for (const host of this.#known.keys()) if (!this.#options.isKnown(host)) this.#known.delete(host);
    for (const host of this.#unknown.keys()) if (this.#options.isKnown(host)) this.#unknown.delete(host);
  }

  get sizes(): { readonly known: number; readonly unknown: number } {
    return { known: this.#known.size, unknown: this.#unknown.size };
  }

  async #make(host: string, known: boolean): Promise<Kept> {
    const { issuer, now } = this.#options;
    const key = known ? undefined : this.#sharedKey;
    const leaf = await makeLeaf(issuer, { host, now: now(), ...present({ key }) });
    if (!known) this.#sharedKey ??= leaf.key;
    return { leaf, context: createSecureContext({ key: leaf.key, cert: leaf.chain, minVersion: 'TLSv1.2' }) };
  }
}

function renewal({ from, until }: Leaf): Date {
  return new Date(from.getTime() + ((until.getTime() - from.getTime()) * 2) / 3);
}
