import bash from '../../shim/complete.bash?raw';
import fish from '../../shim/complete.fish?raw';
import zsh from '../../shim/complete.zsh?raw';
import type { Shell } from './startup-file';

/** What a shell reads to complete polyenv's command line: the same for everybody, with nothing of this machine in it. */
export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell];
}
