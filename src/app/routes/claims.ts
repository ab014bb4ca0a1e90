import type { Claimed, Environment, RoutedToolchain } from '../../domain/routes/environment';
import type { Runtime } from '../../domain/runtime/runtime';

type Routes = Pick<Environment, 'runtimes' | 'pending'>;

/** The runtimes, those first that are pinned in place of what another brings (npm), the others without those commands. */
export function withoutClaimed(all: readonly Runtime[], routes: Routes): readonly RoutedToolchain[] {
  const claiming = all.filter((runtime) => runtime.replaces !== undefined && isPinned(routes, runtime));
  if (claiming.length === 0) return routes.runtimes;
  const left = routes.runtimes.map((routed): RoutedToolchain => {
    const names = claiming.filter(({ replaces }) => replaces?.includes(routed.tool)).flatMap(commandsOf);
    const commands = Object.entries(routed.commands).filter(([name]) => !names.includes(name));
    return names.length === 0 ? routed : { ...routed, commands: Object.fromEntries(commands) };
  });
  const isClaiming = ({ tool }: RoutedToolchain): boolean => claiming.some(({ id }) => id === tool);
  return [...left.filter(isClaiming), ...left.filter((routed) => !isClaiming(routed))];
}

/** What the shims of such commands, which look for pins of the one that always brings them, must know of the other. */
export function claimsOf(all: readonly Runtime[], routes: Routes & Pick<Environment, 'traces'>): readonly Claimed[] {
  return all.flatMap((runtime): readonly Claimed[] => {
    if (runtime.replaces === undefined) return [];
    const traced = (tools: readonly string[]) => {
      const own = routes.traces.filter(({ tool }) => tools.includes(tool));
      return { inputs: own.flatMap(({ inputs }) => inputs), absences: own.flatMap(({ absences }) => absences) };
    };
    const [own, looked] = [traced([runtime.id]), traced(runtime.replaces)];
    const inputs = own.inputs.filter((file) => !looked.inputs.includes(file));
    const absences = own.absences.filter((file) => !looked.absences.includes(file));
    if (inputs.length + absences.length === 0 && !isPinned(routes, runtime)) return [];
    return [{ tool: runtime.id, commands: commandsOf(runtime), inputs, absences }];
  });
}

function isPinned({ runtimes, pending }: Routes, { id }: Runtime): boolean {
  return pending.includes(id) || runtimes.some(({ tool }) => tool === id);
}

function commandsOf({ commands = [] }: Runtime): readonly string[] {
  return commands;
}
