import type { Event } from '../../domain/words/events';
import { printable } from '../../domain/words/printable';
import { bytesText, durationText } from './columns';

/** What is under way for one toolchain. */
export interface Track {
  readonly tool: string;
  readonly version: string;
  readonly phase: string;
  readonly bytes: number;
  readonly total: number | undefined;
  /** How many of the bytes were here before: the line did not bring them. */
  readonly kept?: number;
  /** When it was first heard of, and when it was last told in a line that stays. */
  readonly since: number;
  readonly told: number;
}

/** Keeps what is under way, by toolchain. */
export function follow(tracks: Map<string, Track>, event: Event, now: number): Track | undefined {
  if (event.type === 'installed') tracks.delete(event.tool);
  if (event.type !== 'phase' && event.type !== 'progress' && event.type !== 'resumed') return undefined;
  const known = tracks.get(event.tool);
  const begun: Track = { tool: event.tool, version: '', phase: '', bytes: 0, total: undefined, since: now, told: now };
  if (event.type === 'resumed') {
    tracks.set(event.tool, { ...(known ?? begun), kept: (known?.kept ?? 0) + event.bytes });
    return undefined;
  }
  const track: Track = {
    ...(known ?? begun),
    version: event.version ?? known?.version ?? '',
    phase: event.phase,
    ...(event.type === 'progress' && { bytes: event.bytes, total: event.total }),
  };
  tracks.set(event.tool, track);
  return track;
}

/** `download node 20.1.0  45 MB of 90 MB, 50 %, 9.2 MB/s, 5 s left`: what is known of it, the most telling first. */
export function describeTrack(track: Track, now: number): string {
  const words = printable(`${track.phase} ${track.tool} ${track.version}`.trimEnd());
  return track.bytes === 0 ? words : `${words}  ${describeBytes(track, now)}`;
}

/** All downloads together, where there are several: they share the line. */
export function describeAll(tracks: readonly Track[], now: number): string | undefined {
  const loading = tracks.filter(({ phase, bytes }) => phase === 'download' && bytes > 0);
  if (loading.length < 2) return undefined;
  const sum = (of: (track: Track) => number): number => loading.reduce((all, track) => all + of(track), 0);
  const isKnown = loading.every(({ total }) => total !== undefined);
  const total = isKnown ? sum((track) => track.total ?? 0) : undefined;
  const since = Math.min(...loading.map((track) => track.since));
  const [bytes, kept] = [sum((track) => track.bytes), sum((track) => track.kept ?? 0)];
  return `in all  ${describeBytes({ bytes, total, kept, since }, now)}`;
}

function describeBytes(
  { bytes, total, kept = 0, since }: Pick<Track, 'bytes' | 'total' | 'kept' | 'since'>,
  now: number,
): string {
  const rate = Math.max(0, bytes - kept) / Math.max(1, now - since);
  const parts = [
    total === undefined ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(total)}`,
    ...(total === undefined || total === 0 ? [] : [`${Math.min(100, Math.floor((bytes / total) * 100))} %`]),
    ...(rate === 0 ? [] : [`${bytesText(Math.round(rate * 1000))}/s`]),
    ...(total === undefined || rate === 0 ? [] : [`${durationText(Math.max(0, total - bytes) / rate)} left`]),
  ];
  return parts.join(', ');
}
