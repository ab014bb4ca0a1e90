import type { ToolId } from './tool-id';

/** What a use case tells its listeners while it works; the reporters turn it into words, lines or JSON. */
export type Event =
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'warning'; readonly text: string; readonly hint?: string }
  | { readonly type: 'phase'; readonly tool: ToolId; readonly version?: string; readonly phase: Phase }
  | {
      readonly type: 'progress';
      readonly tool: ToolId;
      readonly version: string;
      readonly phase: Phase;
      /** Bytes of the archives so far, and in all where known. */
      readonly bytes: number;
      readonly total?: number;
    }
  | {
      readonly type: 'installed';
      readonly tool: ToolId;
      readonly version: string;
      readonly source: string;
      readonly proof: string;
      readonly milliseconds: number;
    }
  | { readonly type: 'resumed'; readonly tool: ToolId; readonly version: string; readonly bytes: number }
  | { readonly type: 'wrote'; readonly file: string };

export type Phase = 'resolve' | 'download' | 'upload' | 'build' | 'unpack' | 'verify' | 'compile' | 'publish' | 'wait';

export type Emit = (event: Event) => void;
