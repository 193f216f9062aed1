/** Ready settings of effects, and which options few turn: the rows are in presets.json. */
import type { Language } from "./language";
import rows from "./presets.json";

export interface Preset {
  readonly names: Readonly<Record<Language, string>>;
  readonly values: Readonly<Record<string, string>>;
}

const PRESETS = rows.presets as unknown as Readonly<Record<string, readonly Preset[]>>;
const ADVANCED: ReadonlySet<string> = new Set(rows.advanced);

export const presetsOf = (effect: string): readonly Preset[] => PRESETS[effect] ?? [];

/** Whether an option stands behind a fold. */
export const isAdvanced = (option: string): boolean => ADVANCED.has(option);
