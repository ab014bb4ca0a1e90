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
  /** When it was first heard of, and when it was last told in a line that stays. */
  readonly since: number;
  readonly told: number;
}

/** Keeps what is under way, by toolchain. */
export function follow(tracks: Map<string, Track>, event: Event, now: number): Track | undefined {
  if (event.type === 'installed') tracks.delete(event.tool);
  if (event.type !== 'phase' && event.type !== 'progress') return undefined;
  const known = tracks.get(event.tool);
  const begun: Track = { tool: event.tool, version: '', phase: '', bytes: 0, total: undefined, since: now, told: now };
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
  if (track.bytes === 0) return words;
  const { bytes, total } = track;
  const rate = bytes / Math.max(1, now - track.since);
  const parts = [
    total === undefined ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(total)}`,
    ...(total === undefined || total === 0 ? [] : [`${Math.min(100, Math.floor((bytes / total) * 100))} %`]),
    `${bytesText(Math.round(rate * 1000))}/s`,
    ...(total === undefined ? [] : [`${durationText(Math.max(0, total - bytes) / rate)} left`]),
  ];
  return `${words}  ${parts.join(', ')}`;
}
