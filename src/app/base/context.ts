import { checkLayout } from '../../adapters/home/home';
import { type Home, homeOf } from '../../adapters/home/paths';
import { loadSettings } from '../../adapters/home/settings';
import { isFolder } from '../../adapters/system/discover';
import { machinePlatform } from '../../adapters/system/machine';
import type { Settings } from '../../domain/project/settings';
import type { PlatformKey } from '../../domain/runtime/platform';
import { PolyenvError } from '../../domain/words/errors';
import type { Emit } from '../../domain/words/events';
import type { Host } from '../../host';
import type { Network } from './network';

/** What every use case receives: the host, the home, the settings, and the way out to the network, opened on demand. */
export interface Context {
  readonly host: Host;
  readonly home: Home;
  readonly settings: Settings;
  readonly platform: PlatformKey;
  readonly emit: Emit;
  /** The folder in question: `-C DIR`, else where the person stands. */
  readonly directory: string;
  network(): Promise<Network>;
  close(): Promise<void>;
}

export interface ContextOptions {
  readonly host: Host;
  readonly emit: Emit;
  readonly directory: string | undefined;
  readonly offline: boolean;
}

export async function openContext({ host, emit, directory, offline }: ContextOptions): Promise<Context> {
  const home = homeOf(host);
  await checkLayout(home);
  const loaded = await loadSettings(host);
  const settings = offline ? { ...loaded, offline: true } : loaded;
  if (directory === undefined) {
    throw new PolyenvError('folder-vanished', 'the working folder no longer exists', {
      hint: 'cd to a folder that does',
    });
  }
  if (!isFolder(directory)) {
    throw new PolyenvError('usage', `there is no folder ${directory}`, { hint: 'name one that exists after -C' });
  }
  const platform = await machinePlatform(host);
  let network: Promise<Network> | undefined;
  return {
    host,
    home,
    settings,
    platform,
    emit,
    directory,
    network: () => {
      network ??= import('./network').then(({ openNetwork }) => openNetwork({ host, home, settings, platform, emit }));
      return network;
    },
    close: async () => {
      await (await network)?.close();
    },
  };
}

/** For a command that only explains: what is wrong with the settings, the home or the folder is thrown where one of them is used. */
export function explainingContext({ host, emit }: ContextOptions, fault: unknown): Context {
  const refuse = (): never => {
    throw fault;
  };
  return {
    host,
    emit,
    directory: '/',
    get home() {
      return refuse();
    },
    get settings() {
      return refuse();
    },
    get platform() {
      return refuse();
    },
    network: async () => refuse(),
    close: async () => undefined,
  };
}
