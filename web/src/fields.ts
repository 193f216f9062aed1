/** Controls made from the options of an effect or a format. */
import { make, show } from "./dom";
import helps from "./helps.json";
import { language, say } from "./language";
import { choiceName, optionName } from "./names";
import { type Option, defaultText, sliderOf } from "./options";
import { isAdvanced } from "./presets";

const STEPS = 1000;

/** One option on the page: its element, and its value put in or taken out. */
interface Field {
  readonly element: HTMLElement;
  /** What is marked where the service refuses the value. */
  readonly input: HTMLInputElement | HTMLSelectElement;
  set(text: string): void;
}

export class Fields {
  readonly values = new Map<string, string>();
  readonly files = new Map<string, File>();
  private readonly fields = new Map<string, Field>();

  /** Fill ``parent`` with the options; ``onChange`` hears of every change that a person makes. */
  constructor(
    parent: HTMLElement,
    private readonly prefix: string,
    options: readonly Option[],
    private readonly onChange: () => void,
  ) {
    for (const option of options) this.fields.set(option.name, this.build(option));
    const [basic, advanced] = [false, true].map((isWanted) =>
      [...this.fields].filter(([name]) => isAdvanced(name) === isWanted).map(([, { element }]) => element),
    ) as [HTMLElement[], HTMLElement[]];
    const isFolded = basic.length > 0 && advanced.length > 0;
    parent.replaceChildren(...(isFolded ? [...basic, folded(advanced)] : [...basic, ...advanced]));
  }

  /** Put values and files in, as they were taken out. */
  fill(values: ReadonlyMap<string, string>, files: ReadonlyMap<string, File> = new Map()): void {
    for (const [name, text] of values) this.set(name, text);
    for (const [name, file] of files) this.give(name, file);
  }

  set(name: string, text: string): void {
    this.fields.get(name)?.set(text);
    this.values.set(name, text);
  }

  private give(name: string, file: File): void {
    const input = this.fields.get(name)?.input;
    if (!(input instanceof HTMLInputElement)) return;
    const hand = new DataTransfer();
    hand.items.add(file);
    input.files = hand.files;
    this.files.set(name, file);
  }

  /** Mark the option that the service refused, or none. */
  mark(name: string): void {
    for (const [own, { input }] of this.fields) {
      if (own === name) {
        input.setAttribute("aria-invalid", "true");
        input.closest("details")?.setAttribute("open", "");
      } else input.removeAttribute("aria-invalid");
    }
  }

  private build(option: Option): Field {
    const builder = BUILDERS.find(([fits]) => fits(option))?.[1] ?? text;
    const id = `${this.prefix}-${option.name}`;
    return builder(option, id, {
      take: (value) => {
        this.values.set(option.name, value);
        this.onChange();
      },
      file: (file) => {
        if (file) this.files.set(option.name, file);
        else this.files.delete(option.name);
        this.onChange();
      },
    });
  }
}

interface Takes {
  take(value: string): void;
  file(file: File | null): void;
}

type Builder = (option: Option, id: string, takes: Takes) => Field;

const words = (option: Option): string[] => option.form.split("|").filter((part) => /^[a-z]/.test(part));
const special = (option: Option): string => option.form.split("|").find((part) => /^[A-Z]/.test(part)) ?? "";

const BUILDERS: readonly [(option: Option) => boolean, Builder][] = [
  [({ type }) => type === "file", file],
  [({ type }) => type === "bool", check],
  [({ choices }) => choices.length > 0, choice],
  [({ type }) => type === "int" || type === "float", number],
  [(option) => words(option).length > 0, wordsOrOther],
  [({ form }) => form === "COLOUR", colour],
];

function number(option: Option, id: string, takes: Takes): Field {
  const slider = sliderOf(option);
  const exact = make("input", { id, type: "number", step: option.type === "int" ? "1" : "any", className: "exact" });
  if (option.low !== null) exact.min = String(option.low);
  if (option.high !== null) exact.max = String(option.high);
  const range = make("input", { type: "range", min: "0", max: String(STEPS), step: "1" });
  range.setAttribute("aria-label", optionName(language(), option.name));
  const follow = (): void => {
    range.value = String((slider?.placeOf(exact.valueAsNumber || 0) ?? 0) * STEPS);
    range.setAttribute("aria-valuetext", exact.value);
  };
  range.addEventListener("input", () => {
    exact.value = String(slider?.at(range.valueAsNumber / STEPS));
    range.setAttribute("aria-valuetext", exact.value);
    takes.take(exact.value);
  });
  exact.addEventListener("input", () => {
    follow();
    if (exact.value !== "") takes.take(exact.value);
  });
  const set = (value: string): void => {
    exact.value = value;
    follow();
  };
  set(defaultText(option));
  const row = make("div", { className: "slider" }, ...(slider ? [range] : []), exact);
  return { element: framed(option, id, row), input: exact, set };
}

