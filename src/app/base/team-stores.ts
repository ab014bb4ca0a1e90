import type { DirectHttp } from '../../adapters/net/http';
import { openRegistry, type Registry } from '../../adapters/registry/registry';
import { openTeamStore, type TeamStore } from '../../adapters/registry/team-store';
import type { Settings } from '../../domain/project/settings';
import { parseReference, type Reference } from '../../domain/team/reference';
import type { Concealment } from '../../domain/words/concealment';
import { PolyenvError } from '../../domain/words/errors';
import type { Emit } from '../../domain/words/events';
import { printable, quoted } from '../../domain/words/printable';
import type { Host } from '../../host';

/** The registries of teams: the one of the settings, and those that a command names. */
export interface TeamStores {
  /** The store of the settings, for reading; `undefined` where none is set. Throws `settings-invalid`. */
  configured(): ConfiguredStore | undefined;
  /** Any repository, to write to it. Blobs are mounted from the others of the same registry. */
  registry(reference: Reference, mounted: readonly Reference[]): Registry;
  /** The repository as whoever has no login sees it. */
  asNobody(reference: Reference): Registry;
}

export interface ConfiguredStore {
  readonly store: TeamStore;
  readonly registry: Registry;
  /** Why it is not asked any more in this run. */
  readonly givenUp: string | undefined;
  giveUp(why: string): void;
  /** One warning a run, however much goes wrong. */
  warnOnce(text: string, hint: string): void;
}

export interface TeamStoreOptions {
  readonly http: DirectHttp;
  readonly host: Host;
  readonly settings: Settings;
  readonly concealment: Concealment;
  readonly emit: Emit;
}

export function openTeamStores(options: TeamStoreOptions): TeamStores {
  const { http, host, settings, concealment, emit } = options;
  const said = new Set<string>();
  const once = (type: 'note' | 'warning') => (text: string) => {
    if (!said.has(text)) emit({ type, text });
    said.add(text);
  };
  const open = (reference: Reference, mounted: readonly string[], as: 'person' | 'nobody' = 'person'): Registry =>
    openRegistry({
      http,
      reference,
      host,
      settings,
      mounted,
      as,
      hide: concealment.hide,
      note: once('note'),
      warn: once('warning'),
    });
  let configured: ConfiguredStore | undefined;
  return {
    configured: () => {
      if (settings.store === '') return undefined;
      configured ??= openConfigured(open(referenceOf(settings.store), []), emit);
      return configured;
    },
    asNobody: (reference) => open(reference, [], 'nobody'),
    registry: (reference, mounted) =>
      open(
        reference,
        mounted.map(({ repository }) => repository),
      ),
  };
}

/** Throws `usage` with what is wrong about it. */
export function askedReference(text: string): Reference {
  const found = parseReference(text);
  if ('host' in found) return found;
  throw new PolyenvError('usage', printable(`${quoted(text)} ${found.problem}`), {
    hint: 'polyenv push registry.example/team/toolchains',
  });
}

function referenceOf(text: string): Reference {
  const found = parseReference(text);
  if ('host' in found) return found;
  throw new PolyenvError('settings-invalid', printable(`store ${found.problem}`), {
    hint: 'polyenv settings set store registry.example/team/toolchains',
  });
}

function openConfigured(registry: Registry, emit: Emit): ConfiguredStore {
  let givenUp: string | undefined;
  let warned = false;
  return {
    store: openTeamStore(registry),
    registry,
    get givenUp() {
      return givenUp;
    },
    giveUp: (why) => {
      givenUp ??= why;
    },
    warnOnce: (text, hint) => {
      if (!warned) emit({ type: 'warning', text, hint });
      warned = true;
    },
  };
}
