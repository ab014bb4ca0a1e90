import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Cookie and path are two independent halves: a cookie alone travels to every port of this machine. */
export interface Session {
  readonly cookie: string;
  readonly path: string;
  /** In every form, against pages that can only send. */
  readonly token: string;
  /** Milliseconds of a clock that does not jump. */
  readonly until: number;
}

export const KEY_SECONDS = 60;
const SESSION_HOURS = 12;
const SESSION_LIMIT = 50;

/** Who may look. In memory only: it ends with the process. */
export class Sessions {
  readonly #tick: () => number;
  readonly #keys = new Map<string, number>();
  #sessions: readonly Session[] = [];

  /** `tick` counts milliseconds. */
  constructor(tick: () => number) {
    this.#tick = tick;
  }

  /** A key that is good once, and for a minute. */
  newKey(): string {
    const key = secret();
    for (const [one, until] of this.#keys) if (until <= this.#tick()) this.#keys.delete(one);
    this.#keys.set(digest(key), this.#tick() + KEY_SECONDS * 1000);
    return key;
  }

  /** Whether it would still be taken. */
  isGood(key: string): boolean {
    const until = this.#keys.get(digest(key));
    return until !== undefined && until > this.#tick();
  }

  /** `undefined` for a key that was used, has run out, or never was. */
  open(key: string): Session | undefined {
    const good = this.isGood(key);
    this.#keys.delete(digest(key));
    // guard: session-key
    if (!good) return undefined;
    const session = {
      cookie: secret(),
      path: secret(),
      token: secret(),
      until: this.#tick() + SESSION_HOURS * 3_600_000,
    };
    this.#sessions = [...this.#living(), session].slice(-SESSION_LIMIT);
    return session;
  }

  /** The one to which both halves belong. */
  find(path: string, cookie: string | undefined): Session | undefined {
    let found: Session | undefined;
    for (const session of this.#living()) {
      const both = [isSame(session.path, path), isSame(session.cookie, cookie ?? '')];
      // guard: session-halves
      if (both.every((same) => same)) found = session;
    }
    return found;
  }

  /** Whether it still holds. */
  isOpen(session: Session): boolean {
    return this.#living().includes(session);
  }

  revoke(): number {
    const { length } = this.#living();
    this.#sessions = [];
    this.#keys.clear();
    return length;
  }

  get count(): number {
    return this.#living().length;
  }

  #living(): readonly Session[] {
    return this.#sessions.filter(({ until }) => until > this.#tick());
  }
}

/** 43 characters of a URL. */
function secret(): string {
  return randomBytes(32).toString('base64url');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Takes as long for one that differs at once as for one that differs at the end. */
export function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
