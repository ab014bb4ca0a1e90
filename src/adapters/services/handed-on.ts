import type { Host } from '../../host';

export interface HandedOn {
  /** Whether a signal asked us to stop since. */
  interrupted(): boolean;
  release(): void;
}

/** Every signal that asks us to stop goes to the child, whose end is then waited for. */
export function handSignalsOn(
  host: Pick<Host, 'onSignal'>,
  child: { kill(signal: NodeJS.Signals): boolean },
): HandedOn {
  let interrupted = false;
  const release = host.onSignal((signal) => {
    interrupted = true;
    child.kill(signal);
  });
  return { interrupted: () => interrupted, release };
}
