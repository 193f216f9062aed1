/** Files: every format that the service writes, with its options, saved in the photo's own size. */
import type { Failure } from "../client";
import { byId, make, show } from "../dom";
import { hand, stem } from "../downloads";
import { failureOf, refusalInWords } from "../failures";
import { Fields } from "../fields";
import { language, say } from "../language";
import { formatName, inOrder, showSummary } from "../names";
import { type Plugin, isHere, queryOf, remedyOf } from "../options";
import { reportKeyed } from "../problem";
import { quoted } from "../quoted";
import { state } from "../state";
import type { DepthSource } from "../source/source";
import type { Mode, Page } from "./mode";

/** What went wrong last, as long as it is shown. */
let shown: Failure | null = null;

export class FilesMode implements Mode {
  private plugins: Plugin[] = [];
  /** The values of each format as they were left, by its name. */
  private readonly kept = new Map<string, Map<string, string>>();

  constructor(private readonly page: Page) {}

  open(): void {
    show(byId("files"), true);
    void this.begin();
  }

  close(): void {
    show(byId("files"), false);
  }

  words(): void {
    byId("export-list").replaceChildren(...this.plugins.map((plugin) => this.card(plugin)));
    showFailure(shown);
  }

  forget(): void {
    showFailure(null);
  }

  private async begin(): Promise<void> {
    try {
      if (!this.plugins.length) this.plugins = inOrder(await this.page.source.plugins("exports"));
      this.words();
    } catch (error) {
      fail(error, () => void this.begin());
    }
  }

  private card(plugin: Plugin): HTMLElement {
    const values = this.kept.get(plugin.name) ?? new Map<string, string>();
    this.kept.set(plugin.name, values);
    return card(this.page.source, plugin, values);
  }
}

/** A format: what it is, its options with the values as they were left, and its button. */
function card(source: DepthSource, plugin: Plugin, values: Map<string, string>): HTMLElement {
  const title = formatName(language(), plugin.name);
  const button = make("button", { type: "button", className: "button small" }, say("save"));
  button.dataset.format = plugin.name;
  button.setAttribute("aria-label", say("saveFormat", { format: `${title} ${plugin.suffix ?? ""}` }));
  const head = make(
    "div",
    { className: "export-head" },
    make("h3", {}, title, make("span", { className: "meta" }, ` ${plugin.suffix ?? ""}`)),
    button,
  );
  const summary = make("p", { className: "help" });
  showSummary(summary, plugin);
  const item = make("li", {}, head, summary);
  if (!isHere(plugin)) {
    button.disabled = true;
    item.className = "absent";
    item.append(make("p", { className: "help" }, say("notHere", { names: plugin.missing?.join(", ") ?? "", command: remedyOf(plugin) })));
  }
  let fields: Fields | null = null;
  if (plugin.options.length) {
    const form = make("form", { className: "fields narrow", noValidate: true });
    fields = new Fields(form, `export-${plugin.name}`, plugin.options, () => {
      for (const [name, text] of fields?.values ?? []) values.set(name, text);
    });
    fields.fill(values);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void save(source, { plugin, button, fields });
    });
    item.append(make("details", {}, make("summary", {}, say("options")), form));
  }
  button.addEventListener("click", () => void save(source, { plugin, button, fields }));
  return item;
}

/** What is pressed to have a file in a format. */
interface Desk {
  readonly plugin: Plugin;
  readonly button: HTMLButtonElement;
  readonly fields: Fields | null;
}

async function save(source: DepthSource, desk: Desk): Promise<void> {
  const { plugin, button, fields } = desk;
  const on = state.result;
  if (!on) return;
  button.disabled = true;
  showFailure(null);
  fields?.mark("");
  byId("spoken").textContent = say("saving");
  try {
    const query = queryOf(plugin.options, fields?.values ?? new Map(), on, on);
    const order = { noun: "exports", name: plugin.name, query, files: new Map() } as const;
    const made = await source.make(order, on, new AbortController().signal);
    const name = `${stem(on.shot.name)}.depth${plugin.suffix ?? made.suffix}`;
    hand(made.blob, name);
    byId("spoken").textContent = say("saved", { name });
  } catch (error) {
    fail(error, () => void save(source, desk), fields);
  } finally {
    button.disabled = false;
  }
}

function fail(error: unknown, retry: () => void, fields: Fields | null = null): void {
  const failure = failureOf(error);
  if (reportKeyed(failure, retry)) return;
  showFailure(failure);
  fields?.mark(failure.parameter);
}

/** Say what went wrong, in the language of now; null says nothing. */
function showFailure(failure: Failure | null): void {
  shown = failure;
  show(byId("export-problem"), failure !== null);
  if (!failure) return;
  const detail = failure.detail ? [quoted(failure.detail, "detail")] : [];
  byId("export-problem").replaceChildren(make("p", {}, refusalInWords(failure, state.result?.shot.name ?? "")), ...detail);
}
