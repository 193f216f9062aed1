/** What the source makes of a photo by an effect. */
import type { Made } from "./effect-result";
import { type Plugin, type Values, isClip, queryOf } from "./options";
import { type DepthSource, type Result, SCREEN_PX } from "./source/source";

/** How an effect is set: its values, and the files that go with them. */
export interface Settings {
  readonly values: Values;
  readonly files: ReadonlyMap<string, File>;
}

/** Small photos, and those with a mask in their own pixels, are asked for as they are. */
export function isWholeAsked(on: Result, { files }: Settings): boolean {
  return Math.max(on.width, on.height) <= SCREEN_PX || files.has("mask");
}

/** An effect on a photo and who is to make it: ``isWhole`` in the photo's own size, else as large as a panel shows. */
export interface EffectOrder {
  readonly source: DepthSource;
  readonly plugin: Plugin;
  readonly on: Result;
  readonly settings: Settings;
  readonly isWhole: boolean;
}

export async function askEffect(order: EffectOrder, signal: AbortSignal): Promise<Made> {
  const { source, plugin, on, settings, isWhole } = order;
  const photo = { width: on.width, height: on.height };
  const query = queryOf(plugin.options, settings.values, photo, isWhole ? photo : on.depth);
  const made = await source.make(
    {
      noun: "effects",
      name: plugin.name,
      query: { ...query, ...(!isWhole && { max_side: String(SCREEN_PX) }) },
      files: settings.files,
    },
    on,
    signal,
  );
  return { ...made, isWhole: isWhole || isClip(plugin) };
}
