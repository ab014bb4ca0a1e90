import { PolyenvError } from './errors';
import type { Event } from './events';
import { present } from './present';

/** Keeps passwords, tokens and the private paths of mirrors out of whatever a person, a log or a file sees. */
export interface Concealment {
  /** From now on the text itself is replaced. Shorter than four characters it is not: it would tear ordinary words. */
  hide(secret: string): void;
  /** From now on what follows the host of this URL is replaced, where a token may stand. Its user and password too. */
  hideBase(url: URL): void;
  conceal(text: string): string;
  /** The event with nothing secret in its words. */
  concealEvent(event: Event): Event;
  /** The error with nothing secret in its message, hint and causes. */
  concealError(error: unknown): unknown;
}

export function openConcealment(): Concealment {
  const hidden = new Map<string, string>();
  const conceal = (text: string): string => {
    let shown = text;
    for (const [secret, replacement] of [...hidden].sort(([a], [b]) => b.length - a.length)) {
      shown = shown.replaceAll(secret, replacement);
    }
    return concealUrls(shown);
  };
  const hide = (secret: string): void => {
    if (secret.length >= 4) hidden.set(secret, '***');
  };
  return {
    hide,
    hideBase: (url) => {
      for (const part of [url.password, decodeSafely(url.password), ...url.searchParams.values()]) hide(part);
      const path = url.pathname.replace(/\/+$/, '');
      if (path !== '') hidden.set(`${url.host}${path}`, `${url.host}/***`);
      if (url.search !== '') hide(url.search);
    },
    conceal,
    concealEvent: (event) => {
      if (event.type === 'note') return { ...event, text: conceal(event.text) };
      if (event.type !== 'warning') return event;
      return { ...event, text: conceal(event.text), ...(event.hint !== undefined && { hint: conceal(event.hint) }) };
    },
    concealError: (error) => concealCauses(error, conceal),
  };
}

/** The text with the user, the password and the telling parameters of every URL in it replaced. */
export function concealUrls(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"']+@/gi, '$1***@')
    .replace(/([?&](?:[\w.-]*(?:sig|token|key|auth|cred|pass|secret)[\w.-]*)=)[^\s&#"']+/gi, '$1***');
}

function concealCauses(error: unknown, conceal: (text: string) => string): unknown {
  if (!(error instanceof Error)) return error;
  const cause = error.cause === undefined ? undefined : concealCauses(error.cause, conceal);
  if (error instanceof PolyenvError) {
    const shown = new PolyenvError(error.code, conceal(error.message), {
      ...error.details,
      ...(error.hint !== undefined && { hint: conceal(error.hint) }),
      ...present({ cause }),
    });
    shown.stack = conceal(error.stack ?? '');
    return shown;
  }
  const { message, stack = '' } = error;
  if (conceal(message) === message && conceal(stack) === stack && cause === error.cause) return error;
  const shown = new Error(conceal(message), cause === undefined ? undefined : { cause });
  shown.name = error.name;
  shown.stack = conceal(stack);
  return shown;
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
