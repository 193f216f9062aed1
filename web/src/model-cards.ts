/** The models as cards: what each is, whether it may be used at work, where it is, and fetching it. */
import { codeOf, Failure, inOneText, type Measured, type ModelCard, type Pull } from "./client";
import { byId, make, show } from "./dom";
import { keyHeaders } from "./key";
import { language, say } from "./language";
import { modelTitle } from "./names";
import { quoted } from "./quoted";

const LOOK_MS = 400;

/** Told the name of a model to look with. */
type Choose = (name: string) => void;

export class ModelCards {
  private cards: readonly ModelCard[] = [];
  private readonly pulls = new Map<string, Pull>();
  private readonly failures = new Map<string, string>();

  constructor(
    private readonly choose: Choose,
    /** Called when a model has come: the choice is longer then. */
    private readonly onCome: () => void,
  ) {}

  fill(cards: readonly ModelCard[]): void {
    this.cards = cards;
    show(byId("models"), cards.length > 1);
    this.draw();
  }

  /** A photo was looked at with a model: what it takes here is known better. */
  async note(name: string): Promise<void> {
    const now = await ask<ModelCard>("GET", `v1/models/${encodeURIComponent(name)}`).catch(() => null);
    if (!now) return;
    this.cards = this.cards.map((one) => (one.name === name ? now : one));
    this.draw();
  }

  /** In the language of now. */
  draw(): void {
    byId("model-cards").replaceChildren(...this.cards.map((card) => this.card(card)));
  }

  private card(card: ModelCard): HTMLElement {
    const facts = [
      say(card.kind),
      `${card.licence}${say("comma")}${say(card.is_commercial_use_allowed ? "modelWork" : "modelNoWork")}`,
      say("modelSize", { n: (card.parameters / 1e6).toFixed(card.parameters < 1e7 ? 1 : 0) }),
      ...(card.measured ? [say("modelTime", timeOf(card.measured))] : []),
      say(`state_${card.state}`),
    ];
    const item = make("li", { className: "model-card" }, make("strong", {}, modelTitle(language(), card.title)), ...this.actions(card));
    item.dataset.model = card.name;
    item.append(...facts.map((fact) => make("span", { className: "meta" }, fact)));
    const failure = this.failures.get(card.name);
    if (failure) item.append(make("p", { className: "problem" }, `${say("modelFailed")} `, quoted(failure)));
    return item;
  }

  private actions(card: ModelCard): HTMLElement[] {
    const pull = this.pulls.get(card.name);
    if (pull) {
      const bar = make("progress", { max: Math.max(pull.total, 1), value: pull.bytes });
      bar.setAttribute("aria-label", say("modelComing", { name: modelTitle(language(), card.title) }));
      return [bar, this.button("modelStop", card, () => void this.stop(card))];
    }
    if (card.is_installed) return [this.button("modelUse", card, () => this.choose(card.name))];
    if (card.state === "to_fetch") return [this.button("modelFetch", card, () => void this.fetch(card))];
    return [];
  }

  private button(word: "modelUse" | "modelFetch" | "modelStop", card: ModelCard, onClick: () => void): HTMLElement {
    const button = make("button", { type: "button", className: "button small" }, say(word));
    button.setAttribute("aria-label", `${say(word)}: ${modelTitle(language(), card.title)}`);
    button.addEventListener("click", onClick);
    return button;
  }

  private async fetch(card: ModelCard): Promise<void> {
    this.failures.delete(card.name);
    try {
      this.follow(card, await ask<Pull>("POST", `${address(card)}/pull`));
    } catch (error) {
      this.failures.set(card.name, error instanceof Failure ? error.detail || say(error.code) : String(error));
      this.draw();
    }
  }

  private async stop(card: ModelCard): Promise<void> {
    await ask("DELETE", `${address(card)}/pull`).catch(() => undefined); // the next look tells how it is
  }

  /** Look again and again until the pull is over. */
  private follow(card: ModelCard, pull: Pull): void {
    this.pulls.set(card.name, pull);
    this.draw();
    window.setTimeout(() => void this.look(card, pull), LOOK_MS);
  }

  private async look(card: ModelCard, last: Pull): Promise<void> {
    const now = await ask<ModelCard & { pull: Pull | null }>("GET", address(card)).catch(() => null);
    const pull = now?.pull ?? last;
    if (pull.state === "waiting" || pull.state === "running") {
      this.follow(card, pull);
      return;
    }
    this.pulls.delete(card.name);
    if (pull.state === "failed") this.failures.set(card.name, pull.error);
    if (now) this.cards = this.cards.map((one) => (one.name === card.name ? now : one));
    this.draw();
    if (pull.state === "done") {
      byId("spoken").textContent = say("modelCame", { name: modelTitle(language(), card.title) });
      this.onCome();
    }
  }
}

/** What words about a measured time hold. */
function timeOf(found: Measured): Record<string, string> {
  const size = `${found.input_width}×${found.input_height}`;
  return { n: found.seconds.toFixed(2), photos: String(found.photos), size, engine: found.engine };
}

const address = (card: ModelCard): string => `v1/models/${encodeURIComponent(card.name)}`;

/** What the service answers. Rejects with a Failure. */
async function ask<T>(method: string, where: string): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(where, { method, headers: keyHeaders(), cache: "no-store" });
  } catch {
    throw new Failure("offline");
  }
  if (answer.ok) return (await answer.json()) as T;
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string; hint?: string };
  throw new Failure(codeOf(answer.status), inOneText(problem));
}