function choice(option: Option, id: string, takes: Takes): Field {
  const select = make("select", { id }, ...option.choices.map(choiceElement));
  select.addEventListener("change", () => takes.take(select.value));
  const set = (value: string): void => void (select.value = value);
  set(defaultText(option));
  return { element: framed(option, id, select), input: select, set };
}

function check(option: Option, id: string, takes: Takes): Field {
  const box = make("input", { id, type: "checkbox", checked: option.default === true });
  box.addEventListener("change", () => takes.take(String(box.checked)));
  const label = make("label", { className: "check" }, box, make("span", {}, optionName(language(), option.name)));
  const element = make("div", { className: "option" }, label, help(option, id));
  box.setAttribute("aria-describedby", `${id}-help`);
  return { element, input: box, set: (value) => void (box.checked = value === "true") };
}

function colour(option: Option, id: string, takes: Takes): Field {
  const input = make("input", { id, type: "color", value: defaultText(option) || "#808080" });
  input.addEventListener("input", () => takes.take(input.value));
  return { element: framed(option, id, input), input, set: (value) => void (input.value = value) };
}

/** A choice of words, and one more: a colour or numbers of one's own. */
function wordsOrOther(option: Option, id: string, takes: Takes): Field {
  const isColour = special(option) === "COLOUR";
  const select = make("select", { id }, ...words(option).map(choiceElement));
  select.append(make("option", { value: "" }, say(isColour ? "ownColour" : "ownNumbers")));
  const own = isColour
    ? make("input", { type: "color", value: "#20c0ff" })
    : make("input", { type: "text", placeholder: "0.2, 0.8", autocomplete: "off" });
  own.setAttribute("aria-label", `${optionName(language(), option.name)}: ${say(isColour ? "ownColour" : "ownNumbers")}`);
  const tell = (): void => {
    show(own, select.value === "");
    const value = select.value || own.value;
    if (value) takes.take(value);
  };
  select.addEventListener("change", tell);
  own.addEventListener(isColour ? "input" : "change", tell);
  const set = (value: string): void => {
    select.value = words(option).includes(value) ? value : "";
    if (select.value === "") own.value = value;
    show(own, select.value === "");
  };
  set(defaultText(option));
  return { element: framed(option, id, make("div", { className: "slider" }, select, own)), input: select, set };
}

function text(option: Option, id: string, takes: Takes): Field {
  const isPlace = option.form === "PIXEL" || option.form === "PLACE";
  const input = make("input", { id, type: "text", autocomplete: "off", spellcheck: false });
  input.placeholder = isPlace && option.default === null ? say("automatic") : option.form === "SPAN" ? "0.2, 0.8" : "";
  input.addEventListener("change", () => takes.take(input.value.trim()));
  const set = (value: string): void => void (input.value = value);
  set(defaultText(option));
  return { element: framed(option, id, input), input, set };
}

function file(option: Option, id: string, takes: Takes): Field {
  const input = make("input", { id, type: "file", accept: option.name === "glb" ? ".glb,model/gltf-binary" : "image/*" });
  input.addEventListener("change", () => takes.file(input.files?.[0] ?? null));
  return { element: framed(option, id, input), input, set: () => undefined };
}

function framed(option: Option, id: string, control: HTMLElement): HTMLElement {
  const label = make("label", { htmlFor: id }, optionName(language(), option.name));
  const inputs = control.matches("input, select") ? [control] : [...control.querySelectorAll("input, select")];
  for (const input of inputs) input.setAttribute("aria-describedby", `${id}-help`);
  return make("div", { className: "option" }, label, control, help(option, id));
}

/** What an option does: in Chinese where the page knows it, else in the service's own English. */
function help(option: Option, id: string): HTMLElement {
  const own = language() === "zh" ? (helps as Record<string, string>)[option.help] : undefined;
  return make("p", { id: `${id}-help`, className: "help", lang: own ? "zh-CN" : "en" }, own ?? option.help);
}

/** Options that few turn, behind a fold. */
function folded(elements: readonly HTMLElement[]): HTMLElement {
  const inner = make("div", { className: "fields" }, ...elements);
  return make("details", { className: "advanced" }, make("summary", {}, say("advanced")), inner);
}

function choiceElement(name: string): HTMLOptionElement {
  return make("option", { value: name }, choiceName(language(), name));
}
