import type { EnvOp } from '../words/env-op';
import { PolyenvError } from '../words/errors';
import { present } from '../words/present';
import type { Environment, OverlayRefusal, RoutedOverlay } from './environment';

/** The error of a command that a `.venv` would have to answer and cannot; `undefined` where nothing is wrong. */
export function overlayFault(environment: Environment, command: string): PolyenvError | undefined {
  for (const { overlay } of environment.runtimes) {
    if (overlay === undefined || !overlay.commands.includes(command)) continue;
    if (overlay.refused !== undefined) return refusalError(overlay.refused);
    if (overlay.ready && overlayCommand(overlay, command) === undefined) {
      const seeds = [overlay.commands[0], ...(overlay.seeds?.otherwise ?? [])].join(' ');
      return new PolyenvError('overlay-refused', `${overlay.path} has no ${command}`, { hint: seeds });
    }
  }
  return undefined;
}

/** Where an overlay that is used has the command; `undefined` if it does not have it. */
export function overlayCommand({ provides, path, bin, commands }: RoutedOverlay, name: string): string | undefined {
  if (!commands.includes(name)) return undefined;
  return provides === undefined ? `${path}/${bin}/${name}` : provides[name];
}

export function refusalError({ message, hint, where }: OverlayRefusal): PolyenvError {
  return new PolyenvError('overlay-refused', message, { hint, ...present({ where }) });
}

export function overlayOps({ path, bin, variable, interpreter }: RoutedOverlay): readonly EnvOp[] {
  const folder: EnvOp = { op: 'set', name: variable, value: path };
  if (interpreter === undefined) return [folder];
  return [folder, { op: 'set', name: interpreter.variable, value: `${path}/${bin}/${interpreter.command}` }];
}
