/** The name of a runtime, as in `runtimes/NAME.ts`. */
export type ToolId = string;
