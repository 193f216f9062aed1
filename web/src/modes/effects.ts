/** Effects: choose one, turn its options, see it beside the photo, save it. */
import { byId, make, show } from "../dom";
import { hand, stem } from "../downloads";
import { type EffectOrder, type Settings, askEffect, isWholeAsked } from "../effect-ask";
import { type Made, clearMade, nameMade, showMade, startResult } from "../effect-result";
import { failureOf, isRetryable, refusalInWords } from "../failures";
import { Fields } from "../fields";
import { language, say } from "../language";
import { effectName, inOrder, showSummary } from "../names";
import { type Option, type Plugin, isClip, isHere, placeOf, placeOption, placeText, remedyOf } from "../options";
import { type Preset, presetsOf } from "../presets";
import { markPlace, pickByDrags, setPicker } from "../places";
import { reportKeyed } from "../problem";
import { quoted } from "../quoted";
import type { Result } from "../source/source";
import { state } from "../state";
import type { Place } from "../view";
import type { Mode, Page } from "./mode";

const WAIT_MS = 250; // after the last turn of a control
const AS_THEY_ARE: Settings = { values: new Map(), files: new Map() };

export class EffectsMode implements Mode {
  private plugins: Plugin[] = [];
  private chosen: Plugin | null = null;
  private fields: Fields | null = null;
  private made: Made | null = null;
  private running = new AbortController();
  private timer = 0;
  private isOpen = false;
  /** By a link, before the effects are known. */
  private wished = "";
  private again: () => void = () => undefined;
  /** Says what is wrong, in the language of now, as long as something is. */
  private note: (() => void) | null = null;
  /** The values of each effect as they were left, by its name. */
  private readonly kept = new Map<string, Map<string, string>>();

