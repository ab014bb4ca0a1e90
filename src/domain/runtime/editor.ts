import type { JsonValue } from '../formats/jsonc';

/** What editors have to be told so that they use a runtime of a project. */
export interface EditorAdvice {
  readonly vscode?: readonly VscodeSetting[];
  readonly idea?: IdeaAdvice;
}

/** One setting of VS Code: https://code.visualstudio.com/docs/configure/settings */
export interface VscodeSetting {
  /** The setting, and a key in it where others may stand beside. */
  readonly path: readonly [string, ...string[]];
  readonly value: JsonValue;
  /** The value is one entry of a list, known by its `name`. */
  readonly entry?: true;
  /** The setting takes no variables, so its value is an absolute path of one person. */
  readonly personal?: true;
}

export interface IdeaAdvice {
  /** The project's SDK, which the project's own files know only by its name. */
  readonly sdk?: { readonly type: string; readonly name: string };
  /** Where a person enters what no file of the project can say: a path through menus, and what is entered. */
  readonly steps: readonly string[];
}

/** Where things are, in the words of the editor. */
export interface EditorPlace {
  /** A link that leads to the project's toolchain whatever version that is. */
  readonly toolchain: string;
  /** The same for settings that know `~` and `${workspaceFolder}` and not `${userHome}`. */
  readonly tilde: string;
  /** Without variables, for settings that take none. */
  readonly absolute: string;
  /** The toolchain itself, which another version would not be. */
  readonly store: string;
  /** PATH with the shims first. */
  readonly path: string;
  /** The folder of the project's derived copy (`.venv`), where it stands and is used. */
  readonly overlay?: string;
}
