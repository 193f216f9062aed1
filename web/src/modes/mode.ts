/** What a mode is, and what it may ask of the page. */
import type { Shot } from "../shot";
import type { DepthSource } from "../source/source";
import type { Stage } from "../state";

/** One way to work with the page; at most one is open. */
export interface Mode {
  /** Show itself; once more where it is open already. */
  open(): void;
  close(): void;
  /** Say anew whatever is made of words: at the start and when the language changes, open or not. */
  words(): void;
  /** The photo is gone, and with it all that was made of it. */
  forget(): void;
  /** What a link to the settings of now holds of this mode, where it keeps settings of its own. */
  linked?(): Record<string, string>;
  /** Take the settings of a link. */
  follow?(words: URLSearchParams): void;
}

/** The page, as a mode sees it. */
export interface Page {
  /** Who tells depth. */
  readonly source: DepthSource;
  /** Ask for the depth of a photo and show it. */
  take(shot: Shot): void;
  enter(stage: Stage): void;
  /** Stop what runs, and forget the photo. */
  clear(): void;
}

/** The modes of a table, of which at most one is open. */
export class Modes<Name extends string> {
  private opened: Name | null = null;

  constructor(private readonly table: Readonly<Record<Name, Mode>>) {}

  /** Open one and close the one before it; null closes only. */
  show(name: Name | null): void {
    const before = this.opened;
    this.opened = name;
    if (before !== null && before !== name) this.table[before].close();
    if (name !== null) this.table[name].open();
  }

  words(): void {
    for (const mode of this.all()) mode.words();
  }

  forget(): void {
    for (const mode of this.all()) mode.forget();
  }

  linked(): Record<string, string> {
    return Object.assign({}, ...this.all().map((mode) => mode.linked?.() ?? {}));
  }

  follow(words: URLSearchParams): void {
    for (const mode of this.all()) mode.follow?.(words);
  }

  private all(): Mode[] {
    return Object.values<Mode>(this.table);
  }
}
