import type { Event } from '../../domain/words/events';

/** Who hears what happens while a verb runs. */
export interface Listener {
  hear(event: Event): void;
  /** Takes back what is only of the moment (a progress line). */
  settle(): void;
}
