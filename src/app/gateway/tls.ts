import { openAuthority, readAuthority } from '../../adapters/tls/authority';
import { askClients, type ClientReport } from '../../adapters/tls/clients';
import { javaStoreFile, writeJavaStore } from '../../adapters/tls/java-store';
import { certificateVariables, rootFileOf } from '../../adapters/tls/trust-files';
import {
  addTo,
  certutil,
  namesInStore,
  removeFrom,
  type StoreState,
  stateOf,
  storedName,
  type TrustStore,
  trustStores,
} from '../../adapters/tls/trust-stores';
import { DASHBOARD_NAME, hostOfName } from '../../domain/gateway/local-name';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { ensureGateway } from './gateway';

export interface StoreReport extends TrustStore {
  readonly state: StoreState;
}

export interface TlsStatus {
  readonly root: string;
  readonly stores: readonly StoreReport[];
  readonly clients: readonly ClientReport[];
  readonly port: number;
}

/** Starts the gateway if none runs, and has each program of this machine ask it for a page. */
export async function tlsStatus(ctx: Context): Promise<TlsStatus> {
  const { host, home } = ctx;
  const { port } = await ensureGateway(ctx);
  const stores = await lookAtStores(ctx);
  const name = hostOfName(DASHBOARD_NAME);
  const clients = await askClients({ host, home, name, port, variables: certificateVariables(home) });
  return { root: rootFileOf(home), stores, clients, port };
}

/** The certificate that a person trusts, as PEM; made if there is none yet. */
export async function authorityText(ctx: Context): Promise<{ readonly file: string; readonly pem: string }> {
  const { root, rootFile } = await openAuthority(ctx);
  return { file: rootFile, pem: root };
}

/** A copy of Java's own list with the authority in it. */
export async function javaStore(ctx: Context): Promise<string> {
  const { root, rootFile } = await openAuthority(ctx);
  return writeJavaStore({ host: ctx.host, home: ctx.home, root, rootFile });
}

/** Where `javaStore` writes it. */
export function plannedJavaStore({ home }: Context): string {
  return javaStoreFile(home);
}

export async function lookAtStores(ctx: Context): Promise<readonly StoreReport[]> {
  const { host, home } = ctx;
  const authority = await readAuthority(home);
  return Promise.all(
    trustStores(host).map(async (store) => ({
      ...store,
      state:
        authority === undefined
          ? ('not-trusted' as const)
          : await stateOf({ host, home, store, root: authority.root, rootFile: authority.rootFile }),
    })),
  );
}

export interface ChangedStore extends TrustStore {
  /** What the authority is called in it. */
  readonly name: string;
  readonly result: 'added' | 'removed' | 'unchanged' | 'failed';
  /** Of `failed`: by the program that should have changed it. */
  readonly said?: string;
}

/** Adds the authority to every list of this person that browsers read. Throws `tls-tool-missing` where none can be changed. */
export async function trustAuthority(ctx: Context): Promise<readonly ChangedStore[]> {
  const { root, rootFile } = await openAuthority(ctx);
  return changeStores(ctx, async (store) => {
    const change = { host: ctx.host, home: ctx.home, store, root, rootFile };
    const named = { ...store, name: storedName(root) };
    if ((await stateOf(change)) === 'trusted') return { ...named, result: 'unchanged' };
    return outcome(named, 'added', await addTo(change));
  });
}

/** Takes it back from all of them. */
export async function distrustAuthority(ctx: Context): Promise<readonly ChangedStore[]> {
  const authority = await readAuthority(ctx.home);
  if (authority === undefined) return [];
  const { root, rootFile } = authority;
  return changeStores(ctx, async (store) => {
    const change = { host: ctx.host, home: ctx.home, store, root, rootFile };
    const named = { ...store, name: storedName(root) };
    if ((await stateOf(change)) !== 'trusted') return { ...named, result: 'unchanged' };
    return outcome(named, 'removed', await removeFrom(change));
  });
}

async function changeStores(
  ctx: Context,
  change: (store: TrustStore) => Promise<ChangedStore>,
): Promise<readonly ChangedStore[]> {
  const stores = trustStores(ctx.host);
  if (stores.some(({ kind }) => kind === 'nss') && certutil(ctx.host, ctx.home) === undefined) {
    throw new PolyenvError('tls-tool-missing', 'the program certutil is missing: it changes what browsers believe', {
      hint: 'install it: libnss3-tools on Debian and Ubuntu, nss-tools on Fedora, nss on Arch and Homebrew',
    });
  }
  const changed: ChangedStore[] = [];
  for (const store of stores) changed.push(await change(store));
  return changed;
}

function outcome(
  store: TrustStore & { readonly name: string },
  done: 'added' | 'removed',
  said: string | undefined,
): ChangedStore {
  return said === undefined ? { ...store, result: done } : { ...store, result: 'failed', said };
}

/** Lists of browsers in whose bytes an authority of polyenv is named: without the program that reads them, or the authority. */
export async function storesThatName(
  ctx: Context,
): Promise<readonly { readonly path: string; readonly name: string }[]> {
  const stores = trustStores(ctx.host).filter(({ kind, missing }) => kind === 'nss' && !missing);
  const found = await Promise.all(stores.map(async ({ path }) => ({ path, names: await namesInStore(path) })));
  return found.flatMap(({ path, names }) => names.map((name) => ({ path, name })));
}
