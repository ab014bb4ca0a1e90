import type { PinFile, Runtime } from '../../runtime/runtime';
import { miseToml } from './mise-toml';
import { toolVersions } from './tool-versions';

/** The files of other managers that pin any runtime, in their order. */
export const SHARED_PIN_NAMES = ['.tool-versions', 'mise.toml'] as const;

/** All files that pin the runtime, but for the manifests: its own, most specific first, then those that all share. */
export function pinFilesOf({ id, aliases = [], pins }: Pick<Runtime, 'id' | 'aliases' | 'pins'>): readonly PinFile[] {
  const names = [id, ...aliases];
  return [...pins, toolVersions(names), miseToml(names)];
}