  constructor(private readonly page: Page) {
    byId("effect-make").addEventListener("click", () => void this.apply());
    byId("effect-retry").addEventListener("click", () => this.again());
    byId("effect-reset").addEventListener("click", () => this.reset());
    byId("effect-save").addEventListener("click", () => void this.save());
    byId("effect-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.apply();
    });
    startResult(() => {
      if (this.made && this.isOpen) this.tell(() => showNote(say("clipUnplayable"), "", false));
    });
  }

  /** Show the effects, and the chosen one on the photo of now. */
  open(): void {
    this.isOpen = true;
    pickByDrags(true);
    showSection(true);
    byId("right-title").textContent = this.title();
    if (!this.made) clearMade(state.result);
    void this.begin();
  }

  close(): void {
    this.isOpen = false;
    setPicker(null);
    pickByDrags(false);
    window.clearTimeout(this.timer);
    this.running.abort();
    this.showPins();
    showSection(false);
    byId("right-title").textContent = say("heat");
  }

  words(): void {
    if (this.isOpen) byId("right-title").textContent = this.title();
    const buttons = this.plugins.map((plugin) => {
      const button = make("button", { type: "button", className: "chip-button" }, effectName(language(), plugin.name));
      button.dataset.effect = plugin.name;
      button.classList.toggle("absent", !isHere(plugin));
      button.setAttribute("aria-pressed", String(plugin === this.chosen));
      button.addEventListener("click", () => this.choose(plugin));
      return button;
    });
    byId("effect-list").replaceChildren(...buttons);
    if (this.chosen && this.isOpen) this.describe(this.chosen);
    this.note?.();
  }

  /** Places in the photo before mean nothing in the next one. */
  forget(): void {
    this.keepValues();
    const places = new Set(this.plugins.flatMap(({ options }) => options.filter(isPixel).map(({ name }) => name)));
    for (const values of this.kept.values()) for (const name of places) values.delete(name);
    this.fields = null;
    this.forgetMade();
  }

  /** The effect and how it is set. */
  linked(): Record<string, string> {
    if (!this.chosen) return {};
    this.keepValues();
    const values = this.kept.get(this.chosen.name) ?? new Map<string, string>();
    return { effect: this.chosen.name, ...Object.fromEntries([...values].map(([name, text]) => [`fx-${name}`, text])) };
  }

  follow(words: URLSearchParams): void {
    this.wished = words.get("effect") ?? "";
    if (!this.wished) return;
    const own = [...words].filter(([name]) => name.startsWith("fx-")).map(([name, text]): [string, string] => [name.slice(3), text]);
    this.kept.set(this.wished, new Map(own));
  }

  private title(): string {
    return this.chosen ? effectName(language(), this.chosen.name) : "";
  }

  private async begin(): Promise<void> {
    if (!this.plugins.length) {
      try {
        this.plugins = inOrder(await this.page.source.plugins("effects"));
        this.clearNote();
        show(byId("effect-actions"), true);
      } catch (error) {
        return this.fail(error, () => void this.begin());
      }
    }
    if (!this.isOpen) return;
    this.words();
    const wished = this.plugins.find(({ name }) => name === this.wished);
    this.choose(this.chosen ?? wished ?? this.plugins.find(isHere) ?? null);
  }

  private keepValues(): void {
    if (this.chosen && this.fields) this.kept.set(this.chosen.name, new Map(this.fields.values));
  }

  private choose(plugin: Plugin | null): void {
    if (!plugin) return;
    this.keepValues();
    if (plugin !== this.chosen) {
      this.forgetMade();
      this.fields = null; // those of another effect, whose names may be alike
    }
    this.chosen = plugin;
    for (const button of byId("effect-list").querySelectorAll<HTMLElement>("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.effect === plugin.name));
    }
    this.describe(plugin);
    if (!isHere(plugin)) this.tellAbsent(plugin);
    else if (!this.made && !isClip(plugin)) void this.apply();
  }

  /** What cannot run here says how it could. */
  private tellAbsent(plugin: Plugin): void {
    this.forgetMade();
    const names = plugin.missing?.join(", ") ?? "";
    this.tell(() => showNote(say("notHere", { names, command: remedyOf(plugin) }), "", false));
  }

  /** Words and controls of an effect, its values as they were left. */
  private describe(plugin: Plugin): void {
    this.keepValues();
    const files = this.fields?.files ?? new Map<string, File>();
    this.fields = new Fields(byId("effect-form"), `effect-${plugin.name}`, plugin.options, () => this.changed());
    this.fields.fill(this.kept.get(plugin.name) ?? new Map(), files);
    showSummary(byId("effect-summary"), plugin);
    byId("effect-presets").replaceChildren(...presetsOf(plugin.name).map((preset) => this.presetButton(preset)));
    show(byId("effect-presets"), presetsOf(plugin.name).length > 0);
    byId("right-title").textContent = this.title();
    const place = placeOption(plugin);
    show(byId("effect-hint"), place !== null);
    byId("effect-hint").textContent = say(place?.form === "PLACE" ? "pickPlace" : "pickFocus");
    const isMadeByHand = isClip(plugin) && isHere(plugin);
    show(byId("effect-make"), isMadeByHand);
    byId("effect-save").classList.toggle("primary", !isClip(plugin));
    show(byId("effect-start"), isMadeByHand && !this.made);
    this.nameResult();
    this.showPins();
  }

  private changed(): void {
    this.showPins();
    window.clearTimeout(this.timer);
    if (this.chosen && !isClip(this.chosen)) this.timer = window.setTimeout(() => void this.apply(), WAIT_MS);
  }

  /** Sets what a preset says, and all else as it came. */
  private presetButton({ names, values }: Preset): HTMLElement {
    const button = make("button", { type: "button", className: "chip-button tiny" }, names[language()]);
    button.addEventListener("click", () => {
      this.reset(new Map(Object.entries(values)));
    });
    return button;
  }

  private reset(values: ReadonlyMap<string, string> = new Map()): void {
    if (!this.chosen) return;
    this.kept.set(this.chosen.name, new Map(values));
    this.fields = null;
    this.describe(this.chosen);
    this.changed();
  }

  /** Ask the service for the effect as it is set now, and show it. */
  private async apply(): Promise<void> {
    window.clearTimeout(this.timer);
    const [plugin, on, settings] = [this.chosen, state.result, this.fields];
    if (!plugin || !on || !settings || !isHere(plugin)) return;
    const own = this.startWaiting();
    try {
      const found = await askEffect(this.order(plugin, on, isWholeAsked(on, settings)), own.signal);
      if (own !== this.running || !this.isOpen) return;
      await showMade(found);
      this.made = found;
      byId("effect-save", HTMLButtonElement).disabled = false;
      this.nameResult();
      byId("spoken").textContent = say("effectDone", { effect: effectName(language(), plugin.name) });
    } catch (error) {
      if (own === this.running && this.isOpen && !own.signal.aborted) this.fail(error, () => void this.apply());
    } finally {
      if (own === this.running) show(byId("effect-wait"), false);
    }
  }

  private order(plugin: Plugin, on: Result, isWhole: boolean): EffectOrder {
    return { source: this.page.source, plugin, on, settings: this.fields ?? AS_THEY_ARE, isWhole };
  }

  private startWaiting(): AbortController {
    this.running.abort();
    this.running = new AbortController();
    this.clearNote();
    show(byId("effect-start"), false);
    show(byId("effect-wait"), true);
    return this.running;
  }

  private forgetMade(): void {
    this.running.abort();
    this.made = null;
    clearMade(state.result);
    show(byId("effect-wait"), false);
    byId("effect-save", HTMLButtonElement).disabled = true;
    this.clearNote();
  }

  private nameResult(): void {
    nameMade(say("effectAlt", { effect: this.title(), name: state.result?.shot.name ?? "" }));
  }

  /** The whole file: as it is shown, or where that is a smaller copy, made anew in the photo's own size. */
  private async save(): Promise<void> {
    const [plugin, on, made] = [this.chosen, state.result, this.made];
    if (!plugin || !on || !made) return;
    const button = byId("effect-save", HTMLButtonElement);
    const name = `${stem(on.shot.name)}.${plugin.name}`;
    button.disabled = true;
    byId("spoken").textContent = say("saving");
    try {
      const whole = made.isWhole ? made : await askEffect(this.order(plugin, on, true), new AbortController().signal);
      hand(whole.blob, name + whole.suffix);
      byId("spoken").textContent = say("saved", { name: name + whole.suffix });
    } catch (error) {
      this.fail(error, () => void this.save());
    } finally {
      button.disabled = false;
    }
  }

  private fail(error: unknown, retry: () => void): void {
    const failure = failureOf(error);
    this.again = retry;
    if (reportKeyed(failure, retry)) return;
    const name = state.result?.shot.name ?? "";
    this.tell(() => {
      showNote(refusalInWords(failure, name), failure.detail, isRetryable(failure));
      this.fields?.mark(failure.parameter);
    });
  }

  private tell(note: () => void): void {
    this.note = note;
    note();
  }

  private clearNote(): void {
    this.note = null;
    show(byId("effect-problem"), false);
    this.fields?.mark("");
  }

  private pickPlace({ x, y }: Place): boolean {
    const option = this.placeOption();
    if (!option || !this.fields || !state.result) return false;
    this.fields.set(option.name, placeText(option, x, y, state.result));
    this.changed();
    return true;
  }

  /** Mark the chosen place in both pictures. */
  private showPins(): void {
    const option = this.placeOption();
    const text = option && (this.fields?.values.get(option.name) || String(option.default ?? ""));
    markPlace(option && text && state.result ? placeOf(option, text, state.result) : null);
    if (this.isOpen) setPicker(option ? (place) => this.pickPlace(place) : null);
  }

  private placeOption(): Option | null {
    return this.isOpen && this.chosen ? placeOption(this.chosen) : null;
  }
}

const isPixel = ({ form }: Option): boolean => form === "PIXEL";

/** The effects below the pictures, and their stage on the right instead of the heat map. */
function showSection(isShown: boolean): void {
  show(byId("effects"), isShown);
  show(byId("effect-stage"), isShown);
  show(byId("heat-stage"), !isShown);
}

function showNote(words: string, detail: string, hasRetry: boolean): void {
  byId("effect-problem-text").textContent = words;
  byId("effect-problem-detail").replaceChildren(`${say("serviceSays")} `, quoted(detail));
  show(byId("effect-problem-detail"), detail !== "");
  show(byId("effect-retry"), hasRetry);
  show(byId("effect-problem"), true);
}
